from __future__ import annotations

import os
import struct
import tracemalloc
import zlib
from typing import TYPE_CHECKING

import imagecodecs
import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from napari_mae_sam2.fa.frame import FrameError, pixel_sha256
from napari_mae_sam2.fa.reading import count_pages, list_frames, read_frame

if TYPE_CHECKING:
    from pathlib import Path

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (40, 50)).astype(np.uint8)
RGB = RNG.integers(0, 256, (40, 50, 3)).astype(np.uint8)
GREY16 = RNG.integers(0, 65536, (40, 50)).astype(np.uint16)


def _sentence(path: Path, page: int = 0) -> str:
    with pytest.raises(FrameError) as error:
        read_frame(path, page)
    message = str(error.value)
    assert path.name in message
    assert message.endswith(".")
    assert "\n" not in message
    return message


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".tif"])
@pytest.mark.parametrize("pixels", [GREY, RGB], ids=["grey", "rgb"])
def test_lossless_formats_give_the_stored_pixels(
    tmp_path: Path, suffix: str, pixels: np.ndarray
) -> None:
    path = tmp_path / f"a{suffix}"
    Image.fromarray(pixels).save(path)
    frame = read_frame(path)
    assert np.array_equal(frame.pixels, pixels)
    assert frame.pixels.dtype == np.uint8
    assert frame.sha256 == pixel_sha256(pixels)
    assert (frame.name, frame.path, frame.shape) == ("a", path, (40, 50))


def test_jpeg_and_a_wrong_ending(tmp_path: Path) -> None:
    path = tmp_path / "called.tif"
    Image.fromarray(RGB).save(path, format="JPEG", quality=95)
    with Image.open(path) as image:
        assert np.array_equal(read_frame(path).pixels, np.array(image))


