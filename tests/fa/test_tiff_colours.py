"""Colours of TIFF against Pillow, littleCMS and formulas."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from napari_mae_sam2.fa.frame import FrameError
from napari_mae_sam2.fa.reading import read_frame

if TYPE_CHECKING:
    from pathlib import Path

ROWS, COLUMNS = np.mgrid[0:64, 0:80]
RGB = np.dstack([COLUMNS * 3, ROWS * 4, ROWS + COLUMNS]).astype(np.uint8)
INKS = np.dstack([255 - RGB, COLUMNS]).astype(np.uint8)
GREY = (COLUMNS * 2 + ROWS).astype(np.uint8)
COMPRESSIONS = [None, "lzw", "deflate", "packbits", "zstd", "jpeg"]


def inks_as_seen(inks: np.ndarray) -> np.ndarray:
    whole = float(np.iinfo(inks.dtype).max)
    share = inks / whole
    return (1 - share[..., :3]) * (1 - share[..., 3:]) * whole


def far(found: np.ndarray, wanted: np.ndarray) -> float:
    assert found.shape == wanted.shape
    return float(np.abs(found.astype(float) - wanted).max())


def planes(pixels: np.ndarray, planar: bool) -> dict[str, object]:
    return {
        "data": np.moveaxis(pixels, -1, 0) if planar else pixels,
        "planarconfig": "separate" if planar else "contig",
    }


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("planar", [False, True], ids=["together", "planar"])
@pytest.mark.parametrize("tile", [None, (16, 32)], ids=["strips", "tiles"])
def test_cmyk(
    tmp_path: Path, compression: str, planar: bool, tile: tuple[int, int]
) -> None:
    path = tmp_path / "a.tif"
    more = {"compressionargs": {"level": 98}} if compression == "jpeg" else {}
    tifffile.imwrite(
        path, **planes(INKS, planar), photometric="separated",
        compression=compression, tile=tile, **more,
    )  # fmt: skip
    found = read_frame(path).pixels
    assert found.dtype == np.uint8
    assert far(found, inks_as_seen(INKS)) <= (4 if compression == "jpeg" else 0.51)
    if compression != "jpeg":
        seen = Image.fromarray(INKS, "CMYK").convert("RGB")
        assert np.array_equal(found, np.array(seen))


@pytest.mark.parametrize("planar", [False, True])
@pytest.mark.parametrize("byteorder", ["<", ">"])
def test_cmyk_of_16_bits(tmp_path: Path, planar: bool, byteorder: str) -> None:
    inks = INKS.astype(np.uint16) * 256 + 7
    path = tmp_path / "a.tif"
    tifffile.imwrite(
        path, **planes(inks, planar), photometric="separated", compression="lzw",
        byteorder=byteorder, predictor=True,
    )  # fmt: skip
    found = read_frame(path).pixels
    assert found.dtype == np.uint16
    assert far(found, inks_as_seen(inks)) <= 0.51


@pytest.mark.parametrize("compression", [None, "tiff_lzw", "tiff_deflate", "jpeg"])
def test_cmyk_that_pillow_wrote(tmp_path: Path, compression: str | None) -> None:
    path = tmp_path / "a.tif"
    inks = Image.fromarray(INKS, "CMYK")
    inks.save(path, compression=compression)
    with Image.open(path) as written:
        seen = np.array(written.convert("RGB"))
    assert far(read_frame(path).pixels, seen) <= (2 if compression == "jpeg" else 0)


def test_grey_in_cmyk_stays_grey(tmp_path: Path) -> None:
    inks = np.dstack([GREY * 0, GREY * 0, GREY * 0, 255 - GREY])
    tifffile.imwrite(tmp_path / "a.tif", inks, photometric="separated")
    found = read_frame(tmp_path / "a.tif").pixels
    assert np.array_equal(found, np.dstack([GREY] * 3))


@pytest.mark.parametrize("compression", [None, "tiff_lzw", "tiff_deflate"])
def test_ycbcr_that_pillow_wrote(tmp_path: Path, compression: str | None) -> None:
    stored = Image.fromarray(RGB).convert("YCbCr")
    stored.save(tmp_path / "a.tif", compression=compression)
    found = read_frame(tmp_path / "a.tif").pixels
    assert far(found, np.array(stored.convert("RGB"))) <= 1
    assert far(found, RGB) <= 3


@pytest.mark.parametrize("planar", [False, True])
@pytest.mark.parametrize("compression", [None, "lzw", "jpeg"])
def test_ycbcr(tmp_path: Path, planar: bool, compression: str | None) -> None:
    stored = np.array(Image.fromarray(RGB).convert("YCbCr"))
    path = tmp_path / "a.tif"
    if compression == "jpeg" and not planar:
        tifffile.imwrite(path, RGB, photometric="rgb", compression="jpeg")
        with tifffile.TiffFile(path) as tiff:
            assert tiff.pages.first.photometric == tifffile.PHOTOMETRIC.YCBCR
    else:
        tifffile.imwrite(
            path, **planes(stored, planar), photometric="ycbcr",
            compression=compression,
        )  # fmt: skip
    assert far(read_frame(path).pixels, RGB) <= (12 if compression == "jpeg" else 3)


def test_ycbcr_of_16_bits_and_of_a_studio(tmp_path: Path) -> None:
    red, green, blue = (RGB[..., n] * 257.0 for n in range(3))
    bright = 0.299 * red + 0.587 * green + 0.114 * blue
    parts = [bright, (blue - bright) / 1.772 + 32768, (red - bright) / 1.402 + 32768]
    deep = np.rint(np.dstack(parts)).clip(0, 65535).astype(np.uint16)
    tifffile.imwrite(tmp_path / "deep.tif", deep, photometric="ycbcr")
    assert far(read_frame(tmp_path / "deep.tif").pixels, RGB * 257.0) <= 3
    y = np.rint(16 + GREY * (219 / 255)).astype(np.uint8)  # black 16, white 235
    studio = np.dstack([y, y * 0 + 128, y * 0 + 128])
    black_white = (16, 1, 235, 1, 128, 1, 240, 1, 128, 1, 240, 1)
    tifffile.imwrite(
        tmp_path / "s.tif", studio, photometric="ycbcr",
        extratags=[(532, 5, 6, black_white, True)],
    )  # fmt: skip
    assert far(read_frame(tmp_path / "s.tif").pixels, np.dstack([GREY] * 3)) <= 1


@pytest.fixture
def lab() -> tuple[Image.Image, np.ndarray]:
    """Return colours in Lab, as littleCMS converts them, and in sRGB."""
    srgb, space = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    there = ImageCms.buildTransform(srgb, space, "RGB", "LAB")
    smooth = RGB // 2 + 64
    return ImageCms.applyTransform(Image.fromarray(smooth), there), smooth


@pytest.mark.parametrize("compression", [None, "tiff_lzw"])
def test_lab(
    tmp_path: Path, lab: tuple[Image.Image, np.ndarray], compression: str | None
) -> None:
    lab[0].save(tmp_path / "a.tif", compression=compression)
    assert far(read_frame(tmp_path / "a.tif").pixels, lab[1]) <= 3


def test_lab_of_16_bits_and_icclab(
    tmp_path: Path, lab: tuple[Image.Image, np.ndarray]
) -> None:
    stored = np.array(lab[0])  # a* and b* with their sign in the highest bit
    lightness, signed = stored[..., 0].astype(int), stored[..., 1:].view(np.int8)
    signed = signed.astype(int)
    deep = np.dstack([lightness * 257, (signed * 256) % 65536]).astype(np.uint16)
    tifffile.imwrite(tmp_path / "deep.tif", deep, photometric="cielab")
    found = read_frame(tmp_path / "deep.tif").pixels
    assert found.dtype == np.uint16
    assert far(found / 257, lab[1]) <= 3
    shifted = np.dstack([lightness, signed + 128]).astype(np.uint8)
    tifffile.imwrite(tmp_path / "icc.tif", shifted, photometric="icclab")
    assert far(read_frame(tmp_path / "icc.tif").pixels, lab[1]) <= 3


def test_grey_in_lab_is_grey(tmp_path: Path) -> None:
    plain = np.dstack([GREY, GREY * 0, GREY * 0])
    tifffile.imwrite(tmp_path / "a.tif", plain, photometric="cielab")
    found = read_frame(tmp_path / "a.tif").pixels.astype(int)
    assert np.ptp(found, axis=2).max() <= 1
    assert (np.diff(found[:, :, 0], axis=1) >= 0).all()


@pytest.mark.parametrize(
    ("photometric", "said"),
    [("itulab", "ITULab"), ("logluv", "LogLuv"), ("linear_raw", "LinearRaw")],
)
def test_other_colours_are_refused_by_name(
    tmp_path: Path, photometric: str, said: str
) -> None:
    pixels = np.dstack([GREY] * 3)
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, pixels, photometric="rgb")
    with tifffile.TiffFile(path, mode="r+b") as tiff:
        kind = tifffile.PHOTOMETRIC[photometric.upper()]
        tiff.pages.first.tags["PhotometricInterpretation"].overwrite(kind)
    with pytest.raises(FrameError, match=f"a.tif is in .*{said}.* not read here"):
        read_frame(path)


def test_colours_of_strange_depth_are_refused_by_name(tmp_path: Path) -> None:
    floats = INKS.astype(np.float32)
    tifffile.imwrite(tmp_path / "a.tif", floats, photometric="separated")
    with pytest.raises(FrameError, match="is in CMYK with 32 bits a pixel"):
        read_frame(tmp_path / "a.tif")
    tifffile.imwrite(
        tmp_path / "ink.tif", INKS, photometric="separated",
        extratags=[(332, 3, 1, 2, True)],
    )  # fmt: skip
    with pytest.raises(FrameError, match="inks other than CMYK"):
        read_frame(tmp_path / "ink.tif")


@pytest.mark.parametrize("bits", [2, 3, 4, 6])
@pytest.mark.parametrize("photometric", ["minisblack", "miniswhite"])
def test_few_bits_fill_the_range(tmp_path: Path, bits: int, photometric: str) -> None:
    stored = (GREY >> (8 - bits)).astype(np.uint8)
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, stored, bitspersample=bits, photometric=photometric)
    wanted = np.rint(stored * (255 / (2**bits - 1)))
    if photometric == "miniswhite":
        wanted = 255 - wanted
    found = read_frame(path).pixels
    assert found.dtype == np.uint8
    assert far(found, wanted) <= 0.51
    if bits in (2, 4):
        with Image.open(path) as image:
            assert np.array_equal(found, np.array(image.convert("L")))


@pytest.mark.parametrize("bits", [10, 12, 14])
def test_12_bits_stay_as_stored(tmp_path: Path, bits: int) -> None:
    stored = GREY.astype(np.uint16) << (bits - 8)
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, stored, bitspersample=bits, photometric="minisblack")
    assert np.array_equal(read_frame(path).pixels, stored)
    tifffile.imwrite(path, stored, bitspersample=bits, photometric="miniswhite")
    assert np.array_equal(read_frame(path).pixels, 2**bits - 1 - stored)


def test_white_is_zero(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    deep = GREY.astype(np.uint16) * 200
    tifffile.imwrite(path, 65535 - deep, photometric="miniswhite")
    assert np.array_equal(read_frame(path).pixels, deep)
    share = (GREY / 255).astype(np.float32)
    tifffile.imwrite(path, 1 - share, photometric="miniswhite")
    assert np.allclose(read_frame(path).pixels, share, atol=1e-6)
    black = GREY > 120
    tifffile.imwrite(path, black, photometric="miniswhite")
    assert np.array_equal(read_frame(path).pixels, np.where(black, 0, 255))


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_palettes(tmp_path: Path, bits: int) -> None:
    indices = (GREY >> (8 - bits)).astype(np.uint8)
    table = np.random.default_rng(1).integers(0, 256, (3, 2**bits)).astype(np.uint16)
    for scale in (257, 1):  # 16 bits as they should be, and 8 as some write them
        path = tmp_path / "a.tif"
        tifffile.imwrite(
            path, indices.astype(bool) if bits == 1 else indices,
            bitspersample=None if bits in (1, 8) else bits, photometric="minisblack",
        )  # fmt: skip
        _give_palette(path, table * scale)
        found = read_frame(path).pixels
        assert np.array_equal(found, np.moveaxis(table, 0, -1)[indices])


def _give_palette(path: Path, table: np.ndarray) -> None:
    """Write the page once more, with a palette."""
    with tifffile.TiffFile(path) as tiff:
        page = tiff.pages.first
        data = tiff.filehandle
        data.seek(page.dataoffsets[0])
        raw, bits = data.read(page.databytecounts[0]), page.bitspersample
    entries = [
        (256, 3, 1, 80), (257, 3, 1, 64), (258, 3, 1, bits), (259, 3, 1, 1),
        (262, 3, 1, 3), (273, 4, 1, 8), (277, 3, 1, 1), (278, 3, 1, 64),
        (279, 4, 1, len(raw)), (320, 3, table.size, 8 + len(raw)),
    ]  # fmt: skip
    colours = table.astype("<u2").tobytes()
    directory = len(entries).to_bytes(2, "little")
    for tag, kind, count, value in entries:
        directory += b"".join(
            one.to_bytes(size, "little")
            for one, size in ((tag, 2), (kind, 2), (count, 4), (value, 4))
        )
    start = (8 + len(raw) + len(colours)).to_bytes(4, "little")
    path.write_bytes(b"II*\0" + start + raw + colours + directory + bytes(4))
