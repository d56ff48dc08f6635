"""Labels for classification from a study and from columns of a manifest."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from mae_sam2_training.classification.source import pixels_of, read_labelled
from mae_sam2_training.classify import classify
from mae_sam2_training.data.errors import DataError
from mae_sam2_training.rounds.frozen_test import reserve
from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.fa.reading import read_frame
from napari_mae_sam2.model.head import load_head
from napari_mae_sam2.study.folder import Study

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """Eight patients: early and late frames in turn, the last without a phase."""
    opened = Study.create(tmp_path / "study")
    for n in range(8):
        phase = None if n == 7 else ("early", "late")[n % 2]
        pixels = np.random.default_rng(n).integers(0, 60, (72, 72)).astype("u1")
        path = tmp_path / f"{n}.png"
        Image.fromarray(pixels + (150 if phase == "late" else 0)).save(path)
        opened.add_frame(read_frame(path), patient=f"P{n}", eye="right", phase=phase)
    return opened


def answer(study: Study, number: int) -> None:
    frame = study.load_frame(study.case_ids()[number])
    labels = np.zeros(frame.shape, np.uint16)
    labels[:9, :9] = 1
    study.save_revision(frame, labels, grader="anna", parent=None)


def test_a_head_is_fitted_on_the_phases_of_a_study(
    study: Study, weights: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    out = tmp_path / "out"
    quick = ["resamples=100", "folds=2", "head.steps=60"]
    with caplog.at_level(logging.WARNING):
        found = classify(
            study.folder, out, label="phase", weights=weights, overrides=quick
        )
    assert found["name"] == "phase"
    assert found["frames"] == {"early": 4, "late": 3}
    assert "1 case without phase left out." in caplog.text
    _, card = load_head(out / "head.safetensors")
    assert (card.name, card.classes) == ("phase", ("early", "late"))


def test_reserved_cases_are_not_learnt_from(
    study: Study, caplog: pytest.LogCaptureFixture
) -> None:
    for n in range(4):
        answer(study, n)
    tested = study.case_ids()[:2]
    reserve(study.folder, cases=tested)
    with caplog.at_level(logging.WARNING):
        records = read_labelled(study.folder, "phase")
    assert len(records) == 5
    assert not {r.patient for r in records} & {"P0", "P1"}
    assert "2 cases of the reserved test set left out." in caplog.text


def test_gradability_is_how_cases_were_answered(study: Study) -> None:
    answer(study, 0)
    answer(study, 1)
    case = study.case_ids()[2]
    study.log.write("status", case=case, details={"status": "cannot_grade"})
    told = {r.patient: r.label for r in read_labelled(study.folder, "gradability")}
    assert told == {"P0": "gradable", "P1": "gradable", "P2": "cannot_grade"}


def test_what_a_study_cannot_tell_is_one_sentence(study: Study) -> None:
    for label in (None, "frame_sha256", "patient", "schema"):
        with pytest.raises(DataError, match="Say what to learn"):
            read_labelled(study.folder, label)
    with pytest.raises(DataError, match="has a diagnosis"):
        read_labelled(study.folder, "diagnosis")
    with pytest.raises(DataError, match="no study"):
        read_labelled(study.folder.parent, "phase")
    (record, *_) = read_labelled(study.folder, "phase")
    other = np.arange(72 * 72, dtype=np.uint8).reshape(72, 72)
    Image.fromarray(other).save(record.image, "TIFF")
    with pytest.raises(DataError, match="hash changed"):
        pixels_of(record)


def test_a_column_of_a_manifest(manifest: Path, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    folder = manifest.parent
    table.write_text(
        "image,Gradability,phase,eye,diagnosis\n"
        f"{folder}/0.png,good,late,OD,uveitis\n{folder}/1.png,poor,early,OS,normal\n"
    )

    def told(label: str | None) -> list[str | None]:
        return [record.label for record in read_labelled(table, label)]

    with pytest.raises(DataError, match="unknown column 'Gradability'"):
        told("phase")
    assert told("gradability") == ["good", "poor"]
    table.write_text(table.read_text().replace("Gradability", "visit"))
    assert told("phase") == ["late", "early"]
    assert told("eye") == ["right", "left"]
    assert told("diagnosis") == told(None) == ["uveitis", "normal"]
    with pytest.raises(DataError, match="no column grade"):
        told("grade")


def test_a_name_that_is_no_column_is_refused_at_once(
    manifest: Path, tmp_path: Path
) -> None:
    for name, words in (("FA phase", "cannot name a column"), ("lesions", "--name")):
        with pytest.raises(PlainError, match=words):
            classify(manifest, tmp_path / "out", name=name)
    assert not (tmp_path / "out").exists()
