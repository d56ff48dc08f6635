from __future__ import annotations

import numpy as np
import pytest

from napari_mae_sam2.fa.drawing import draw_frame, leaks
from napari_mae_sam2.fa.drawing.scene import KINDS, Scene, depth_of


@pytest.fixture(scope="module")
def scene():
    """A frame with one oblique vessel, a disc and a fovea."""
    drawn = draw_frame(1, 512, leakage=(), look_alikes=0)
    grey = drawn.pixels.astype(np.float32)
    run = np.linspace(60, 450, 500)
    path = np.column_stack((run, 0.5 * run + 150, np.full(500, 3))).astype(np.float32)
    rows, cols = np.ogrid[:512, :512]
    distance = np.abs(cols - 0.5 * rows - 150) / np.hypot(1, 0.5)
    return Scene(
        grey=grey,
        field=drawn.field,
        background=grey,
        vesselness=np.zeros_like(grey),
        distance=distance.astype(np.float32),
        paths=(path,),
        disc=drawn.disc,
        fovea=drawn.fovea,
        depth=depth_of(drawn.field),
    )


@pytest.mark.parametrize("kind", KINDS)
def test_no_leak_is_cut_off_by_its_window(kind, scene):
    for seed in range(40):
        rng = np.random.default_rng(seed)
        leak = getattr(leaks, kind)(scene, rng, 60.0, float(rng.uniform(1, 8)))
        rows, cols = leak.window
        edges = [
            leak.light[0] if rows.start > 0 else 0,
            leak.light[-1] if rows.stop < 512 else 0,
            leak.light[:, 0] if cols.start > 0 else 0,
            leak.light[:, -1] if cols.stop < 512 else 0,
        ]
        assert max(np.max(edge) for edge in edges) == 0


@pytest.mark.parametrize("kind", KINDS)
def test_the_light_has_the_wanted_height_inside_the_outline(kind, scene):
    for seed in range(10):
        leak = getattr(leaks, kind)(scene, np.random.default_rng(seed), 60.0, 3.0)
        inside = leak.outline >= 0.4
        assert leak.light[inside].mean() == pytest.approx(60, rel=0.25)
        assert not leak.light[leak.outline == 0].any()


def test_cuffs_follow_the_vessel(scene):
    for seed in range(10):
        leak = leaks.perivascular(scene, np.random.default_rng(seed), 60.0, 2.0)
        away = scene.distance[leak.window][leak.outline > 0.5]
        assert np.median(away) < 20


def test_a_frame_without_disc_fovea_or_vessels_has_no_place_for_them(scene):
    bare = Scene(
        scene.grey,
        scene.field,
        scene.background,
        scene.vesselness,
        scene.distance,
        (),
        None,
        None,
        scene.depth,
    )
    for kind in ("perivascular", "disc", "macular", "neovascular"):
        assert getattr(leaks, kind)(bare, np.random.default_rng(0), 50.0, 3.0) is None
