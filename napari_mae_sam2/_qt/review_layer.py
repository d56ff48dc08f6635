"""The layer of what the model found without a click and nobody judged yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Labels
from napari.utils.colormaps import DirectLabelColormap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_mae_sam2._qt.layer_stack import LayerStack
    from napari_mae_sam2.annotate.review import Patch

WAITING = "#22d3ee"
LARGEST = 4 * 10**6
"""Pixels of the layer at most: patches of larger frames are shown more coarsely until
their turn comes."""


class ReviewLayer:
    """Shows patches that wait, faintly; the one in hand is shown as a proposal.

    Parameters
    ----------
    stack : LayerStack
        Where the layer goes.
    """

    def __init__(self, stack: LayerStack) -> None:
        self._stack = stack
        self._layer: Labels | None = None
        self._shown: Sequence[Patch] = ()

    def show(
        self, patches: Sequence[Patch], shape: tuple[int, int], below: object
    ) -> None:
        """Show patches of a frame.

        Parameters
        ----------
        patches : sequence of Patch
            None of them hides the layer.
        shape : (int, int)
            (H, W) of the frame.
        below : napari layer
            What lies on top of it.
        """
        layer = self._layer
        if layer is not None and layer not in self._stack.viewer.layers:
            layer = self._layer = None  # somebody deleted it
        if not patches:
            if layer is not None:
                layer.visible = False
            return
        step = max(1, int(np.ceil(np.sqrt(shape[0] * shape[1] / LARGEST))))
        if layer is None:
            layer = self._layer = self._make(below)
        elif layer.visible and _same(patches, self._shown):
            return
        self._shown = tuple(patches)
        layer.data = picture(patches, shape, step)
        layer.scale = (step, step)
        layer.visible = True

    def clear(self) -> None:
        """Take the layer away."""
        self._stack.remove(self._layer)
        self._layer = None

    def _make(self, below: Any) -> Labels:
        colours = DirectLabelColormap(
            color_dict={None: "transparent", 0: "transparent", 1: WAITING}
        )
        made: Labels = self._stack.add(
            Labels(
                np.zeros((1, 1), np.uint8), name="found", opacity=0.2, colormap=colours
            ),
            at=self._stack.viewer.layers.index(below),
        )
        made.editable = False
        return made


def picture(
    patches: Sequence[Patch], shape: tuple[int, int], step: int
) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Draw patches as 1 on every so many-th pixel of a frame (H, W)."""
    drawn = np.zeros([-(-length // step) for length in shape], np.uint8)
    for patch in patches:
        top, left = (-patch.mask.top) % step, (-patch.mask.left) % step
        part = patch.mask.mask[top::step, left::step]
        row = (patch.mask.top + top) // step
        column = (patch.mask.left + left) // step
        here = (slice(row, row + part.shape[0]), slice(column, column + part.shape[1]))
        drawn[here] |= part
    return drawn


def _same(one: Sequence[Patch], other: Sequence[Patch]) -> bool:
    return len(one) == len(other) and all(
        a is b for a, b in zip(one, other, strict=True)
    )
