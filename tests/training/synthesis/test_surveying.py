from __future__ import annotations

import numpy as np
import pytest

from mae_sam2_training.synthesis import survey
from napari_mae_sam2.fa.drawing import draw_frame
from napari_mae_sam2.fa.pixels import as_grey8
from napari_mae_sam2.fa.reading import read_frame


@pytest.fixture(scope="module")
def drawn():
    return draw_frame(6, 512, leakage=(), look_alikes=0)


@pytest.fixture(scope="module")
def scene(drawn):
    return survey(drawn.pixels)


def test_field_vessels_disc_and_fovea_are_found(drawn, scene):
    assert (scene.field == drawn.field).mean() > 0.99
    centres = np.vstack(scene.paths)[:, :2].astype(int)
    assert drawn.vessels[centres[:, 0], centres[:, 1]].mean() > 3 * drawn.vessels.mean()
    row, col, radius = drawn.disc
    assert np.hypot(scene.disc[0] - row, scene.disc[1] - col) < radius
    away = np.hypot(scene.fovea[0] - drawn.fovea[0], scene.fovea[1] - drawn.fovea[1])
    assert away < radius


def test_paths_are_walked_in_order(scene):
    for path in scene.paths:
        steps = np.hypot(*np.diff(path[:, :2], axis=0).T)
        assert np.median(steps) < 1.5
        assert (path[:, 2] > 0).all()


def test_the_background_has_lost_its_vessels(drawn, scene):
    def contrast(grey):
        beside = drawn.field & ~drawn.vessels
        return grey[drawn.vessels].mean() - grey[beside].mean()

    assert contrast(scene.background) < 0.35 * contrast(scene.grey)


def test_large_frames_are_surveyed_in_their_own_pixels(drawn, scene):
    twice = np.kron(drawn.pixels, np.ones((2, 2), np.uint8))
    large = survey(twice)
    assert large.grey.shape == (1024, 1024)
    assert large.unit == 2 * scene.unit
    assert np.allclose(np.array(large.disc), 2 * np.array(scene.disc), atol=14)
    assert large.distance.max() > 1.5 * scene.distance.max()


@pytest.mark.real_data
def test_the_disc_is_found_in_real_frames_and_not_invented(real_data):
    folder = real_data / "huapu4_FFA" / "diag_normal"

    def disc(name):
        return survey(as_grey8(read_frame(folder / f"{name}.jpg").pixels)).disc

    row, col, _ = disc("Normal0086")
    assert np.hypot(row - 256, col - 103) < 40
    assert disc("Normal0009") is None
