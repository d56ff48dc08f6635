from __future__ import annotations

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_mae_sam2.fa.camera import read_camera
from napari_mae_sam2.fa.reading import read_frame

PIXELS = np.random.default_rng(0).integers(0, 255, (40, 50), np.uint8)
MAKE, MODEL = 271, 272


def tiff(path, make=None, model=None, **options):
    tags = [
        (tag, "s", 0, text, True)
        for tag, text in ((MAKE, make), (MODEL, model))
        if text is not None
    ]
    tifffile.imwrite(path, PIXELS, extratags=tags, metadata=None, **options)
    return path


def jpeg(path, make, model):
    image = Image.fromarray(PIXELS)
    exif = image.getexif()
    exif[MAKE], exif[MODEL] = make, model
    image.save(path, exif=exif)
    return path


@pytest.mark.parametrize(
    ("make", "model", "camera"),
    [
        ("Topcon", "TRC-50DX", "Topcon TRC-50DX"),
        ("Zeiss", "ZEISS FF 450", "ZEISS FF 450"),
        (None, "P200Tx", "P200Tx"),
        ("Canon ", None, "Canon"),
        (None, None, ""),
    ],
)
def test_a_tiff_names_its_camera(tmp_path, make, model, camera):
    assert read_camera(tiff(tmp_path / "a.tif", make, model)) == camera


def test_a_jpeg_names_its_camera(tmp_path):
    path = jpeg(tmp_path / "a.jpg", "Topcon", "TRC-50DX")
    assert read_camera(path) == "Topcon TRC-50DX"
    assert read_frame(path).camera == "Topcon TRC-50DX"


def test_files_without_tags_and_damaged_ones_name_none(tmp_path):
    Image.fromarray(PIXELS).save(tmp_path / "a.png")
    (tmp_path / "b.tif").write_bytes(b"II*\0 and nothing more")
    (tmp_path / "c.jpg").write_bytes(b"")
    for name in ("a.png", "b.tif", "c.jpg", "missing.tif"):
        assert read_camera(tmp_path / name) == ""
