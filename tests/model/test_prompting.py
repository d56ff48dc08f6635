from __future__ import annotations

import numpy as np
import torch

from napari_mae_sam2.model.prompting import to_batches
from napari_mae_sam2.model.protocol import Prompts

SHAPE = (100, 200)
SIZE = 200  # so that x is the column and y is twice the row


def _prompts(
    points: list[list[float]] | None = None,
    labels: list[int] | None = None,
    boxes: list[list[float]] | None = None,
    mask: np.ndarray | None = None,
) -> Prompts:
    return Prompts(
        points=np.array(points or [], np.float32).reshape(-1, 2),
        labels=np.array(labels or [], np.int8),
        boxes=np.array(boxes or [], np.float32).reshape(-1, 4),
        mask=mask,
    )


def test_nothing_said_gives_a_batch_without_points() -> None:
    (batch,) = to_batches(Prompts(), SHAPE, SIZE)
    assert batch.xy is None
    assert batch.labels is None
    assert batch.mask is None


def test_clicks_become_one_prompt() -> None:
    (batch,) = to_batches(_prompts([[10, 50], [20, 60]], [1, 0]), SHAPE, SIZE)
    assert batch.xy is not None
    assert batch.labels is not None
    assert batch.xy.tolist() == [[[50, 20], [60, 40]]]
    assert batch.labels.tolist() == [[1, 0]]


def test_a_box_comes_before_its_clicks_however_it_was_dragged() -> None:
    for box in ([10, 20, 30, 40], [30, 40, 10, 20], [30, 20, 10, 40]):
        (batch,) = to_batches(_prompts([[90, 190]], [0], [box]), SHAPE, SIZE)
        assert batch.xy is not None
        assert batch.labels is not None
        assert batch.xy.tolist() == [[[20, 20], [40, 60], [190, 180]]]
        assert batch.labels.tolist() == [[2, 3, 0]]


def test_several_boxes_take_the_clicks_inside_or_near_them() -> None:
    boxes = [[0, 0, 20, 20], [10, 10, 40, 40], [60, 100, 90, 150], [0, 150, 9, 190]]
    points = [[15, 15], [5, 5], [99, 160]]  # in both, in the first, near the third
    batches = to_batches(_prompts(points, [1, 0, 1], boxes), SHAPE, SIZE)

    said = {}
    for batch in batches:
        assert batch.xy is not None
        assert batch.labels is not None
        for xy, labels in zip(batch.xy.tolist(), batch.labels.tolist(), strict=True):
            assert labels[:2] == [2, 3]
            said[xy[1][0]] = list(zip(map(tuple, xy[2:]), labels[2:], strict=True))
    assert said == {
        20: [((15, 30), 1), ((5, 10), 0)],
        40: [((15, 30), 1)],
        150: [((160, 198), 1)],
        190: [],
    }
    # Two boxes have one click each, and are asked together.
    assert sorted(len(batch.xy) for batch in batches if batch.xy is not None) == [
        1,
        1,
        2,
    ]


def test_a_mask_is_given_to_every_box_at_the_size_of_the_model() -> None:
    mask = np.full((256, 256), 3.0, np.float32)
    boxes = [[0, 0, 20, 20], [50, 50, 70, 70]]

    (batch,) = to_batches(_prompts(boxes=boxes, mask=mask), SHAPE, 1024)
    (small,) = to_batches(_prompts(mask=mask), SHAPE, 512)

    assert batch.mask is not None
    assert batch.mask.shape == (2, 1, 256, 256)
    assert small.mask is not None
    assert small.mask.shape == (1, 1, 128, 128)
    torch.testing.assert_close(small.mask, torch.full((1, 1, 128, 128), 3.0))
