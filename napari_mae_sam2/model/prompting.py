"""From what the grader said to batches that the decoder can take at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn.functional import interpolate

from napari_mae_sam2.model.forward import PromptBatch
from napari_mae_sam2.model.transform import to_model_xy

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_mae_sam2.model.protocol import Prompts

# SAM's labels for the two corners of a box.
_FIRST_CORNER, _LAST_CORNER = 2, 3


def to_batches(
    prompts: Prompts, shape: tuple[int, int], image_size: int
) -> list[PromptBatch]:
    """Turn prompts on a frame into batches of prompts for the decoder.

    Without boxes, or with one, everything belongs to one prompt. Each of several
    boxes is a prompt of its own together with the points inside it, and a point
    inside none goes to the nearest box. Boxes with equally many points share a
    batch; filling the shorter ones up with empty points instead would change their
    answers.

    Parameters
    ----------
    prompts : Prompts
        In (row, column) of the frame.
    shape : (int, int)
        (H, W) of the frame.
    image_size : int
        Side of the encoder's input.
    """
    points = to_model_xy(prompts.points, shape, image_size)
    labels = prompts.labels.astype(np.int32)
    mask = None if prompts.mask is None else _to_mask(prompts.mask, image_size)
    if not len(prompts.boxes):
        if not len(points):
            return [PromptBatch(mask=mask)]
        return [_batch([points], [labels], mask)]

    # A box dragged from another corner is the same box.
    corners = np.sort(prompts.boxes.reshape(-1, 2, 2), axis=1)  # [K, 2, (row, col)]
    owners = _owners(prompts.points, corners)  # [N, K]
    corners_xy = to_model_xy(corners, shape, image_size)
    sizes: dict[int, list[int]] = {}
    for box, count in enumerate(owners.sum(axis=0)):
        sizes.setdefault(int(count), []).append(box)
    corner_labels = np.array([_FIRST_CORNER, _LAST_CORNER], np.int32)
    return [
        _batch(
            [np.concatenate([corners_xy[k], points[owners[:, k]]]) for k in boxes],
            [np.concatenate([corner_labels, labels[owners[:, k]]]) for k in boxes],
            mask,
        )
        for boxes in sizes.values()
    ]


def _batch(
    points: list[NDArray[np.float32]],
    labels: list[NDArray[np.int32]],
    mask: torch.Tensor | None,
) -> PromptBatch:
    return PromptBatch(
        xy=torch.from_numpy(np.stack(points)),
        labels=torch.from_numpy(np.stack(labels)),
        mask=None if mask is None else mask.expand(len(points), -1, -1, -1),
    )


def _owners(
    points: NDArray[np.floating], corners: NDArray[np.floating]
) -> NDArray[np.bool_]:
    """Return which of the K boxes each of the N points belongs to, as (N, K)."""
    first, last = corners[:, 0], corners[:, 1]  # [K, 2]
    outside = np.maximum(first - points[:, None], points[:, None] - last)  # [N, K, 2]
    distance = np.hypot(*np.moveaxis(np.maximum(outside, 0), -1, 0))  # [N, K]
    owners = distance == 0
    lost = ~owners.any(axis=1)
    owners[lost, distance[lost].argmin(axis=1)] = True
    return owners


def _to_mask(mask: NDArray[np.float32], image_size: int) -> torch.Tensor:
    """Return (1, 1, S/4, S/4) logits."""
    logits = torch.from_numpy(np.asarray(mask, np.float32))[None, None]
    side = image_size // 4
    if logits.shape[-1] == side:
        return logits
    return interpolate(
        logits, (side, side), mode="bilinear", align_corners=False, antialias=True
    )
