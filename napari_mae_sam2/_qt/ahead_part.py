"""The setting that reads the next cases in the background, or does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from napari_mae_sam2._qt.dock_tabs import Tab
from napari_mae_sam2._qt.parts import Part

if TYPE_CHECKING:
    from napari_mae_sam2._qt.dock_tabs import DockTabs
    from napari_mae_sam2._qt.leakage_widget import LeakageWidget

_KEY = "read ahead"


class AheadPart(Part):
    """Switches reading ahead on and off, and remembers it.

    Parameters
    ----------
    dock : LeakageWidget
        The dock it is a part of.
    """

    def __init__(self, dock: LeakageWidget) -> None:
        self._dock = dock
        self.box = QCheckBox("Preload next cases")
        self.box.setToolTip(
            "Encodes the next cases while you grade this one; your clicks always "
            "come first"
        )
        self.box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.box.setChecked(dock.preferences.flag(_KEY, True))
        self.box.toggled.connect(self._switch)
        dock.desk.ahead.switch(self.box.isChecked())

    def add_panels(self, tabs: DockTabs) -> None:
        """Put the switch beside the model."""
        panel = QWidget()
        QVBoxLayout(panel).addWidget(self.box)
        tabs.add(Tab.MODEL, "In the background", panel)

    def _switch(self, on: bool) -> None:
        self._dock.preferences.put(_KEY, on)
        self._dock.desk.ahead.switch(on)
