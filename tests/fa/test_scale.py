from __future__ import annotations

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_mae_sam2.fa.reading import read_frame
from napari_mae_sam2.fa.scale import PixelScale


def write(path, pages=1, **metadata):
    pixels = np.random.default_rng(0).integers(0, 255, (64, 80), np.uint8)
    data = pixels if pages == 1 else np.stack([pixels] * pages)
    axes = "YX" if pages == 1 else "TYX"
    tifffile.imwrite(path, data, ome=True, metadata={"axes": axes, **metadata})
    return path


def test_the_scale_of_an_ome_tiff_is_known_with_its_source(tmp_path):
    path = write(tmp_path / "a.ome.tif", PhysicalSizeX=5.5, PhysicalSizeY=5.5)
    scale = read_frame(path).scale
    assert scale.um_per_px == pytest.approx(5.5)
    assert scale.to_px(55) == pytest.approx(10)
    assert "OME" in scale.source
    run = write(tmp_path / "r.ome.tif", 3, PhysicalSizeX=7.0, PhysicalSizeY=7.0)
    assert read_frame(run, 2).scale == PixelScale(pytest.approx(7.0), scale.source)


def test_the_unit_counts(tmp_path):
    path = write(
        tmp_path / "a.ome.tif",
        PhysicalSizeX=0.006,
        PhysicalSizeXUnit="mm",
        PhysicalSizeY=0.006,
        PhysicalSizeYUnit="mm",
    )
    assert read_frame(path).scale.um_per_px == pytest.approx(6)


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"PhysicalSizeX": 5.5},
        {"PhysicalSizeX": 5.5, "PhysicalSizeY": 7.0},
        {"PhysicalSizeX": 352.8, "PhysicalSizeY": 352.8},
        {"PhysicalSizeX": 0.0, "PhysicalSizeY": 0.0},
        {
            "PhysicalSizeX": 5.5,
            "PhysicalSizeXUnit": "pixel",
            "PhysicalSizeY": 5.5,
            "PhysicalSizeYUnit": "pixel",
        },
    ],
)
def test_a_doubtful_scale_is_none(tmp_path, metadata):
    assert read_frame(write(tmp_path / "a.ome.tif", **metadata)).scale is None


def test_the_resolution_for_printing_is_no_scale(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 255, (64, 80), np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", pixels, resolution=(300, 300))
    Image.fromarray(pixels).save(tmp_path / "a.png", dpi=(300, 300))
    assert read_frame(tmp_path / "a.tif").scale is None
    assert read_frame(tmp_path / "a.png").scale is None


@pytest.mark.parametrize("cut", ["<OME><Image", "<OME><Image/></OME>"])
def test_metadata_that_make_no_sense_do_not_hide_the_frame(tmp_path, cut):
    pixels = np.random.default_rng(0).integers(0, 255, (64, 80), np.uint8)
    described = f'<?xml version="1.0"?>{cut} xmlns="ome" </OME>'
    tifffile.imwrite(tmp_path / "a.tif", pixels, description=described)
    frame = read_frame(tmp_path / "a.tif")
    assert frame.scale is None
    assert (frame.pixels == pixels).all()
