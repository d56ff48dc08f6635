from __future__ import annotations

import numpy as np
import pytest

from napari_mae_sam2.annotate.candidate_pictures import candidate_pictures
from napari_mae_sam2.annotate.draft import Draft
from napari_mae_sam2.annotate.proposal import Proposal
from napari_mae_sam2.fa.close_up import CloseUp
from napari_mae_sam2.model.protocol import Prediction


@pytest.fixture
def proposal():
    """Candidates of 20 x 20 and of 10 x 10 pixels around (300, 500), and none."""
    grid = np.full((3, 128, 128), -3.0, np.float32)
    rows, columns = np.indices((128, 128)) * 8.0
    grid[0, (abs(rows - 300) < 80) & (abs(columns - 500) < 80)] = 3.0
    grid[1, (abs(rows - 300) < 40) & (abs(columns - 500) < 40)] = 3.0
    scores = np.array([0.9, 0.5, 0.1], np.float32)
    low = np.zeros((3, 256, 256), np.float32)
    return Proposal(Draft(), Prediction(grid, scores, low, (1024, 1024)))


def tinted(picture):
    """Where the proposal's colour is: bluer than red."""
    return picture[..., 2].astype(int) - picture[..., 0] > 20


@pytest.mark.parametrize(
    "pixels",
    [
        np.full((1024, 1024), 90, np.uint8),
        np.full((1024, 1024), 9000, np.uint16),
        np.full((1024, 1024, 3), 90, np.uint8),
    ],
)
def test_each_candidate_is_shown_on_the_same_piece(proposal, pixels):
    large, small, none = candidate_pictures(pixels, proposal, 60, 84)
    assert large.shape == (60, 84, 3)
    assert large.dtype == np.uint8
    assert tinted(large).sum() > 3 * tinted(small).sum() > 0
    assert not tinted(none).any()
    for picture in (large, small):
        rows, columns = np.nonzero(tinted(picture))
        assert rows.mean() == pytest.approx(29.5, abs=3)
        assert columns.mean() == pytest.approx(41.5, abs=3)
    # There is something to be seen around them.
    assert not tinted(large)[0].any()


def test_nothing_is_stretched(proposal):
    (large, _, _) = candidate_pictures(
        np.zeros((1024, 1024), np.uint8), proposal, 60, 84
    )
    rows, columns = np.nonzero(tinted(large))
    assert np.ptp(rows) == pytest.approx(np.ptp(columns), abs=2)


def test_a_piece_at_the_frame_s_corner_and_empty_candidates(proposal):
    pixels = np.random.default_rng(0).integers(0, 255, (1024, 1024), np.uint8)
    corner = np.full((1, 128, 128), -3.0, np.float32)
    corner[0, :10, :10] = 3.0
    low = np.zeros((1, 256, 256), np.float32)
    scores = np.array([0.9], np.float32)
    area = CloseUp(0, 0, 400, 400)
    prediction = Prediction(corner, scores, low, (1024, 1024), area)
    (picture,) = candidate_pictures(pixels, Proposal(Draft(), prediction), 60, 84)
    assert tinted(picture).any()
    empty = Prediction(corner * 0 - 1, scores, low, (1024, 1024), area)
    (picture,) = candidate_pictures(pixels, Proposal(Draft(), empty), 60, 84)
    assert not tinted(picture).any()
