"""A command that runs beside the window and reports its progress as JSON lines.

What is heavy is never imported here: a crash or a lack of memory over there cannot
take the window down, and cancelling is ending a process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

SECONDS_TO_STOP = 15.0
"""How long a cancelled run may take to put its files in order."""
BEHIND = 10
"""Nice value of what runs beside the window."""


@dataclass(frozen=True, slots=True)
class Progress:
    """One line of what the run reports.

    Attributes
    ----------
    event : str
        Such as "start", "step", "saved", "error" or "end"; see `docs/progress.md`.
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
class Exit:
    """How a run ended.

    Attributes
    ----------
    code : int
        Exit code of the process.
    cancelled : bool
        True where it was asked to stop.
    why : str
        One sentence where it says one, else its last words; for a run that failed.
    complaints : tuple of str
        The last lines that it wrote to standard error.
    """

    code: int
    cancelled: bool
    why: str
    complaints: tuple[str, ...]


class ChildProcess:
    """A module of Python that runs at low priority.

    Parameters
    ----------
    arguments : sequence of str
        Name of the module and what is said to it.
    on_progress : callable
        Gets each line of progress.
    on_exit : callable
        Gets how it ended, once. Both are called in a thread of this object.

    Raises
    ------
    OSError
        If it cannot be started.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        on_progress: Callable[[Progress], None],
        on_exit: Callable[[Exit], None],
    ) -> None:
        self._on_progress = on_progress
        self._on_exit = on_exit
        self._cancelled = False
        self._complaints: deque[str] = deque(maxlen=20)
        self._process = subprocess.Popen(
            [sys.executable, "-m", *arguments],
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
            # The grader goes on clicking: this takes what is left of the cores.
            os.setpriority(os.PRIO_PROCESS, self._process.pid, BEHIND)
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._complainer = threading.Thread(target=self._hear_complaints, daemon=True)
        self._complainer.start()
        self._listener.start()

    @property
    def is_running(self) -> bool:
        """True until the process has ended."""
        return self._process.poll() is None

    def cancel(self) -> None:
        """Ask it to stop; it is ended by force where it does not listen."""
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
        told = ""
        assert self._process.stdout is not None
        with self._process.stdout as stream:
            for line in stream:
                progress = parse_progress(line)
                if progress is None:
                    continue
                if progress.event == "error":
                    told = str(progress.values.get("message", ""))
                self._on_progress(progress)
        code = self._process.wait()
        self._complainer.join(2)
        why = told or next((line for line in reversed(self._complaints) if line), "")
        why = why or f"the process ended with code {code}"
        self._on_exit(Exit(code, self._cancelled, why, tuple(self._complaints)))


def parse_progress(line: str) -> Progress | None:
    """Read a line of progress; anything else that is printed is passed over."""
    try:
        values = json.loads(line)
    except ValueError:
        return None
    if not isinstance(values, dict) or not isinstance(values.get("event"), str):
        return None
    return Progress(values.pop("event"), values)
