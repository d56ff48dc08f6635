"""Studies that were made before orientation and colour tags were read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile
from PIL import Image

from mae_sam2_training.data.frames import RecordSource
from mae_sam2_training.data.study_folder import read_study
from napari_mae_sam2.annotate.frames import Frames
from napari_mae_sam2.annotate.journals import Journals
from napari_mae_sam2.annotate.opening import open_case
from napari_mae_sam2.annotate.worklist import Case
from napari_mae_sam2.fa.frame import Frame, pixel_sha256
from napari_mae_sam2.fa.orientation import upright
from napari_mae_sam2.fa.reading import read_earlier, read_frame
from napari_mae_sam2.study.adding import add_files
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.known import KnownStudies
from napari_mae_sam2.study.verify import verify

if TYPE_CHECKING:
    from pathlib import Path

ROWS, COLUMNS = np.mgrid[0:64, 0:80]
GREY = (ROWS * 2 + COLUMNS).astype(np.uint8)


def turned(path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[274] = orientation
    Image.fromarray(GREY).save(path, exif=exif)


def strange(path: Path) -> np.ndarray:
    """Write inks, and give what earlier versions took them for."""
    inks = np.dstack([255 - GREY, 255 - GREY, 255 - GREY, GREY * 0])
    tifffile.imwrite(path, inks, photometric="separated")
    return inks[..., :3]


def few_bits(path: Path) -> np.ndarray:
    tifffile.imwrite(path, GREY >> 4, bitspersample=4, photometric="minisblack")
    return GREY >> 4


@pytest.fixture(params=[2, 3, 6, 8, "cmyk", "4 bits"])
def graded(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, np.ndarray]:
    """Return a file, and the pixels that an earlier version read from it."""
    if isinstance(request.param, int):
        path = tmp_path / "OD late.png"
        turned(path, request.param)
        return path, GREY
    path = tmp_path / "OD late.tif"
    write = strange if request.param == "cmyk" else few_bits
    return path, write(path)


def grade(folder: Path, path: Path, pixels: np.ndarray, reference: bool) -> Study:
    study = Study.create(folder)
    frame = Frame(pixels, path.stem, path, pixel_sha256(pixels))
    study.add_frame(frame, reference=reference)
    labels = np.zeros(frame.shape, np.uint16)
    labels[5:9, 10:30] = 1
    study.save_revision(frame, labels, grader="AB", parent=None)
    return study


@pytest.mark.parametrize("reference", [False, True])
def test_they_verify_open_and_train_as_they_were_graded(
    graded: tuple[Path, np.ndarray], tmp_path: Path, reference: bool
) -> None:
    path, pixels = graded
    assert not np.array_equal(read_frame(path).pixels, pixels)
    earlier = read_earlier(path)
    assert earlier is not None
    assert np.array_equal(earlier.pixels, pixels)

    study = grade(tmp_path / "leakage-study", path, pixels, reference)
    assert list(verify(study)) == []
    (case,) = study.case_ids()
    assert np.array_equal(study.load_frame(case).pixels, pixels)

    (record,) = read_study(study.folder)
    given = RecordSource([record]).frame(0, np.random.default_rng(0))
    assert np.array_equal(given.pixels, pixels)
    assert given.lesions[5:9, 10:30].all()

    known = KnownStudies()
    opened = open_case(
        Case("OD late", lambda: read_frame(path), study.folder, path),
        Frames(), Journals(tmp_path / "state", print, known), known,
    )  # fmt: skip
    assert np.array_equal(opened.session.frame.pixels, pixels)
    assert opened.session.labels[5:9, 10:30].all()
    opened.drop()

    added = add_files(study, [path], {})
    assert (added.added, added.known) == (0, 1)


def test_new_studies_hold_upright_pixels(tmp_path: Path) -> None:
    path = tmp_path / "OD.png"
    turned(path, 6)
    for reference in (False, True):
        study = Study.create(tmp_path / f"study {reference}")
        assert add_files(study, [path], {}, reference=reference).added == 1
        (case,) = study.case_ids()
        assert np.array_equal(study.load_frame(case).pixels, upright(GREY, 6))
        assert list(verify(study)) == []


def test_another_picture_under_the_same_name_is_still_noticed(tmp_path: Path) -> None:
    path = tmp_path / "OD.png"
    turned(path, 6)
    study = grade(tmp_path / "study", path, GREY, reference=True)
    Image.fromarray(255 - GREY).save(path)
    assert any("hash" in one for one in verify(study))


def test_plain_files_are_not_read_twice(tmp_path: Path) -> None:
    Image.fromarray(GREY).save(tmp_path / "a.png")
    tifffile.imwrite(tmp_path / "a.tif", np.stack([GREY, 255 - GREY]))
    assert read_earlier(tmp_path / "a.png") is None
    assert read_earlier(tmp_path / "a.tif", 1) is None
