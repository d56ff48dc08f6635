"""The layer of what the model found without a click and nobody judged yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Labels
from napari.utils.colormaps import DirectLabelColormap

from napari_mae_sam2._qt.label_layers import NOTHING

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
        self._drawn: tuple[tuple[int, int], int] | None = None

    def prepare(self, below: object) -> None:
        """Make the layer on top of another, hidden; it would be slow in a search."""
        if self._layer is None or self._layer not in self._stack.viewer.layers:
            self._layer, self._drawn = self._make(below), None

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
        if not patches:
            # Hiding what is hidden would have the whole canvas drawn anew.
            if self._layer is not None and self._layer.visible:
                self._layer.visible = False
            if self._layer is not None and self._drawn and self._drawn[0] != shape:
                # napari's Home makes room for hidden layers, too.
                self._layer.data = NOTHING
                self._stack.placement.put(self._layer, (0, 0))
                self._shown, self._drawn = (), None
            return
        self.prepare(below)  # somebody may have deleted it
        layer = self._layer
        assert layer is not None
        step = max(1, int(np.ceil(np.sqrt(shape[0] * shape[1] / LARGEST))))
        wanted = {id(patch) for patch in patches}
        gone = [patch for patch in self._shown if id(patch) not in wanted]
        if self._drawn == (shape, step) and len(gone) + len(patches) == len(
            self._shown
        ):
            # Patches do not touch each other: the ones that are gone are wiped off.
            draw(gone, layer.data, step, 0)
            if gone:
                layer.refresh(thumbnail=False, highlight=False, extent=False)
        else:
            drawn = np.zeros([-(-length // step) for length in shape], np.uint8)
            draw(patches, drawn, step, 1)
            layer.data = drawn
            self._stack.placement.put(layer, (0, 0), (step, step))
        self._shown, self._drawn = tuple(patches), (shape, step)
        layer.visible = True

    def clear(self) -> None:
        """Take the layer away."""
        self._stack.remove(self._layer)
        self._layer = self._drawn = None

    def _make(self, below: Any) -> Labels:
        colours = DirectLabelColormap(
            color_dict={None: "transparent", 0: "transparent", 1: WAITING}
        )
        made: Labels = self._stack.add(
            Labels(
                NOTHING,
                name="found",
                opacity=0.2,
                colormap=colours,
                visible=False,
            ),
            at=self._stack.viewer.layers.index(below),
        )
        made.editable = False
        return made


def draw(
    patches: Sequence[Patch],
    onto: np.ndarray[Any, np.dtype[np.uint8]],
    step: int,
    value: int,
) -> None:
    """Draw patches on a picture that has every so many-th pixel of a frame."""
    for patch in patches:
        top, left = (-patch.mask.top) % step, (-patch.mask.left) % step
        part = patch.mask.mask[top::step, left::step]
        row = (patch.mask.top + top) // step
        column = (patch.mask.left + left) // step
        onto[row : row + part.shape[0], column : column + part.shape[1]][part] = value
