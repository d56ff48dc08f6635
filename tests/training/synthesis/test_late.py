"""Late frames: many soft patches, a glowing retina, and exact masks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from mae_sam2_training.data.camera import through_a_camera
from mae_sam2_training.synthesis import draw_late, survey
from napari_mae_sam2.fa.drawing import draw_frame

if TYPE_CHECKING:
    from napari_mae_sam2.fa.drawing.scene import Scene


@pytest.fixture(scope="module")
def scene() -> Scene:
    return survey(draw_frame(3, 384, "early", leakage=()).pixels)


def test_a_late_frame_has_many_patches_that_are_brighter_than_around(
    scene: Scene,
) -> None:
    counts = []
    for seed in range(6):
        drawn = draw_late(scene, np.random.default_rng(seed), empty=0)
        counts.append(len(drawn.kinds))
        assert set(np.unique(drawn.lesions)) == {0, *drawn.kinds}
        assert not drawn.lesions[~scene.field].any()
        assert all(gain >= 4 for gain in drawn.contrasts.values())
    assert np.median(counts) >= 10


def test_a_late_frame_may_leak_nowhere_and_still_glow(scene: Scene) -> None:
    drawn = draw_late(scene, np.random.default_rng(0), empty=1)
    assert not drawn.lesions.any()
    assert (drawn.pixels[scene.field] != scene.grey[scene.field]).mean() > 0.9
    assert (drawn.pixels[~scene.field] == scene.grey[~scene.field]).all()


def test_the_same_state_draws_the_same(scene: Scene) -> None:
    one, other = (draw_late(scene, np.random.default_rng(4)) for _ in range(2))
    assert (one.pixels == other.pixels).all()
    assert (one.lesions == other.lesions).all()


def test_contrast_must_rise(scene: Scene) -> None:
    with pytest.raises(ValueError, match="two rising positive numbers"):
        draw_late(scene, np.random.default_rng(0), contrast=(40, 12))


def test_a_camera_changes_grey_levels_and_leaves_the_dark_frame_alone() -> None:
    grey = draw_frame(3, 256, "late", leakage=()).pixels
    changed = 0
    for seed in range(10):
        shown = through_a_camera(grey, np.random.default_rng(seed))
        assert shown.shape == grey.shape
        assert shown.dtype == np.uint8
        dark = grey < 4
        # compression rings a little at the border of the field
        assert shown[dark].mean() < 4
        changed += bool((shown != grey).any())
    assert changed >= 8
