from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mae_sam2_training.config import (
    ConfigError,
    LoopConfig,
    RunConfig,
    Section,
    dump_config,
    load_config,
)

if TYPE_CHECKING:
    from pathlib import Path


class Recipe(Section):
    """A recipe."""

    loop: LoopConfig = LoopConfig()
    run: RunConfig = RunConfig()


def test_yaml_and_overrides(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text("loop: {steps: 7}\nrun: {seed: 3}\n")
    recipe = load_config(Recipe, path, ["loop.learning_rate=1e-4", "run.seed=5"])
    assert (recipe.loop.steps, recipe.loop.learning_rate, recipe.run.seed) == (
        7,
        1e-4,
        5,
    )
    again = tmp_path / "again.yaml"
    again.write_text(dump_config(recipe))
    assert load_config(Recipe, again) == recipe


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("loop.stepz=3", "did you mean 'loop.steps'"),
        ("steps=3", "did you mean 'loop.steps'"),
        ("loop.steps=0", "'loop.steps' is wrong"),
        ("loop.steps", "is no setting"),
        ("loop.betas=[0.9, 1.5]", "betas"),
        ("loop=3", "'loop' is wrong"),
        ("loop.steps=[", "no valid YAML"),
    ],
)
def test_wrong_settings_are_one_sentence(override: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(Recipe, None, [override])
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_wrong_files_are_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(Recipe, tmp_path / "absent.yaml")
    path = tmp_path / "recipe.yaml"
    for text in ("a: [", "- 1", "just text"):
        path.write_text(text)
        with pytest.raises(ConfigError, match=r"recipe\.yaml"):
            load_config(Recipe, path)


def test_every_key_is_explained() -> None:
    for section in (LoopConfig, RunConfig):
        for name, field in section.model_fields.items():
            assert field.description, name
