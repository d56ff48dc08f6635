"""The smart brush in the window: its panel, its key, and what it looks at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_mae_sam2._qt.dock_tabs import Tab
from napari_mae_sam2._qt.keys import PAINT, Key
from napari_mae_sam2._qt.parts import Part
from napari_mae_sam2._qt.smart_brush import SmartBrush
from napari_mae_sam2._qt.smart_panel import SmartPanel
from napari_mae_sam2.annotate.smart_stroke import SmartStroke, certainty
from napari_mae_sam2.fa.similar import brightness

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.layers import Labels

    from napari_mae_sam2._qt.dock_tabs import DockTabs
    from napari_mae_sam2._qt.leakage_widget import LeakageWidget
    from napari_mae_sam2._qt.section import Section
    from napari_mae_sam2.annotate.session import CaseSession
    from napari_mae_sam2.fa.similar import Values


class SmartPart(Part):
    """Lets the grader paint with the smart brush.

    Parameters
    ----------
    dock : LeakageWidget
        The dock it is a part of.
    """

    def __init__(self, dock: LeakageWidget) -> None:
        self._dock = dock
        self._session: CaseSession | None = None
        self._brightness: Values | None = None
        self._leakage: Labels | None = None
        self._section: Section | None = None
        self.panel = SmartPanel(dock.preferences)
        self.brush = SmartBrush(
            self._begin,
            dock.layers.note_paint,
            lambda active: self.on_active(active),
        )
        self.on_active: Callable[[bool], None] = lambda _active: None
        """Told whether the brush is in hand."""
        self.keys = (Key(("Shift-P",), "smart brush", self.take, PAINT, True),)

    def add_panels(self, tabs: DockTabs) -> None:
        """Put the panel where lesions are corrected."""
        self._section = tabs.add(Tab.CORRECT, "Smart brush", self.panel)
        self._section.show_needs_frame(True)

    def show_case(self, session: CaseSession | None) -> None:
        """Paint on this case from now on."""
        self.brush.put_away()
        if self._session is not None:
            self._session.proposal_changed.disconnect(self._on_proposal)
        self._session, self._brightness = session, None
        if session is not None:
            session.proposal_changed.connect(self._on_proposal)
        self._on_proposal()
        if self._section is not None:
            self._section.show_needs_frame(session is None)

    def layers_ready(self) -> None:
        """Paint on the layer of the case."""
        leakage = self._dock.layers.leakage
        if leakage is not self._leakage:
            self.brush.put_away()
            self._leakage = leakage

    def close(self) -> None:
        """Let go of the layer."""
        self.show_case(None)

    def take(self) -> None:
        """Take the brush in hand."""
        if self._leakage is not None:
            self._dock.layers.start_painting("pan_zoom")
            self.brush.take(self._leakage)

    # --- inside ----------------------------------------------------------------

    def _begin(
        self, place: tuple[float, float], radius: float
    ) -> tuple[SmartStroke, int] | None:
        session, leakage = self._session, self._leakage
        if session is None or leakage is None:
            return None
        height, width = session.labels.shape
        if not (-0.5 <= place[0] < height - 0.5 and -0.5 <= place[1] < width - 0.5):
            return None
        session.painted()
        strokes = self._dock.layers.strokes
        if not self._dock.commands.attempt(lambda: strokes.start(place, radius)):
            return None
        number = int(leakage.selected_label)
        follows = self.panel.follows_proposal and session.proposal is not None
        stroke = SmartStroke(
            session.labels,
            certainty(session.proposal)
            if follows and session.proposal is not None
            else self._brightness_of(session),
            place,
            radius,
            self.panel.tolerance.value(),
            or_more=follows,
        )
        return stroke, number

    def _brightness_of(self, session: CaseSession) -> Values:
        if self._brightness is None:
            self._brightness = brightness(session.frame.pixels)
        return self._brightness

    def _on_proposal(self, _proposal: object = None) -> None:
        session = self._session
        self.panel.show_proposal(session is not None and session.proposal is not None)
