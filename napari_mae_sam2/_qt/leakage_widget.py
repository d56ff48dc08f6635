"""The dock widget "MAE-SAM2 leakage": panels, layers and desk put together."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.compat import isalive
from qtpy.QtCore import QEvent, Signal
from qtpy.QtWidgets import (
    QApplication,
    QFileDialog,
    QHBoxLayout,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from napari_mae_sam2._qt.adoption import Adoption
from napari_mae_sam2._qt.buttons import button
from napari_mae_sam2._qt.case_panel import CasePanel
from napari_mae_sam2._qt.closing import Closing
from napari_mae_sam2._qt.commands import Commands
from napari_mae_sam2._qt.exports import Exports
from napari_mae_sam2._qt.keys import bind, bind_panning, unbind
from napari_mae_sam2._qt.keys_sheet import KeysSheet
from napari_mae_sam2._qt.layers import CaseLayers
from napari_mae_sam2._qt.message_bar import MessageBar
from napari_mae_sam2._qt.model_panel import ModelPanel
from napari_mae_sam2._qt.prompt_mouse import PromptMouse
from napari_mae_sam2._qt.rounds import Rounds
from napari_mae_sam2._qt.save_panel import SavePanel
from napari_mae_sam2._qt.segment_panel import SegmentPanel
from napari_mae_sam2._qt.training_panel import TrainingPanel

if TYPE_CHECKING:
    from collections.abc import Callable

    import napari
    from qtpy.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QShowEvent

    from napari_mae_sam2.annotate.desk import Desk
    from napari_mae_sam2.annotate.session import CaseSession
    from napari_mae_sam2.fa.frame import Frame

log = logging.getLogger(__name__)

IMAGES = "Frames (*.png *.jpg *.jpeg *.tif *.tiff *.bmp);;All files (*)"
MODELS = "Checkpoints (*.safetensors *.pt);;All files (*)"


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
    """

    closed = Signal()

    def __init__(
        self,
        viewer: napari.Viewer,
        desk: Desk,
        sample: Callable[[], Frame],
        from_layer: Callable[[Any, str], Frame],
    ) -> None:
        super().__init__()
        self.viewer = viewer
        self.desk = desk
        self._sample = sample
        self.session: CaseSession | None = None
        self._is_closed = False
        self.setAcceptDrops(True)

        self.layers = CaseLayers(viewer, self._bind_layers)
        self.mouse = PromptMouse(viewer, self.layers, self._on_click, self._on_box)
        self.commands = Commands(self)
        self._keys_sheet: KeysSheet | None = None

        self.messages = MessageBar()
        self.cases = CasePanel(desk.worklist)
        self.segment = SegmentPanel()
        self.labels = SavePanel()
        self.model = ModelPanel()
        self.training = TrainingPanel()
        self.rounds = Rounds(desk, self.training, self)
        self.exports = Exports(self)
        self.closing = Closing(self, desk.save_now, self.shut_down, self.messages.warn)
        self._lay_out()
        self._connect()
        self.labels.show_folder(desk.folder)
        self._refresh()
        self.adoption = Adoption(
            viewer, self.layers, desk, from_layer, self.messages.warn
        )

    # --- what it offers --------------------------------------------------------

    def open_paths(self, paths: list[Path]) -> None:
        """Open files and folders as a list of cases."""
        self.desk.open_paths(paths)

    def open_sample(self) -> None:
        """Open the drawn sample frame."""
        self.desk.open_frame("sample frame (drawn)", self._sample)

    def show_keys(self) -> None:
        """Show the sheet of keys, or put it away."""
        if self._keys_sheet is None:
            self._keys_sheet = KeysSheet(self.commands.keys, self)
        self._keys_sheet.setVisible(not self._keys_sheet.isVisible())

    def shut_down(self) -> None:
        """Save, stop every worker and let go of the viewer; once."""
        if self._is_closed:
            return
        self._is_closed = True
        self.closing.close()
        self.adoption.close()
        self.rounds.close()
        self.exports.close()
        self.desk.case_opened.disconnect(self._on_case)
        self._let_go()
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.focusChanged.disconnect(self._on_focus)
        for sentence in self.desk.close():
            log.error("%s", sentence)
        self.cases.close_down()
        if isalive(self):  # else the window took everything with it
            self.mouse.close()
            self.layers.close()
            unbind(self.viewer, self.commands.keys)
            self.closed.emit()

    def _let_go(self) -> None:
        if self.session is not None:
            for signal in (self.session.proposal_changed, self.session.history_changed):
                signal.disconnect(self._refresh)
        self.session = None

    # --- building --------------------------------------------------------------

    def _lay_out(self) -> None:
        grade = QWidget()
        column = QVBoxLayout(grade)
        column.addWidget(self.cases, 1)
        column.addWidget(self.segment)
        column.addWidget(self.labels)
        model = QWidget()
        other = QVBoxLayout(model)
        other.addWidget(self.model)
        other.addWidget(self.training)
        other.addStretch(1)
        for layout in (column, other):
            layout.setContentsMargins(4, 6, 4, 4)
        self.tabs = QTabWidget()
        self.tabs.addTab(grade, "Grade")
        self.tabs.addTab(model, "Model")
        bottom = QHBoxLayout()
        bottom.addStretch(1)
        bottom.addWidget(
            button("Keys and mouse", "Show what every key does (H)", self.show_keys)
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.addWidget(self.messages)
        layout.addWidget(self.tabs, 1)
        layout.addLayout(bottom)
        self.setMinimumWidth(330)

    def _connect(self) -> None:
        desk, annotator = self.desk, self.desk.annotator
        desk.case_opened.connect(self._on_case)
        desk.leaving.connect(self.messages.clear)
        desk.told.connect(self.messages.tell)
        desk.warned.connect(self.messages.warn)
        desk.folder_changed.connect(self.labels.show_folder)
        annotator.readiness_changed.connect(self.segment.show_readiness)
        annotator.readiness_changed.connect(self._show_model)
        annotator.predictor_changed.connect(self._show_model)
        annotator.failed.connect(self.messages.warn)
        annotator.told.connect(self.messages.tell)

        self.cases.folder_wanted.connect(self._choose_folder)
        self.cases.files_wanted.connect(self._choose_files)
        self.cases.sample_wanted.connect(self.open_sample)
        self.cases.step_wanted.connect(desk.step)
        self.cases.case_wanted.connect(desk.go)

        segment, commands = self.segment, self.commands
        segment.cancel_wanted.connect(annotator.cancel_encoding)
        segment.polarity_wanted.connect(self._set_polarity)
        segment.segment_wanted.connect(commands.all_leakage)
        segment.candidate_wanted.connect(commands.next_candidate)
        segment.commit_wanted.connect(commands.commit)
        segment.accept_wanted.connect(commands.accept)
        segment.reject_wanted.connect(commands.reject)
        segment.undo_wanted.connect(commands.undo)
        segment.redo_wanted.connect(commands.redo)

        self.labels.save_wanted.connect(commands.save)
        self.labels.export_wanted.connect(commands.export)
        self.labels.folder_wanted.connect(self._choose_study)
        self.labels.grader_changed.connect(self._set_grader)
        self.model.file_wanted.connect(self._choose_model)
        self.model.default_wanted.connect(commands.use_packaged_model)
        self.rounds.warned.connect(self.messages.warn)
        self.exports.told.connect(self.messages.tell)
        self.exports.warned.connect(self.messages.warn)
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._on_focus)

    # --- following the state ---------------------------------------------------

    def _on_case(self, session: CaseSession | None) -> None:
        self._let_go()
        self.session = session
        self.layers.show(session)
        if session is not None:
            session.proposal_changed.connect(self._refresh)
            session.history_changed.connect(self._refresh)
        self._refresh()

    def _bind_layers(self) -> None:
        prompts, leakage = self.layers.prompts, self.layers.leakage
        assert prompts is not None
        assert leakage is not None
        self.mouse.attach()
        bind(self.viewer, prompts, leakage, self.commands.keys)
        bind_panning(prompts, self._set_panning)

    def _refresh(self, *_: object) -> None:
        self.segment.show_session(self.session)
        if self.session is None:
            self.labels.show_summary(None, unsaved=False)
        else:
            lesions = len(self.session.lesion_numbers())
            self.labels.show_summary(lesions, not self.session.saves.is_saved)

    def _show_model(self, *_: object) -> None:
        # Also when a frame was read: a faster engine may have taken over meanwhile.
        predictor = self.desk.annotator.predictor
        if predictor is not None:
            self.model.show_model(
                predictor.name, predictor.fingerprint, predictor.engine
            )

    # --- what the grader does --------------------------------------------------

    def _on_click(self, row: float, column: float, positive: bool) -> None:
        if self.session is not None:
            self.session.click(row, column, positive)

    def _on_box(self, one: tuple[float, float], other: tuple[float, float]) -> None:
        if self.session is not None:
            self.session.box(one, other)

    def _set_polarity(self, positive: bool) -> None:
        self.mouse.left_is_positive = positive

    def _set_panning(self, panning: bool) -> None:
        self.mouse.is_panning = panning
        if self.layers.prompts is not None:
            self.layers.prompts.mouse_pan = panning

    def _on_focus(self, *_: object) -> None:
        # Space let go in another window is never heard of here.
        if self.mouse.is_panning:
            self._set_panning(False)

    def _set_grader(self, code: str) -> None:
        self.desk.grader = code

    def _choose_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Open a folder of frames")
        if folder:
            self.open_paths([Path(folder)])

    def _choose_files(self) -> None:
        files, _ = QFileDialog.getOpenFileNames(self, "Open frames", "", IMAGES)
        if files:
            self.open_paths([Path(file) for file in files])

    def _choose_study(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Save labels to this folder")
        if folder:
            self.desk.set_folder(Path(folder))

    def _choose_model(self) -> None:
        file, _ = QFileDialog.getOpenFileName(self, "Use a checkpoint", "", MODELS)
        if file:
            self.commands.use_model(file)

    # --- files that are dropped on the dock ------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent | None) -> None:
        """Take files and folders that are dragged over the dock."""
        data = None if event is None else event.mimeData()
        if event is not None and data is not None and data.hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent | None) -> None:
        """Open what was dropped on the dock."""
        data = None if event is None else event.mimeData()
        if event is not None and data is not None:
            paths = [
                Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()
            ]
            event.acceptProposedAction()
            self.open_paths(paths)

    # --- closing ---------------------------------------------------------------

    def showEvent(self, event: QShowEvent | None) -> None:
        """Watch the window once it is known, to save when it closes."""
        super().showEvent(event)
        self.closing.watch()

    def event(self, event: QEvent | None) -> bool:
        """Shut down where the dock is taken out of its window."""
        if (
            event is not None
            and event.type() == QEvent.Type.ParentChange
            and self.parent() is None
        ):
            self.shut_down()
        return super().event(event)

    def closeEvent(self, event: QCloseEvent | None) -> None:
        """Shut down where the widget stands alone."""
        self.shut_down()
        super().closeEvent(event)
