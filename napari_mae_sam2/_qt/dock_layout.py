"""What stands where in the dock.

The case in hand and the way to the next one stand above the tabs, messages and saving
below them, each in a room that never changes: nothing moves under the grader's hand. In
the first tab what every lesion needs comes first; the list of cases takes what is left,
and what is set once is folded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QHBoxLayout, QVBoxLayout

from napari_mae_sam2._qt.buttons import button, tight
from napari_mae_sam2._qt.dock_tabs import WIDTH, Tab
from napari_mae_sam2._qt.notice_area import NoticeArea

if TYPE_CHECKING:
    from napari_mae_sam2._qt.leakage_widget import LeakageWidget


def lay_out(dock: LeakageWidget) -> None:
    """Put the panels of a dock and of its parts into their places, once."""
    tabs = dock.tabs
    tabs.add(Tab.GRADE, "Segment", dock.segment)
    tabs.add(Tab.GRADE, "Cases", dock.cases, stretch=True)
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
    layout.setSpacing(4)
    banners = [part.banner for part in dock.parts if part.banner is not None]
    layout.addWidget(dock.header)
    layout.addWidget(tabs, 1)
    for part in dock.parts:
        if part.footer is not None:
            layout.addWidget(part.footer)
    layout.addWidget(NoticeArea([dock.messages, *banners], dock.segment.status))
    layout.addLayout(bottom)
    dock.setMinimumWidth(WIDTH + 8)
