"""How a command ends: one sentence and an exit code, never a bare traceback.

Exit codes: 0 done, 2 wrong input or a machine that does not allow it (one sentence on
stderr), 130 or 143 ended by a signal.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import typer

from mae_sam2_training.engine.faults import disk_sentence, memory_sentence
from mae_sam2_training.engine.stopping import Stopped, stopped_by_signals
from napari_mae_sam2.common.json_lines import JsonLines, is_reported
from napari_mae_sam2.fa.errors import PlainError

if TYPE_CHECKING:
    from collections.abc import Callable


def exit_code(command: Callable[[], object], as_json: bool) -> int:
    """Run a command and give its exit code.

    Parameters
    ----------
    command : callable
        May return an exit code.
    as_json : bool
        Tell an error that no run has told as JSON lines, too.
    """
    try:
        with stopped_by_signals():
            result = _interruptible(command)
    except Stopped as stopped:
        if as_json and not is_reported(stopped):
            JsonLines().report("end", status="cancelled")
        return stopped.exit_code
    except PlainError as error:
        return _tell(str(error), as_json, is_reported(error))
    except MemoryError:
        return _tell(memory_sentence("use a machine with more"), as_json)
    except OSError as error:
        sentence = disk_sentence(error)
        if sentence is None:
            raise
        return _tell(sentence, as_json)
    except Exception as error:
        # a command line that cannot be read; its class is not typer's own in every
        # version of it
        code, show = (getattr(error, name, None) for name in ("exit_code", "show"))
        if not isinstance(code, int):
            raise
        if callable(show):
            show()
        return code
    return result if isinstance(result, int) else 0


def _interruptible(command: Callable[[], object]) -> object:
    try:
        return command()
    except typer.Abort:  # what typer makes of it
        raise KeyboardInterrupt from None


def _tell(sentence: str, as_json: bool, is_told: bool = False) -> int:
    """Say a sentence once, in the first process alone."""
    if os.environ.get("LOCAL_RANK", "0") != "0":
        return 2
    sys.stderr.write(f"{sentence}\n")
    if as_json and not is_told:
        lines = JsonLines()
        lines.report("error", message=sentence)
        lines.report("end", status="failed")
    return 2
