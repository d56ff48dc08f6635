"""Gives every stroke to the lesion that it touches, or to a new one.

The rule is in `annotate.stroke_owner`; here it meets napari's tools.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_mae_sam2.annotate.stroke_owner import StrokeOwner
from napari_mae_sam2.fa.errors import PlainError

if TYPE_CHECKING:
    from napari.layers import Labels

RIGHT = 2


class StrokeLabels:
    """Sets the label that a stroke is painted with."""

    def __init__(self) -> None:
        self.owner = StrokeOwner()
        self._layer: Labels | None = None
        self._is_ours = False
        self._is_circling = False

    def attach(self, layer: Labels) -> None:
        """Watch the leakage layer of a case."""
        self._layer = layer
        # Before napari's own, which reads the label when the button goes down.
        layer.mouse_drag_callbacks.insert(0, self._on_press)
        layer.events.selected_label.connect(self._on_selected)

    def detach(self) -> None:
        """Watch none: the layer is gone."""
        self._layer = None

    def choose(self, number: int) -> None:
        """Take a lesion in hand that somebody else decided on."""
        if self._layer is not None and self._layer.selected_label != number:
            self._is_ours = True
            try:
                self._layer.selected_label = number
            finally:
                self._is_ours = False
        self.owner.pick(number)

    def begin(self, number: int) -> None:
        """Make the next stroke a lesion of its own with this number."""
        self.choose(number)
        self.owner.pick(number, begins_new=True)

    def start(self, place: tuple[float, float], radius: float) -> int:
        """Choose the lesion of a stroke that begins here; raises NoNumberError."""
        number = self.owner.before(place, radius)
        if self._layer is not None and number != self._layer.selected_label:
            self.choose(number)
        return number

    def settle(self) -> bool:
        """Give the stroke that has just ended to its lesion; True where it moved."""
        layer = self._layer
        if layer is None:
            return False
        self._is_circling = False
        painted_with = int(layer.selected_label)
        try:
            number = self.owner.after(on_open_ground=layer.mode == "fill")
        except PlainError:  # no number is left: it stays with the lesion in hand
            return False
        if not number:
            return False
        self.choose(number)
        return number != painted_with

    # --- inside ----------------------------------------------------------------

    def _on_press(self, layer: Labels, event: Any) -> None:
        # With the right button napari draws around what is to be filled, until the line
        # is closed; what is pressed meanwhile moves the picture.
        if layer.mode != "paint" or not layer.selected_label or self._is_circling:
            return
        self._is_circling = event.button == RIGHT
        row, column = layer.world_to_data(event.position)[-2:]
        try:
            self.start((float(row), float(column)), layer.brush_size / 2)
        except PlainError:
            return  # said when the stroke has ended

    def _on_selected(self, _event: object = None) -> None:
        if self._layer is None or self._is_ours:
            return
        number = int(self._layer.selected_label)
        session = self.owner.session
        is_new = session is not None and bool(number) and not session.image.area(number)
        self.owner.pick(number, begins_new=is_new)
