"""The lesions of the case: table, kinds and their keys, colours, flying there."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from napari_mae_sam2._qt.bridge import GuiThread
from napari_mae_sam2._qt.dock_tabs import Tab
from napari_mae_sam2._qt.file_dialogs import ask_new_csv
from napari_mae_sam2._qt.keys import Key, unbind
from napari_mae_sam2._qt.kind_colours import KindColours
from napari_mae_sam2._qt.kind_keys import without_taken_keys
from napari_mae_sam2._qt.lesion_panel import LesionPanel
from napari_mae_sam2._qt.parts import Part
from napari_mae_sam2._qt.pick_tool import PickTool
from napari_mae_sam2._qt.soon import Soon
from napari_mae_sam2._qt.view.canvas_geometry import look_at
from napari_mae_sam2.annotate.field_size import FieldSize
from napari_mae_sam2.annotate.lesion_csv import write_lesions
from napari_mae_sam2.annotate.lesion_rows import lesion_rows

if TYPE_CHECKING:
    from napari_mae_sam2._qt.dock_tabs import DockTabs
    from napari_mae_sam2._qt.leakage_widget import LeakageWidget
    from napari_mae_sam2.annotate.session import CaseSession
    from napari_mae_sam2.study.kinds import Kind

GROUP = "Lesions"
AROUND = 5.0
"""A lesion that is flown to takes this part of the canvas, one over so much."""


class LesionsPart(Part):
    """Shows and describes the committed lesions.

    The lesion in hand is the one that napari's brush paints: one choice for the table,
    the brush and the clean-ups.

    Parameters
    ----------
    dock : LeakageWidget
        The dock it is a part of.
    """

    def __init__(self, dock: LeakageWidget) -> None:
        self._dock = dock
        self._gui = GuiThread(dock)
        self._session: CaseSession | None = None
        self._leakage: Any = None
        self._kinds: tuple[Kind, ...] | None = None
        self._colours = KindColours()
        self.field = FieldSize(self._gui.post)
        # Many steps may follow each other; the table follows once.
        self._refresh_soon = Soon(self._refresh, 0)
        self.field.measured.connect(self._refresh_soon)
        self.panel = LesionPanel()
        self.panel.chosen.connect(self._on_chosen)
        self.panel.flight_wanted.connect(self.fly_to)
        self.panel.delete_wanted.connect(self.delete)
        self.panel.kind_wanted.connect(self.set_kind)
        self.panel.comment_wanted.connect(self._set_comment)
        self.panel.edit_wanted.connect(self._edit)
        self.panel.csv_wanted.connect(self.save_csv)
        self._pick = PickTool(dock)
        self._fixed_keys = (
            Key(
                ("L",), "pick: click on a lesion to correct it", self._pick.start, GROUP
            ),
            Key(("Delete",), "delete it", self.delete, GROUP, True),
        )
        self.keys = self._fixed_keys

    # --- as a part of the window -----------------------------------------------

    def add_panels(self, tabs: DockTabs) -> None:
        """Put the table into a tab of its own."""
        tabs.add(Tab.LESIONS, "Lesions", self.panel, stretch=True)

    def show_case(self, session: CaseSession | None) -> None:
        """Show the lesions of another case."""
        if self._session is not None:
            self._session.history_changed.disconnect(self._refresh_soon)
        self._session = session
        self._pick.stop()
        if session is not None:
            session.history_changed.connect(self._refresh_soon)
            self._offer(session.kinds)
        self.panel.choose(())
        self._refresh()

    def layers_ready(self) -> None:
        """Follow which lesion is picked."""
        leakage = self._dock.layers.leakage
        if leakage is not None and leakage is not self._leakage:
            leakage.events.selected_label.connect(self._on_picked)
            self._leakage = leakage
        self._refresh()
        self._on_picked()

    def close(self) -> None:
        """Stop what runs."""
        self._refresh_soon.stop()
        if self._session is not None:
            self._session.history_changed.disconnect(self._refresh_soon)
        self._session = None
        self.field.close()
        self._gui.close()

    # --- what the grader does --------------------------------------------------

    def in_hand(self) -> list[int]:
        """Give the lesions that a key acts on: those chosen, else the one painted."""
        if self._session is None or self._leakage is None:
            return []
        picked, chosen = int(self._leakage.selected_label), self.panel.numbers()
        numbers = chosen if picked in chosen else [picked]
        return [number for number in numbers if self._session.image.area(number)]

    def delete(self) -> None:
        """Delete the lesions in hand, as one step of undo."""
        numbers = self.in_hand()
        if self._session is None or not numbers:
            self._dock.messages.tell("Pick a lesion first: L, then click on it.")
            return
        self._session.delete(*numbers)
        self._dock.messages.clear()

    def set_kind(self, kind: str) -> None:
        """Say of which kind the lesions in hand are."""
        numbers = self.in_hand()
        if self._session is None or not numbers:
            self._dock.messages.tell("Pick a lesion first: L, then click on it.")
            return
        self._session.describe(numbers, kind=kind)
        self._dock.messages.clear()

    def save_csv(self) -> None:
        """Write the table of lesions where the grader says."""
        session, dock = self._session, self._dock
        if session is None:
            return
        name = f"{session.frame.name} lesions.csv"
        path = ask_new_csv(dock, "Save the lesions as CSV", name)
        if path is None:
            return
        rows = lesion_rows(session, self.field.of(session.frame))
        if dock.commands.attempt(lambda: write_lesions(path, session.frame.name, rows)):
            dock.messages.tell(f"Saved {path}")

    def fly_to(self, number: int) -> None:
        """Bring a lesion to the middle of the canvas, large enough to judge."""
        if self._session is None:
            return
        region = self._session.image.region(number)
        if region is None:
            return
        rows, columns = region
        height, width = rows.stop - rows.start, columns.stop - columns.start
        viewer = self._dock.viewer
        look_at(
            viewer,
            (rows.start + rows.stop - 1) / 2,
            (columns.start + columns.stop - 1) / 2,
        )
        room = min(viewer.canvas.size) / AROUND
        viewer.scene.camera.zoom = min(room / max(height, width), 8.0)

    # --- inside ----------------------------------------------------------------

    def _set_comment(self, numbers: list[int], comment: str) -> None:
        if self._session is not None:
            self._session.describe(numbers, comment=comment)

    def _edit(self) -> None:
        numbers = self.in_hand()
        if numbers:
            self._pick.open(numbers[0])

    def _offer(self, kinds: tuple[Kind, ...]) -> None:
        if kinds == self._kinds:
            return
        self._kinds = kinds
        others = [part for part in self._dock.parts if part is not self]
        kinds, trouble = without_taken_keys(
            kinds,
            (
                *self._dock.commands.keys,
                *self._fixed_keys,
                *(key for part in others for key in part.keys),
            ),
        )
        if trouble:
            self._dock.messages.warn(trouble)
        self.panel.show_kinds(kinds)
        unbind(self._dock.viewer, self.keys)
        self.keys = (
            *self._fixed_keys,
            *(
                Key(
                    (kind.key,),
                    kind.name,
                    partial(self.set_kind, kind.name),
                    GROUP,
                    True,
                )
                for kind in kinds
                if kind.key
            ),
        )

    def _refresh(self) -> None:
        session = self._session
        if session is None:
            self.panel.show_rows(None)
            return
        self._colours.show(self._dock.layers.leakage, session)
        self.panel.show_rows(lesion_rows(session, self.field.of(session.frame)))
        self._on_picked()

    def _on_picked(self, _event: object = None) -> None:
        if self._leakage is not None:
            picked = int(self._leakage.selected_label)
            if picked not in self.panel.numbers():
                self.panel.choose([picked])

    def _on_chosen(self, numbers: list[int]) -> None:
        if numbers and self._leakage is not None:
            picked = int(self._leakage.selected_label)
            if picked not in numbers:
                self._dock.layers.choose_label(numbers[-1])
