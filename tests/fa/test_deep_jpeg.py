"""JPEG of 12 and 16 bits, without loss, cut short, and under other names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_mae_sam2._reader import get_reader, read
from napari_mae_sam2.fa.frame import FrameError
from napari_mae_sam2.fa.reading import list_frames, read_frame

if TYPE_CHECKING:
    from pathlib import Path

ROWS, COLUMNS = np.mgrid[0:64, 0:80]
RAMP = ROWS * 30 + COLUMNS * 25  # up to 3865, within 12 bits
NOISE = np.random.default_rng(0).integers(0, 4096, (64, 80)).astype(np.uint16)


def test_12_bits(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    grey = RAMP.astype(np.uint16)
    path.write_bytes(imagecodecs.jpeg_encode(grey, bitspersample=12, level=99))
    found = read_frame(path).pixels
    assert found.dtype == np.uint16
    assert np.abs(found.astype(int) - grey).max() <= 8
    colour = np.dstack([grey, grey[::-1], grey[:, ::-1]])
    path.write_bytes(imagecodecs.jpeg_encode(colour, bitspersample=12, level=99))
    found = read_frame(path).pixels
    assert found.shape == (64, 80, 3)
    assert np.abs(found.astype(int) - colour).mean() < 16


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
def test_lossless(tmp_path: Path, bits: int) -> None:
    stored = (NOISE >> 12 - min(bits, 12)).astype(np.uint16) << max(bits - 12, 0)
    stored = stored.astype(np.uint8) if bits == 8 else stored
    path = tmp_path / "a.jpg"
    path.write_bytes(imagecodecs.ljpeg_encode(stored, bitspersample=bits))
    assert np.array_equal(read_frame(path).pixels, stored)
    path.write_bytes(imagecodecs.jpegls_encode(stored))
    assert np.array_equal(read_frame(path).pixels, stored)


def test_12_bits_within_a_tiff(tmp_path: Path) -> None:
    grey = RAMP.astype(np.uint16)
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, grey, bitspersample=12, compression="jpeg")
    assert np.abs(read_frame(path).pixels.astype(int) - grey).max() <= 200


@pytest.mark.parametrize("cut", [0.1, 0.4, 0.8, 0.99])
@pytest.mark.parametrize("lossless", [False, True])
def test_one_that_is_cut_short_is_a_sentence(
    tmp_path: Path, cut: float, lossless: bool
) -> None:
    data = (
        imagecodecs.ljpeg_encode(NOISE, bitspersample=12)
        if lossless
        else imagecodecs.jpeg_encode(NOISE, bitspersample=12)
    )
    (tmp_path / "a.jpg").write_bytes(data[: int(len(data) * cut)])
    with pytest.raises(FrameError, match=r"a\.jpg is damaged or cut short"):
        read_frame(tmp_path / "a.jpg")


def test_a_huge_one_is_refused_by_its_head(tmp_path: Path) -> None:
    data = bytearray(imagecodecs.jpeg_encode(NOISE, bitspersample=12))
    at = data.index(b"\xff\xc1") + 5
    data[at : at + 4] = (60000).to_bytes(2) * 2
    (tmp_path / "a.jpg").write_bytes(data)
    with pytest.raises(FrameError, match="too large"):
        read_frame(tmp_path / "a.jpg")


@pytest.mark.parametrize(
    "suffix",
    [
        *(".jpg", ".JPG", ".jpeg", ".jpe", ".JPE", ".jfif", ".JFIF", ".jif", ".jfi"),
        *(".Jpeg", ".dib", ".BMP", ".Tiff", ".btf", ".TF8", ".PNG"),
    ],
)
def test_other_names_of_the_formats(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"OD late{suffix}"
    low, grey = suffix.lower(), (RAMP // 16).astype(np.uint8)
    if low in (".tiff", ".btf", ".tf8"):
        tifffile.imwrite(path, grey, bigtiff=low != ".tiff")
    else:
        kind = {".png": "PNG", ".bmp": "BMP", ".dib": "BMP"}.get(low, "JPEG")
        Image.fromarray(grey).save(path, kind)
    assert list_frames(tmp_path) == [path]
    assert get_reader(str(path)) is not None
    assert read(str(path))[0][1]["name"] == "OD late"
