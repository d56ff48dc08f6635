"""The public interface: what it promises, and that the notebook in docs runs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from small_model import save_small_model

import napari_mae_sam2
from napari_mae_sam2 import (
    PlainError,
    Predictor,
    Study,
    api,
    frame_from_array,
    save_revision,
)
from napari_mae_sam2.study.conflicts import InConflict, label_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_mae_sam2 import Frame

DOCS = Path(napari_mae_sam2.__file__).parents[1] / "docs"


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAPARI_MAE_SAM2_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NAPARI_MAE_SAM2_ENCODER", "torch")


@pytest.fixture
def frame() -> Frame:
    pixels = np.random.default_rng(0).integers(0, 200, (50, 70)).astype(np.uint8)
    return frame_from_array(pixels, "OD late")


@pytest.fixture
def predictor(tmp_path: Path) -> Iterator[Predictor]:
    with Predictor(save_small_model(tmp_path / "w.safetensors", 0)) as opened:
        yield opened


def test_the_notebook_runs() -> None:
    notebook = json.loads((DOCS / "quickstart.ipynb").read_text("utf-8"))
    assert notebook["nbformat"] == 4
    cells = [one for one in notebook["cells"] if one["cell_type"] == "code"]
    assert all(cell["outputs"] == [] for cell in cells)
    code = "\n".join("".join(cell["source"]) for cell in cells)
    code += (
        "\nassert found.max() > 0 and lesion.mask[click]"
        "\nassert second.parent == first.id and np.array_equal(stored, labels)"
        "\nassert exported.lesions == 2"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("drawn FA frame demo [0 1 2]")


def test_importing_the_package_costs_nothing() -> None:
    code = (
        "import sys, napari_mae_sam2\n"
        "heavy = ('numpy', 'torch', 'qtpy', 'napari', 'pydantic')\n"
        "assert not [one for one in heavy if one in sys.modules]\n"
        "from napari_mae_sam2 import Study, Predictor, save_revision\n"
        "assert 'torch' not in sys.modules and 'qtpy' not in sys.modules\n"
        "assert 'Study' in dir(napari_mae_sam2)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        napari_mae_sam2.nothing  # noqa: B018 - the access is the test


def test_every_public_name_is_there_and_documented() -> None:
    assert napari_mae_sam2.__all__ == api.__all__
    text = (DOCS / "api.md").read_text("utf-8")
    for name in api.__all__:
        assert getattr(napari_mae_sam2, name) is getattr(api, name)
        assert f"`{name}" in text, name


def test_prompts_and_all_leakage(predictor: Predictor, frame: Frame) -> None:
    found = predictor.segment(frame, points=[(10, 20)])
    assert found.mask.shape == frame.shape
    assert found.mask.dtype == bool
    assert len(found.alternatives) == 2
    other = predictor.segment(frame, points=[(10, 20)], labels=[0])
    assert (other.mask != found.mask).any()
    boxed = predictor.segment(frame, boxes=[(5, 5, 30, 40)])
    assert boxed.mask.shape == frame.shape
    labels = predictor.find_all(frame)
    assert (labels.shape, labels.dtype) == (frame.shape, np.uint16)
    for bad in ({}, {"points": [(60, 3)]}, {"points": [(1, 1)], "labels": [2]}):
        with pytest.raises(ValueError, match=r"point|prompt|labels"):
            predictor.segment(frame, **bad)


def test_a_grader_corrects_their_own_label_and_nobody_elses(
    tmp_path: Path, frame: Frame, predictor: Predictor
) -> None:
    study = Study.create(tmp_path / "study")
    mask = np.zeros(frame.shape, bool)
    mask[5:9, 5:9] = mask[20:24, 30:34] = True
    first = save_revision(study, frame, mask, grader="anna", model=predictor)
    assert [lesion.id for lesion in first.lesions] == [1, 2]
    assert first.model == predictor.record
    labels = mask * np.uint16(7)
    second = save_revision(
        str(study.folder), frame, labels, grader="anna", kinds={7: "Disc"}
    )
    assert second.parent == first.id
    assert [(one.id, one.kind) for one in second.lesions] == [(7, "disc")]
    with pytest.raises(PlainError, match=f"by anna: pass parent='{second.id}'"):
        save_revision(study, frame, labels, grader="ben")
    third = save_revision(study, frame, labels, grader="ben", parent=second.id)
    assert label_of(study, third.case) == third
    save_revision(study, frame, labels * 0, grader="cleo", parent=None)
    with pytest.raises(InConflict):
        save_revision(study, frame, labels, grader="cleo")


def test_bad_input_saves_nothing(tmp_path: Path, frame: Frame) -> None:
    study = Study.create(tmp_path / "study")
    labels = np.ones(frame.shape, np.uint16)
    for arguments, said in (
        ({"labels": labels[:9]}, "70 × 9 pixels"),
        ({"labels": labels / 2}, "whole numbers"),
        ({"kinds": {1: "haze"}}, "no kind “haze”"),
        ({"kinds": {2: "disc"}}, "no lesion 2"),
        ({"grader": " "}, "grader"),
    ):
        given = {"labels": labels, "grader": "a"} | arguments
        with pytest.raises(PlainError, match=said):
            save_revision(study, frame, **given)
    with pytest.raises(PlainError, match="is not a study"):
        save_revision(tmp_path / "gone", frame, labels, grader="a")
    assert study.case_ids() == []
