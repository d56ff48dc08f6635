from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from mae_sam2_training.engine.faults import RunError
from mae_sam2_training.places import check_report_folder, place_of_checkpoint

if TYPE_CHECKING:
    from pathlib import Path


def test_the_run_lies_beside_the_checkpoint(tmp_path: Path) -> None:
    out = tmp_path / "new" / "model.safetensors"
    assert place_of_checkpoint(out, None) == tmp_path / "new" / "model.run"
    assert place_of_checkpoint(out, tmp_path) == tmp_path
    check_report_folder(tmp_path / "a" / "b")
    assert not list(tmp_path.iterdir())


def test_places_that_cannot_be_are_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    file.touch()
    folder = tmp_path / "folder.safetensors"
    folder.mkdir()
    model = tmp_path / "model.safetensors"
    with pytest.raises(RunError, match="must end in"):
        place_of_checkpoint(tmp_path / "model.pt", None)
    with pytest.raises(RunError, match="is a folder"):
        place_of_checkpoint(folder, None)
    with pytest.raises(RunError, match="file is a file and no folder: give --out"):
        place_of_checkpoint(file / "model.safetensors", None)
    with pytest.raises(RunError, match="give --run-folder"):
        place_of_checkpoint(model, file)
    with pytest.raises(RunError, match="give --run-folder"):
        place_of_checkpoint(model, file / "run")
    with pytest.raises(RunError, match="is a file: give --out"):
        check_report_folder(file)
    monkeypatch.setattr(os, "access", lambda *arguments: False)
    with pytest.raises(RunError, match="cannot be written to: give --out"):
        place_of_checkpoint(model, None)
