"""The view helpers as one part of the window."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.compat import isalive
from qtpy.QtWidgets import QApplication

from napari_mae_sam2._qt.bridge import GuiThread
from napari_mae_sam2._qt.dock_tabs import DockTabs, Tab
from napari_mae_sam2._qt.file_dialogs import ask_frame
from napari_mae_sam2._qt.keys import Key
from napari_mae_sam2._qt.main_window import canvas_of
from napari_mae_sam2._qt.parts import Part
from napari_mae_sam2._qt.soon import AFTER_THE_DOTS, Soon
from napari_mae_sam2._qt.view.compare_panel import ComparePanel
from napari_mae_sam2._qt.view.frame_display import FrameDisplay
from napari_mae_sam2._qt.view.frame_panel import FramePanel
from napari_mae_sam2._qt.view.marks import Marks
from napari_mae_sam2._qt.view.mini_map import MiniMap
from napari_mae_sam2._qt.view.over import Over, together
from napari_mae_sam2._qt.view.overlay import Overlay
from napari_mae_sam2._qt.view.overlay_panel import OverlayPanel
from napari_mae_sam2._qt.view.side_by_side import SideBySide
from napari_mae_sam2.annotate.comparison import Comparison
from napari_mae_sam2.annotate.view_state import ViewState

if TYPE_CHECKING:
    from napari_mae_sam2._qt.leakage_widget import LeakageWidget
    from napari_mae_sam2.annotate.session import CaseSession
    from napari_mae_sam2.fa.frame import Frame

GROUP = "View"


class ViewPart(Part):
    """Puts state, layers, overlays and panels of the view together.

    Parameters
    ----------
    dock : LeakageWidget
        The dock it belongs to.
    """

    def __init__(self, dock: LeakageWidget) -> None:
        self._dock = dock
        self._frame: Frame | None = None
        self._over: dict[str, Over] = {}
        self.state = ViewState(dock.preferences)
        self.looks = dock.looks
        self.display = FrameDisplay(dock.layers, self.state, self.looks, dock)
        self.beside = SideBySide(dock.viewer, dock.layers, self.state, self.looks, dock)
        self.marks = Marks(
            dock.viewer, dock.layers, self.state, self._is_frame, self._on_labels
        )
        self._gui = GuiThread(dock)
        self.comparison = Comparison(dock.desk.worklist, self._gui.post)
        self.overlay: Overlay | None = None
        self.mini_map: MiniMap | None = None
        self.frame_panel = FramePanel(self.display)
        self.overlay_panel = OverlayPanel()
        self.compare_panel = ComparePanel(dock.desk.worklist)
        self._map_soon = Soon(self._show_map, AFTER_THE_DOTS)
        self._connect()
        flip, state = self._flip, self.state
        self.keys = (
            Key(("D",), "hold: the bare frame", self.hide, GROUP, released=self.bring),
            Key(("O",), "lesions stronger, fainter", state.next_opacity, GROUP),
            Key(("U",), "outlines or filled", flip("outline"), GROUP),
            Key(("I",), "inverted frame", flip("inverted"), GROUP),
            Key(("K",), "local contrast", flip("local_contrast"), GROUP),
            Key(("Shift-U",), "green channel", flip("green"), GROUP),
            Key(("J",), "the other frame beside it", self.compare, GROUP),
            Key(("G",), "grid", flip("grid"), GROUP),
            Key(("Shift-Y",), "scale bar", flip("scale_bar"), GROUP),
            Key(("Y",), "mini-map", flip("mini_map"), GROUP),
        )

    # --- as a part -------------------------------------------------------------

    def add_panels(self, tabs: DockTabs) -> None:
        """Put the panels into their tab."""
        tabs.add(Tab.VIEW, "Frame", self.frame_panel)
        tabs.add(Tab.VIEW, "Over the frame", self.overlay_panel)
        tabs.add(Tab.VIEW, "Early and late", self.compare_panel)

    def show_case(self, session: CaseSession | None) -> None:
        """Follow another case."""
        self.bring()
        self._frame = None if session is None else session.frame
        self.display.show_frame(self._frame)
        self.beside.show_frame_of(None if self._frame is None else self._frame.shape)
        if self.comparison.is_on:
            self.comparison.refresh()
        if session is None:
            self._refresh()  # else once its layers are there

    def layers_ready(self) -> None:
        """Show the layers of the case as the view says."""
        self._find_canvas()
        self.display.layers_ready()
        self.beside.layers_ready()
        self._refresh()

    def close(self) -> None:
        """Stop the workers and let go of the viewer."""
        self._dock.layers.stack.placement.moved.disconnect(self._refresh_canvas)
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.focusChanged.disconnect(self._on_focus)
        self._gui.close()
        self._map_soon.stop()
        self.comparison.close()
        self.display.close()
        if isalive(self._dock):
            self.bring()
            self.beside.close()
            for widget in (self.overlay, self.mini_map):
                if widget is not None and isalive(widget):
                    widget.close_down()
                    widget.setParent(None)
                    widget.deleteLater()

    # --- what the grader does --------------------------------------------------

    def hide(self) -> None:
        """Show the bare frame while the key is held."""
        self.marks.hide()
        self._refresh_canvas()

    def bring(self) -> None:
        """Show again what was hidden."""
        self.marks.show()
        self._refresh_canvas()

    def compare(self) -> None:
        """Put the other frame beside the case, or take it away."""
        self.comparison.turn(not self.comparison.is_on)
        self._show_comparison()

    def lay_over(self, tool: str, over: Over) -> None:
        """Lay over the canvas what a tool wants there, in place of what it had."""
        if over != self._over.setdefault(tool, Over()):
            self._over[tool] = over
            self.marks.show_lesions(together(self._over.values()).lesions)
            self._refresh_canvas()

    # --- inside ----------------------------------------------------------------

    def _connect(self) -> None:
        self.state.changed.connect(self._refresh)
        self.looks.scale_changed.connect(self._refresh)
        self._dock.layers.stack.placement.moved.connect(self._refresh_canvas)
        self.display.changed.connect(self._map_soon)
        self.display.failed.connect(self._dock.messages.warn)
        self.comparison.changed.connect(self.beside.show)
        self.comparison.warned.connect(self._dock.messages.warn)
        self.beside.changed.connect(self._show_comparison)
        self.beside.lost.connect(lambda: self.comparison.turn(False))
        for panel in (self.frame_panel, self.overlay_panel):
            panel.flag_set.connect(lambda name, on: self.state.change(**{name: on}))
        self.overlay_panel.opacity_set.connect(
            lambda opacity: self.state.change(opacity=opacity)
        )
        self.overlay_panel.scale_set.connect(self._set_scale)
        self.compare_panel.turned.connect(self._turn_comparison)
        self.compare_panel.chosen.connect(self._choose)
        self.compare_panel.file_wanted.connect(self._choose_file)
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._on_focus)

    def _flip(self, name: str) -> Any:
        return lambda: self.state.flip(name)

    def _is_frame(self, layer: Any) -> bool:
        return layer is self._dock.layers.frame or self.beside.is_other(layer)

    def _find_canvas(self) -> None:
        canvas = canvas_of(self._dock)
        if self.overlay is None and canvas is not None:
            self.overlay = Overlay(self._dock.viewer, canvas)
            self.mini_map = MiniMap(self._dock.viewer, canvas)

    def _refresh(self, *_: object) -> None:
        view = self.state.view
        self.frame_panel.show_view(view)
        self.overlay_panel.show_view(view)
        scale = None if self._frame is None else self.looks.scale(self._frame)
        self.overlay_panel.show_scale(scale, self._frame is not None)
        self.display.refresh()
        self.marks.refresh()
        self.beside.refresh()
        self.comparison.treat(view.treatment)
        self._refresh_canvas()

    def _refresh_canvas(self) -> None:
        if self.overlay is None or self.mini_map is None:
            return
        view, frame, shown = self.state.view, self._frame, not self.marks.is_bare
        self.overlay.grid = view.grid and shown
        self.overlay.scale_bar = view.scale_bar and shown
        self.overlay.shape = None if frame is None else frame.shape
        self.overlay.scale = None if frame is None else self.looks.scale(frame)
        other = self.beside.name
        pair = frame is not None and other is not None
        self.overlay.names = (frame.name, other) if pair else ()  # type: ignore[union-attr, assignment]
        over = together(self._over.values()) if shown else Over()
        self.overlay.legend = over.legend
        self.overlay.outlined = self.marks.outlined + over.outlined
        # A line needs more than a filled area to be seen.
        self.overlay.outline_opacity = 0.5 + view.opacity / 2
        self.overlay.refresh()
        self.mini_map.wanted = view.mini_map and shown
        self.mini_map.refresh()

    def _show_map(self) -> None:
        if self.mini_map is not None:
            frame = self._frame
            self.mini_map.show_image(None if frame is None else self._dock.layers.frame)

    def _on_labels(self) -> None:
        if self.overlay is not None:
            self.overlay.update()

    def _show_comparison(self) -> None:
        comparison = self.comparison
        self.compare_panel.show_choice(
            comparison.is_on, comparison.choice, self.beside.name
        )
        self._refresh_canvas()

    def _turn_comparison(self, on: bool) -> None:
        self.comparison.turn(on)
        self._show_comparison()

    def _choose(self, choice: Any) -> None:
        self.comparison.choose(choice)
        self._show_comparison()

    def _choose_file(self) -> None:
        path = ask_frame(self._dock, "Frame to show beside this one")
        if path is not None:
            self._choose(path)

    def _set_scale(self, um_per_px: float) -> None:
        if self._frame is not None:
            self.looks.set_scale(self._frame, um_per_px or None)

    def _on_focus(self, *_: object) -> None:
        # A key let go in another window is never heard of here.
        if self.marks.is_bare:
            self.bring()
