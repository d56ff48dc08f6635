"""Exports a study in the background, one at a time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal

from napari_mae_sam2._qt.bridge import GuiThread
from napari_mae_sam2.annotate.latest import LatestWins
from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.model.protocol import Cancelled
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.study_export import Exported, export_study

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_mae_sam2.annotate.latest import Outcome


class Exports(QObject):
    """Writes the newest labels of a study for other programs.

    Parameters
    ----------
    parent : QObject
        The dock.
    """

    told = Signal(str)
    warned = Signal(str)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._gui = GuiThread(self)
        self._worker = LatestWins[Path, Exported](
            self._export,
            lambda outcome: self._gui.post(lambda: self._on_end(outcome)),
            "export labels",
        )

    def start(self, study: Path) -> None:
        """Export a study folder into its folder `export`."""
        self.told.emit("Exporting…")
        self._worker.submit(study)

    def close(self) -> None:
        """Stop between two cases and wait for it."""
        self._gui.close()
        self._worker.close()

    def _export(self, study: Path, cancelled: Callable[[], bool]) -> Exported:
        def progress(done: int, total: int) -> None:
            if cancelled():
                raise Cancelled
            if total > 20 and done % 20 == 0:
                words = f"Exporting: {done} of {total} cases"
                self._gui.post(lambda: self.told.emit(words))

        return export_study(Study.open(study), study / "export", progress)

    def _on_end(self, outcome: Outcome[Path, Exported]) -> None:
        done = outcome.response
        if done is None:
            what = outcome.error
            self.warned.emit(
                str(what) if isinstance(what, PlainError) else f"No export: {what}."
            )
            return
        cases = "1 labelled case" if done.cases == 1 else f"{done.cases} labelled cases"
        if done.trouble:
            self.warned.emit(f"Exported {cases}, not all: {done.trouble[0]}")
        else:
            left = f"; {done.in_progress} in progress left out" * bool(done.in_progress)
            self.told.emit(f"Exported {cases} to {outcome.request / 'export'}{left}")
