"""Review of a case that two graders answered at once: panel and layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Labels
from napari.utils.colormaps import DirectLabelColormap
from qtpy.QtCore import QTimer

from napari_mae_sam2._qt.bridge import GuiThread
from napari_mae_sam2._qt.conflict_panel import (
    OTHERS_COLOUR,
    THIS_COLOUR,
    ConflictPanel,
)
from napari_mae_sam2._qt.dock_tabs import Tab
from napari_mae_sam2._qt.parts import Part
from napari_mae_sam2._qt.soon import Soon
from napari_mae_sam2.annotate.answers import status_in_window
from napari_mae_sam2.annotate.conflict import (
    ONLY_OTHERS,
    ONLY_THIS,
    Conflicts,
    take_over,
)
from napari_mae_sam2.annotate.worklist import Status

if TYPE_CHECKING:
    from napari_mae_sam2._qt.dock_tabs import DockTabs
    from napari_mae_sam2._qt.leakage_widget import LeakageWidget
    from napari_mae_sam2._qt.section import Section
    from napari_mae_sam2.annotate.answers import Answer
    from napari_mae_sam2.annotate.conflict import Conflict
    from napari_mae_sam2.annotate.session import CaseSession

TITLE = "Two answers"

IN_FRONT, BEHIND = 0.85, 0.3
"""Opacity of the difference while answers are compared, and while one is corrected."""

EVERY_MS = 60_000
"""Somebody else may save this case meanwhile: look again so often."""

AFTER_MS = 400
"""The case is drawn, and answers its first click, before anybody looks for others."""


class ConflictPart(Part):
    """Shows parallel answers to the case in hand and lets somebody choose.

    Parameters
    ----------
    dock : LeakageWidget
        The dock it is a part of.
    """

    def __init__(self, dock: LeakageWidget) -> None:
        self._dock = dock
        self._gui = GuiThread(dock)
        self._session: CaseSession | None = None
        self._conflict: Conflict | None = None
        self._section: Section | None = None
        self._layer: Labels | None = None
        self.panel = ConflictPanel()
        self._conflicts = Conflicts(self._show, self._gui.post)
        self._look_soon = Soon(self._look, AFTER_MS)
        self.panel.looked_at.connect(self._compare)
        self.panel.take_wanted.connect(self._take)
        self.panel.correct_wanted.connect(self._correct)
        dock.desk.worklist.changed.connect(self._look_soon)
        self._timer = QTimer()
        self._timer.setInterval(EVERY_MS)
        self._timer.timeout.connect(self._look)
        self._timer.start()

    def add_panels(self, tabs: DockTabs) -> None:
        """Put the panel under the list of cases; it is seen in a conflict alone."""
        self._section = tabs.add(Tab.GRADE, TITLE, self.panel, below="Cases")
        self._section.hide()

    def show_case(self, session: CaseSession | None) -> None:
        """Look for other answers to this case, soon."""
        self._conflicts.stop()
        self._session = session
        self._set(None)
        if session is not None:
            self._look_soon()

    def close(self) -> None:
        """Look for nothing any more."""
        self._timer.stop()
        self._look_soon.stop()
        self._dock.desk.worklist.changed.disconnect(self._look_soon)
        self._conflicts.close()
        self._gui.close()

    # --- what the reviewer does ------------------------------------------------

    def _take(self) -> None:
        session, answer = self._session, self.panel.answer
        if self._go_on(True) and session is not None and answer is not None:
            words = f"The answer of {answer.grader} is the label now; all answers stay."
            chosen: Answer = "done" if session.lesion_numbers() else "no_leakage"
            name, messages = session.frame.name, self._dock.messages

            def settled() -> None:
                messages.forget_warnings(f"answered {name} as well")
                messages.tell(words)

            trouble = self._dock.desk.answer(chosen, settled)
            if trouble:
                self._dock.messages.warn(trouble)

    def _correct(self, on: bool) -> None:
        goes_on = self._go_on(on)
        self.panel.show_correcting(goes_on)
        if self._layer is not None:
            self._layer.opacity = BEHIND if goes_on else IN_FRONT

    def _go_on(self, on: bool) -> bool:
        """Make the next save end the conflict, or not; tells whether it will."""
        session, conflict, answer = self._session, self._conflict, self.panel.answer
        if session is None or conflict is None or answer is None:
            return False
        if not on:
            session.saves.merges = ()
            return False
        if not self._dock.desk.grader:
            self._dock.code.change()
            return False
        take_over(session, conflict, answer)
        return True

    # --- inside ----------------------------------------------------------------

    def _look(self) -> None:
        session, case = self._session, self._dock.desk.case
        if session is not None and case is not None:
            self._conflicts.look(session, case.place)

    def _show(self, session: CaseSession, conflict: Conflict | None) -> None:
        if session is not self._session:
            return
        before = () if self._conflict is None else self._conflict.revisions
        now = () if conflict is None else conflict.revisions
        if now != before:
            self._set(conflict)
        case = self._dock.desk.case
        if not now and case is not None and case.status is Status.CONFLICT:
            self._dock.desk.worklist.set_status(case, status_in_window(session))

    def _set(self, conflict: Conflict | None) -> None:
        self._conflict = conflict
        case = self._dock.desk.case
        if self._section is not None:
            self._section.setVisible(conflict is not None)
        if conflict is None:
            self._dock.layers.stack.remove(self._layer)
            self._layer = None
            return
        self.panel.show_conflict(conflict)
        if case is not None and case.status not in (Status.CONFLICT, Status.UNSAVED):
            said = conflict.graded(case.name)
            self._dock.desk.worklist.set_status(case, Status.CONFLICT, said)

    def _compare(self, which: int) -> None:
        above = self._dock.layers.leakage
        if self._conflict is None or above is None:
            return
        stack = self._dock.layers.stack
        if self._layer is None or self._layer not in stack.viewer.layers:
            colours = {
                None: "transparent",
                0: "transparent",
                ONLY_THIS: THIS_COLOUR,
                ONLY_OTHERS: OTHERS_COLOUR,
            }
            made = Labels(
                np.zeros((1, 1), np.uint8),
                name="answers differ",
                opacity=IN_FRONT,
                colormap=DirectLabelColormap(color_dict=colours),
            )
            self._layer = stack.add(made, above=above)
            self._layer.editable = False
        self._layer.data = self._conflict.answers[which].difference
