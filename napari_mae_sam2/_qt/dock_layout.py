"""What stands where in the dock.

At 1280 x 720 the first tab holds all that a lesion needs without scrolling: what is set
once is folded, what is done with a whole case stands below the tabs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QHBoxLayout, QVBoxLayout

from napari_mae_sam2._qt.buttons import button, tight
from napari_mae_sam2._qt.dock_tabs import WIDTH, Tab

if TYPE_CHECKING:
    from napari_mae_sam2._qt.leakage_widget import LeakageWidget


def lay_out(dock: LeakageWidget) -> None:
    """Put the panels of a dock and of its parts into their places, once."""
    tabs = dock.tabs
    tabs.add(Tab.GRADE, "Cases", dock.cases, stretch=True)
    tabs.add(Tab.GRADE, "Segment", dock.segment)
    tabs.add(Tab.MODEL, "Model in use", dock.model)
    tabs.add(Tab.MODEL, "Train a round", dock.training)
    tabs.add(Tab.MODEL, "Last round", dock.verdict)
    tabs.add(Tab.MODEL, "All rounds", dock.history, folded=True)
    for part in dock.parts:
        part.add_panels(tabs)
    labels = tabs.add(Tab.GRADE, "Labels", dock.labels, folded=True)
    labels.show_note(dock.labels.note())
    dock.labels.grader_changed.connect(
        lambda _code: labels.show_note(dock.labels.note())
    )
    tabs.setCurrentIndex(0)
    bottom = QHBoxLayout()
    bottom.addWidget(dock.code.shown, 2)
    bottom.addWidget(dock.labels.bar, 5)
    keys = button("Keys", "Show what every key does (H)", dock.show_keys)
    bottom.addWidget(tight(keys))
    layout = QVBoxLayout(dock)
    layout.setContentsMargins(4, 4, 4, 4)
    for part in dock.parts:
        if part.banner is not None:
            layout.addWidget(part.banner)
    layout.addWidget(dock.messages)
    layout.addWidget(tabs, 1)
    for part in dock.parts:
        if part.footer is not None:
            layout.addWidget(part.footer)
    layout.addLayout(bottom)
    dock.setMinimumWidth(WIDTH + 8)
