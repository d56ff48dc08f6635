"""Clean-ups in the window: the panel, the keys, and the one who does them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from napari_mae_sam2._qt.bridge import GuiThread
from napari_mae_sam2._qt.clean_panel import CleanPanel
from napari_mae_sam2._qt.dock_tabs import Tab
from napari_mae_sam2._qt.keys import Key
from napari_mae_sam2._qt.parts import Part
from napari_mae_sam2.annotate.cleaning import Cleaner, Order
from napari_mae_sam2.fa.clean_lesions import CleanUp
from napari_mae_sam2.fa.errors import PlainError

if TYPE_CHECKING:
    from napari_mae_sam2._qt.dock_tabs import DockTabs
    from napari_mae_sam2._qt.leakage_widget import LeakageWidget
    from napari_mae_sam2._qt.section import Section
    from napari_mae_sam2.annotate.session import CaseSession

GROUP = "Clean up the lesion"

_KEYS = {
    "Shift-F": (CleanUp.FILL_HOLES, "fill holes"),
    "Shift-I": (CleanUp.DROP_ISLANDS, "remove small specks"),
    "Shift-M": (CleanUp.SMOOTH, "smooth the outline"),
    "Shift-G": (CleanUp.GROW, "grow"),
    "Shift-K": (CleanUp.SHRINK, "shrink"),
    "Shift-E": (CleanUp.SNAP, "snap to the edge of brightness"),
    "Shift-X": (CleanUp.SPLIT_NECKS, "split at necks"),
    "Shift-J": (CleanUp.MERGE, "join with its neighbours"),
}


class CleanPart(Part):
    """Cleans lesions up on the grader's word.

    Parameters
    ----------
    dock : LeakageWidget
        The dock it is a part of.
    """

    def __init__(self, dock: LeakageWidget) -> None:
        self._dock = dock
        self._gui = GuiThread(dock)
        self.cleaner = Cleaner(self._gui.post)
        self.panel = CleanPanel(dock.preferences)
        self.keys = tuple(
            Key((key,), text, partial(self.panel.choose, what), GROUP, True)
            for key, (what, text) in _KEYS.items()
        )
        self._section: Section | None = None
        self._leakage: object = None
        self._session: CaseSession | None = None
        self.panel.wanted.connect(self._clean)
        self.panel.stop_wanted.connect(self.cleaner.cancel)
        self.cleaner.busy_changed.connect(self.panel.show_busy)
        self.cleaner.failed.connect(dock.messages.warn)
        self.cleaner.done.connect(self._on_done)
        dock.looks.scale_changed.connect(self._show_scale)

    def add_panels(self, tabs: DockTabs) -> None:
        """Put the panel where lesions are corrected."""
        self._section = tabs.add(Tab.CORRECT, "Clean up", self.panel)
        self._section.show_needs_frame(True)

    def show_case(self, session: CaseSession | None) -> None:
        """Clean this case from now on."""
        self.cleaner.open(session)
        self._session = session
        self._show_scale()
        if self._section is not None:
            self._section.show_needs_frame(session is None)

    def layers_ready(self) -> None:
        """Follow which lesion is picked."""
        leakage = self._dock.layers.leakage
        if leakage is not None and leakage is not self._leakage:
            leakage.events.selected_label.connect(self._on_pick)
            self._leakage = leakage
        self._on_pick()

    def interrupt(self) -> bool:
        """Drop clean-ups that are not done yet."""
        was_busy = self.cleaner.is_busy
        self.cleaner.cancel()
        return was_busy

    def close(self) -> None:
        """Stop the worker."""
        self.cleaner.close()
        self._gui.close()

    def _show_scale(self) -> None:
        session = self._session
        scale = None if session is None else self._dock.looks.scale(session.frame)
        self.panel.show_scale(scale)

    def _on_pick(self, _event: object = None) -> None:
        self.panel.show_selected(self._picked())

    def _picked(self) -> int:
        leakage = self._dock.layers.leakage
        return 0 if leakage is None else int(leakage.selected_label)

    def _clean(self, what: CleanUp) -> None:
        number = None if self.panel.all.isChecked() else self._picked()
        try:
            self.cleaner.do(Order(what, number, self.panel.size_of(what)))
        except PlainError as error:
            self._dock.messages.warn(str(error))
        else:
            self._dock.messages.clear()

    def _on_done(self, order: Order, changed: bool) -> None:
        if not changed:
            whose = "any lesion" if order.number is None else f"lesion {order.number}"
            name = order.what.value.capitalize()
            self._dock.messages.tell(f"{name}: nothing to change on {whose}.")
