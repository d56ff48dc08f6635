"""Progress and faults of commands that are no training: nothing there is resumed."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from mae_sam2_training.engine.faults import plainly
from mae_sam2_training.engine.progress import BarReporter, JsonReporter
from mae_sam2_training.engine.run import REPORTED
from mae_sam2_training.engine.stopping import Stopped

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mae_sam2_training.engine.progress import Reporter


@contextmanager
def telling(folder: Path, json_progress: bool) -> Iterator[Reporter]:
    """Give a reporter, and tell how the block ended.

    Parameters
    ----------
    folder : Path
        What the block writes to, for messages about the disk.
    json_progress : bool
        JSON lines on stdout instead of a bar on stderr.

    Raises
    ------
    Stopped
        If a signal ended the block.
    RunError
        If the disk or the memory is full, or the folder cannot be written to.
    """
    reporter: Reporter = JsonReporter() if json_progress else BarReporter()
    status, resumable = "failed", True
    try:
        with plainly(folder):
            yield reporter
        status = "done"
    except Stopped:
        status = "cancelled"
        raise
    except KeyboardInterrupt:
        status, resumable = "cancelled", False
        raise
    except Exception as error:
        reporter.report("error", message=str(error) or type(error).__name__)
        error.add_note(REPORTED)
        raise
    finally:
        told = {} if resumable else {"resumable": False}
        reporter.report("end", status=status, **told)
        reporter.close()
