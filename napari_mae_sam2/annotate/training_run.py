"""Starts a training round as a process of its own and follows its progress.

The training package is never imported here: a crash or a lack of memory over there
cannot take the window down, and cancelling is ending a process.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

log = logging.getLogger(__name__)

SECONDS_TO_STOP = 15.0
"""How long a cancelled round may take to put its files in order."""


@dataclass(frozen=True, slots=True)
class Progress:
    """One line of what the round reports.

    Attributes
    ----------
    event : str
        "start", "embed", "step", "validate", "saved", "error" or "end".
    values : mapping
        The other fields of the line, such as "step", "total", "loss", "dice".
    """

    event: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def number(self, name: str) -> float | None:
        """Return a field as a number; None where it is absent or no number."""
        value = self.values.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
        return None


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
        self._on_end = on_end
        self._cancelled = False
        self._complaints: deque[str] = deque(maxlen=20)
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "mae_sam2_training", "finetune", str(study)),
                *("--out", str(out), "--json-progress", *options),
            ],
            # Threads that wait for each other must sleep, not spin: the cores are
            # shared with the window, and spinning starves both.
            env={"OMP_WAIT_POLICY": "PASSIVE", **os.environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        if hasattr(os, "setpriority"):
            # The grader goes on clicking: training takes what is left of the cores.
            os.setpriority(os.PRIO_PROCESS, self._process.pid, 10)
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._complainer = threading.Thread(target=self._hear_complaints, daemon=True)
        self._complainer.start()
        self._listener.start()

    @property
    def is_running(self) -> bool:
        """True until the process has ended."""
        return self._process.poll() is None

    def cancel(self) -> None:
        """Ask the round to stop; it is ended by force where it does not listen."""
        if self.is_running:
            self._cancelled = True
            self._process.terminate()
            reaper = threading.Timer(SECONDS_TO_STOP, self._kill)
            reaper.daemon = True
            reaper.start()

    def close(self) -> None:
        """Cancel and wait for the end."""
        self.cancel()
        self._listener.join(SECONDS_TO_STOP + 5)

    def _kill(self) -> None:
        if self.is_running:
            self._process.kill()

    def _hear_complaints(self) -> None:
        assert self._process.stderr is not None
        with self._process.stderr as stream:
            for line in stream:
                self._complaints.append(line.rstrip())

    def _listen(self) -> None:
        told, saved = "", Progress("saved")
        assert self._process.stdout is not None
        with self._process.stdout as stream:
            for line in stream:
                progress = _parse(line)
                if progress is None:
                    continue
                if progress.event == "error":
                    told = str(progress.values.get("message", ""))
                if progress.event == "saved":
                    saved = progress
                self._on_progress(progress)
        code = self._process.wait()
        self._complainer.join(2)
        self._on_end(self._verdict(code, told, saved))

    def _verdict(self, code: int, told: str, saved: Progress) -> Ended:
        if code == 0 and self._out.is_file():
            return _success(self._out, saved)
        if self._cancelled:
            return Ended(
                None, False, "The round was cancelled; the old model stays in use."
            )
        log.error("Training ended with %s:\n%s", code, "\n".join(self._complaints))
        why = told or next((line for line in reversed(self._complaints) if line), "")
        why = why or f"the training process ended with code {code}"
        return Ended(None, True, f"The round failed: {why} The old model stays.")


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


def _parse(line: str) -> Progress | None:
    """Read a line of progress; anything else that is printed is passed over."""
    try:
        values = json.loads(line)
    except ValueError:
        return None
    if not isinstance(values, dict) or not isinstance(values.get("event"), str):
        return None
    return Progress(values.pop("event"), values)
