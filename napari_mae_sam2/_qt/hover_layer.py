"""The layer that shows what a click would propose, and the mouse that asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Labels
from napari.utils.colormaps import DirectLabelColormap

if TYPE_CHECKING:
    from collections.abc import Callable

    import napari

    from napari_mae_sam2._qt.layers import CaseLayers
    from napari_mae_sam2.fa.placed_mask import PlacedMask

COLOUR = "#f8fafc"
"""Paler than the proposal: it is not there yet."""


class HoverLayer:
    """Follows the mouse on the prompts layer.

    Parameters
    ----------
    viewer : napari.Viewer
        Tells where the mouse is.
    layers : CaseLayers
        Where the preview goes, and whose clicks are previewed.
    on_place : callable
        Gets (row, column) on the frame, or None where the mouse is elsewhere.
    """

    def __init__(
        self,
        viewer: napari.Viewer,
        layers: CaseLayers,
        on_place: Callable[[tuple[float, float] | None], None],
    ) -> None:
        self._viewer = viewer
        self._layers = layers
        self._on_place = on_place
        self._layer: Labels | None = None
        self._prompts: Any = None
        viewer.events.mouse_over_canvas.connect(self._on_canvas)

    def attach(self) -> None:
        """Listen to the mouse, once."""
        prompts = self._layers.prompts
        if prompts is not None and prompts is not self._prompts:
            prompts.mouse_move_callbacks.append(self._on_move)
            self._prompts = prompts

    def detach(self) -> None:
        """Listen no longer, and take the layer away."""
        if self._prompts is not None:
            self._prompts.mouse_move_callbacks.remove(self._on_move)
            self._prompts = None
        self._layers.stack.remove(self._layer)
        self._layer = None

    def close(self) -> None:
        """Let go of the viewer."""
        self.detach()
        self._viewer.events.mouse_over_canvas.disconnect(self._on_canvas)

    def show(self, mask: PlacedMask | None) -> None:
        """Show a preview, or none."""
        if self._prompts is None:
            return
        if self._layer is None or self._layer not in self._viewer.layers:
            if mask is None:
                return
            self._layer = self._make()
        if mask is None or not mask.area:
            self._layer.data = np.zeros((1, 1), np.uint8)
            return
        self._layer.data = mask.mask.view(np.uint8)
        self._layers.stack.placement.put(self._layer, (mask.top, mask.left))

    def _make(self) -> Labels:
        colours = DirectLabelColormap(
            color_dict={None: "transparent", 0: "transparent", 1: COLOUR}
        )
        layer = Labels(
            np.zeros((1, 1), np.uint8), name="preview", opacity=0.35, colormap=colours
        )
        made: Labels = self._layers.stack.add(layer, above=self._layers.proposal)
        made.editable = False
        return made

    def _on_move(self, layer: Any, event: Any) -> None:
        row, column = layer.world_to_data(event.position)[-2:]
        leakage = self._layers.leakage
        inside = leakage is not None and all(
            -0.5 <= place < length - 0.5
            for place, length in zip((row, column), leakage.data.shape, strict=True)
        )
        prompting = self._layers.is_prompting and not event.is_dragging
        self._on_place((float(row), float(column)) if inside and prompting else None)

    def _on_canvas(self, _event: object) -> None:
        if not self._viewer.mouse_over_canvas:
            self._on_place(None)
