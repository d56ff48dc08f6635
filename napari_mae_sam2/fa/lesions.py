"""Lesions of a label image: valid ids, one id for each piece, and measurements.

A label image holds 0 where there is no leakage and a lesion's id where there is; an
all-zero one says "no leakage here", which is an answer too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage

from napari_mae_sam2.fa.errors import PlainError

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_LESIONS = np.iinfo(np.uint16).max
"""Ids are stored as uint16."""

_EIGHT_CONNECTED = np.ones((3, 3), bool)


class LabelError(PlainError):
    """A label image that does not fit; says why."""


@dataclass(frozen=True, slots=True)
class Lesion:
    """What can be measured of one lesion, in pixels of the frame.

    Attributes
    ----------
    id : int
        Its value in the label image, from 1.
    area_px : int
        Number of pixels; holes do not count.
    bbox : tuple of int
        (first row, first column, row after the last, column after the last).
    centroid : tuple of float
        (row, column).
    mean_intensity : float
        Mean grey value as stored; of RGB frames the mean over the channels.
    field_share : float
        Part of the photographed field that it covers, 0 to 1.
    """

    id: int
    area_px: int
    bbox: tuple[int, int, int, int]
    centroid: tuple[float, float]
    mean_intensity: float
    field_share: float


def check_labels(labels: NDArray[Any], shape: tuple[int, int], name: str) -> None:
    """Refuse an array that is no label image of a frame.

    Parameters
    ----------
    labels : array
        The candidate.
    shape : tuple of int
        (H, W) of the frame.
    name : str
        How the message names the frame.

    Raises
    ------
    LabelError
        If it is not of the frame's size, not of whole numbers, negative, or holds ids
        above `MAX_LESIONS`.
    """
    if labels.shape != shape:
        theirs = " × ".join(str(side) for side in reversed(labels.shape))
        raise LabelError(
            f"The label for {name} is {theirs} pixels but the frame is {shape[1]} × "
            f"{shape[0]}: choose the label that was drawn on this frame."
        )
    if labels.dtype.kind not in "iub":
        raise LabelError(
            f"The label for {name} holds {labels.dtype} values: a label image holds "
            "whole numbers, 0 for no leakage."
        )
    if labels.size and (labels.min() < 0 or labels.max() > MAX_LESIONS):
        raise LabelError(
            f"The label for {name} holds lesion ids outside 0 to {MAX_LESIONS}: "
            "number its lesions anew."
        )


def lesion_ids(labels: NDArray[Any]) -> list[int]:
    """List the ids that occur in a label image, in order, without 0."""
    if labels.dtype.kind == "b":
        return [1] if labels.any() else []
    return [int(i) for i in np.flatnonzero(np.bincount(labels.ravel())) if i]


def relabel(labels: NDArray[Any]) -> tuple[NDArray[np.uint16], dict[int, int]]:
    """Renumber the lesions 1, 2, 3 … without gaps, in the order of their old ids.

    Parameters
    ----------
    labels : integer or bool array of shape (H, W)
        A valid label image.

    Returns
    -------
    labels : uint16 array of shape (H, W)
        A new array.
    new_ids : dict of int to int
        Old id to new id.
    """
    new_ids = {old: new for new, old in enumerate(lesion_ids(labels), start=1)}
    table = np.zeros(max(new_ids, default=0) + 1, np.uint16)
    for old, new in new_ids.items():
        table[old] = new
    return table[labels.astype(np.intp)], new_ids


def split_pieces(mask: NDArray[Any]) -> NDArray[np.uint16]:
    """Give every 8-connected piece of a leakage mask an id of its own.

    Parameters
    ----------
    mask : array of shape (H, W)
        Not 0 where there is leakage, as in a binary mask from elsewhere.

    Returns
    -------
    uint16 array of shape (H, W)
        Ids from 1, in reading order of each piece's first pixel.

    Raises
    ------
    LabelError
        If there are more than `MAX_LESIONS` pieces.
    """
    pieces, count = ndimage.label(mask, structure=_EIGHT_CONNECTED)
    if count > MAX_LESIONS:
        raise LabelError(
            f"The mask falls into {count} pieces: it looks like noise, not lesions."
        )
    return np.asarray(pieces, dtype=np.uint16)


def measure_lesions(
    labels: NDArray[Any], pixels: NDArray[Any], field: NDArray[np.bool_]
) -> list[Lesion]:
    """Measure every lesion of a label image.

    Parameters
    ----------
    labels : integer array of shape (H, W)
        Lesion ids.
    pixels : array of shape (H, W) or (H, W, 3)
        The frame as stored.
    field : bool array of shape (H, W)
        The photographed field, see `napari_mae_sam2.fa.field.field_mask`.

    Returns
    -------
    list of Lesion
        In the order of their ids; empty for an empty label.

    Raises
    ------
    LabelError
        See `check_labels`.
    """
    check_labels(labels, (pixels.shape[0], pixels.shape[1]), "this frame")
    field_px = max(int(np.count_nonzero(field)), 1)
    whole = labels.astype(np.int32, copy=False)
    found: list[Lesion] = []
    for lesion_id, box in enumerate(ndimage.find_objects(whole), start=1):
        if box is None:
            continue
        # Inside its box alone: a thousand small lesions stay quick on a large frame.
        inside = whole[box] == lesion_id
        rows, columns = np.nonzero(inside)
        top, left = box[0].start, box[1].start
        in_field = np.count_nonzero(inside & field[box])
        found.append(
            Lesion(
                id=lesion_id,
                area_px=len(rows),
                bbox=(top, left, box[0].stop, box[1].stop),
                centroid=(top + float(rows.mean()), left + float(columns.mean())),
                mean_intensity=float(pixels[box][inside].mean(dtype=np.float64)),
                field_share=in_field / field_px,
            )
        )
    return found
