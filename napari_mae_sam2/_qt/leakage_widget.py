"""The dock widget "MAE-SAM2 leakage": panels, layers and desk put together."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from qtpy.compat import isalive
from qtpy.QtCore import QEvent, QTimer, Signal
from qtpy.QtWidgets import QApplication, QWidget

from napari_mae_sam2._qt.adoption import Adoption
from napari_mae_sam2._qt.case_header import CaseHeader
from napari_mae_sam2._qt.case_panel import CasePanel
from napari_mae_sam2._qt.closing import Closing
from napari_mae_sam2._qt.commands import Commands
from napari_mae_sam2._qt.dock_layout import lay_out
from napari_mae_sam2._qt.dock_tabs import DockTabs
from napari_mae_sam2._qt.exports import Exports
from napari_mae_sam2._qt.file_drop import FileDrop
from napari_mae_sam2._qt.following import Following
from napari_mae_sam2._qt.grader_code import GraderCode
from napari_mae_sam2._qt.keys import bind, bind_panning, unbind
from napari_mae_sam2._qt.keys_sheet import KeysSheet
from napari_mae_sam2._qt.latin_keys import LatinKeys
from napari_mae_sam2._qt.layers import CaseLayers
from napari_mae_sam2._qt.main_window import canvas_of, main_window_of, make_room
from napari_mae_sam2._qt.message_bar import MessageBar
from napari_mae_sam2._qt.model_panel import ModelPanel
from napari_mae_sam2._qt.parts import make_parts
from napari_mae_sam2._qt.prompt_mouse import PromptMouse
from napari_mae_sam2._qt.recent_studies import RecentStudies
from napari_mae_sam2._qt.rounds import RoundPanels, Rounds
from napari_mae_sam2._qt.save_panel import SavePanel
from napari_mae_sam2._qt.segment_panel import SegmentPanel
from napari_mae_sam2._qt.soon import AFTER_THE_DOTS, Soon
from napari_mae_sam2._qt.wiring import connect_desk, connect_panels
from napari_mae_sam2.annotate.looks import Looks

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import napari
    from qtpy.QtGui import QCloseEvent, QShowEvent

    from napari_mae_sam2._qt.keys import Key
    from napari_mae_sam2.annotate.desk import Desk
    from napari_mae_sam2.annotate.session import CaseSession
    from napari_mae_sam2.fa.frame import Frame
    from napari_mae_sam2.study.preferences import Preferences

log = logging.getLogger(__name__)


class LeakageWidget(QWidget):
    """The grader's dock.

    Parameters
    ----------
    viewer : napari.Viewer
        The window it is docked in.
    desk : Desk
        The state it shows.
    sample : callable
        Draws the sample frame; called in a worker thread.
    from_layer : callable
        Makes a frame of the pixels and the name of an image that somebody else
        opened; called in a worker thread.
    preferences : Preferences
        How the grader likes the window.
    """

    closed = Signal()

    def __init__(
        self,
        viewer: napari.Viewer,
        desk: Desk,
        sample: Callable[[], Frame],
        from_layer: Callable[[Any, str], Frame],
        preferences: Preferences,
    ) -> None:
        super().__init__()
        self.viewer = viewer
        self.desk = desk
        self.preferences = preferences
        self.looks = Looks(preferences)
        self.recent = RecentStudies(preferences)
        self._sample = sample
        self.session: CaseSession | None = None
        self._case = Following()
        self._is_closed = False
        self._was_shown = False
        self._keys_sheet: KeysSheet | None = None

        self._refresh_soon = Soon(self._refresh, AFTER_THE_DOTS)
        self.layers = CaseLayers(viewer, self._on_layers, lambda: canvas_of(self))
        self.mouse = PromptMouse(viewer, self.layers, self._on_click, self._on_box)
        self.commands = Commands(self)
        self.messages = MessageBar()
        self.tabs = DockTabs(preferences)
        self.cases = CasePanel(desk.worklist)
        self.header = CaseHeader(desk.worklist, self.cases.stepping)
        self.segment = SegmentPanel()
        self.labels = SavePanel()
        self.code = GraderCode(self)
        self.model = ModelPanel()
        self.training, self.verdict, self.history = panels = RoundPanels.make()
        self.rounds = Rounds(desk, panels, self)
        self.exports = Exports(self)
        self.latin_keys = LatinKeys(self, self.messages.tell)
        self.parts = make_parts(self)
        self.closing = Closing(
            self,
            desk.save_now,
            self.shut_down,
            self.messages.warn,
            self.code.holds_closing_up,
        )
        FileDrop(self, self.add_paths)
        lay_out(self)
        connect_desk(self)
        connect_panels(self)
        desk.case_opened.connect(self._on_case)
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._on_focus)
        self.labels.show_folder(desk.folder)
        self._refresh()
        tell, warn = self.messages.tell, self.messages.warn
        self.adoption = Adoption(viewer, self.layers, desk, from_layer, tell, warn)

    # --- what it offers --------------------------------------------------------

    @property
    def keys(self) -> tuple[Key, ...]:
        """Every key of the grader, those of one group together."""
        keys = [*self.commands.keys, *(key for part in self.parts for key in part.keys)]
        groups = list(dict.fromkeys(key.group for key in keys))
        return tuple(sorted(keys, key=lambda key: groups.index(key.group)))

    @property
    def is_closed(self) -> bool:
        """True once it has let go of the viewer."""
        return self._is_closed

    def open_paths(self, paths: list[Path]) -> None:
        """Open files, folders and studies as a list of cases."""
        self.desk.open_paths(paths)

    def add_paths(self, paths: list[Path]) -> None:
        """Add what was dropped to the list of cases, and open the first of it."""
        if paths:
            self.desk.add_paths(paths)
        else:
            self.messages.warn("Drop files or folders of this computer here.")

    def open_sample(self) -> None:
        """Open the drawn sample frame, or go back to it."""
        self.desk.open_once("sample frame (drawn)", self._sample)

    def practise(self) -> None:
        """Open the drawn sample frame for the tour; nothing of it is saved."""
        self.desk.practise("practice frame", self._sample)

    def show_keys(self) -> None:
        """Show the sheet of keys, or put it away."""
        if self._keys_sheet is not None and self._keys_sheet.isVisible():
            self._keys_sheet.hide()
            return
        # Made anew: another study may have other kinds of lesions, with other keys.
        if self._keys_sheet is not None:
            self._keys_sheet.deleteLater()
        self._keys_sheet = KeysSheet(self.keys, self)
        self._keys_sheet.show()

    def shut_down(self) -> None:
        """Save, stop every worker and let go of the viewer; once."""
        if self._is_closed:
            return
        self._is_closed = True
        self._refresh_soon.stop()
        self.closing.close()
        self.adoption.close()
        self.latin_keys.close()
        self.rounds.close()
        self.exports.close()
        self.code.close()
        self.desk.case_opened.disconnect(self._on_case)
        self._case.follow()
        self.session = None
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.focusChanged.disconnect(self._on_focus)
        for part in self.parts:
            part.close()
        for sentence in self.desk.close():
            log.error("%s", sentence)
        self.preferences.close()
        self.cases.close_down()
        self.header.close_down()
        if isalive(self):  # else the window took everything with it
            self.mouse.close()
            self.layers.close()
            unbind(self.viewer, self.keys)
            self.closed.emit()

    # --- following the state ---------------------------------------------------

    def _on_case(self, session: CaseSession | None) -> None:
        self._case.follow()
        self.session = session
        for part in self.parts:
            part.show_case(session)
        self.layers.show(session)
        if session is not None:
            self._case.follow(
                (session.proposal_changed, self._refresh_soon),
                (session.history_changed, self._refresh_soon),
                (session.refused, self.messages.warn),
                # A question that is done with, as nothing was found, is a draft alone.
                (session.draft_changed, self._refresh_soon),
            )
        self.header.show_session(session)
        self._refresh()

    def _on_layers(self) -> None:
        prompts, leakage = self.layers.prompts, self.layers.leakage
        assert prompts is not None
        assert leakage is not None
        self.mouse.attach()
        bind(self.viewer, prompts, leakage, self.keys)
        bind_panning(prompts, self._set_panning)
        for part in self.parts:
            part.layers_ready()

    def _refresh(self) -> None:
        self.segment.show_session(self.session)
        if self.session is None:
            self.labels.show_summary(None, unsaved=False)
        else:
            lesions = len(self.session.lesion_numbers())
            self.labels.show_summary(lesions, not self.session.saves.is_saved)

    # --- what the grader does on the canvas ------------------------------------

    def _on_click(self, row: float, column: float, positive: bool) -> None:
        if self.session is not None:
            self.session.click(row, column, positive)

    def _on_box(self, one: tuple[float, float], other: tuple[float, float]) -> None:
        if self.session is not None:
            self.session.box(one, other)

    def _set_panning(self, panning: bool) -> None:
        self.mouse.is_panning = panning
        if self.layers.prompts is not None:
            self.layers.prompts.mouse_pan = panning

    def _on_focus(self, *_: object) -> None:
        # Space let go in another window is never heard of here.
        if self.mouse.is_panning:
            self._set_panning(False)

    # --- closing ---------------------------------------------------------------

    def showEvent(self, event: QShowEvent | None) -> None:
        """Watch the window once it is known, to save when it closes."""
        super().showEvent(event)
        self.closing.watch()
        for part in self.parts:
            part.shown()
        for widget in (canvas_of(self), main_window_of(self), self.parentWidget()):
            self.latin_keys.watch(widget)
        if not self._was_shown:
            self._was_shown = True
            # Not from inside: the window has not put itself together yet.
            QTimer.singleShot(0, self._make_room)

    def _make_room(self) -> None:
        if not self._is_closed and isalive(self):
            make_room(self)

    def event(self, event: QEvent | None) -> bool:
        """Shut down where the dock is taken out of its window."""
        if (
            event is not None
            and event.type() == QEvent.Type.ParentChange
            and self.parent() is None
            and not self._is_closed
        ):
            self.shut_down()
            self.adoption.give_back()
        return super().event(event)

    def closeEvent(self, event: QCloseEvent | None) -> None:
        """Shut down where the widget stands alone."""
        self.shut_down()
        super().closeEvent(event)
