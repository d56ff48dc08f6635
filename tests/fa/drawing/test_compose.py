from __future__ import annotations

import numpy as np
import pytest

from napari_mae_sam2.fa.drawing.compose import SMALLEST, add_light, lay_out
from napari_mae_sam2.fa.drawing.leak import BORDER, Leak
from napari_mae_sam2.fa.drawing.scene import Scene, depth_of


@pytest.fixture
def scene():
    rows, cols = np.ogrid[:512, :512]
    field = np.hypot(rows - 256, cols - 256) < 250
    dark = np.full((512, 512), 40, np.float32)
    empty = np.zeros((512, 512), np.float32)
    return Scene(
        grey=dark,
        field=field,
        background=dark,
        vesselness=empty,
        distance=empty + 99,
        paths=(),
        disc=None,
        fovea=None,
        depth=depth_of(field),
    )


def leak(kind, top, left, outline):
    outline = np.asarray(outline, np.float32)
    window = (
        slice(top, top + outline.shape[0]),
        slice(left, left + outline.shape[1]),
    )
    return Leak(kind, window, outline, 50 * outline)


def test_the_mask_ends_at_the_stated_share_of_the_height(scene):
    ramp = np.tile(np.linspace(0, 1, 101, dtype=np.float32), (20, 1))
    _, lesions, _ = lay_out(scene, [leak("capillary", 200, 150, ramp)])
    expected = np.zeros((512, 512), bool)
    expected[200:220, 150:251] = ramp >= BORDER
    assert np.array_equal(lesions > 0, expected)


def test_touching_leaks_are_one_lesion_of_the_larger_kind(scene):
    small = leak("disc", 200, 200, np.ones((10, 10)))
    large = leak("macular", 200, 210, np.ones((30, 30)))
    apart = leak("disc", 300, 300, np.ones((10, 10)))
    _, lesions, kinds = lay_out(scene, [small, large, apart])
    assert kinds == {1: "macular", 2: "disc"}
    assert (lesions == 1).sum() == 1000
    assert (lesions == 2).sum() == 100


def test_specks_leave_the_picture_too(scene):
    speck = leak("capillary", 100, 250, np.ones((2, 2)))
    assert 4 < SMALLEST
    light, lesions, kinds = lay_out(
        scene, [speck, leak("disc", 300, 300, np.ones((20, 20)))]
    )
    assert set(kinds.values()) == {"disc"}
    assert light[90:115, 240:265].max() < 1
    assert light[310, 310] == pytest.approx(50)
    assert not lesions[90:115].any()


def test_pinholes_are_filled_and_real_gaps_stay(scene):
    ring = np.ones((60, 60))
    ring[5:9, 5:9] = 0
    ring[20:40, 20:40] = 0
    _, lesions, _ = lay_out(scene, [leak("capillary", 200, 200, ring)])
    assert lesions[206, 206] == 1
    assert lesions[230, 230] == 0


def test_nothing_is_drawn_outside_the_field(scene):
    light, lesions, _ = lay_out(scene, [leak("capillary", 0, 0, np.ones((200, 200)))])
    assert not light[~scene.field].any()
    assert not lesions[~scene.field].any()
    assert lesions.any()


def test_without_leaks_there_is_no_light(scene):
    light, lesions, kinds = lay_out(scene, [])
    assert not light.any()
    assert not lesions.any()
    assert kinds == {}


def test_bright_pixels_gain_less_and_saturate():
    grey = np.array([0, 40, 200, 250], np.float32)
    gained = add_light(grey, np.full(4, 60, np.float32)) - grey
    assert gained[0] == 60
    assert (np.diff(gained) < 0).all()
    assert add_light(grey, np.full(4, 900, np.float32)).max() == 255
    assert np.array_equal(add_light(grey, np.zeros(4, np.float32)), grey)
