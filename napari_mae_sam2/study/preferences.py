"""How the grader likes the window, kept between starts in one small JSON file.

A file that cannot be understood, wholly or in part, counts as not set, and one that
cannot be written is no obstacle: it is about comfort, never about labels.
"""

from __future__ import annotations

import json
import logging
import math
import threading
from typing import TYPE_CHECKING, Any, TypeGuard

from napari_mae_sam2.study.files import StudyError, to_json, write_file

if TYPE_CHECKING:
    from pathlib import Path

log = logging.getLogger(__name__)

WINDOW_FILE = "window.json"
"""Name of the file in the folder of settings."""

GRADER = "grader"
"""Name of the preference that keeps the grader's code on this computer."""

SECONDS_TO_GATHER = 0.3
"""A slider that is drawn says something new at every step: not each is written."""


class Preferences:
    """Values by name; strings, numbers, flags and objects of them.

    Parameters
    ----------
    file : Path, optional
        JSON file they are kept in; None keeps them for this run alone.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._values: dict[str, Any] = {} if file is None else _read(file)
        self._changed: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._writer: threading.Thread | None = None
        self._closing = threading.Event()

    def get(self, name: str) -> Any:
        """Return a value as it was put, None where there is none."""
        return self._values.get(name)

    def flag(self, name: str, usual: bool) -> bool:
        """Return a value that is true or false, or the usual one."""
        value = self._values.get(name)
        return value if isinstance(value, bool) else usual

    def number(self, name: str, usual: float) -> float:
        """Return a value that is a finite number, or the usual one."""
        value = self._values.get(name)
        return float(value) if is_number(value) else usual

    def text(self, name: str, usual: str) -> str:
        """Return a value that is a string, or the usual one."""
        value = self._values.get(name)
        return value if isinstance(value, str) else usual

    def put(self, name: str, value: Any) -> None:
        """Keep a value; it is written soon, in a thread of its own."""
        if self._values.get(name) == value and name in self._values:
            return
        self._values[name] = value
        if self._file is None or self._closing.is_set():
            return
        with self._lock:
            self._changed[name] = value
            if self._writer is None:
                self._writer = threading.Thread(
                    target=self._run, name="keep preferences", daemon=True
                )
                self._writer.start()
        self._wake.set()

    def close(self) -> None:
        """Write what is not written yet, and stop."""
        self._closing.set()
        self._wake.set()
        if self._writer is not None:
            self._writer.join(10.0)

    def _run(self) -> None:
        while True:
            self._wake.wait()
            self._closing.wait(SECONDS_TO_GATHER)
            self._wake.clear()
            with self._lock:
                changed, self._changed = self._changed, {}
            if changed:
                self._write(changed)
            if self._closing.is_set() and not self._changed:
                return

    def _write(self, changed: dict[str, Any]) -> None:
        assert self._file is not None
        # Another window may have written meanwhile: only what changed here is ours.
        content = _read(self._file) | changed
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            write_file(self._file, to_json(content))
        except (OSError, StudyError) as error:
            log.warning("How you like the window is not kept: %s", error)


def is_number(value: object) -> TypeGuard[float]:
    """Tell whether a value read from JSON is a finite number, and no flag."""
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and math.isfinite(value)
    )


def _read(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}
