"""The grading layout: napari's own panels fold away, and the frame gets their room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.compat import isalive
from qtpy.QtCore import QEvent, QObject, QTimer
from qtpy.QtWidgets import QDockWidget

from napari_mae_sam2._qt.keys import Key
from napari_mae_sam2._qt.main_window import main_window_of
from napari_mae_sam2._qt.parts import Part

if TYPE_CHECKING:
    from qtpy.QtWidgets import QWidget

    from napari_mae_sam2._qt.leakage_widget import LeakageWidget

PANELS = ("layer controls", "layer list")
"""What napari calls the panels that a grader does not need."""

PREFERENCE = "grading layout"


class GradingLayout(Part):
    """Folds napari's panels away and brings them back.

    They come back when the dock or the window closes: napari remembers its windows, and
    whoever opens it without the dock needs them.

    Parameters
    ----------
    dock : LeakageWidget
        The dock it is a part of.
    """

    def __init__(self, dock: LeakageWidget) -> None:
        self._dock = dock
        self._window: QWidget | None = None
        self._folded: list[QDockWidget] = []
        self._watch = _Closing(self, dock)
        self._usual = False
        self.keys = (
            Key(
                ("Shift-W",),
                "grading layout: fold napari's panels away",
                self.toggle,
                "View",
            ),
        )

    @property
    def is_on(self) -> bool:
        """True where none of napari's panels is seen."""
        return not any(panel.isVisible() for panel in self._panels())

    def use_at_first(self) -> None:
        """Use it until the grader says otherwise."""
        self._usual = True
        self._apply()

    def shown(self) -> None:
        """Lay the window out as the grader left it."""
        window = main_window_of(self._dock)
        if window is not None and window is not self._window:
            self._window = window
            window.installEventFilter(self._watch)
            self._apply()

    def close(self) -> None:
        """Bring the panels back, where the window is still there."""
        if self._window is not None and isalive(self._window):
            self._window.removeEventFilter(self._watch)
            self.bring_back()
        self._window = None

    def toggle(self) -> None:
        """Fold the panels away, or bring them back; the choice is kept."""
        folds = not self.is_on
        self._dock.preferences.put(PREFERENCE, folds)
        if folds:
            self.fold()
        else:
            for panel in self._panels():
                panel.show()
            self._folded = []

    def fold(self) -> None:
        """Fold away what is seen of the panels."""
        for panel in self._panels():
            if panel.isVisible():
                panel.hide()
                self._folded.append(panel)

    def bring_back(self) -> None:
        """Show what was folded away here."""
        for panel in self._folded:
            if isalive(panel):
                panel.show()
        self._folded = []

    # --- inside ----------------------------------------------------------------

    def _apply(self) -> None:
        if self._dock.preferences.flag(PREFERENCE, self._usual):
            self.fold()

    def _panels(self) -> list[QDockWidget]:
        if self._window is None or not isalive(self._window):
            return []
        found = self._window.findChildren(QDockWidget)
        return [panel for panel in found if panel.objectName() in PANELS]


class _Closing(QObject):
    """Brings the panels back before napari remembers how its window looks."""

    def __init__(self, layout: GradingLayout, parent: QWidget) -> None:
        super().__init__(parent)
        self._layout = layout

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Hear that the window is to close, and whether it stayed."""
        if event is not None and event.type() == QEvent.Type.Close:
            if self._layout._folded:
                self._layout.bring_back()
                QTimer.singleShot(0, self._fold_again)
        return super().eventFilter(watched, event)

    def _fold_again(self) -> None:
        window = self._layout._window
        if window is not None and isalive(window) and window.isVisible():
            self._layout._apply()
