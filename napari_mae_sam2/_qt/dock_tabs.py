"""The tabs of the dock and the sections in them: where every panel has its place.

A tab appears with its first section, in the order of `Tab`; it scrolls where the
window is too low. Which sections are folded is remembered.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from qtpy.QtCore import QSize, Qt
from qtpy.QtWidgets import QFrame, QTabWidget, QVBoxLayout, QWidget

from napari_mae_sam2._qt.section import Section
from napari_mae_sam2._qt.steady import SteadyScrollArea

if TYPE_CHECKING:
    from qtpy.QtGui import QShowEvent

    from napari_mae_sam2.study.preferences import Preferences


WIDTH = 322
"""Pixels across, at the usual size of the font; panels must fit in."""


class Tab(Enum):
    """The tabs in their order; what a grader does all day stands in the first."""

    GRADE = "Grade"
    CORRECT = "Correct"
    LESIONS = "Lesions"
    VIEW = "View"
    MODEL = "Model"


TIPS = {
    Tab.GRADE: "Cases, clicks and proposals: what each lesion needs",
    Tab.CORRECT: "Paint, erase, clean lesions up",
    Tab.LESIONS: "The lesions of this frame: kind, size, comment",
    Tab.VIEW: "Contrast, outlines, grid, the early or late frame beside",
    Tab.MODEL: "The model in use, and training it on your labels",
}


class DockTabs(QTabWidget):
    """Tabs of sections.

    Parameters
    ----------
    preferences : Preferences
        Remembers which sections are folded.
    parent : QWidget, optional
        The dock.
    """

    def __init__(self, preferences: Preferences, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._preferences = preferences
        self._columns: dict[Tab, QVBoxLayout] = {}
        self._sections: dict[tuple[Tab, str], Section] = {}
        self._pairs: list[tuple[Tab, str, str]] = []
        self.setDocumentMode(True)
        bar = self.tabBar()
        if bar is not None:
            bar.setDrawBase(False)  # else a white line in every theme of napari
        self.setUsesScrollButtons(False)

    def sizeHint(self) -> QSize:
        """Ask for no more width than the dock needs: the frame wants the rest."""
        wanted = super().sizeHint()
        return QSize(min(wanted.width(), WIDTH), wanted.height())

    def add(
        self,
        tab: Tab,
        title: str,
        panel: QWidget,
        *,
        folded: bool = False,
        stretch: bool = False,
        below: str = "",
    ) -> Section:
        """Put a panel at the end of a tab.

        Parameters
        ----------
        tab : Tab
            Where it goes.
        title : str
            Its title, unique in the tab.
        panel : QWidget
            With a layout of its own.
        folded : bool
            How it is until the grader says otherwise.
        stretch : bool
            True for a list or a table, which takes the room that is left.
        below : str
            Title of the section to put it under, instead of at the end.

        Returns
        -------
        Section
            What holds it.
        """
        section = Section(title, panel, stretch)
        key = f"folded {tab.value}/{title}"
        section.fold(self._preferences.flag(key, folded))
        section.folded.connect(lambda now: self._preferences.put(key, now))
        column = self._columns.get(tab) or self._open(tab)
        above = self._sections.get((tab, below))
        # Before the room that is left at the end.
        last = column.count() - 1
        place = last if above is None else column.indexOf(above) + 1
        column.insertWidget(place, section, 100 if stretch else 0)
        self._sections[tab, title] = section
        return section

    def show_tab(self, tab: Tab, title: str | None = None) -> None:
        """Bring a tab to the front, and open one of its sections."""
        for index in range(self.count()):
            if self.tabText(index) == tab.value:
                self.setCurrentIndex(index)
        section = None if title is None else self._sections.get((tab, title))
        if section is not None:
            section.fold(False)

    def show_in_place(self, tab: Tab, title: str, other: str, on: bool) -> None:
        """Show a section in the room of another one, or the other one again."""
        pair = [self._sections.get((tab, name)) for name in (title, other)]
        for section, visible in zip(pair, (on, not on), strict=True):
            if section is not None:
                section.setVisible(visible)

    def share_room(self, tab: Tab, title: str, other: str) -> None:
        """Make two sections equally high: nothing moves when they change places."""
        self._pairs.append((tab, title, other))

    def showEvent(self, event: QShowEvent | None) -> None:
        """Measure what is to be equally high, now that the style is known."""
        super().showEvent(event)
        for tab, *titles in self._pairs:
            panels = [
                self._sections[tab, title].panel
                for title in titles
                if (tab, title) in self._sections
            ]
            height = max((panel.sizeHint().height() for panel in panels), default=0)
            for panel in panels:
                panel.setFixedHeight(height)

    def _open(self, tab: Tab) -> QVBoxLayout:
        page = _Page()
        column = QVBoxLayout(page)
        column.setContentsMargins(2, 4, 2, 2)
        column.setSpacing(4)
        column.addStretch(1)
        area = SteadyScrollArea()
        area.setWidget(page)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        before = [other for other in self._columns if _rank(other) < _rank(tab)]
        self.insertTab(len(before), area, tab.value)
        self.setTabToolTip(len(before), TIPS[tab])
        self._columns[tab] = column
        return column


class _Page(QWidget):
    """Asks for a scroll bar only where its lists cannot become any smaller."""

    def heightForWidth(self, width: int) -> int:
        """Give the least height: a scroll area takes this for what it needs."""
        layout = self.layout()
        return -1 if layout is None else int(layout.minimumHeightForWidth(width))


def _rank(tab: Tab) -> int:
    return list(Tab).index(tab)
