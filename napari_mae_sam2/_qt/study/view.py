"""Puts the window on a study together with what it shows and asks for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal

from napari_mae_sam2._qt.file_dialogs import ask_folder, ask_frames
from napari_mae_sam2._qt.study.forms import (
    AboutForm,
    AddForm,
    AssignForm,
    ReadAgainForm,
)
from napari_mae_sam2._qt.study.window import StudyWindow
from napari_mae_sam2.annotate.study_chores import Report, StudyChores
from napari_mae_sam2.annotate.study_list import StudyList

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtpy.QtWidgets import QDialog

    from napari_mae_sam2._qt.leakage_widget import LeakageWidget
    from napari_mae_sam2.annotate.study_list import Page, View
    from napari_mae_sam2.annotate.study_thread import StudyThread


class StudyView(QObject):
    """Whoever runs a study works with it here.

    Parameters
    ----------
    dock : LeakageWidget
        Whose study it is.
    thread : StudyThread
        Where the study is read and written.
    post : callable
        Runs a function on the GUI thread.
    """

    opened = Signal(object)
    """An `Item` is to be opened."""
    changed = Signal()
    """Something was said or added."""

    def __init__(
        self,
        dock: LeakageWidget,
        thread: StudyThread,
        post: Callable[[Callable[[], None]], None],
    ) -> None:
        super().__init__(dock)
        self._dock = dock
        self.window: StudyWindow | None = None
        """Made when it is first wanted."""
        self.form: QDialog | None = None
        """What was asked last."""
        self._list = StudyList(thread)
        self._chores = StudyChores(post)
        self._list.listed.connect(self._show_page)
        self._list.said.connect(self._on_said)
        thread.warned.connect(self._on_warned)
        self._chores.progressed.connect(self._on_progress)
        self._chores.ended.connect(self._on_end)
        dock.desk.folder_changed.connect(self._on_folder)

    def show(self) -> None:
        """Bring the window to the front."""
        if self.window is None:
            self.window = made = StudyWindow(self._dock)
            made.view_wanted.connect(self._ask)
            made.opened.connect(self.opened)
            made.add_wanted.connect(self._add)
            made.describe_wanted.connect(self._describe)
            made.assign_wanted.connect(self._assign)
            made.read_again_wanted.connect(self._read_again)
            made.check_wanted.connect(lambda: self._chores.check(self._folder))
            made.compare_wanted.connect(lambda: self._chores.compare(self._folder))
            made.stop_wanted.connect(self._chores.stop)
        self.window.show()
        self.window.raise_()
        self.window.ask()

    def close(self) -> None:
        """Stop what runs."""
        self._dock.desk.folder_changed.disconnect(self._on_folder)
        self._chores.close()
        if self.window is not None:
            self.window.close()

    # --- what is wanted --------------------------------------------------------

    @property
    def _folder(self) -> Path:
        return self._dock.desk.folder

    @property
    def _grader(self) -> str:
        return self._dock.desk.grader

    def _ask(self, view: View, offset: int) -> None:
        self._list.ask(self._folder, view, offset)

    def _add(self, which: str) -> None:
        paths: list[Path] = []
        if which == "open":
            cases = self._dock.desk.worklist.cases
            paths = list(dict.fromkeys(one.path for one in cases if one.path))
        elif which == "folder":
            folder = ask_folder(self._dock, "Add a folder of frames")
            paths = [] if folder is None else [folder]
        else:
            paths = ask_frames(self._dock, "Add frames")
        if not paths:
            if which == "open" and self.window is not None:
                self.window.words.setText("No frames are open: open a folder first.")
            return
        count = f"{len(paths)} file{'s' * (len(paths) != 1)}"
        form = AddForm(str(paths[0]) if which == "folder" else count, self.window)
        folder_now = self._folder

        def add() -> None:
            table = form.table.text().strip()
            self._chores.add(
                folder_now,
                self._grader,
                paths,
                form.about(),
                table=Path(table) if table else None,
                reference=not form.copy.isChecked(),
            )

        self._ask_with(form, add)

    def _describe(self) -> None:
        if self.window is None:
            return
        items = self.window.selected()
        what = items[0].name if len(items) == 1 else f"{len(items)} cases"
        form = AboutForm(f"Describe {what}", "", items, self.window)

        def describe() -> None:
            about = form.about()
            if about:
                self._list.describe(self._folder, self._grader, items, about)

        self._ask_with(form, describe)

    def _assign(self) -> None:
        if self.window is None:
            return
        items, graders = self.window.selected(), self.window.filters.graders
        count = f"{len(items)} case{'s' * (len(items) != 1)}"
        form = AssignForm(count, graders, self.window)
        self._ask_with(
            form,
            lambda: self._list.assign(self._folder, self._grader, items, form.to()),
        )

    def _read_again(self) -> None:
        if self.window is None:
            return
        form = ReadAgainForm(self.window.filters.graders, self.window)

        def plan() -> None:
            wish = form.wish()
            if wish.second or wish.repeat:
                self._list.read_again(self._folder, self._grader, wish)

        self._ask_with(form, plan)

    def _ask_with(self, form: QDialog, then: Callable[[], None]) -> None:
        self.form = form
        form.accepted.connect(then)
        form.finished.connect(form.deleteLater)
        self._dock.code.need(form.open)

    # --- what is said ----------------------------------------------------------

    def _show_page(self, page: Page | None) -> None:
        if self.window is not None:
            self.window.show_page(page, str(self._folder))

    def _on_said(self, sentence: str) -> None:
        self._tell(Report(sentence))

    def _on_warned(self, sentence: str) -> None:
        if self.window is not None and self.window.isVisible():
            self.window.show_report(Report(sentence, is_good=False))

    def _on_progress(self, what: str, done: int, total: int) -> None:
        if self.window is not None:
            self.window.show_busy(what, done, total)

    def _on_end(self, report: Report) -> None:
        if self.window is not None:
            self.window.show_busy("", 0, 0)
        self._tell(report)

    def _tell(self, report: Report) -> None:
        self.changed.emit()
        if self.window is not None:
            self.window.show_report(report)
            self.window.ask()

    def _on_folder(self, _folder: Path) -> None:
        if self.window is not None and self.window.isVisible():
            self.window.ask()
