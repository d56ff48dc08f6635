"""Two versions of a case in the same place, in the window."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import QTimer

from napari_mae_sam2._qt.bridge import GuiThread
from napari_mae_sam2._qt.dock_tabs import Tab
from napari_mae_sam2._qt.file_dialogs import ask_folder, ask_model
from napari_mae_sam2._qt.following import Following
from napari_mae_sam2._qt.keys import Key
from napari_mae_sam2._qt.parts import Part
from napari_mae_sam2._qt.view.flicker_panel import COLOURS, NAMES, FlickerPanel
from napari_mae_sam2._qt.view.legend import Entry
from napari_mae_sam2._qt.view.outlines import MaskOutlined
from napari_mae_sam2._qt.view.over import Lesions, Over
from napari_mae_sam2._qt.view.part import GROUP
from napari_mae_sam2.annotate.flicker import Flicker
from napari_mae_sam2.annotate.versions import checkpoint_at, predictions_at

if TYPE_CHECKING:
    from napari_mae_sam2._qt.dock_tabs import DockTabs
    from napari_mae_sam2._qt.leakage_widget import LeakageWidget
    from napari_mae_sam2._qt.section import Section
    from napari_mae_sam2._qt.view.part import ViewPart
    from napari_mae_sam2.annotate.session import CaseSession
    from napari_mae_sam2.model.protocol import Predictor

TITLE = "A or B"

TICK = 250
"""Milliseconds of each: two rounds a second, below what may harm (three flashes)."""


class FlickerPart(Part):
    """Shows A or B in the place of the lesions.

    Parameters
    ----------
    dock : LeakageWidget
        The dock it belongs to.
    view : ViewPart
        Has what is drawn over the canvas.
    """

    def __init__(self, dock: LeakageWidget, view: ViewPart) -> None:
        self._dock = dock
        self._view = view
        self._section: Section | None = None
        self._case = Following()
        self._outlines: tuple[MaskOutlined, ...] = ()
        self._gui = GuiThread(dock)
        self.flicker = Flicker(dock.desk.annotator, _open_model, self._gui.post)
        self.panel = FlickerPanel()
        self._ticks = QTimer()
        self._ticks.setInterval(TICK)
        self._ticks.timeout.connect(self._tick)
        self.flicker.changed.connect(self._show)
        self.flicker.warned.connect(dock.messages.warn)
        self.panel.turned.connect(self.flicker.turn)
        self.panel.ticking_wanted.connect(self._set_ticking)
        self.panel.chosen.connect(self.flicker.choose)
        self.panel.folder_wanted.connect(self._choose_folder)
        self.panel.file_wanted.connect(self._choose_file)
        self.keys = (
            Key(("B",), "two versions: A or B", self._swap, GROUP),
            Key(("Shift-B",), "let A and B flicker, stop", self._turn_ticking, GROUP),
        )

    def add_panels(self, tabs: DockTabs) -> None:
        """Put the panel at the end of the tab."""
        self._section = tabs.add(Tab.VIEW, TITLE, self.panel, folded=True)
        self._section.show_needs_frame(True)
        self._show()

    def show_case(self, session: CaseSession | None) -> None:
        """Show the lesions of another case; what is A and what B stays chosen."""
        self.flicker.turn(False)
        changes = (session.draft_changed, session.labels_changed) if session else ()
        self._case.follow(*((change, self._give_way) for change in changes))
        case = self._dock.desk.worklist.current
        self.flicker.follow(session, None if case is None else case.place)
        if self._section is not None:
            self._section.show_needs_frame(session is None)

    def close(self) -> None:
        """Stop the worker; follow no case any more."""
        self._ticks.stop()
        self._case.follow()
        self._gui.close()
        self.flicker.close()

    # --- inside ----------------------------------------------------------------

    def _give_way(self, _changed: object) -> None:
        """Show the lesions again where the grader goes on with them."""
        self.flicker.turn(False)

    def _swap(self) -> None:
        self._ticks.stop()
        self.flicker.swap()
        self._show()

    def _turn_ticking(self) -> None:
        self._set_ticking(not self._ticks.isActive())

    def _set_ticking(self, on: bool) -> None:
        if on:
            self._ticks.start()
            self.flicker.turn(True)
        else:
            self._ticks.stop()
            self.flicker.turn(False)
        self._show()

    def _tick(self) -> None:
        if self.flicker.masks:
            self.flicker.swap()

    def _show(self) -> None:
        flicker = self.flicker
        if not flicker.is_on:
            self._ticks.stop()
        self.panel.show_state(flicker, self._ticks.isActive())
        if not flicker.is_on:
            self._outlines = ()
            self._view.lay_over(TITLE, Over())
            return
        drawn = [id(one.data) for one in self._outlines]
        if drawn != [id(mask) for mask in flicker.masks]:
            self._outlines = tuple(
                MaskOutlined(mask, colour)
                for mask, colour in zip(flicker.masks, COLOURS, strict=False)
            )
        side = flicker.side
        name = flicker.chosen[side].name if flicker.masks else "…"
        legend = (
            Entry(NAMES[side], (COLOURS[side],), line=True, bold=True),
            Entry(name),
        )
        outlined = self._outlines[side : side + 1]
        self._view.lay_over(TITLE, Over(legend, Lesions.HIDDEN, outlined))

    def _choose_folder(self, side: int) -> None:
        folder = ask_folder(self._dock, "Folder that predict wrote")
        if folder is not None:
            self.flicker.choose(side, predictions_at(folder))
        self._show()

    def _choose_file(self, side: int) -> None:
        path = ask_model(self._dock)
        if path:
            self.flicker.choose(side, checkpoint_at(Path(path)))
        self._show()


def _open_model(path: Path) -> Predictor:
    """Load weights beside the ones in use; nobody's choice of model is changed."""
    from napari_mae_sam2.model.checkpoint import load_model
    from napari_mae_sam2.model.predictor import Sam2Predictor

    return Sam2Predictor(load_model(path))
