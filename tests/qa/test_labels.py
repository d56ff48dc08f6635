from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile
from PIL import Image
from predicted import write_predictions

from napari_mae_sam2.fa.mask_reading import MaskError
from napari_mae_sam2.qa.labels import Labels
from napari_mae_sam2.qa.page import Inputs, write_page
from napari_mae_sam2.study.images import read_tiff

if TYPE_CHECKING:
    from pathlib import Path

    from napari_mae_sam2.predict.results import FrameRecord, Results


@pytest.fixture
def record(predictions: Results) -> FrameRecord:
    found = sorted(predictions.records(), key=lambda one: -one.area_px)
    return found[0].model_copy(update={"name": "OD late"})


@pytest.mark.parametrize(
    "name", ["OD late.PNG", "OD late.tiff", "OD late.bmp", "OD late.leakage.TIFF"]
)
def test_masks_are_found_under_all_their_endings(
    record: FrameRecord, tmp_path: Path, name: str
) -> None:
    drawn = np.zeros(record.shape, np.uint8)
    drawn[10:30, 20:50] = 255
    folder = tmp_path / "masks"
    folder.mkdir()
    if name.lower().endswith(".tiff"):
        tifffile.imwrite(folder / name, drawn)
    else:
        Image.fromarray(drawn).save(folder / name)
    said = Labels(folder).of(record)
    assert said is not None
    assert (said.leakage == (drawn > 0)).all()


def test_a_green_mask_is_leakage_and_two_masks_must_agree(
    record: FrameRecord, tmp_path: Path
) -> None:
    green = np.zeros((*record.shape, 3), np.uint8)
    green[10:30, 20:50, 1] = 255
    folder = tmp_path / "masks"
    folder.mkdir()
    Image.fromarray(green).save(folder / "OD late.png")
    said = Labels(folder).of(record)
    assert said is not None
    assert said.leakage.sum() == 600
    tifffile.imwrite(folder / "OD late.tif", green[..., 1])
    assert Labels(folder).of(record) is not None
    tifffile.imwrite(folder / "OD late.tif", green[::-1, :, 1])
    with pytest.raises(MaskError, match="are both masks of OD late"):
        Labels(folder).of(record)


def test_unsure_areas_count_for_nothing(tmp_path: Path) -> None:
    results = write_predictions(tmp_path / "found", "aaaa")
    record = max(results.records(), key=lambda one: one.area_px)
    found = read_tiff(results.label(record.id)) > 0
    mask = (found * 255).astype(np.uint8)
    rows, columns = np.nonzero(found)
    mask[rows[: len(rows) // 2], columns[: len(rows) // 2]] = 128
    folder = tmp_path / "masks"
    folder.mkdir()
    Image.fromarray(mask).save(folder / f"{record.id}.png")
    page = tmp_path / "qa.html"
    write_page(page, Inputs(results.folder, labels=folder))
    assert '"diceLabel": 1.0' in page.read_text("utf-8")