def test_equal_channels_stay_as_stored(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.fromarray(np.repeat(GREY[..., None], 3, axis=2)).save(path)
    assert read_frame(path).pixels.shape == (40, 50, 3)


def test_alpha_is_dropped(tmp_path: Path) -> None:
    rgba = np.dstack([RGB, np.zeros((40, 50), np.uint8)])
    Image.fromarray(rgba).save(tmp_path / "rgba.png")
    tifffile.imwrite(tmp_path / "rgba.tif", rgba, extrasamples=["unassalpha"])
    Image.fromarray(rgba[..., 2:]).save(tmp_path / "la.png")
    assert np.array_equal(read_frame(tmp_path / "rgba.png").pixels, RGB)
    assert np.array_equal(read_frame(tmp_path / "rgba.tif").pixels, RGB)
    assert np.array_equal(read_frame(tmp_path / "la.png").pixels, RGB[..., 2])


def test_sixteen_bit(tmp_path: Path) -> None:
    Image.fromarray(GREY16).save(tmp_path / "grey.png")
    rgb16 = np.dstack([GREY16, GREY16, GREY16[::-1]])
    (tmp_path / "rgb.png").write_bytes(imagecodecs.png_encode(rgb16))
    tifffile.imwrite(tmp_path / "big-endian.tif", GREY16, byteorder=">")
    for name, pixels in {"grey.png": GREY16, "rgb.png": rgb16}.items():
        frame = read_frame(tmp_path / name)
        assert frame.pixels.dtype == np.uint16
        assert np.array_equal(frame.pixels, pixels)
    frame = read_frame(tmp_path / "big-endian.tif")
    assert frame.pixels.dtype == np.dtype("=u2")
    assert frame.sha256 == pixel_sha256(GREY16)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_float_tiff(tmp_path: Path, dtype: str) -> None:
    pixels = RNG.random((40, 50)).astype(dtype)
    tifffile.imwrite(tmp_path / "a.tif", pixels)
    frame = read_frame(tmp_path / "a.tif")
    assert frame.pixels.dtype == np.float32
    assert np.array_equal(frame.pixels, pixels.astype(np.float32))


def test_other_whole_numbers(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "fits.tif", GREY16.astype(np.int32))
    tifffile.imwrite(tmp_path / "negative.tif", GREY.astype(np.int16) - 9)
    frame = read_frame(tmp_path / "fits.tif")
    assert frame.pixels.dtype == np.uint16
    assert np.array_equal(frame.pixels, GREY16)
    assert "int16 pixels" in _sentence(tmp_path / "negative.tif")


def test_palettes_bilevel_and_white_is_zero(tmp_path: Path) -> None:
    palette = Image.fromarray(RGB).quantize(16)
    expected = np.array(palette.convert("RGB"))
    palette.save(tmp_path / "p.png", transparency=bytes([0, 128]))
    palette.save(tmp_path / "p.tif")
    assert np.array_equal(read_frame(tmp_path / "p.png").pixels, expected)
    assert np.array_equal(read_frame(tmp_path / "p.tif").pixels, expected)

    black_and_white = Image.fromarray(GREY > 99)
    black_and_white.save(tmp_path / "1.png")
    black_and_white.save(tmp_path / "1.tif")
    for name in ("1.png", "1.tif"):
        assert np.array_equal(read_frame(tmp_path / name).pixels, (GREY > 99) * 255)

    tifffile.imwrite(tmp_path / "w.tif", 255 - GREY, photometric="miniswhite")
    assert np.array_equal(read_frame(tmp_path / "w.tif").pixels, GREY)


def test_cmyk_jpeg(tmp_path: Path) -> None:
    Image.fromarray(RGB).convert("CMYK").save(tmp_path / "a.jpg", quality=95)
    assert read_frame(tmp_path / "a.jpg").pixels.shape == (40, 50, 3)


@pytest.mark.parametrize("compression", [None, "deflate", "lzw", "jpeg"])
@pytest.mark.parametrize("tile", [None, (16, 16)])
def test_tiff_layouts(
    tmp_path: Path, compression: str | None, tile: tuple[int, int] | None
) -> None:
    tifffile.imwrite(tmp_path / "a.tif", GREY, compression=compression, tile=tile)
    found = read_frame(tmp_path / "a.tif").pixels
    if compression == "jpeg":
        assert found.shape == GREY.shape
    else:
        assert np.array_equal(found, GREY)


def test_planar_tiff(tmp_path: Path) -> None:
    planes = np.moveaxis(RGB, -1, 0)
    tifffile.imwrite(
        tmp_path / "a.tif", planes, photometric="rgb", planarconfig="separate"
    )
    assert np.array_equal(read_frame(tmp_path / "a.tif").pixels, RGB)


def test_ome_tiff_with_a_pyramid(tmp_path: Path) -> None:
    path = tmp_path / "OD late.ome.tif"
    with tifffile.TiffWriter(path, ome=True) as tiff:
        tiff.write(GREY16, subifds=1, metadata={"axes": "YX"})
        tiff.write(GREY16[::2, ::2], subfiletype=1)
    frame = read_frame(path)
    assert frame.name == "OD late"
    assert np.array_equal(frame.pixels, GREY16)
    assert count_pages(path) == 1


def test_a_run_of_frames_in_one_tiff(tmp_path: Path) -> None:
    path = tmp_path / "run.tif"
    tifffile.imwrite(path, np.stack([GREY, 255 - GREY]), photometric="minisblack")
    assert count_pages(path) == 2
    first, second = read_frame(path), read_frame(path, 1)
    assert (first.name, second.name) == ("run", "run page 2")
    assert np.array_equal(first.pixels, GREY)
    assert np.array_equal(second.pixels, 255 - GREY)
    assert "there is no page 3" in _sentence(path, 2)


def test_a_run_of_which_only_the_first_page_is_described(tmp_path: Path) -> None:
    path = tmp_path / "run.tif"  # as ImageJ writes stacks above 4 GB
    run = np.stack([GREY, 255 - GREY, GREY.T.reshape(GREY.shape)])
    tifffile.imwrite(path, run, photometric="minisblack", truncate=True)
    assert count_pages(path) == 3
    for page in range(3):
        assert np.array_equal(read_frame(path, page).pixels, run[page])
    assert "there is no page 4" in _sentence(path, 3)
    path.write_bytes(path.read_bytes()[:-1])
    assert "cut short" in _sentence(path, 2)


def test_only_tiff_has_pages(tmp_path: Path) -> None:
    Image.fromarray(GREY).save(tmp_path / "a.png")
    assert count_pages(tmp_path / "a.png") == 1
    assert "there is no page 2" in _sentence(tmp_path / "a.png", 1)


@pytest.mark.parametrize(
    "name",
    [
        "OD  late   phase",
        " leading",
        "Патієнт №3",
        "眼底 造影",
        "e\u0301te\u0301",
        "a.b.c",
    ],
)
@pytest.mark.parametrize("suffix", [".png", ".TIF"])
def test_names_of_all_kinds(tmp_path: Path, name: str, suffix: str) -> None:
    path = tmp_path / f"{name}{suffix}"
    if suffix == ".png":
        Image.fromarray(GREY).save(path)
    else:
        tifffile.imwrite(path, GREY)
    assert read_frame(path).name == name
    assert list_frames(tmp_path) == [path]


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    suffix=st.sampled_from([".png", ".jpg", ".tif"]),
    cut=st.floats(0.02, 0.98),
    deep=st.booleans(),
)
def test_a_file_cut_anywhere_is_a_sentence(
    tmp_path: Path, suffix: str, cut: float, deep: bool
) -> None:
    path = tmp_path / f"cut{suffix}"
    if suffix == ".tif":
        tifffile.imwrite(path, GREY16 if deep else RGB, compression="deflate")
    else:
        Image.fromarray(GREY if deep else RGB).save(path)
    whole = path.read_bytes()
    # A JPEG's last two bytes are a mark of its end: the picture is whole without it.
    path.write_bytes(whole[: min(int(len(whole) * cut), len(whole) - 3)])
    said = _sentence(path)
    assert "cut short" in said or "not a PNG" in said


@pytest.mark.parametrize("compression", [None, "deflate", "jpeg"])
def test_a_tiff_without_its_last_bytes(tmp_path: Path, compression: str | None) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, GREY, compression=compression)
    path.write_bytes(path.read_bytes()[:-1])
    assert "damaged or cut short" in _sentence(path)


