"""The queue of the study in the window: takes cases, opens them, hands them back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QTimer

from napari_mae_sam2._qt.bridge import GuiThread
from napari_mae_sam2._qt.dock_tabs import Tab
from napari_mae_sam2._qt.following import Following
from napari_mae_sam2._qt.keys import Key
from napari_mae_sam2._qt.parts import Part
from napari_mae_sam2._qt.queue_panel import QueuePanel
from napari_mae_sam2._qt.soon import Soon
from napari_mae_sam2._qt.study.view import StudyView
from napari_mae_sam2.annotate.arrivals import match
from napari_mae_sam2.annotate.study_queue import StudyQueue
from napari_mae_sam2.annotate.study_thread import StudyThread
from napari_mae_sam2.model.folders import index_folder
from napari_mae_sam2.study.known import same_folder

if TYPE_CHECKING:
    from pathlib import Path

    from napari_mae_sam2._qt.dock_tabs import DockTabs
    from napari_mae_sam2._qt.leakage_widget import LeakageWidget
    from napari_mae_sam2.annotate.arrivals import KnownCase
    from napari_mae_sam2.annotate.session import CaseSession
    from napari_mae_sam2.annotate.study_queue import Standing
    from napari_mae_sam2.annotate.worklist import Case
    from napari_mae_sam2.study.index_query import Item

TITLE = "Queue of the study"

EVERY_MS = 60_000
"""Others work in the same study: look again so often."""

AFTER_MS = 1_500
"""A save is seen in the queue so much later."""


class QueuePart(Part):
    """Works off the queue of the folder that labels are saved to.

    Parameters
    ----------
    dock : LeakageWidget
        The dock it is a part of.
    """

    def __init__(self, dock: LeakageWidget) -> None:
        self._dock = dock
        self._gui = GuiThread(dock)
        self._case: Case | None = None
        self._taken: Case | None = None
        """The case in hand, where it was taken from the queue."""
        self._session: CaseSession | None = None
        self._asked: tuple[Case, str] | None = None
        self._ids: dict[Case, str] = {}
        """Cases of the list that the study has, and their ids there."""
        self._following = Following()
        self._worked = 0.0
        self._folder = dock.desk.folder
        self.thread = StudyThread(self._gui.post, index_folder())
        self.queue = StudyQueue(self.thread)
        self.panel = QueuePanel()
        self.study = StudyView(dock, self.thread, self._gui.post)
        self.look_soon = Soon(self._look, AFTER_MS)
        self._timer = QTimer()
        self._timer.setInterval(EVERY_MS)
        self._timer.timeout.connect(self._look)
        self._timer.start()
        group = "Queue of the study"
        self.keys = (
            Key(("Alt-N",), "take the next case", lambda: self._take(1), group),
            Key(("Alt-B",), "take the case before", lambda: self._take(-1), group),
        )
        self.panel.shown.connect(self._look)
        self.panel.study_wanted.connect(self.study.show)
        self.study.opened.connect(self._take_one)
        self.study.changed.connect(self.look_soon)
        self.panel.step_wanted.connect(self._take)
        self.queue.looked.connect(self._show_standing)
        self.queue.taken.connect(self._open)
        self.queue.found.connect(self._on_found)
        self.queue.held.connect(self._on_held)
        self.thread.warned.connect(dock.messages.warn)
        dock.desk.folder_changed.connect(self._on_folder)
        dock.desk.study_opened.connect(self._unfold)
        dock.desk.worklist.changed.connect(self.look_soon)

    # --- as a part of the window -----------------------------------------------

    def add_panels(self, tabs: DockTabs) -> None:
        """Put the queue under the list of cases, folded: not everybody has one."""
        tabs.add(Tab.GRADE, TITLE, self.panel, folded=True, below="Cases")

    def show_case(self, session: CaseSession | None) -> None:
        """Follow the case that is open; give back the one that was left."""
        self._following.follow()
        self._session = session
        self._worked = 0.0
        if session is not None:
            self._following.follow((session.stepped, self._on_step))
        is_in_hand = self._case is not None and self._current is self._case
        if not is_in_hand and self._case is not None:
            self._case = self._taken = None
            self.queue.let_go(self._folder, self._dock.desk.grader)
        self._hold()

    def _unfold(self, _folder: Path) -> None:
        self._dock.tabs.show_tab(Tab.GRADE, TITLE)

    def close(self) -> None:
        """Give back what was taken, and stop."""
        self._timer.stop()
        self.look_soon.stop()
        self._dock.desk.folder_changed.disconnect(self._on_folder)
        self._dock.desk.study_opened.disconnect(self._unfold)
        self._dock.desk.worklist.changed.disconnect(self.look_soon)
        self._following.follow()
        self.queue.let_go(self._folder, self._dock.desk.grader)
        self.study.close()
        self.thread.close()
        self._gui.close()

    # --- what the grader does --------------------------------------------------

    def _take(self, step: int) -> None:
        def take() -> None:
            grader = self._dock.desk.grader
            self.queue.take(self._folder, grader, self.panel.wanted(grader), step)

        self._dock.code.need(take)

    def _take_one(self, item: Item) -> None:
        self._dock.code.need(
            lambda: self.queue.take_one(self._folder, self._dock.desk.grader, item)
        )

    @property
    def has_case(self) -> bool:
        """True where the case in hand is one of the study."""
        return self._case is not None

    @property
    def says_what_is_next(self) -> bool:
        """True where the queue, and not the list of open frames, gives the next case.

        A frame of the list that has a label already is a case of the study, too; its
        grader goes through the list all the same.
        """
        case = self._case
        return case is not None and (case is self._taken or bool(case.case_id))

    def take_next(self) -> None:
        """Take the next case, after an answer was saved."""
        self._take(1)

    # --- inside ----------------------------------------------------------------

    @property
    def _current(self) -> Case | None:
        return self._dock.desk.worklist.current

    def _look(self) -> None:
        worklist = self._dock.desk.worklist
        if not worklist.cases and not self.panel.isVisible():
            return
        worked = 0.0 if self._session is None else self._session.effort.spent.seconds
        go_on = self._case is not None and worked > self._worked
        self._worked = worked
        grader = self._dock.desk.grader
        self.queue.look(self._folder, grader, go_on, worklist.clock)

    def _on_found(
        self, folder: Path, known: tuple[KnownCase, ...] | None, since: int
    ) -> None:
        """Mark in the list how each case stands in its study."""
        if folder != self._folder:
            return
        worklist = self._dock.desk.worklist
        own = [case for case in worklist.cases if case.study == folder]
        found = match(own, known or ())
        self._ids = {case: one.case for case, one in found.items()}
        worklist.follow({case: one.status for case, one in found.items()}, since)
        outside = [case for case in own if case not in found and not case.case_id]
        self.panel.show_outside(0 if known is None else len(outside))
        self._hold()

    def _hold(self) -> None:
        """Let the case that is open be answered, if it is one of the study."""
        case = self._current
        if case is None or case is self._case or case.reading:
            return
        known = case.case_id or self._ids.get(case, "")
        if known and case.study == self._folder and (case, known) != self._asked:
            self._asked = case, known
            self.queue.hold(self._folder, self._dock.desk.grader, known)

    def _on_held(self, item: Item | None) -> None:
        if self._asked is None or item is None or item.case != self._asked[1]:
            return  # another case was opened meanwhile
        case, self._asked = self._asked[0], None
        if case is self._current:
            self._case = case

    def _on_step(self, *_: object) -> None:
        if self._case is not None:
            self.queue.claim(self._folder, self._dock.desk.grader)

    def _on_folder(self, folder: Path) -> None:
        if folder != self._folder:
            self.queue.let_go(self._folder, self._dock.desk.grader)
            self._folder = folder
        self._look()

    def _show_standing(self, standing: Standing | None) -> None:
        self.panel.show_standing(standing)

    def _open(self, item: Item | None) -> None:
        if item is None:
            self._dock.messages.tell(self.panel.nothing_left())
            return
        folder = self.queue.folder
        if folder is None or not same_folder(folder, self._folder):
            # Labels go elsewhere since it was asked for: it must not be opened there.
            self.queue.let_go(folder or self._folder, self._dock.desk.grader)
            return
        case = self._dock.desk.study_cases.case_of(folder, item)
        if item.name != item.code:
            case = self._dock.desk.listed(case)
        self._case = self._taken = case
        self._dock.desk.open_case(case)
