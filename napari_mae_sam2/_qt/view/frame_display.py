"""Shows the frame as the grader likes it: contrast, gamma, and treated pixels.

Only the layer changes; the model and every export read the pixels of the session.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_mae_sam2._qt.bridge import GuiThread
from napari_mae_sam2.annotate.latest import LatestWins
from napari_mae_sam2.annotate.looks import Look, device_of
from napari_mae_sam2.fa.display import (
    PLAIN,
    Treatment,
    shown_pixels,
    stretched_limits,
    treated,
    usual_limits,
)

if TYPE_CHECKING:
    from napari.layers import Image

    from napari_mae_sam2._qt.layers import CaseLayers
    from napari_mae_sam2.annotate.latest import Outcome
    from napari_mae_sam2.annotate.looks import Looks
    from napari_mae_sam2.annotate.view_state import ViewState
    from napari_mae_sam2.fa.frame import Frame

    Wish = tuple[Frame, Treatment]
    Pixels = np.ndarray[Any, Any]

log = logging.getLogger(__name__)

KEPT = 4
"""Treated frames that stay in memory, for switching back and forth."""


class FrameDisplay(QObject):
    """Keeps the frame layer as the view and the device want it.

    Parameters
    ----------
    layers : CaseLayers
        Has the layer.
    state : ViewState
        How frames are looked at.
    looks : Looks
        Contrast and gamma by device.
    parent : QObject
        The dock.
    """

    changed = Signal()
    """Contrast, gamma or pixels are shown otherwise now."""
    failed = Signal(str)
    """Emits a sentence: why pixels stay as they are."""

    def __init__(
        self, layers: CaseLayers, state: ViewState, looks: Looks, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._layers = layers
        self._state = state
        self._looks = looks
        self._frame: Frame | None = None
        self._image: Image | None = None
        self._shown = PLAIN
        self._setting = False
        self._measured: tuple[Pixels, tuple[float, float, float]] | None = None
        self.is_colour = False
        """True where the frame has colours."""
        self._ready: OrderedDict[tuple[str, Treatment], Pixels] = OrderedDict()
        self._gui = GuiThread(self)
        self._worker = LatestWins["Wish", "Pixels"](
            lambda wish, _cancelled: treated(*wish),
            lambda outcome: self._gui.post(lambda: self._on_treated(outcome)),
            "treat frame",
        )

    @property
    def image(self) -> Image | None:
        """The layer, where it shows grey levels whose contrast can be set."""
        image = self._layers.frame
        return None if image is None or image.rgb else image

    @property
    def device(self) -> str:
        """The device that contrast and gamma are kept for; empty without a frame."""
        return "" if self._frame is None else device_of(self._frame)

    def show_frame(self, frame: Frame | None) -> None:
        """Follow another frame."""
        self._frame = frame
        if frame is None:
            self._worker.cancel()
            self._image = self._measured = None
            self.changed.emit()

    def layers_ready(self) -> None:
        """Take over a layer that shows the plain pixels of the frame."""
        self._shown = PLAIN
        self.is_colour = self._layers.frame is not None and self._layers.frame.rgb
        self.refresh()

    def refresh(self) -> None:
        """Show the frame as the view says; a slow treatment follows when it is done."""
        if self._frame is None or self._layers.frame is None:
            return
        wish = self._wish()
        if wish == self._shown:
            self._worker.cancel()
        elif wish == PLAIN:
            self._worker.cancel()
            self._put(shown_pixels(self._frame), wish)
        else:
            ready = self._ready.get((self._frame.sha256, wish))
            if ready is None:
                self._worker.submit((self._frame, wish))
            else:
                self._worker.cancel()
                self._put(ready, wish)
        self._apply_look()

    def set_contrast(self, low: float, high: float) -> None:
        """Make these stored values black and white."""
        if self.image is not None and low < high:
            self.image.contrast_limits = (low, high)

    def set_gamma(self, gamma: float) -> None:
        """Brighten (below 1) or darken (above) what lies between."""
        if self.image is not None:
            self.image.gamma = gamma

    def stretch(self) -> None:
        """Make the darkest and the brightest thousandth black and white."""
        if self.image is not None:
            self.set_contrast(*stretched_limits(self.image.data))

    def reset(self) -> None:
        """Forget what was set for the device."""
        if self._frame is not None:
            self._looks.set_look(self._frame, None)
            self._apply_look()

    def close(self) -> None:
        """Stop the worker."""
        self._gui.close()
        self._worker.close()

    # --- inside ----------------------------------------------------------------

    def _wish(self) -> Treatment:
        view = self._state.view
        green = view.green and self.is_colour
        # Grey levels are turned round by the colormap, at no cost.
        negative = view.inverted and self.is_colour and not green
        return Treatment(green, view.local_contrast, negative)

    def _put(self, pixels: Pixels, treatment: Treatment) -> None:
        self._setting = True
        try:
            self._layers.show_pixels(pixels)
        finally:
            self._setting = False
        self._shown = treatment

    def _apply_look(self) -> None:
        image = self.image
        if image is not self._image:
            self._image = image
            if image is not None:
                image.events.contrast_limits.connect(self._on_look)
                image.events.gamma.connect(self._on_look)
        if image is not None and self._frame is not None:
            self._setting = True
            try:
                usual = self._usual(image)
                show_look(
                    image, self._looks.look(self._frame) or Look(*usual[:2]), usual[2]
                )
                show_inverted(image, self._state.view.inverted)
            finally:
                self._setting = False
        self.changed.emit()

    def _usual(self, image: Image) -> tuple[float, float, float]:
        """Give black, white and the most of the pixels that are shown, found once."""
        if self._measured is None or self._measured[0] is not image.data:
            low, high = usual_limits(image.data)
            most = high if image.data.dtype == np.uint8 else float(image.data.max())
            self._measured = (image.data, (low, high, most))
        return self._measured[1]

    def _on_look(self, _event: object = None) -> None:
        # Also where the grader uses napari's own sliders.
        image = self.image
        if self._setting or image is None or self._frame is None:
            return
        low, high = (float(value) for value in image.contrast_limits)
        self._looks.set_look(self._frame, Look(low, high, float(image.gamma)))
        self.changed.emit()

    def _on_treated(self, outcome: Outcome[Wish, Pixels]) -> None:
        frame, treatment = outcome.request
        if outcome.response is None:
            log.error("treating a frame", exc_info=outcome.error)
            self.failed.emit(
                f"{frame.name} cannot be shown so ({outcome.error}); "
                "it stays as photographed."
            )
            return
        self._ready[frame.sha256, treatment] = outcome.response
        while len(self._ready) > KEPT:
            self._ready.popitem(last=False)
        if frame is self._frame and treatment == self._wish():
            self._put(outcome.response, treatment)
            self._apply_look()


def show_look(image: Image, look: Look, most: float) -> None:
    """Show grey levels so; each change makes napari draw, so only what differs."""
    bounds = (min(0.0, look.low), max(most, look.high))
    if tuple(image.contrast_limits_range) != bounds:
        image.contrast_limits_range = bounds
    if tuple(image.contrast_limits) != (look.low, look.high):
        image.contrast_limits = (look.low, look.high)
    if image.gamma != look.gamma:
        image.gamma = look.gamma


def show_inverted(image: Image, inverted: bool) -> None:
    """Show grey levels dark on bright, or bright on dark."""
    name = "gray_r" if inverted else "gray"
    if image.colormap.name != name:
        image.colormap = name
