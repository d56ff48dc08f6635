"""Keeps the journals within bounds: the oldest go, unless something is unsaved."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from napari_mae_sam2.annotate.journal_codec import unpack
from napari_mae_sam2.study.record_log import RecordLog

if TYPE_CHECKING:
    from pathlib import Path

log = logging.getLogger(__name__)

LIMIT = 500_000_000
"""Bytes that all journals may take, about a thousand cases with long histories."""


def make_room(folder: Path, limit: int = LIMIT) -> None:
    """Remove journals of cases that are saved, the oldest first, down to a limit.

    Parameters
    ----------
    folder : Path
        Of journals; need not exist.
    limit : int
        Bytes that they may take.
    """
    sizes: list[tuple[float, int, Path]] = []
    for path in folder.glob("*.journal") if folder.is_dir() else ():
        with suppress(OSError):
            stat = path.stat()
            sizes.append((stat.st_mtime, stat.st_size, path))
    too_much = sum(size for _, size, _ in sizes) - limit
    for _, size, path in sorted(sizes):
        if too_much <= 0:
            return
        if _remove_if_saved(path):
            too_much -= size


def _remove_if_saved(path: Path) -> bool:
    lock = FileLock(path.with_suffix(".lock"))
    try:
        with lock.acquire(timeout=0):
            header, _ = unpack(RecordLog(path).read().payloads[-1])
            if header["edits"] != header["saved"]:
                return False
            path.unlink()
    except (Timeout, OSError):
        return False  # another window is at it
    except Exception as error:
        # What cannot be read may be a newer version's: it is not ours to remove.
        log.info("%s is left as it is: %s", path, error)
        return False
    with suppress(OSError):
        path.with_suffix(".lock").unlink()
    return True
