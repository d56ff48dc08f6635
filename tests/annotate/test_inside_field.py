"""No tool makes lesions outside the photographed field, and each says so."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.draw import disk

from napari_mae_sam2.annotate.committing import NothingToCommitError
from napari_mae_sam2.annotate.draft import Draft
from napari_mae_sam2.annotate.review import Patch, Review
from napari_mae_sam2.annotate.session import CaseSession
from napari_mae_sam2.fa.frame import Frame, pixel_sha256
from napari_mae_sam2.fa.placed_mask import PlacedMask


@pytest.fixture
def session():
    pixels = np.zeros((300, 400), np.uint8)
    rows, columns = disk((150, 200), 140, shape=pixels.shape)
    pixels[rows, columns] = 60
    made = CaseSession(Frame(pixels, "round", None, pixel_sha256(pixels)))
    made.heard, made.regions = [], []
    made.refused.connect(made.heard.append)
    made.labels_changed.connect(made.regions.append)
    return made


def patch(top, left, side=10):
    return Patch(PlacedMask(top, left, np.ones((side, side), bool)), 0.9)


def offer(session, *patches):
    session.offer(Review(Draft(everything=True), patches, "m", "w"))


def test_a_stroke_in_the_border_is_taken_back_and_shown_so(session):
    session.labels[2:7, 2:7] = 1
    session.painted()
    assert not session.labels.any()
    assert len(session.history) == 0
    assert session.saves.edits == 0
    assert "25 pixels were left out" in session.heard[0]
    assert session.regions == [(slice(2, 7), slice(2, 7))]


def test_a_stroke_over_the_edge_is_clipped_and_undone_whole(session):
    session.labels[148:152, 20:100] = 1  # the field begins at column 60
    session.painted()
    assert (session.labels[148:152, 65:100] == 1).all()
    assert not session.labels[:, :50].any()
    assert len(session.heard) == 1
    session.undo()
    assert not session.labels.any()


def test_an_edit_such_as_growing_is_clipped(session):
    session.edit("grow", lambda old: 0 * old + 1)
    assert not session.labels[:10, :10].any()
    assert session.labels[150, 200] == 1
    assert session.heard


def test_a_patch_outside_is_refused_alone_and_left_out_of_all(session):
    offer(session, patch(2, 2), patch(150, 200), patch(145, 50))
    with pytest.raises(NothingToCommitError, match="outside the photographed field"):
        session.accept_patch()
    assert session.is_reviewing
    session.accept_shown()
    assert len(session.lesion_numbers()) == 2
    assert not session.labels[:20, :20].any()
    assert not session.labels[:, :50].any()
    assert session.review is None


def test_labels_of_the_study_are_shown_as_they_are(session):
    labels = np.zeros(session.frame.shape, np.uint16)
    labels[:5, :5] = 3
    earlier = CaseSession(session.frame, labels, revision="0001-aaaaaaaa")
    assert earlier.lesion_numbers() == [3]
    earlier.labels[150:153, 200:203] = 3
    earlier.painted()
    assert earlier.labels[:5, :5].all()
