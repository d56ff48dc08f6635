"""The smart brush on the leakage layer: painting that keeps to what is alike.

To napari the layer is in its pan-and-zoom mode; the mouse is ours, as is the circle
that it shows. Any other mode of the layer puts the brush away.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from napari.layers import Labels

    from napari_mae_sam2.annotate.smart_stroke import SmartStroke

LEFT = 1
NAME = "smart brush"
PAN = "6"
"""napari's key for pan and zoom on a labels layer."""


class SmartBrush:
    """Paints with the mouse on one layer.

    Parameters
    ----------
    begin : callable
        Gets (row, column) and the brush's radius in pixels; returns the stroke and
        the number that it paints, or None where there can be no stroke.
    on_painted : callable
        Gets the name of the step, when a stroke has ended.
    on_active : callable
        Told whether the brush is in hand.
    """

    def __init__(
        self,
        begin: Callable[[tuple[float, float], float], tuple[SmartStroke, int] | None],
        on_painted: Callable[[str], object],
        on_active: Callable[[bool], None],
    ) -> None:
        self._begin = begin
        self._on_painted = on_painted
        self._on_active = on_active
        self._layer: Labels | None = None

    @property
    def is_active(self) -> bool:
        """True while the brush is in hand."""
        return self._layer is not None

    def take(self, layer: Labels) -> None:
        """Take the brush in hand on a layer."""
        self.put_away()
        layer.mode = "pan_zoom"
        layer.mouse_pan = False
        layer.brush_size = layer.brush_size  # napari sizes the circle by this
        layer.cursor = "circle"
        layer.mouse_drag_callbacks.append(self._on_drag)
        layer.events.mode.connect(self._on_mode)
        layer.bind_key("Space", self._on_space, overwrite=True)
        # napari's key for panning changes nothing here: to napari the layer pans.
        layer.bind_key(PAN, self._on_pan, overwrite=True)
        self._layer = layer
        self._on_active(True)

    def put_away(self) -> None:
        """Put the brush away; the layer is for panning again, or in its new mode."""
        layer, self._layer = self._layer, None
        if layer is None:
            return
        layer.mouse_drag_callbacks.remove(self._on_drag)
        layer.events.mode.disconnect(self._on_mode)
        for key in ("Space", PAN):
            layer.bind_key(key, None, overwrite=True)
        if layer.mode == "pan_zoom":
            layer.mouse_pan = True
            layer.cursor = "standard"
        self._on_active(False)

    # --- inside ----------------------------------------------------------------

    def _on_mode(self, _event: object) -> None:
        self.put_away()

    def _on_pan(self, _layer: Labels) -> None:
        self.put_away()

    def _on_space(self, layer: Labels) -> Iterator[None]:
        layer.mouse_pan, layer.cursor = True, "standard"
        yield
        if self.is_active:
            layer.mouse_pan, layer.cursor = False, "circle"

    def _on_drag(self, layer: Labels, event: Any) -> Iterator[None]:
        if event.button != LEFT or layer.mouse_pan or len(event.dims_displayed) != 2:
            return
        place = self._place(layer, event)
        begun = self._begin(place, layer.brush_size / 2)
        if begun is None:
            return
        stroke, number = begun
        with layer.block_history():  # one stroke for napari's own undo, too
            layer.data_setitem(stroke.to(place), number)
            yield
            while event.type == "mouse_move":
                layer.data_setitem(stroke.to(self._place(layer, event)), number)
                yield
            self._on_painted(NAME)

    @staticmethod
    def _place(layer: Labels, event: Any) -> tuple[float, float]:
        row, column = layer.world_to_data(event.position)[-2:]
        return float(row), float(column)
