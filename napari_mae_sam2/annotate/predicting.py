"""Predicts the open frames in the background, one run at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psygnal import Signal

from napari_mae_sam2.annotate.prediction_run import Predicted, PredictionRun, Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

Wish = tuple["Path", tuple["Path", ...], "Path | None", bool]


class Predicting:
    """Starts, follows and stops runs.

    Parameters
    ----------
    post : callable
        Runs a function on the thread that owns this, soon.
    """

    started = Signal()
    progressed = Signal(Progress)
    ended = Signal(Predicted)

    def __init__(self, post: Callable[[Callable[[], None]], None]) -> None:
        self._post = post
        self._run: PredictionRun | None = None
        self._next: Wish | None = None

    @property
    def is_running(self) -> bool:
        """True from the start of a run until its end is told."""
        return self._run is not None

    def start(
        self,
        study: Path,
        inputs: Sequence[Path] = (),
        weights: Path | None = None,
        *,
        unlabelled: bool = False,
    ) -> None:
        """Predict frames as proposals in a study.

        A run that is under way is stopped first: these weights count now. What it
        predicted stays.

        Parameters
        ----------
        study : Path
            Study folder; made where it is none yet.
        inputs : sequence of Path
            Files, folders and studies; the study itself where there are none.
        weights : Path, optional
            Checkpoint; the model in use without.
        unlabelled : bool
            Leave out the cases of studies that have a label.
        """
        self._next = (study, tuple(inputs), weights, unlabelled)
        if self._run is None:
            self._begin()
        else:
            self._run.cancel()

    def cancel(self) -> None:
        """Stop; what was predicted stays, and the next run goes on there."""
        self._next = None
        if self._run is not None:
            self._run.cancel()

    def close(self) -> None:
        """Stop and wait for it; nothing is told any more."""
        self._next = None
        run, self._run = self._run, None
        if run is not None:
            run.close()

    # --- inside ----------------------------------------------------------------

    def _begin(self) -> None:
        assert self._next is not None  # the callers looked
        (study, inputs, weights, unlabelled), self._next = self._next, None
        try:
            self._run = PredictionRun(
                study,
                inputs,
                lambda progress: self._post(lambda: self.progressed.emit(progress)),
                lambda end: self._post(lambda: self._on_end(end)),
                weights,
                unlabelled,
            )
        except OSError as error:
            message = f"Predicting could not be started: {error}"
            self.ended.emit(Predicted(None, 0, 0, (), True, message))
            return
        self.started.emit()

    def _on_end(self, end: Predicted) -> None:
        self._run = None
        if self._next is None:
            self.ended.emit(end)
        else:
            self._begin()
