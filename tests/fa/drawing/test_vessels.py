from __future__ import annotations

import numpy as np
import pytest

from napari_mae_sam2.fa.drawing.dye import Canvas, paint_tree
from napari_mae_sam2.fa.drawing.vessels import grow_tree

FOVEA = (2.65, 0.2)


@pytest.fixture(scope="module")
def tree():
    return grow_tree(np.random.default_rng(0), FOVEA, 5.0)


def test_vessels_taper_and_leave_the_fovea_free(tree):
    assert len(tree) > 150
    for branch in tree:
        assert branch.radii[-1] < branch.radii[0]
        away = np.hypot(*(branch.points - np.array(FOVEA, np.float32)).T)
        assert away.min() > 0.15


def test_arteries_are_thinner_than_veins(tree):
    arteries = max(b.radii[0] for b in tree if b.artery)
    veins = max(b.radii[0] for b in tree if not b.artery)
    assert 0.5 < arteries / veins < 0.95


def test_arcades_run_above_and_below_the_fovea(tree):
    widest = sorted(tree, key=lambda b: -b.radii[0])[:4]
    at_fovea = [
        float(np.interp(FOVEA[0], branch.points[:, 0], branch.points[:, 1]))
        for branch in widest
    ]
    assert min(at_fovea) < -1.2
    assert max(at_fovea) > 1.2


def test_a_left_eye_is_painted_as_a_mirrored_right_one(tree):
    right = paint_tree(tree, Canvas((201, 201), 100, 50, 22, 1))[0]
    left = paint_tree(tree, Canvas((201, 201), 100, 150, 22, -1))[0]
    assert np.corrcoef(right.ravel(), left[:, ::-1].ravel())[0, 1] > 0.98


def test_unfilled_vessels_are_dark(tree):
    canvas = Canvas((200, 200), 100, 50, 22, 1)
    dye, calibre, distance = paint_tree(tree, canvas, arteries=0, veins=0)
    assert not dye.any()
    assert (calibre > 0).any()
    assert distance.min() == 0
