"""How lesions and proposal lie over the frame, and hiding all that lies over it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_mae_sam2._qt.view.outlines import LayerOutlined
from napari_mae_sam2._qt.view.over import Lesions

if TYPE_CHECKING:
    from collections.abc import Callable

    import napari

    from napari_mae_sam2._qt.layers import CaseLayers
    from napari_mae_sam2.annotate.view_state import ViewState

OVER_COLOURS = "white"
"""Outlines of lesions below something else that has colours."""
PROPOSAL_SHARE = 0.9
"""The proposal is a little fainter than lesions that were committed."""


class Marks:
    """Keeps the layers of lesions and proposal as the view wants them.

    Parameters
    ----------
    viewer : napari.Viewer
        Whose layers are hidden for a bare look.
    layers : CaseLayers
        Has the layers of the case.
    state : ViewState
        How they are looked at.
    is_frame : callable
        Tells the layers that stay in a bare look.
    on_labels : callable
        Called where pixels of an outlined layer changed.
    """

    def __init__(
        self,
        viewer: napari.Viewer,
        layers: CaseLayers,
        state: ViewState,
        is_frame: Callable[[Any], bool],
        on_labels: Callable[[], None],
    ) -> None:
        self._viewer = viewer
        self._layers = layers
        self._state = state
        self._is_frame = is_frame
        self._on_labels = on_labels
        self._lesions = Lesions.AS_CHOSEN
        self._hidden: list[Any] | None = None
        self._followed: tuple[Any, ...] = ()
        self._setting = False

    @property
    def _are_outlined(self) -> bool:
        if self._lesions is Lesions.AS_CHOSEN:
            return self._state.view.outline
        return self._lesions is Lesions.OUTLINED

    @property
    def outlined(self) -> tuple[LayerOutlined, ...]:
        """The layers that are to be drawn as outlines now."""
        if not self._are_outlined:
            return ()
        # Among colours that mean something, those of lesions would seem to.
        colour = "" if self._lesions is Lesions.AS_CHOSEN else OVER_COLOURS
        both = ((self._layers.leakage, colour), (self._layers.proposal, ""))
        return tuple(
            LayerOutlined(layer, colour)
            for layer, colour in both
            if layer is not None and layer.visible
        )

    def show_lesions(self, lesions: Lesions) -> None:
        """Show lesions as something else that lies over the frame wants them."""
        if lesions is not self._lesions:
            self._lesions = lesions
            self.refresh()

    def refresh(self) -> None:
        """Show lesions and proposal as the view says."""
        leakage, proposal = self._layers.leakage, self._layers.proposal
        if leakage is None or proposal is None:
            return
        if self._followed != (leakage, proposal):
            self._followed = (leakage, proposal)
            leakage.events.opacity.connect(self._on_opacity)
            for layer in self._followed:
                layer.events.set_data.connect(self._on_pixels)
                layer.events.labels_update.connect(self._on_pixels)
        # napari fills; outlines are drawn over the canvas instead.
        fills = self._lesions is Lesions.AS_CHOSEN and not self._state.view.outline
        filled = self._state.view.opacity if fills else 0.0
        self._setting = True
        try:
            for layer, wanted in (
                (leakage, filled),
                (proposal, filled * PROPOSAL_SHARE),
            ):
                if layer.opacity != wanted:  # napari draws a thumbnail for it
                    layer.opacity = wanted
        finally:
            self._setting = False

    @property
    def is_bare(self) -> bool:
        """True while all that lies over the frame is hidden."""
        return self._hidden is not None

    def hide(self) -> None:
        """Show the bare frame, until `show`."""
        if self._hidden is None:
            self._hidden = [
                layer
                for layer in self._viewer.layers
                if layer.visible and not self._is_frame(layer)
            ]
            for layer in self._hidden:
                layer.visible = False
            self._layers.hide_drawn(True)

    def show(self) -> None:
        """Show again what was hidden for the bare frame."""
        if self._hidden is not None:
            for layer in self._hidden:
                layer.visible = True
            self._hidden = None
            self._layers.hide_drawn(False)

    def _on_opacity(self, event: Any) -> None:
        # Where the grader uses napari's own slider; it fills again what was outlined.
        if not self._setting:
            self._state.change(opacity=float(event.source.opacity), outline=False)

    def _on_pixels(self, _event: object = None) -> None:
        if self._are_outlined:
            self._on_labels()
