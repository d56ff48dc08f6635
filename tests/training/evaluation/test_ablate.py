from __future__ import annotations

import csv
from pathlib import Path

import pytest
import yaml

from mae_sam2_training import ablate as module
from mae_sam2_training.__main__ import main
from mae_sam2_training.ablation import starts
from mae_sam2_training.ablation.cells import Row, cells_of, recipe_of, rows_of
from mae_sam2_training.ablation.config import AblateConfig
from mae_sam2_training.ablation.starts import says_sam2, starts_of
from mae_sam2_training.classification.config import ClassifyConfig
from mae_sam2_training.config import load_config
from mae_sam2_training.finetune_config import FinetuneConfig
from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.model.checkpoint import load_model

CONFIGS = Path(__file__).parents[3] / "training" / "configs"
ABLATIONS = sorted(CONFIGS.glob("ablate_*.yaml"))
CLASSIFICATIONS = sorted(CONFIGS.glob("classify_*.yaml"))
QUICK = {
    "data": {"validation": 0},
    "loop": {"steps": 2, "batch": 2, "validate_every": 2, "save_every": 2},
    "train": {"views": 1},
    "validation": {"clicks": 1, "lesions": 1},
    "prompts": {"corrections": 0},
}


def run(*arguments: str | Path) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    assert isinstance(ended.value.code, int)
    return ended.value.code


def write_recipe(folder: Path, weights: tuple[Path, Path], **more: object) -> Path:
    recipe = {
        "encoders": {"first": str(weights[0]), "other": str(weights[1])},
        "finetune": QUICK,
        "evaluate": {"max_clicks": 5, "resamples": 100, "lesions": 1},
    }
    path = folder / "ablate.yaml"
    path.write_text(yaml.safe_dump(recipe | more))
    return path


def test_rows_are_losses_and_shares_without_doubles() -> None:
    config = AblateConfig.model_validate(
        {
            "encoders": {"a": "", "b": ""},
            "losses": {"first": {}, "second": {"dice": 1, "bce": 0}},
            "fractions": [0.5, 1.0],
            "seeds": [3, 4],
            "folds": 2,
        }
    )
    rows = rows_of(config)
    assert rows[:3] == [
        Row("a", "first", 1.0),
        Row("a", "second", 1.0),
        Row("a", "first", 0.5),
    ]
    cells = cells_of(config)
    assert len(rows) == 6
    assert len({cell.folder for cell in cells}) == len(cells) == 6 * 2 * 2
    recipe = FinetuneConfig.model_validate(recipe_of(cells[-1], config))
    assert recipe.data.label_fraction == 0.5
    assert (recipe.data.folds, recipe.data.fold, recipe.run.seed) == (2, 1, 4)
    assert config.finetune == {}  # cells do not write into the shared recipe


