"""One rule for every reader of frames and masks, against Pillow's own."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image, ImageOps

from napari_mae_sam2._reader import read
from napari_mae_sam2.fa.mask_reading import read_mask
from napari_mae_sam2.fa.orientation import upright
from napari_mae_sam2.fa.reading import read_frame

if TYPE_CHECKING:
    from pathlib import Path

ROWS, COLUMNS = np.mgrid[0:40, 0:56]
GREY = (ROWS * 3 + COLUMNS * 2).astype(np.uint8)
RGB = np.dstack([GREY, 255 - GREY, GREY // 2])
ALL = range(1, 9)

# Where the pixel of the first stored row and column belongs, and the one after it in
# the row: (row, column) as a part of the height and width of what is seen.
CORNERS = {
    1: ((0, 0), (0, 1)), 2: ((0, -1), (0, -2)), 3: ((-1, -1), (-1, -2)),
    4: ((-1, 0), (-1, 1)), 5: ((0, 0), (1, 0)), 6: ((0, -1), (1, -1)),
    7: ((-1, -1), (-2, -1)), 8: ((-1, 0), (-2, 0)),
}  # fmt: skip


def tagged(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[274] = orientation
    return exif


@pytest.mark.parametrize("orientation", ALL)
def test_the_first_pixels_come_where_the_standard_says(orientation: int) -> None:
    first, second = CORNERS[orientation]
    seen = upright(GREY, orientation)
    assert (seen[first], seen[second]) == (GREY[0, 0], GREY[0, 1])
    assert seen.shape == ((40, 56) if orientation < 5 else (56, 40))


@pytest.mark.parametrize("orientation", ALL)
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif"])
@pytest.mark.parametrize("pixels", [GREY, RGB], ids=["grey", "rgb"])
def test_frames_are_upright(
    tmp_path: Path, orientation: int, suffix: str, pixels: np.ndarray
) -> None:
    path = tmp_path / f"a{suffix}"
    Image.fromarray(pixels).save(path, exif=tagged(orientation))
    seen = upright(pixels, orientation)
    if suffix != ".tif":  # Pillow 13 gives grey ones in pieces
        with Image.open(path) as image:
            seen = np.array(ImageOps.exif_transpose(image))
    frame = read_frame(path)
    assert np.array_equal(frame.pixels, seen)
    assert frame.pixels.flags["C_CONTIGUOUS"]
    assert frame.shape == seen.shape[:2]
    shown = read(str(path))[0][0]
    assert np.array_equal(shown, seen)


@pytest.mark.parametrize("orientation", ALL)
@pytest.mark.parametrize("depth", ["cmyk", "16 bits", "planar", "pages"])
def test_tiffs_of_other_kinds_are_upright(
    tmp_path: Path, orientation: int, depth: str
) -> None:
    path = tmp_path / "a.tif"
    tag = {"extratags": [(274, 3, 1, orientation, True)]}
    page, seen = 0, RGB
    if depth == "cmyk":
        inks = np.dstack([255 - RGB, GREY * 0])
        tifffile.imwrite(path, inks, photometric="separated", **tag)
    elif depth == "16 bits":
        seen = GREY.astype(np.uint16) * 200
        tifffile.imwrite(path, seen, tile=(16, 16), compression="zlib", **tag)
    elif depth == "planar":
        planes = np.moveaxis(RGB, -1, 0)
        how = {"photometric": "rgb", "planarconfig": "separate"}
        tifffile.imwrite(path, planes, **how, **tag)
    else:
        page = 1
        with tifffile.TiffWriter(path) as tiff:
            tiff.write(GREY, metadata=None)
            tiff.write(RGB, metadata=None, photometric="rgb", **tag)
    assert np.array_equal(read_frame(path, page).pixels, upright(seen, orientation))


@pytest.mark.parametrize("orientation", ALL)
def test_a_deep_jpeg_is_upright(tmp_path: Path, orientation: int) -> None:
    deep = GREY.astype(np.uint16) * 16
    data = imagecodecs.jpeg_encode(deep, bitspersample=12, level=100)
    exif = b"Exif\0\0" + tagged(orientation).tobytes().removeprefix(b"Exif\0\0")
    part = b"\xff\xe1" + (len(exif) + 2).to_bytes(2) + exif
    (tmp_path / "a.jpg").write_bytes(data[:2] + part + data[2:])
    wanted = upright(imagecodecs.jpeg_decode(data), orientation)
    assert np.array_equal(read_frame(tmp_path / "a.jpg").pixels, wanted)


@pytest.mark.parametrize("orientation", ALL)
def test_deep_colour_png_is_upright(tmp_path: Path, orientation: int) -> None:
    deep = RGB.astype(np.uint16) * 200
    plain = io.BytesIO()
    Image.fromarray(GREY).save(plain, "PNG", exif=tagged(orientation))
    chunk = _chunk(plain.getvalue(), b"eXIf")
    data = imagecodecs.png_encode(deep)
    (tmp_path / "a.png").write_bytes(data[:33] + chunk + data[33:])
    assert np.array_equal(
        read_frame(tmp_path / "a.png").pixels, upright(deep, orientation)
    )


def _chunk(png: bytes, kind: bytes) -> bytes:
    at = png.index(kind) - 4
    return png[at : at + 12 + int.from_bytes(png[at : at + 4])]


@pytest.mark.parametrize("orientation", ALL)
@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_masks_are_upright_by_the_same_rule(
    tmp_path: Path, orientation: int, suffix: str
) -> None:
    drawn = np.zeros((40, 56), np.uint8)
    drawn[3:9, 20:31] = 255
    frame, mask = tmp_path / "a.jpg", tmp_path / f"m{suffix}"
    Image.fromarray(RGB).save(frame, exif=tagged(orientation))
    Image.fromarray(drawn).save(mask, exif=tagged(orientation))
    seen = read_frame(frame)
    found = read_mask(mask, seen.shape)
    assert np.array_equal(found.leakage, upright(drawn > 0, orientation))
    # One that was drawn on the upright frame, and says nothing of how to be held.
    Image.fromarray(np.ascontiguousarray(upright(drawn, orientation))).save(mask)
    assert np.array_equal(read_mask(mask, seen.shape).leakage, found.leakage)


@pytest.mark.parametrize("value", [0, 9, 77])
def test_values_that_mean_nothing_turn_nothing(tmp_path: Path, value: int) -> None:
    Image.fromarray(RGB).save(tmp_path / "a.png", exif=tagged(value))
    assert np.array_equal(read_frame(tmp_path / "a.png").pixels, RGB)
    tag = [(274, 3, 1, value, True)]
    tifffile.imwrite(tmp_path / "a.tif", RGB, photometric="rgb", extratags=tag)
    assert np.array_equal(read_frame(tmp_path / "a.tif").pixels, RGB)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_damaged_exif_is_no_reason_to_refuse_a_frame(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    Image.fromarray(RGB).save(path, exif=b"Exif\0\0II*\0\xff\xff\xff\xff broken")
    assert read_frame(path).shape == (40, 56)
