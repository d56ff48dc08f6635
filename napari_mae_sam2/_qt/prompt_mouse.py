"""The mouse on the prompts layer: a click is a point, a drag is what was chosen."""

from __future__ import annotations

import time
from enum import Enum
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_mae_sam2.annotate.draft import Box

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import napari
    from numpy.typing import NDArray

    from napari_mae_sam2._qt.layers import CaseLayers

LEFT, RIGHT = 1, 2
DRAG_PIXELS = 6
"""How far the mouse moves on the screen, pressed, before it drags a box."""
SECONDS_BETWEEN = 0.02
"""A line that is drawn is shown so often at most: drawing it must not lag."""


class Drag(Enum):
    """What the mouse draws, pressed and moved."""

    BOX = "box"
    SCRIBBLE = "scribble"
    LASSO = "lasso"


class PromptMouse:
    """Turns mouse events of napari into clicks, boxes and lines.

    Parameters
    ----------
    viewer : napari.Viewer
        Its double click, which zooms, is a second click while prompting.
    layers : CaseLayers
        Where the mouse acts, and where the box is shown while it is dragged.
    on_click : callable
        Gets row, column and whether the click says "leakage".
    on_box : callable
        Gets two opposite corners as (row, column).
    """

    def __init__(
        self,
        viewer: napari.Viewer,
        layers: CaseLayers,
        on_click: Callable[[float, float, bool], None],
        on_box: Callable[[tuple[float, float], tuple[float, float]], None],
    ) -> None:
        self._viewer = viewer
        self._layers = layers
        self._on_double = list(viewer.mouse_double_click_callbacks)
        viewer.mouse_double_click_callbacks[:] = [self._on_double_click]
        self._on_click = on_click
        self._on_box = on_box
        self.left_is_positive = True
        self.is_panning = False
        self.pick: Callable[[float, float], None] | None = None
        """Gets the place of the next left click in place of a prompt."""
        self.drag = Drag.BOX
        """What a drag draws."""
        self.on_line: Callable[[Drag, NDArray[np.floating], bool], None] | None = None
        """Gets a scribble or a lasso as (N, 2) places, and whether it is leakage."""

    def attach(self) -> None:
        """Listen on the prompts layer, once."""
        prompts = self._layers.prompts
        if prompts is not None and self._on_drag not in prompts.mouse_drag_callbacks:
            prompts.mouse_drag_callbacks.append(self._on_drag)

    def close(self) -> None:
        """Give the viewer its double click back."""
        self._viewer.mouse_double_click_callbacks[:] = self._on_double

    def _on_double_click(self, viewer: napari.Viewer, event: Any) -> None:
        prompts = self._layers.prompts
        if prompts is not None and self._layers.is_prompting:
            if event.button in (LEFT, RIGHT) and not self.is_panning:
                self._say(self._place(prompts, event), event)
            return
        active = viewer.layers.selection.active
        if active is not None and not active.mouse_pan:
            return  # a brush is in hand: two dabs are no wish to zoom
        for act in self._on_double:
            act(viewer, event)

    def _on_drag(self, layer: Any, event: Any) -> Iterator[None]:
        if event.button not in (LEFT, RIGHT) or self.is_panning:
            return
        if not self._layers.is_prompting:
            return
        # Ours alone: else the canvas looks for the object below the mouse, for which
        # it is drawn anew while the model should answer.
        event.handled = True
        start, pressed_at = self._place(layer, event), event.pos
        labels = self._labels()
        box = self.drag is Drag.BOX
        if self.pick is not None or (box and event.button != LEFT):
            yield from _until_released(event)
            if self._labels() is labels:
                self._say(start, event)
            return
        line, drawn = [self._inside(start)], time.monotonic()
        dragged = False
        yield
        while event.type == "mouse_move":
            dx, dy = event.pos[0] - pressed_at[0], event.pos[1] - pressed_at[1]
            dragged = dragged or max(abs(dx), abs(dy)) >= DRAG_PIXELS
            line.append(self._inside(self._place(layer, event)))
            if dragged and time.monotonic() - drawn > SECONDS_BETWEEN:
                self._preview(line)
                drawn = time.monotonic()
            yield
        if self._labels() is not labels:
            return  # another case came meanwhile: it was not meant
        line.append(self._inside(self._place(layer, event)))
        if not dragged:
            self._say(start, event)
        elif not box:
            self._layers.preview_box(None)
            if self.on_line is not None:
                self.on_line(self.drag, np.array(line), self._positive(event))
        else:
            if min(abs(line[-1][0] - line[0][0]), abs(line[-1][1] - line[0][1])) >= 1:
                self._on_box(line[0], line[-1])
            self._layers.preview_box(None)

    def _labels(self) -> object:
        """Give the labels in hand: one array for each case."""
        return None if self._layers.leakage is None else self._layers.leakage.data

    def _preview(self, line: list[tuple[float, float]]) -> None:
        if self.drag is Drag.BOX:
            self._layers.preview_box(Box.between(line[0], line[-1]))
        else:
            self._layers.preview_line(np.array(line), self.drag is Drag.LASSO)

    def _say(self, place: tuple[float, float], event: Any) -> None:
        """Make a click of a place, unless it lies beside the frame."""
        if self._inside(place) != place:
            return
        if self.pick is not None and event.button == LEFT:
            self.pick(*place)
        else:
            self._on_click(*place, self._positive(event))

    def _positive(self, event: Any) -> bool:
        """Tell whether an event says "leakage"."""
        positive = self.left_is_positive == (event.button == LEFT)
        return positive != ("Control" in event.modifiers)

    @staticmethod
    def _place(layer: Any, event: Any) -> tuple[float, float]:
        row, column = layer.world_to_data(event.position)[-2:]
        return float(row), float(column)

    def _inside(self, place: tuple[float, float]) -> tuple[float, float]:
        """Move a place that lies beside the frame onto its border."""
        assert self._layers.leakage is not None
        height, width = self._layers.leakage.data.shape
        return (
            min(max(place[0], -0.5), height - 0.5),
            min(max(place[1], -0.5), width - 0.5),
        )


def _until_released(event: Any) -> Iterator[None]:
    yield
    while event.type == "mouse_move":
        yield
