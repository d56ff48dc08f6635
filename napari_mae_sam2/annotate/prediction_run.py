"""Predicts many frames beside the window, as proposals in the queue of a study."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from napari_mae_sam2.annotate.child_process import ChildProcess, Exit, Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["Predicted", "PredictionRun", "Progress"]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Predicted:
    """How a run ended.

    Attributes
    ----------
    results : Path or None
        Folder of the results; None where there are none.
    made, found : int
        Frames that were predicted, and that had been before.
    left_out : tuple of str
        One sentence for each frame that could not be.
    failed : bool
        True where something went wrong with the run itself.
    message : str
        One sentence for the grader.
    """

    results: Path | None
    made: int
    found: int
    left_out: tuple[str, ...]
    failed: bool
    message: str


class PredictionRun:
    """A run of `napari-mae-sam2 predict` at low priority.

    Every frame becomes a case of the study that waits as proposed, as soon as it is
    predicted; a case that has a label or an answer stays as it is. What was predicted
    by the same weights before is not done again, so a run may be started at any time.

    Parameters
    ----------
    study : Path
        Study folder; made where it is none yet. The results lie in it, see
        `predict.stored`.
    inputs : sequence of Path
        Files, folders and studies; the study itself where there are none.
    on_progress, on_end : callable
        Called in a thread of this object.
    weights : Path, optional
        Checkpoint; the model in use without.
    unlabelled : bool
        Leave out the cases of studies that have a label.

    Raises
    ------
    OSError
        If it cannot be started.
    """

    def __init__(
        self,
        study: Path,
        inputs: Sequence[Path],
        on_progress: Callable[[Progress], None],
        on_end: Callable[[Predicted], None],
        weights: Path | None = None,
        unlabelled: bool = False,
    ) -> None:
        self._on_progress = on_progress
        self._said = Progress("end")
        self._child = ChildProcess(
            [
                *("napari_mae_sam2", "predict", "--json-progress"),
                *("--propose", str(study)),
                *(("--weights", str(weights)) if weights is not None else ()),
                *(("--unlabelled",) if unlabelled else ()),
                *("--", *map(str, inputs or [study])),
            ],
            self._hear,
            lambda end: on_end(self._verdict(end)),
        )

    @property
    def is_running(self) -> bool:
        """True until the process has ended."""
        return self._child.is_running

    def cancel(self) -> None:
        """Ask it to stop; what was predicted stays, and the next run goes on there."""
        self._child.cancel()

    def close(self) -> None:
        """Cancel and wait for the end."""
        self._child.close()

    def _hear(self, progress: Progress) -> None:
        if progress.event == "end":
            self._said = progress
        self._on_progress(progress)

    def _verdict(self, end: Exit) -> Predicted:
        said = self._said
        made, found = (round(said.number(name) or 0) for name in ("made", "found"))
        left_out = said.values.get("left_out")
        sentences = tuple(map(str, left_out)) if isinstance(left_out, list) else ()
        path = said.values.get("path")
        results = Path(path) if isinstance(path, str) else None
        failed = not end.cancelled and said.values.get("status") != "done"
        if failed:
            complaints = "\n".join(end.complaints)
            log.error("Predicting ended with %s:\n%s", end.code, complaints)
            message = f"Nothing more was predicted: {end.why}"
        else:
            message = _sentence(end.cancelled, made, found, len(sentences))
        return Predicted(results, made, found, sentences, failed, message)


def _sentence(cancelled: bool, made: int, found: int, left_out: int) -> str:
    """Say what became of it, in one sentence."""
    begin = "Stopped: " if cancelled else ""
    parts = [f"{made} {'frame' if made == 1 else 'frames'} predicted"]
    if found:
        parts.append(f"{found} before")
    if left_out:
        parts.append(f"{left_out} left out")
    end = "; go on at any time." if cancelled else "; proposals wait in the queue."
    return begin + ", ".join(parts) + (end if made + found or cancelled else ".")
