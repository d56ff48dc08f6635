"""Freehand prompts, candidates, sensitivity and preview in the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_mae_sam2._qt.bridge import GuiThread
from napari_mae_sam2._qt.dock_tabs import Tab
from napari_mae_sam2._qt.hover_layer import HoverLayer
from napari_mae_sam2._qt.keys import Key
from napari_mae_sam2._qt.parts import Part
from napari_mae_sam2._qt.prompt_mouse import Drag
from napari_mae_sam2._qt.proposal_panel import HoverPanel, ProposalPanel
from napari_mae_sam2._qt.soon import AFTER_THE_DOTS, Soon
from napari_mae_sam2.annotate.hovering import Hover
from napari_mae_sam2.fa.errors import PlainError

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from napari_mae_sam2._qt.dock_tabs import DockTabs
    from napari_mae_sam2._qt.leakage_widget import LeakageWidget
    from napari_mae_sam2.annotate.session import CaseSession

GROUP = "Segment"
TITLE = "Prompt and proposal"


class ProposalPart(Part):
    """What the grader does with prompts and proposals besides clicking.

    Parameters
    ----------
    dock : LeakageWidget
        The dock it is a part of.
    """

    def __init__(self, dock: LeakageWidget) -> None:
        self._dock = dock
        self._session: CaseSession | None = None
        self._gui = GuiThread(dock)
        self._refresh_soon = Soon(self._refresh, AFTER_THE_DOTS)
        self.hover = Hover(dock.desk.annotator, self._gui.post)
        self.layer = HoverLayer(dock.viewer, dock.layers, self._on_place)
        self.panel = ProposalPanel(dock.preferences)
        self.hovering = HoverPanel(dock.preferences)
        self.keys = (
            Key(("Shift-D",), "a drag is a box, scribble, lasso", self._next, GROUP),
            Key((",",), "take in more of the proposal", self._cut(-1), GROUP),
            Key((".",), "take in less of it", self._cut(1), GROUP),
            Key(
                ("Shift-L",),
                "let the model redraw the picked lesion",
                self.redraw,
                GROUP,
                True,
            ),
        )
        self.panel.drag_wanted.connect(self._on_drag)
        self.panel.candidate_wanted.connect(self._choose)
        self.panel.threshold_wanted.connect(self._set_threshold)
        self.hovering.wanted.connect(self._set_hover)
        self.hover.changed.connect(self.layer.show)
        dock.mouse.on_line = self._on_line
        self._on_drag(self.panel.drag)

    def add_panels(self, tabs: DockTabs) -> None:
        """Put the panel below the one for prompting, the setting among the views."""
        tabs.add(Tab.GRADE, TITLE, self.panel, below="Segment")
        tabs.add(Tab.VIEW, "Prompts", self.hovering)

    def show_case(self, session: CaseSession | None) -> None:
        """Follow this case from now on."""
        if self._session is not None:
            self._session.proposal_changed.disconnect(self._refresh_soon)
        self._session = session
        if session is not None:
            session.proposal_changed.connect(self._refresh_soon)
        self.hover.open(session)
        self._refresh()

    def layers_ready(self) -> None:
        """Preview clicks where the grader likes that."""
        self._set_hover(self.hovering.on.isChecked())

    def close(self) -> None:
        """Stop the worker and let go of the viewer."""
        self.show_case(None)
        self._refresh_soon.stop()
        self.hover.close()
        self._gui.close()
        self.layer.close()

    def redraw(self) -> None:
        """Let the model draw the picked lesion anew."""
        session, leakage = self._session, self._dock.layers.leakage
        if session is None or leakage is None:
            return
        try:
            session.redraw(int(leakage.selected_label))
        except PlainError as error:
            self._dock.messages.warn(str(error))
        else:
            self._dock.messages.clear()
            self._dock.layers.start_prompting()

    # --- inside ----------------------------------------------------------------

    def _next(self) -> None:
        self.panel.next_drag()

    def _cut(self, step: int) -> Callable[[], None]:
        def cut() -> None:
            self._refresh_soon.now()  # the slider stands where the answer is cut
            self.panel.step_cut_off(step)

        return cut

    def _refresh(self) -> None:
        self.panel.show_session(self._session)

    def _on_drag(self, drag: Drag) -> None:
        self._dock.mouse.drag = drag

    def _choose(self, place: int) -> None:
        if self._session is not None:
            self._session.choose_candidate(place)

    def _set_threshold(self, threshold: float) -> None:
        if self._session is not None:
            self._session.set_threshold(threshold)

    def _on_line(self, drag: Drag, line: NDArray[np.floating], positive: bool) -> None:
        if self._session is None:
            return
        if drag is Drag.SCRIBBLE:
            self._session.scribble(line, positive)
        elif not self._session.lasso(line, positive):
            self._dock.messages.warn("The lasso encloses nothing: draw around a leak.")

    def _set_hover(self, on: bool) -> None:
        if on:
            self.layer.attach()
        else:
            self.hover.leave()
            self.layer.detach()

    def _on_place(self, place: tuple[float, float] | None) -> None:
        if place is None:
            self.hover.leave()
        else:
            self.hover.at(*place, self._dock.mouse.left_is_positive)
