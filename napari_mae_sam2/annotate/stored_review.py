"""What a model found in a frame before it was opened, to be judged without a wait."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from scipy import ndimage

from napari_mae_sam2.annotate.draft import Draft
from napari_mae_sam2.annotate.review import Patch, Review, in_order
from napari_mae_sam2.fa.bare_vessel import VesselFinder
from napari_mae_sam2.fa.placed_mask import PlacedMask
from napari_mae_sam2.predict.stored import find_stored
from napari_mae_sam2.qa.verdicts import is_rejected
from napari_mae_sam2.study.files import StudyError
from napari_mae_sam2.study.images import read_tiff

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from napari_mae_sam2.fa.frame import Frame

log = logging.getLogger(__name__)


def stored_review(study: Path, frame: Frame) -> Review | None:
    """Make a review of what lies in a study; slow, for a worker's thread.

    Parameters
    ----------
    study : Path
        Study folder, there or not.
    frame : Frame

    Returns
    -------
    Review or None
        None where nothing was predicted of the frame, or no leakage, or somebody
        rejected the answer: such a case is graded from the start.
    """
    stored = find_stored(study, frame)
    if stored is None or is_rejected(stored.results, stored.record.id):
        return None
    results, name = stored.results, stored.record.id
    try:
        labels = read_tiff(results.label(name))
        probability = read_tiff(results.probability(name))
    except StudyError as error:
        # The frame can be asked for again with a key: no reason for a sentence.
        log.warning("%s", error)
        return None
    if labels.shape != frame.shape or probability.shape != frame.shape:
        return None
    patches = patches_of(labels, probability, frame.pixels)
    model = results.model
    draft = Draft(everything=True)
    return Review(draft, patches, model.name, model.fingerprint) if patches else None


def patches_of(
    labels: NDArray[np.integer],
    probability: NDArray[np.uint8],
    pixels: NDArray[np.generic],
) -> tuple[Patch, ...]:
    """Take lesions apart as `review.find_patches` takes an answer apart.

    Parameters
    ----------
    labels : integer array of shape (H, W)
        Lesion numbers.
    probability : uint8 array of shape (H, W)
        255 is certain leakage.
    pixels : array of shape (H, W) or (H, W, 3)
        The frame, to tell bare vessels.

    Returns
    -------
    tuple of Patch
        In the order in which they are to be judged.
    """
    found: list[Patch] = []
    vessels = VesselFinder(pixels)
    for number, region in enumerate(ndimage.find_objects(labels), start=1):
        if region is None:
            continue
        inside = labels[region] == number
        mask = PlacedMask(region[0].start, region[1].start, inside)
        score = float(probability[region][inside].mean()) / 255
        found.append(Patch(mask, score * vessels.trust(mask)))
    return in_order(found, labels.shape)
