"""The dock "MAE-SAM2 gallery": filters, the sheet of thumbnails, verdicts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import (
    QComboBox,
    QLabel,
    QLineEdit,
    QMenu,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)
from superqt import QFlowLayout

from napari_mae_sam2._qt.buttons import button
from napari_mae_sam2._qt.gallery_list import GalleryList
from napari_mae_sam2._qt.gallery_model import GalleryModel
from napari_mae_sam2.qa.verdicts import WORDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtpy.QtGui import QShowEvent

    from napari_mae_sam2.qa.gallery import Gallery, Which
    from napari_mae_sam2.qa.thumbnails import Thumbnails

WHICH: dict[str, Which] = {
    "All frames": "",
    "To look at": "look",
    "No verdict yet": "open",
    "Accepted": "accept",
    "Rejected": "reject",
    "Fix later": "fix",
}
EMPTY = "No frame of this folder is predicted yet."
COMING = "Predicting: each frame appears here as soon as it is done."


class GalleryWidget(QWidget):
    """Shows a gallery.

    Parameters
    ----------
    gallery : Gallery
        The state.
    thumbnails : Thumbnails
        Makes the pictures.
    post : callable
        Runs a function on the GUI thread.
    parent : QWidget, optional
        What it belongs to.
    """

    opened = Signal()
    predict_wanted = Signal()
    newest_wanted = Signal()
    results_wanted = Signal()
    page_wanted = Signal()
    take_wanted = Signal()
    shown = Signal()
    """It is seen from now on, and may be out of date."""

    def __init__(
        self,
        gallery: Gallery,
        thumbnails: Thumbnails,
        post: Callable[[Callable[[], None]], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._gallery = gallery
        self._is_running = False
        self.model = GalleryModel(gallery, thumbnails, post, self)
        self.list = GalleryList(gallery, self.model)
        self.which = _choice("Which frames are shown")
        self.which.addItems(list(WHICH))
        self.reason = _choice("Show frames with this reason for a look")
        self.search = QLineEdit()
        self.search.setPlaceholderText("Name")
        self.search.setToolTip("Show frames with this in their name")
        self.search.setMaximumWidth(110)
        self.words = QLabel()
        self.outlines = button(
            "Outlines", "Outlines on and off (O)", self._toggle_outlines
        )
        self.outlines.setCheckable(True)
        self.outlines.setChecked(True)
        self.take = button(
            "To study",
            "Accepted answers become labels, those to fix stay proposals, rejected "
            "frames are graded from the start",
            self.take_wanted.emit,
        )
        self.words.setMinimumHeight(self.take.sizeHint().height())  # in their middle
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 4, 6, 4)
        layout.setSpacing(4)
        layout.addLayout(self._filters())
        self._pages = QStackedWidget()
        self._pages.addWidget(self._empty())
        self._pages.addWidget(self.list)
        layout.addWidget(self._pages, 1)
        layout.addLayout(self._judging())
        self.which.currentTextChanged.connect(
            lambda text: gallery.want(replace(gallery.wanted, which=WHICH[text]))
        )
        self.reason.currentIndexChanged.connect(self._want_reason)
        self.search.textChanged.connect(
            lambda text: gallery.want(replace(gallery.wanted, text=text))
        )
        self.list.opened.connect(self.opened.emit)
        self.list.next_wanted.connect(self.next_worst)
        self.list.outlines_wanted.connect(self.outlines.click)
        gallery.reset.connect(self._follow)
        gallery.judged.connect(self._tell)
        self._follow()

    def showEvent(self, event: QShowEvent | None) -> None:
        """Tell that it is seen."""
        super().showEvent(event)
        self.shown.emit()

    def show_running(self, on: bool) -> None:
        """Say that more frames are on their way, or that all are there."""
        self._is_running = on
        self.empty.setText(COMING if on else EMPTY)
        self.predict.setVisible(not on)
        self._tell()

    def close_down(self) -> None:
        """Stop following and drawing."""
        self._gallery.reset.disconnect(self._follow)
        self._gallery.judged.disconnect(self._tell)
        self.list.close_down()
        self.model.close_down()

    def next_worst(self) -> None:
        """Go to the next frame without a verdict."""
        if not self._gallery.next_worst():
            self.words.setText("Every frame shown has its verdict.")

    # --- making it -----------------------------------------------------------------

    def _filters(self) -> QFlowLayout:
        row = _row()
        menu = button("Open", "Other predictions, or verdicts of a page", lambda: None)
        entries = QMenu(menu)
        entries.addAction("Newest predictions", self.newest_wanted.emit)
        entries.addAction("Other predictions…", self.results_wanted.emit)
        entries.addAction("Import review…", self.page_wanted.emit)
        menu.setMenu(entries)
        for one in (self.which, self.reason, self.search, self.outlines, menu):
            row.addWidget(one)
        return row

    def _judging(self) -> QFlowLayout:
        row = _row()
        gallery = self._gallery
        self._judges = [
            button(
                "Accept frame", _tip(WORDS["accept"]), lambda: gallery.judge("accept")
            ),
            button(
                "Reject frame", _tip(WORDS["reject"]), lambda: gallery.judge("reject")
            ),
            button("Fix later (F)", _tip(WORDS["fix"]), lambda: gallery.judge("fix")),
        ]
        self._next = button(
            "Next (N)", "The next worst frame without a verdict", self.next_worst
        )
        for one in (*self._judges, self._next, self.take, self.words):
            row.addWidget(one)
        return row

    def _empty(self) -> QWidget:
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.addStretch(1)
        self.empty = QLabel(EMPTY)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setWordWrap(True)
        layout.addWidget(self.empty)
        self.predict = button(
            "Predict all frames",
            "Find the leakage of every open frame, in the background",
            self.predict_wanted.emit,
        )
        layout.addWidget(self.predict, 0, Qt.AlignmentFlag.AlignCenter)
        layout.addStretch(1)
        return page

    # --- following the state ---------------------------------------------------------

    def _follow(self) -> None:
        gallery = self._gallery
        names = self.reason.view()
        if names is None or not names.isVisible():  # else somebody is choosing
            self._fill_reasons()
        self._pages.setCurrentIndex(1 if gallery.total else 0)
        self._tell()

    def _fill_reasons(self) -> None:
        gallery, reason = self._gallery, self.reason
        with QSignalBlocker(reason):
            reason.clear()
            reason.addItem("Any reason", "")
            for words, count in gallery.reasons():
                reason.addItem(f"{words} ({count})", words)
            reason.setCurrentIndex(max(0, reason.findData(gallery.wanted.reason)))

    def _tell(self, _place: int = -1) -> None:
        gallery = self._gallery
        counts = gallery.counts()
        for one in (*self._judges, self._next):
            one.setEnabled(len(gallery) > 0)
        self.take.setEnabled(counts.total() > 0)
        shown = f"{len(gallery)} of {gallery.total} · {counts.total()} judged"
        if self._is_running:
            shown += " · more to come"
        self.words.setText(shown if gallery.total else "")

    def _want_reason(self, _index: int) -> None:
        reason = str(self.reason.currentData() or "")
        self._gallery.want(replace(self._gallery.wanted, reason=reason))

    def _toggle_outlines(self) -> None:
        self.model.outline(self.outlines.isChecked())


def _tip(words: str) -> str:
    return f"{words}; once more takes it back"


def _row() -> QFlowLayout:
    """Make a row that breaks where the dock is narrow."""
    made = QFlowLayout()
    made.setHorizontalSpacing(6)
    made.setVerticalSpacing(4)
    return made


def _choice(tip: str) -> QComboBox:
    made = QComboBox()
    made.setToolTip(tip)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return made
