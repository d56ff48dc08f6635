from __future__ import annotations

import csv

import pytest

from napari_mae_sam2.annotate.lesion_csv import COLUMNS, write_lesions
from napari_mae_sam2.annotate.lesion_rows import LesionRow
from napari_mae_sam2.study.files import StudyError

ROWS = [
    LesionRow(1, "capillary", 1204, 28.3456, 131.25, 'soft; near "the" disc\nsee 2'),
    LesionRow(7, "", 12, None, 0.25, "Größe, über"),
]


def test_every_value_comes_back(tmp_path):
    file = tmp_path / "lesions.csv"
    write_lesions(file, "eye, 1", ROWS)
    with file.open(encoding="utf-8-sig", newline="") as stream:
        back = list(csv.DictReader(stream))
    assert tuple(back[0]) == COLUMNS
    assert [row["frame"] for row in back] == ["eye, 1"] * 2
    assert [row["lesion"] for row in back] == ["1", "7"]
    assert [row["area_px"] for row in back] == ["1204", "12"]
    assert [row["percent_of_field"] for row in back] == ["28.3456", ""]
    assert [row["kind"] for row in back] == ["capillary", ""]
    assert float(back[0]["mean_grey"]) == pytest.approx(131.25, abs=0.1)
    assert [row["comment"] for row in back] == [row.comment for row in ROWS]


def test_a_folder_that_is_gone_is_one_sentence(tmp_path):
    with pytest.raises(StudyError):
        write_lesions(tmp_path / "gone" / "lesions.csv", "eye", ROWS)
