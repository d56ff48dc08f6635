"""Connects the training panel with the round that runs beside the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal

from napari_mae_sam2._qt.bridge import GuiThread
from napari_mae_sam2.annotate.training_run import Ended, TrainingRun

if TYPE_CHECKING:
    from pathlib import Path

    from napari_mae_sam2._qt.training_panel import TrainingPanel
    from napari_mae_sam2.annotate.desk import Desk


class Rounds(QObject):
    """Starts one round at a time and offers its model.

    Parameters
    ----------
    desk : Desk
        Whose labels are trained on, and whose annotator uses the model.
    panel : TrainingPanel
        Where the round is shown.
    parent : QObject
        The dock.
    """

    warned = Signal(str)

    def __init__(self, desk: Desk, panel: TrainingPanel, parent: QObject) -> None:
        super().__init__(parent)
        self._desk = desk
        self._panel = panel
        self._gui = GuiThread(self)
        self._run: TrainingRun | None = None
        self._new_model: Path | None = None
        self.options: tuple[str, ...] = ()
        """More arguments for the training command, for scripts and tests."""
        panel.start_wanted.connect(self.start)
        panel.cancel_wanted.connect(self.cancel)
        panel.use_wanted.connect(self.use)

    def start(self) -> None:
        """Save what changed, then train on all labels of the study folder."""
        self._desk.save_changes(self._start)

    def cancel(self) -> None:
        """Stop the round; the model in use stays."""
        if self._run is not None:
            self._run.cancel()

    def use(self) -> None:
        """Answer clicks with the new model from now on."""
        if self._new_model is not None:
            self._desk.annotator.load_model(str(self._new_model))

    def close(self) -> None:
        """Stop what runs and wait for it."""
        self._gui.close()
        if self._run is not None:
            self._run.close()

    def _start(self) -> None:
        if self._run is not None and self._run.is_running:
            return  # asked for twice while the labels were being saved
        folder = self._desk.folder
        try:
            out = next_model(folder)
            out.parent.mkdir(parents=True, exist_ok=True)
            self._run = TrainingRun(
                folder,
                out,
                lambda progress: self._gui.post(
                    lambda: self._panel.show_progress(progress)
                ),
                lambda ended: self._gui.post(lambda: self._on_end(ended)),
                self.options,
            )
        except OSError as error:
            self.warned.emit(f"The round could not be started: {error}")
            return
        self._panel.show_started()

    def _on_end(self, ended: Ended) -> None:
        self._new_model = ended.model
        self._panel.show_ended(ended)
        if ended.failed:
            self.warned.emit(ended.message)


def next_model(study: Path) -> Path:
    """Name the checkpoint of the next round of a study folder."""
    folder = study / "models"
    number = 1
    while (folder / f"round-{number:03d}.safetensors").exists():
        number += 1
    return folder / f"round-{number:03d}.safetensors"
