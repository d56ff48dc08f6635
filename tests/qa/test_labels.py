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
    said = Labels(folder, [record]).of(record)
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
    said = Labels(folder, [record]).of(record)
    assert said is not None
    assert said.leakage.sum() == 600
    tifffile.imwrite(folder / "OD late.tif", green[..., 1])
    assert Labels(folder, [record]).of(record) is not None
    tifffile.imwrite(folder / "OD late.tif", green[::-1, :, 1])
    with pytest.raises(MaskError, match="are both masks of OD late"):
        Labels(folder, [record]).of(record)


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


def _mask(path: Path, shape: tuple[int, int], rows: int) -> None:
    mask = np.zeros(shape, np.uint8)
    mask[:rows] = 255
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(mask).save(path)


def test_masks_of_two_patients_frames_of_one_name(
    record: FrameRecord, tmp_path: Path
) -> None:
    records = [
        record.model_copy(update={"id": f"OD-late-{i}", "source": f"{i}/OD late.png"})
        for i in ("P1", "P2", "P3", "P4")
    ]
    folder = tmp_path / "masks"
    _mask(folder / "OD late.png", record.shape, 9)
    _mask(folder / "p2" / "OD_LATE.png".replace("_", " "), record.shape, 2)
    _mask(folder / "site" / "P1" / "OD late.leakage.png", record.shape, 1)
    _mask(folder / "elsewhere" / "od-LATE-p3.PNG", record.shape, 3)
    _mask(folder / "P5" / "OD late.png", record.shape, 5)
    _mask(folder / ".hidden" / "P4" / "OD late.png", record.shape, 4)
    labels = Labels(folder, records)
    said = [labels.of(one) for one in records]
    assert [None if one is None else one.leakage.sum(0)[0] for one in said] == [
        1, 2, 3, None,
    ]  # fmt: skip
    ambiguous, unused = labels.trouble
    assert "OD late.png fits P1/OD late.png, P2/OD late.png" in ambiguous
    assert "had no effect: P5/OD late.png." in unused


def test_our_own_export_goes_before_the_frame_beside_it(
    record: FrameRecord, tmp_path: Path
) -> None:
    folder = tmp_path / "exported"
    _mask(folder / "images" / f"{record.id}.tif", record.shape, 9)
    _mask(folder / "labels" / f"{record.id}.leakage.tif", record.shape, 1)
    said = Labels(folder, [record]).of(record)
    assert said is not None
    assert said.leakage.sum(0)[0] == 1


def test_the_page_names_masks_that_fit_nothing(tmp_path: Path) -> None:
    results = write_predictions(tmp_path / "found", "aaaa")
    record = next(iter(results.records()))
    folder = tmp_path / "masks"
    _mask(folder / f"{record.id}.png", record.shape, 3)
    _mask(folder / "other.png", record.shape, 3)
    written = write_page(tmp_path / "qa.html", Inputs(results.folder, labels=folder))
    (said,) = written.trouble
    assert said == "masks: 1 entry fits no frame and had no effect: other.png."
