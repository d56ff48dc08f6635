from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from mae_sam2_training.synthesis import draw_into, survey
from mae_sam2_training.synthesis.visible import drop_unseen
from napari_mae_sam2.fa.drawing import KINDS, draw_frame


@pytest.fixture(scope="module")
def frame():
    return draw_frame(11, 256, leakage=(), look_alikes=0).pixels


@pytest.fixture(scope="module")
def scene(frame):
    return survey(frame)


def test_the_same_state_draws_the_same_leakage(frame, scene):
    one = draw_into(scene, np.random.default_rng(4))
    same = draw_into(scene, np.random.default_rng(4))
    unprepared = draw_into(frame, np.random.default_rng(4))
    for other in (same, unprepared):
        assert np.array_equal(one.pixels, other.pixels)
        assert np.array_equal(one.lesions, other.lesions)
        assert one.kinds == other.kinds
    assert not np.array_equal(
        one.pixels, draw_into(scene, np.random.default_rng(5)).pixels
    )


def test_labels_are_whole_and_inside_the_field(scene):
    for seed in range(30):
        drawn = draw_into(scene, np.random.default_rng(seed))
        ids = list(range(1, int(drawn.lesions.max()) + 1))
        assert sorted(drawn.kinds) == sorted(drawn.contrasts) == ids
        assert set(np.unique(drawn.lesions)) == {0, *ids}
        assert set(drawn.kinds.values()) <= set(KINDS)
        assert drawn.pixels.dtype == np.uint8
        assert drawn.lesions.dtype == np.uint16
        assert not drawn.lesions[~scene.field].any()
        outside = ~scene.field
        assert np.array_equal(drawn.pixels[outside], scene.grey[outside])
        for number in ids:
            _, parts = ndimage.label(drawn.lesions == number, np.ones((3, 3)))
            assert parts == 1


def test_pixels_change_only_where_there_is_leakage(frame, scene):
    for seed in range(12):
        drawn = draw_into(
            scene, np.random.default_rng(seed), look_alikes=0, late=False, empty=0
        )
        changed = drawn.pixels != frame
        near = ndimage.binary_dilation(drawn.lesions > 0, iterations=40)
        assert not (changed & ~near).any()
        assert (drawn.pixels.astype(int) - frame).min() >= 0


def test_most_of_the_added_light_lies_inside_the_mask(frame, scene):
    """The border stands where light falls off, neither far inside nor outside."""
    for seed in range(8):
        drawn = draw_into(
            scene,
            np.random.default_rng(seed),
            look_alikes=0,
            late=False,
            empty=0,
            contrast=(40, 80),
        )
        gained = drawn.pixels.astype(float) - frame
        mask = drawn.lesions > 0
        assert gained[mask].sum() > 0.75 * gained.sum()
        assert (gained[mask] > 0).mean() > 0.97


def test_empty_and_kinds_are_obeyed(frame, scene):
    nothing = draw_into(
        scene, np.random.default_rng(0), empty=1, look_alikes=0, late=False
    )
    assert nothing.kinds == {}
    assert np.array_equal(nothing.pixels, frame)
    for kind in KINDS:
        found = set()
        for seed in range(4):
            drawn = draw_into(
                scene, np.random.default_rng(seed), empty=0, kinds=(kind,)
            )
            found |= set(drawn.kinds.values())
        assert found <= {kind}
        # A survey may not find disc and fovea in every frame.
        assert found or kind in ("disc", "macular")


def test_look_alikes_are_drawn_and_not_labelled(frame, scene):
    drawn = draw_into(
        scene, np.random.default_rng(1), empty=1, look_alikes=5, late=False
    )
    assert not np.array_equal(drawn.pixels, frame)
    assert not drawn.lesions.any()


def test_contrast_is_kept(scene):
    def heights(contrast):
        found = []
        for seed in range(25):
            drawn = draw_into(
                scene,
                np.random.default_rng(seed),
                contrast=contrast,
                empty=0,
                late=False,
            )
            found += list(drawn.contrasts.values())
        return np.median(found)

    assert 7 < heights((12, 16)) < 18
    assert 45 < heights((80, 110)) < 125


def test_what_is_too_faint_to_be_seen_is_neither_drawn_nor_labelled(frame, scene):
    bright = replace(scene, grey=np.clip(scene.grey * 3, 0, 250).astype(np.float32))
    found = 0
    for seed in range(40):
        drawn = draw_into(
            bright,
            np.random.default_rng(seed),
            contrast=(20, 24),
            look_alikes=0,
            late=False,
            empty=0,
        )
        assert all(gain >= 10 for gain in drawn.contrasts.values())
        near = ndimage.binary_dilation(drawn.lesions > 0, iterations=40)
        left = (drawn.pixels - np.rint(bright.grey))[bright.field & ~near]
        assert left.max(initial=0) < 5
        found += len(drawn.kinds)
    assert found > 20


def test_only_the_faint_lesion_goes():
    base = np.full((60, 90), 40, np.float32)
    light, lesions = np.zeros_like(base), np.zeros(base.shape, np.uint16)
    light[8:22, 8:22], lesions[10:20, 10:20] = 3, 1
    light[8:22, 48:62], lesions[10:20, 50:60] = 60, 2
    kinds = {1: "disc", 2: "macular"}
    shown, left, names = drop_unseen(base, light, lesions, kinds, 5, 1)
    assert names == {1: "macular"}
    assert np.array_equal(left, (lesions == 2).astype(np.uint16))
    assert not shown[:, :40].any()
    assert np.array_equal(shown[:, 40:], light[:, 40:])
    same = drop_unseen(base, light, lesions, kinds, 1, 1)
    assert np.array_equal(same[1], lesions)


def test_wrong_wishes_are_named(scene):
    with pytest.raises(ValueError, match="contrast"):
        draw_into(scene, np.random.default_rng(0), contrast=(50, 10))
    with pytest.raises(ValueError, match="drusen"):
        draw_into(scene, np.random.default_rng(0), kinds=("drusen",))


@pytest.mark.parametrize("shape", [(64, 64), (40, 90)])
def test_frames_without_vessels_or_border_can_be_drawn_into(shape):
    noise = np.random.default_rng(0).integers(20, 60, shape).astype(np.uint8)
    for seed in range(10):
        drawn = draw_into(noise, np.random.default_rng(seed))
        assert drawn.pixels.shape == shape


def test_a_black_frame_does_not_fail():
    drawn = draw_into(np.zeros((64, 64), np.uint8), np.random.default_rng(0))
    assert drawn.pixels.shape == (64, 64)