def test_damaged_bytes(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.fromarray(GREY).save(path)
    raw = bytearray(path.read_bytes())
    raw[60:200] = bytes(140)
    path.write_bytes(raw)
    assert "damaged" in _sentence(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"these are no pixels, I am afraid", "not a PNG"),
        (b"II*\0", "damaged"),
        (b"BM", "damaged"),
        (b"\xff\xd8\xff", "damaged"),
        (b"%PDF-1.7", "not a PNG"),
    ],
)
def test_not_an_image(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(content)
    assert said in _sentence(path)


def test_missing_unreadable_and_a_folder(tmp_path: Path) -> None:
    assert "no such file" in _sentence(tmp_path / "gone.png")
    folder = tmp_path / "folder.png"
    folder.mkdir()
    assert "cannot be opened" in _sentence(folder)
    locked = tmp_path / "locked.png"
    Image.fromarray(GREY).save(locked)
    locked.chmod(0)
    if not os.access(locked, os.R_OK):  # root reads everything
        assert "permission denied" in _sentence(locked)


def test_one_pixel_all_black_and_nan(tmp_path: Path) -> None:
    Image.fromarray(GREY[:1, :1]).save(tmp_path / "one.png")
    Image.fromarray(GREY * 0).save(tmp_path / "black.png")
    nan = np.where(GREY > 9, GREY, np.nan).astype(np.float32)
    tifffile.imwrite(tmp_path / "nan.tif", nan)
    tifffile.imwrite(tmp_path / "wide.tif", GREY.astype(np.float64) * 1e300)
    assert "too small to grade (1 × 1 pixels)" in _sentence(tmp_path / "one.png")
    assert "black" in _sentence(tmp_path / "black.png")
    assert "not numbers" in _sentence(tmp_path / "nan.tif")
    assert "not numbers" in _sentence(tmp_path / "wide.tif")


def _huge_png(path: Path, side: int) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        crc = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc)

    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    packer = zlib.compressobj(9)
    data = b"".join(packer.compress(bytes(side + 1)) for _ in range(side))
    body = chunk(b"IHDR", header) + chunk(b"IDAT", data + packer.flush())
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + body + chunk(b"IEND", b""))


@pytest.mark.parametrize("suffix", [".png", ".tif", ".bmp"])
def test_a_huge_frame_costs_no_memory(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"huge{suffix}"
    if suffix == ".png":
        _huge_png(path, 12000)
    elif suffix == ".tif":
        blank = (bytes(12000 * 8) for _ in range(1500))
        tifffile.imwrite(
            path, blank, shape=(12000, 12000), dtype="u1", compression=None,
            rowsperstrip=8,
        )  # fmt: skip
    else:
        size = 12000 * 12000
        head = struct.pack("<2sIII", b"BM", 1078 + size, 0, 1078)
        info = struct.pack("<IiiHHIIiiII", 40, 12000, 12000, 1, 8, 0, size, 0, 0, 0, 0)
        with path.open("wb") as file:
            file.write(head + info + bytes(1024))
            file.truncate(1078 + size)
    tracemalloc.start()
    try:
        said = _sentence(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert "too large (12000 × 12000 pixels)" in said
    assert peak < 8e6


def test_beyond_pillows_own_limit(tmp_path: Path) -> None:
    _huge_png(tmp_path / "bomb.png", 20000)
    assert "too large" in _sentence(tmp_path / "bomb.png")


def test_volumes_are_refused(tmp_path: Path) -> None:
    tifffile.imwrite(
        tmp_path / "a.tif", np.stack([GREY] * 16)[:, :32, :32], volumetric=True,
        tile=(16, 16, 16), photometric="minisblack",
    )  # fmt: skip
    assert "volume" in _sentence(tmp_path / "a.tif")


def test_folder_order_is_the_one_people_count_in(tmp_path: Path) -> None:
    names = ["10.png", "2.png", "OD 1.JPG", "od 02.jpg", "A.tiff", "1.bmp"]
    for name in [*names, ".hidden.png", "._1.png", "notes.txt", "2.leakage.png"]:
        (tmp_path / name).touch()
    (tmp_path / "folder.png").mkdir()
    found = [path.name for path in list_frames(tmp_path)]
    assert found == ["1.bmp", "2.png", "10.png", "A.tiff", "OD 1.JPG", "od 02.jpg"]


def test_a_folder_without_images_or_without_itself(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    with pytest.raises(FrameError, match="holds no PNG, JPEG, BMP or TIFF image"):
        list_frames(tmp_path)
    with pytest.raises(FrameError, match="cannot be read"):
        list_frames(tmp_path / "gone")


@pytest.mark.real_data
def test_real_frames(real_data: Path) -> None:
    for folder in ("huapu4_FFA/diag_brvo", "huapu4_FFA/seg_images", "UWAT-GAN-R"):
        for path in list_frames(real_data / folder)[:4]:
            frame = read_frame(path)
            with Image.open(path) as image:
                assert np.array_equal(frame.pixels, np.array(image))
