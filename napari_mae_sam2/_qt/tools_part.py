"""The palette of tools in the window: it shows and takes what the mouse does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari.utils.theme import get_theme

from napari_mae_sam2._qt.dock_tabs import Tab
from napari_mae_sam2._qt.parts import Part
from napari_mae_sam2._qt.soon import AFTER_THE_DOTS, Soon
from napari_mae_sam2._qt.tools_panel import Tool, ToolsPanel

if TYPE_CHECKING:
    from napari.layers import Labels

    from napari_mae_sam2._qt.dock_tabs import DockTabs
    from napari_mae_sam2._qt.leakage_widget import LeakageWidget
    from napari_mae_sam2._qt.section import Section
    from napari_mae_sam2._qt.smart_part import SmartPart
    from napari_mae_sam2.annotate.session import CaseSession

MODES = {
    Tool.BRUSH: "paint",
    Tool.ERASER: "erase",
    Tool.POLYGON: "polygon",
    Tool.FILL: "fill",
}
"""What napari calls the tools that are its own."""


class ToolsPart(Part):
    """Follows which tool is in hand, whoever took it.

    Parameters
    ----------
    dock : LeakageWidget
        The dock it is a part of.
    smart : SmartPart
        Has the smart brush.
    """

    def __init__(self, dock: LeakageWidget, smart: SmartPart) -> None:
        self._dock = dock
        self._smart = smart
        self._session: CaseSession | None = None
        self._leakage: Labels | None = None
        self._section: Section | None = None
        self.panel = panel = ToolsPanel()
        self._soon = Soon(self._refresh, 0)
        self._history_soon = Soon(self._show_history, AFTER_THE_DOTS)
        panel.wanted.connect(self._take)
        panel.size_changed.connect(self._set_size)
        panel.new_lesion_wanted.connect(dock.commands.new_lesion)
        panel.keep_wanted.connect(self._keep)
        panel.undo_wanted.connect(dock.commands.undo)
        panel.redo_wanted.connect(dock.commands.redo)
        smart.on_active = lambda _active: self._soon()
        self._owner = dock.layers.strokes.owner
        self._owner.changed.connect(self._soon)
        dock.viewer.layers.selection.events.active.connect(self._soon)
        dock.viewer.events.theme.connect(self._on_theme)
        self._on_theme()

    def add_panels(self, tabs: DockTabs) -> None:
        """Put the palette where lesions are corrected, before all else."""
        self._section = tabs.add(Tab.CORRECT, "Tools", self.panel)
        self._section.show_needs_frame(True)

    def show_case(self, session: CaseSession | None) -> None:
        """Paint on this case from now on."""
        if self._session is not None:
            self._session.history_changed.disconnect(self._history_soon)
        self._session = session
        if session is not None:
            session.history_changed.connect(self._history_soon)
        if self._section is not None:
            self._section.show_needs_frame(session is None)
        self._soon()
        self._history_soon()

    def layers_ready(self) -> None:
        """Follow the tool and the brush of the layer."""
        leakage = self._dock.layers.leakage
        if leakage is not None and leakage is not self._leakage:
            leakage.events.mode.connect(self._soon)
            leakage.events.brush_size.connect(self._soon)
            self._leakage = leakage
        self._soon()

    def close(self) -> None:
        """Let go of the viewer."""
        self.show_case(None)
        self._soon.stop()
        self._history_soon.stop()
        self._owner.changed.disconnect(self._soon)
        self._dock.viewer.layers.selection.events.active.disconnect(self._soon)
        self._dock.viewer.events.theme.disconnect(self._on_theme)

    # --- what the grader does --------------------------------------------------

    def _take(self, tool: Tool) -> None:
        if tool is Tool.SMART_BRUSH:
            self._smart.take()
        elif tool is Tool.CLICK:
            self._dock.layers.start_prompting()
        else:
            self._dock.layers.start_painting(MODES[tool])
        self._soon()  # the button that was pushed may be the one in hand

    def _set_size(self, size: int) -> None:
        if self._leakage is not None:
            self._leakage.brush_size = size

    def _keep(self, keeps: bool) -> None:
        self._owner.keeps = keeps

    # --- what is shown ---------------------------------------------------------

    @property
    def in_hand(self) -> Tool | None:
        """The tool that the mouse is now."""
        layers = self._dock.layers
        if layers.is_prompting:
            return Tool.CLICK
        active = self._dock.viewer.layers.selection.active
        if self._leakage is None or active is not self._leakage:
            return None
        if self._smart.brush.is_active:
            return Tool.SMART_BRUSH
        mode = str(self._leakage.mode)
        return next((tool for tool, name in MODES.items() if name == mode), None)

    def _refresh(self) -> None:
        if self._session is None:
            self.panel.show_tool(None)
            self.panel.promise.setText("")
            return
        self.panel.show_tool(self.in_hand)
        self.panel.promise.setText(self._owner.promise)
        owner = self._owner
        self.panel.show_lesion(owner.picked, owner.can_keep, owner.keeps)
        if self._leakage is not None:
            self.panel.show_size(int(self._leakage.brush_size))

    def _show_history(self) -> None:
        history = None if self._session is None else self._session.history
        if history is None:
            self.panel.show_history("", "")
        else:
            self.panel.show_history(history.next_undo, history.next_redo)
        self._refresh()  # a lesion may have gone

    def _on_theme(self, _event: object = None) -> None:
        self.panel.show_theme(get_theme(self._dock.viewer.theme).icon.as_hex())
