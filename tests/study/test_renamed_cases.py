"""A case that was renamed is found by its new name, in tables and among masks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from napari_mae_sam2.fa.reading import read_frame
from napari_mae_sam2.study.case_names import case_matcher
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.relabel import rename
from napari_mae_sam2.study.verify import verify

if TYPE_CHECKING:
    from pathlib import Path


def test_a_renamed_case_is_found_by_its_new_name_and_place(tmp_path: Path) -> None:
    first = tmp_path / "P1" / "scan.png"
    first.parent.mkdir()
    Image.fromarray(np.arange(2400).reshape(40, 60).astype(np.uint8)).save(first)
    study = Study.create(tmp_path / "study")
    case = study.add_frame(read_frame(first)).id
    second = tmp_path / "P2" / "OD_late.png"
    second.parent.mkdir()
    first.rename(second)
    assert rename(study, read_frame(second)).id == case

    matcher, _ = case_matcher(study)
    for name in ("OD_late", "od_late.png", "P2/OD_late.png", str(second), case):
        assert matcher.find(name) == [case], name
    assert matcher.find("P1/OD_late.png") == []
    assert matcher.find("scan.png") == []
    assert list(verify(study)) == []
