"""Progress and faults of commands that are no training: nothing there is resumed."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from mae_sam2_training.engine.faults import plainly
from mae_sam2_training.engine.progress import BarReporter, JsonReporter
from mae_sam2_training.engine.stopping import Stopped, stopped_by_signals
from napari_mae_sam2.common.json_lines import REPORTED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mae_sam2_training.engine.progress import Reporter


@contextmanager
def telling(
    folder: Path, json_progress: bool, *, resumable: bool = False
) -> Iterator[Reporter]:
    """Give a reporter, and tell how the block ended.

    Parameters
    ----------
    folder : Path
        What the block writes to, for messages about the disk.
    json_progress : bool
        JSON lines on stdout instead of a bar on stderr.
    resumable : bool
        Whether the same command goes on where a signal ended it.

    Raises
    ------
    Stopped
        If Ctrl-C or SIGTERM ended the block.
    RunError
        If the disk or the memory is full, or the folder cannot be written to.
    """
    reporter: Reporter = JsonReporter() if json_progress else BarReporter()
    told: dict[str, object] = {"status": "failed"}
    try:
        with (
            stopped_by_signals(),
            plainly(folder, "use a machine with more", resumable=resumable),
        ):
            yield reporter
        told = {"status": "done"}
    except Stopped as stopped:
        stopped.add_note(REPORTED)
        told = {"status": "cancelled"} | ({} if resumable else {"resumable": False})
        raise
    except Exception as error:
        reporter.report("error", message=str(error) or type(error).__name__)
        error.add_note(REPORTED)
        raise
    finally:
        reporter.report("end", **told)
        reporter.close()
