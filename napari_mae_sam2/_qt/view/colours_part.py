"""Probability, uncertainty and model against label over the frame, in the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.compat import isalive

from napari_mae_sam2._qt.bridge import GuiThread
from napari_mae_sam2._qt.dock_tabs import Tab
from napari_mae_sam2._qt.following import Following
from napari_mae_sam2._qt.keys import Key
from napari_mae_sam2._qt.parts import Part
from napari_mae_sam2._qt.soon import AFTER_THE_FRAME, Soon
from napari_mae_sam2._qt.view.colour_layer import ColourLayer
from napari_mae_sam2._qt.view.colours_panel import WORDS, ColoursPanel
from napari_mae_sam2._qt.view.legend import Entry, entries_of
from napari_mae_sam2._qt.view.over import Lesions, Over
from napari_mae_sam2._qt.view.part import GROUP
from napari_mae_sam2.annotate.overlay_picture import Kind
from napari_mae_sam2.annotate.overlays import Overlays

if TYPE_CHECKING:
    from napari_mae_sam2._qt.dock_tabs import DockTabs
    from napari_mae_sam2._qt.leakage_widget import LeakageWidget
    from napari_mae_sam2._qt.section import Section
    from napari_mae_sam2._qt.view.part import ViewPart
    from napari_mae_sam2.annotate.overlay_picture import Picture
    from napari_mae_sam2.annotate.session import CaseSession

TITLE = "Overlay"


class ColoursPart(Part):
    """Lays colours over the frame.

    Parameters
    ----------
    dock : LeakageWidget
        The dock it belongs to.
    view : ViewPart
        Has what is drawn over the canvas.
    """

    def __init__(self, dock: LeakageWidget, view: ViewPart) -> None:
        self._dock = dock
        self._view = view
        self._picture: Picture | None = None
        self._section: Section | None = None
        self._case = Following()
        self._gui = GuiThread(dock)
        self._layer = ColourLayer(dock.layers)
        self.overlays = Overlays(dock.desk.annotator, self._gui.post)
        self.panel = ColoursPanel()
        self._draw_soon = Soon(self.overlays.refresh, AFTER_THE_FRAME)
        view.state.changed.connect(self._fade)
        self._fade()
        self.panel.chosen.connect(self.overlays.choose)
        self.overlays.changed.connect(self._show)
        self.overlays.said.connect(self._say)
        self.overlays.failed.connect(dock.messages.warn)
        self.keys = (
            Key(("Shift-O",), "probability, uncertainty, errors", self._step, GROUP),
        )

    def add_panels(self, tabs: DockTabs) -> None:
        """Put the panel below what lies over the frame otherwise."""
        self._section = tabs.add(Tab.VIEW, TITLE, self.panel, below="Over the frame")
        self._say()
        self._section.show_needs_frame(True)

    def show_case(self, session: CaseSession | None) -> None:
        """Follow another case."""
        changes = (session.proposal_changed, session.labels_changed) if session else ()
        self._case.follow(*((change, self._draw_soon) for change in changes))
        self.overlays.follow(session)
        if self._section is not None:
            self._section.show_needs_frame(session is None)
        if session is None:
            self._layer.remove()

    def layers_ready(self) -> None:
        """Notice that somebody deleted the layer."""
        if self._layer.is_lost:
            self._layer.remove()
            self.overlays.choose(Kind.NONE)

    def close(self) -> None:
        """Stop the worker; follow no case any more."""
        self._view.state.changed.disconnect(self._fade)
        self._draw_soon.stop()
        self._case.follow()
        self._gui.close()
        self.overlays.close()
        if isalive(self._dock):
            self._layer.remove()

    # --- inside ----------------------------------------------------------------

    def _fade(self, *_: object) -> None:
        # As designed where lesions half cover the frame; fainter from there on.
        self._layer.fade(min(1.0, 2 * self._view.state.view.opacity))

    def _step(self) -> None:
        self.overlays.step()

    def _show(self, picture: Picture | None) -> None:
        self._picture = picture
        if picture is None and self.overlays.kind is Kind.NONE:
            self._layer.remove()
        else:
            self._layer.show(picture)
        self._say()

    def _say(self) -> None:
        kind = self.overlays.kind
        overlap = None if self._picture is None else self._picture.overlap
        self.panel.show_state(self.overlays, overlap)
        if kind is Kind.NONE:
            self._view.lay_over(TITLE, Over())
            return
        title = Entry(WORDS[kind][0], bold=True)
        last: tuple[Entry, ...] = ()
        if self._picture is None:
            last = (Entry("…"),)
        elif overlap is not None:
            last = (Entry(f"Dice {overlap.dice:.2f}"),)
        legend = (title, *entries_of(kind), *last)
        self._view.lay_over(TITLE, Over(legend, Lesions.OUTLINED))
