from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from napari_mae_sam2.model.engine_choice import (
    ENGINE_VARIABLE,
    Engine,
    Machine,
    Wish,
    choose_engine,
    read_wish,
)
from napari_mae_sam2.model.folders import HOME_VARIABLE
from napari_mae_sam2.model.settings import (
    Settings,
    SettingsError,
    read_settings,
    settings_file,
    write_settings,
)

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path))
    monkeypatch.delenv(ENGINE_VARIABLE, raising=False)


@pytest.mark.parametrize(
    ("machine", "engine"),
    [
        (Machine("cpu", bf16=True, openvino=True), Engine.OPENVINO_BF16),
        (Machine("cpu", bf16=False, openvino=True), Engine.OPENVINO),
        (Machine("cpu", bf16=True, openvino=False), Engine.TORCH),
        (Machine("cpu", bf16=False, openvino=False), Engine.TORCH),
        (Machine("cuda", bf16=True, openvino=True), Engine.TORCH),
        (Machine("mps", bf16=False, openvino=True), Engine.TORCH),
    ],
)
def test_the_fastest_exact_engine_is_taken(machine: Machine, engine: Engine) -> None:
    chosen = choose_engine(machine)
    assert chosen.engine is engine
    assert chosen.why.startswith("automatic")
    assert ("bf16" in chosen.why) == (engine is Engine.OPENVINO_BF16)
    assert not chosen.refused


@pytest.mark.parametrize("engine", list(Engine))
def test_a_wish_comes_first(engine: Engine) -> None:
    machine = Machine("cpu", bf16=False, openvino=True)
    chosen = choose_engine(machine, Wish(engine.value, "the settings"))
    assert chosen.engine is engine
    assert chosen.why == "asked for by the settings"


@pytest.mark.parametrize("name", ["openvino", "openvino-bf16", "onnx", "TORCH"])
def test_a_wish_that_cannot_be_met_is_passed_over_and_said(name: str) -> None:
    machine = Machine("cpu", bf16=False, openvino=False)
    chosen = choose_engine(machine, Wish(name, "the settings"))
    assert chosen.engine is Engine.TORCH
    assert chosen.refused
    assert "asked for by the settings, is" in chosen.why


def test_the_environment_overrides_the_settings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert read_wish().name == "auto"
    write_settings(Settings(encoder="openvino"))
    assert read_wish() == Wish("openvino", "the settings")
    monkeypatch.setenv(ENGINE_VARIABLE, " Torch ")
    assert read_wish().name == "torch"
    assert ENGINE_VARIABLE in read_wish().source
    monkeypatch.setenv(ENGINE_VARIABLE, "")
    assert read_wish().name == "openvino"


def test_settings_are_kept_with_what_others_set_there(tmp_path: Path) -> None:
    assert read_settings() == Settings("auto", 4.0)
    settings_file().parent.mkdir(parents=True)
    settings_file().write_text('{"colour": "teal", "embedding_cache_gb": 2}')
    assert read_settings() == Settings("auto", 2.0)
    write_settings(Settings("torch", 1.5))
    assert read_settings() == Settings("torch", 1.5)
    assert '"colour": "teal"' in settings_file().read_text()
    assert [path.name for path in settings_file().parent.iterdir()] == ["settings.json"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[1, 2]",
        "null",
        "\x00\xff",
        "[" * 100_000,
        '{"encoder": 3, "embedding_cache_gb": "much"}',
        '{"encoder": null, "embedding_cache_gb": -1}',
        '{"encoder": [], "embedding_cache_gb": NaN}',
        '{"embedding_cache_gb": true}',
        '{"embedding_cache_gb": 1e999}',
    ],
)
def test_garbage_counts_as_not_set(text: str) -> None:
    settings_file().parent.mkdir(parents=True)
    settings_file().write_text(text, encoding="latin-1")
    assert read_settings() == Settings()


def test_settings_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "config").touch()
    with pytest.raises(SettingsError, match="could not be written"):
        write_settings(Settings())
