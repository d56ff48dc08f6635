"""Progress for programs: one JSON object per line, see docs/progress.md."""

from __future__ import annotations

import json
import math
import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from typing import TextIO

REPORTED: Final = "reported as an event"
"""A note on an exception that was reported as an event already."""


def is_reported(error: BaseException) -> bool:
    """Whether an exception was reported as an event already."""
    return REPORTED in getattr(error, "__notes__", ())


class JsonLines:
    """Writes events to a stream, each flushed at once.

    Parameters
    ----------
    stream : text stream, optional
        Standard output by default.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream

    def report(self, event: str, **values: object) -> None:
        """Write one event; NaN and infinity, which JSON lacks, become null."""
        stream = self._stream or sys.stdout
        line = json.dumps({"event": event} | finite(values), allow_nan=False)
        stream.write(line + "\n")
        stream.flush()

    def close(self) -> None:
        """Flush the stream."""
        (self._stream or sys.stdout).flush()


def finite(values: dict[str, object]) -> dict[str, object]:
    """Replace numbers that JSON cannot hold by None, at any depth."""
    return {str(key): _finite(value) for key, value in values.items()}


def _finite(value: object) -> object:
    if isinstance(value, float):
        # to six digits, not places: learning rates are small
        return float(f"{value:.6g}") if math.isfinite(value) else None
    if isinstance(value, dict):
        return finite(value)
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    return value