def test_a_table_is_filled_once(
    manifest: Path,
    weights: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    splits = ["split", "test", "test", "train", "train"]
    lines = manifest.read_text().splitlines()
    manifest.write_text(
        "\n".join(f"{line},{split}" for line, split in zip(lines, splits, strict=True))
    )
    recipe = write_recipe(tmp_path, weights, fractions=[1.0, 0.5])
    out = tmp_path / "out"
    command = ("ablate", manifest, "--out", out, "--config", recipe)
    assert run(*command) == 0
    with (out / "table.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["encoder"], row["fraction"]) for row in rows] == [
        ("first", "1"),
        ("first", "0.5"),
        ("other", "1"),
        ("other", "0.5"),
    ]
    for row, path in zip(rows, (0, 0, 1, 1), strict=True):
        assert row["fingerprint"] == load_model(weights[path]).fingerprint
        assert row["starts_from"] == load_model(weights[path]).card.title
    assert rows[0]["image_dice_gain"] == ""
    gain = float(rows[2]["image_dice"]) - float(rows[0]["image_dice"])
    assert float(rows[2]["image_dice_gain"]) == pytest.approx(gain, abs=1e-4)
    assert len((out / "table.md").read_text().splitlines()) == 6
    page = (out / "ablation.html").read_text()
    for path in weights:
        said = load_model(path).fingerprint[:12]
        assert said in page
        assert said in (out / "table.md").read_text()
    assert page.count("data:image/svg+xml") == 3
    assert "https://" not in page

    # again: every finished cell is skipped, and only the one that is lost is done
    trained = []
    finetune = module.finetune

    def counted(*arguments: object, **more: object) -> object:
        trained.append(arguments[1])
        return finetune(*arguments, **more)

    monkeypatch.setattr(module, "finetune", counted)
    before = (out / "table.csv").read_bytes()
    assert run(*command) == 0
    assert not trained
    (lost,) = (out / "cells").glob("other_*_0.5_*/result.json")
    lost.write_text("{")
    assert run(*command) == 0
    assert len(trained) == 1
    assert (out / "table.csv").read_bytes() == before


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"finetune": {"loop": {"stepz": 3}}}, "there is no key 'loop.stepz'"),
        ({"losses": {"none": {"dice": 0, "bce": 0}}}, "at least one loss"),
        ({"fractions": []}, "fractions must name at least one"),
        ({"finetune": {"loss": {"dice": 1}}}, "is set by losses"),
        ({"encoders": {"a b": "", "a-b": ""}}, "names of their own"),
        ({"encoders": {"a": "lost.safetensors"}}, "lost.safetensors"),
        ({"encoders": {"a": ""}}, "“a” of the recipe names no weights"),
        ({"encoders": {"SAM 2": "packaged"}}, "“SAM 2” must start from SAM 2's own"),
        ({"encoders": {"Meta's SAM2 tiny": "in use"}}, "must start from SAM 2's own"),
        ({"finetune": {"run": {"devices": 2}}}, "run.devices"),
    ],
)
def test_bad_recipes_are_one_sentence(
    more: dict[str, object],
    words: str,
    manifest: Path,
    weights: tuple[Path, Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    recipe = write_recipe(tmp_path, weights, **more)
    out = tmp_path / "out"
    assert run("ablate", manifest, "--out", out, "--config", recipe) == 2
    told = capsys.readouterr().err.strip()
    assert words in told
    assert len(told.splitlines()) == 1
    assert not (out / "table.csv").exists()


@pytest.mark.parametrize("path", ABLATIONS, ids=lambda p: p.stem)
def test_ablation_recipes_are_valid(path: Path) -> None:
    config = load_config(AblateConfig, path)
    for cell in cells_of(config):
        FinetuneConfig.model_validate(recipe_of(cell, config))


@pytest.mark.parametrize("path", CLASSIFICATIONS, ids=lambda p: p.stem)
def test_classification_recipes_are_valid(path: Path) -> None:
    load_config(ClassifyConfig, path)


@pytest.mark.parametrize(
    ("row", "is_it"),
    [
        ("SAM 2", True),
        ("sam2.1 baseline", True),
        ("Meta's SAM-2 (tiny)", True),
        ("SAM 2 + MAE", False),
        ("MAE-SAM2", False),
        ("SAM 2, fine-tuned", False),
        ("MedSAM2", False),
        ("a", False),
    ],
)
def test_which_rows_promise_sam2_alone(row: str, is_it: bool) -> None:
    assert says_sam2(row) is is_it


def test_sam2_is_told_by_its_weights_not_by_its_card(
    weights: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = {"SAM 2": weights[0].name}
    with pytest.raises(PlainError, match="must start from SAM 2's own"):
        starts_of(row, weights[0].parent)
    known = frozenset({load_model(weights[0]).fingerprint})
    monkeypatch.setattr(starts, "OWN", known)
    assert starts_of(row, weights[0].parent)["SAM 2"].path == weights[0]
    with pytest.raises(PlainError, match="must start from SAM 2's own"):
        starts_of({"SAM 2": str(weights[1])}, tmp_path)
    assert starts_of({"mine": "packaged"}, tmp_path)["mine"].name == "MAE-SAM2 tiny"


@pytest.mark.parametrize("recipe", ABLATIONS, ids=lambda path: path.stem)
def test_every_recipe_compares_with_weights_that_it_names(recipe: Path) -> None:
    encoders = load_config(AblateConfig, recipe).encoders
    assert all(text.strip() for text in encoders.values())
    assert encoders["SAM 2"] == "official" or "sam2_hiera" in encoders["SAM 2"]
    assert AblateConfig().encoders == {"SAM 2": "official"}
