"""A study and its exported manifest train on the same frames and lesions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pycocotools.coco import COCO

from mae_sam2_training.data.frames import RecordSource
from mae_sam2_training.data.manifest import read_manifest
from mae_sam2_training.data.study_folder import read_study
from mae_sam2_training.rounds.frozen_test import reserve
from napari_mae_sam2.fa.frame import Frame, pixel_sha256
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.relabel import relabel
from napari_mae_sam2.study.study_export import export_study

if TYPE_CHECKING:
    from pathlib import Path


def test_touching_lesions_and_lesions_of_two_parts_stay_as_they_are(
    tmp_path: Path,
) -> None:
    study = Study.create(tmp_path / "study")
    labels = np.zeros((40, 60), np.uint16)
    labels[5:15, 5:15] = 1
    labels[5:15, 15:25] = 2  # touches the first
    labels[20:25, 5:10] = labels[20:25, 40:45] = 300  # one lesion of two parts
    for number, values in enumerate((labels, labels * 0, (labels == 300) * 255)):
        pixels = np.random.default_rng(number).integers(0, 200, (40, 60))
        pixels = pixels.astype(np.uint8)
        frame = Frame(pixels, f"f{number}", None, pixel_sha256(pixels))
        case = study.save_revision(frame, values, grader="g", parent=None).case
        relabel(study, case, {"patient": f"P{number % 2}"})
    one, two, three = study.case_ids()
    reserve(study.folder, cases=[one])
    export_study(study, tmp_path / "out")
    before = read_study(study.folder)
    after = read_manifest(tmp_path / "out" / "manifest.csv")
    assert [(one.patient, one.split) for one in before] == [
        ("P0", "test"),
        ("P1", None),
    ]
    assert [(one.patient, one.split) for one in after] == [("P0", "test"), ("P1", None)]
    assert RecordSource(before).fingerprint() == RecordSource(after).fingerprint()
    rng = np.random.default_rng(0)
    lesions = RecordSource(after).frame(0, rng).lesions
    assert [int((lesions == i).sum()) for i in (1, 2, 3)] == [100, 100, 50]
    coco = COCO(str(tmp_path / "out" / "coco.json"))
    assert sorted(one["area"] for one in coco.anns.values()) == [50, 50, 100, 100]
    # the third case holds one lesion of two parts, numbered 255: no black and white
    assert study.load_labels(study.latest_revision(three)).max() == 255
    assert two in {one["case"] for one in coco.imgs.values()}
