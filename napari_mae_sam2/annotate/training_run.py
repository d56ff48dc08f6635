"""Starts a training round as a process of its own and follows its progress.

The training package is never imported here: a crash or a lack of memory over there
cannot take the window down, and cancelling is ending a process.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_mae_sam2.annotate.child_process import ChildProcess, Exit, Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

__all__ = ["Ended", "Progress", "TrainingRun"]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a round ended.

    Attributes
    ----------
    model : Path or None
        The new checkpoint; None where there is none, and the old model stays.
    failed : bool
        True where something went wrong; False where it was done or cancelled.
    message : str
        One sentence for the grader.
    """

    model: Path | None
    failed: bool
    message: str


class TrainingRun:
    """A round that runs beside the window.

    Parameters
    ----------
    study : Path
        Study folder with saved labels.
    out : Path
        Where the new checkpoint is to be written.
    on_progress, on_end : callable
        Called in a thread of this object.
    options : sequence of str
        More arguments of `mae-sam2-train finetune`.
    """

    def __init__(
        self,
        study: Path,
        out: Path,
        on_progress: Callable[[Progress], None],
        on_end: Callable[[Ended], None],
        options: Sequence[str] = (),
    ) -> None:
        self._out = out
        self._on_progress = on_progress
        self._saved = Progress("saved")
        self._child = ChildProcess(
            [
                *("mae_sam2_training", "finetune", str(study)),
                *("--out", str(out), "--json-progress", *options),
            ],
            self._hear,
            lambda end: on_end(self._verdict(end)),
        )

    @property
    def is_running(self) -> bool:
        """True until the process has ended."""
        return self._child.is_running

    def cancel(self) -> None:
        """Ask the round to stop; it is ended by force where it does not listen."""
        self._child.cancel()

    def close(self) -> None:
        """Cancel and wait for the end."""
        self._child.close()

    def _hear(self, progress: Progress) -> None:
        if progress.event == "saved":
            self._saved = progress
        self._on_progress(progress)

    def _verdict(self, end: Exit) -> Ended:
        if end.code == 0 and self._out.is_file():
            return _success(self._out, self._saved)
        if end.cancelled:
            return Ended(
                None, False, "The round was cancelled; the old model stays in use."
            )
        complaints = "\n".join(end.complaints)
        log.error("Training ended with %s:\n%s", end.code, complaints)
        return Ended(None, True, f"The round failed: {end.why} The old model stays.")


def _success(model: Path, saved: Progress) -> Ended:
    """Say what the round brought on the frames that were held out."""
    metrics = saved.values.get("metrics")
    numbers = Progress("saved", metrics if isinstance(metrics, dict) else {})
    before, after = numbers.number("parent_dice"), numbers.number("dice")
    if before is None or after is None:
        return Ended(
            model,
            False,
            "The round is done. No frame was held out, so nobody knows whether the "
            "new model is better: try it, or label more cases.",
        )
    if saved.number("best_step") == 0:
        return Ended(
            None,
            False,
            f"The round found nothing better on the held-out frames than the model in "
            f"use (Dice {before:.2f}); label more cases and train again.",
        )
    return Ended(model, False, _compare(numbers))


WAYS = {
    "dice_prompt_free": "no click",
    "dice_1_click": "one click",
    "dice_3_clicks": "three clicks",
}
NOTABLE = 0.05
"""A Dice that falls by more is worth a warning; less is noise on few frames."""


def _compare(numbers: Progress) -> str:
    """Say how each way of asking changed: a mean can hide that clicks got worse."""
    parts, worse = [], []
    for name, words in WAYS.items():
        before, after = numbers.number(f"parent_{name}"), numbers.number(name)
        if before is not None and after is not None:
            parts.append(f"{words} {before:.2f} → {after:.2f}")
            if after < before - NOTABLE:
                worse.append(words)
    told = "The round is done. Dice on held-out frames: " + ", ".join(parts) + "."
    if worse:
        told += (
            f" It answers {' and '.join(worse)} less well than before; "
            "label more cases before you rely on it."
        )
    return told
