"""The queue of the study in the window: takes cases, opens them, hands them back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QTimer

from napari_mae_sam2._qt.bridge import GuiThread
from napari_mae_sam2._qt.dock_tabs import Tab
from napari_mae_sam2._qt.keys import Key
from napari_mae_sam2._qt.parts import Part
from napari_mae_sam2._qt.queue_panel import QueuePanel
from napari_mae_sam2._qt.soon import Soon
from napari_mae_sam2._qt.study.view import StudyView
from napari_mae_sam2.annotate.study_queue import StudyQueue
from napari_mae_sam2.annotate.study_thread import StudyThread
from napari_mae_sam2.model.folders import index_folder
from napari_mae_sam2.study.known import same_folder

if TYPE_CHECKING:
    from pathlib import Path

    from napari_mae_sam2._qt.dock_tabs import DockTabs
    from napari_mae_sam2._qt.leakage_widget import LeakageWidget
    from napari_mae_sam2.annotate.session import CaseSession
    from napari_mae_sam2.annotate.study_queue import Standing
    from napari_mae_sam2.annotate.worklist import Case
    from napari_mae_sam2.study.index_query import Item

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
        self._session: CaseSession | None = None
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
        self.thread.warned.connect(dock.messages.warn)
        dock.desk.folder_changed.connect(self._on_folder)
        dock.desk.worklist.changed.connect(self.look_soon)

    # --- as a part of the window -----------------------------------------------

    def add_panels(self, tabs: DockTabs) -> None:
        """Put the queue under the list of cases, folded: not everybody has one."""
        title = "Queue of the study"
        tabs.add(Tab.GRADE, title, self.panel, folded=True, below="Cases")

    def show_case(self, session: CaseSession | None) -> None:
        """Give the case of the queue back where the grader went to another one."""
        self._session = session
        self._worked = 0.0
        is_of_queue = self._case is not None and (
            self._dock.desk.worklist.current is self._case
        )
        if not is_of_queue and self._case is not None:
            self._case = None
            self.queue.let_go(self._folder, self._dock.desk.grader)

    def close(self) -> None:
        """Give back what was taken, and stop."""
        self._timer.stop()
        self.look_soon.stop()
        self._dock.desk.folder_changed.disconnect(self._on_folder)
        self._dock.desk.worklist.changed.disconnect(self.look_soon)
        self.queue.let_go(self._folder, self._dock.desk.grader)
        self.study.close()
        self.thread.close()
        self._gui.close()

    # --- what the grader does --------------------------------------------------

    def _take(self, step: int) -> None:
        if self._has_code():
            grader = self._dock.desk.grader
            self.queue.take(self._folder, grader, self.panel.wanted(grader), step)

    def _take_one(self, item: Item) -> None:
        if self._has_code():
            self.queue.take_one(self._folder, self._dock.desk.grader, item)

    def _has_code(self) -> bool:
        if not self._dock.desk.grader:
            self._dock.messages.warn(
                "Enter your code as the grader first, under Labels: others see by it "
                "which cases you are working on."
            )
        return bool(self._dock.desk.grader)

    @property
    def has_case(self) -> bool:
        """True where the case in hand was taken from the queue."""
        return self._case is not None

    def take_next(self) -> None:
        """Take the next case, after an answer was saved."""
        self._take(1)

    # --- inside ----------------------------------------------------------------

    def _look(self) -> None:
        if self._case is None and not self.panel.isVisible():
            return  # a large study is not read for a panel that nobody looks at
        worked = 0.0 if self._session is None else self._session.effort.spent.seconds
        go_on = self._case is not None and worked > self._worked
        self._worked = worked
        self.queue.look(self._folder, self._dock.desk.grader, go_on)

    def _on_folder(self, folder: Path) -> None:
        if folder != self._folder:
            self.queue.let_go(self._folder, self._dock.desk.grader)
            self._folder = folder
        self._look()

    def _show_standing(self, standing: Standing | None) -> None:
        self.panel.show_standing(standing)

    def _open(self, item: Item | None) -> None:
        if item is None:
            self._dock.messages.tell(
                "No such case is left here: look again later, or from the beginning."
            )
            return
        folder = self.queue.folder
        if folder is None or not same_folder(folder, self._folder):
            # Labels go elsewhere since it was asked for: it must not be opened there.
            self.queue.let_go(folder or self._folder, self._dock.desk.grader)
            return
        self._case = self._dock.desk.study_cases.case_of(folder, item)
        self._dock.desk.open_case(self._case)
