"""Faults of the machine, said in one sentence: disk, memory, a lost worker."""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from napari_mae_sam2.fa.errors import PlainError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class RunError(PlainError):
    """A run that cannot go on, and what to do about it."""


LESS = "lower loop.batch in the recipe"
"""What a training can do about a full memory."""


@contextmanager
def plainly(
    folder: Path, advice: str = LESS, *, resumable: bool = True
) -> Iterator[None]:
    """Turn faults of disk and memory inside the block into a `RunError`.

    Parameters
    ----------
    folder : Path
        The folder that the block writes to, named in the message.
    advice : str
        What helps against a full memory beside closing other programs.
    resumable : bool
        Whether the same command goes on where this one ended.
    """
    try:
        yield
    except OSError as error:
        sentence = disk_sentence(error, folder, resumable=resumable)
        if sentence is None:
            raise
        raise RunError(sentence) from error
    except MemoryError as error:
        raise RunError(memory_sentence(advice)) from error
    except RuntimeError as error:  # torch says all of these so
        text = str(error)
        if any(words in text for words in _NO_MEMORY):
            raise RunError(memory_sentence(advice)) from error
        if "No space left on device" in text:
            raise RunError(_full(folder, resumable)) from error
        if "DataLoader worker" in text:
            raise RunError(LOST_WORKER) from error
        raise


_NO_MEMORY = ("out of memory", "not enough memory", "can't allocate memory")
LOST_WORKER = (
    "A process that prepares batches was ended, which the system does when the memory "
    "is full: lower run.workers or loop.batch and start the same command again."
)


def memory_sentence(advice: str) -> str:
    """Say that the memory is full."""
    return f"The memory is full: close other programs, or {advice}."


def disk_sentence(
    error: OSError, folder: Path | None = None, *, resumable: bool = False
) -> str | None:
    """Say what the disk does not allow; None where it was not the disk.

    Parameters
    ----------
    error : OSError
        What was raised.
    folder : Path, optional
        Named where the error names no file.
    resumable : bool
        Whether the same command goes on where this one ended.
    """
    place = error.filename or folder or "A file"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return _full(place if folder is None else folder, resumable)
    if error.errno in (errno.EACCES, errno.EROFS, errno.EPERM):
        return (
            f"{place} cannot be written to: choose another folder, or ask for the "
            "right to write there."
        )
    if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EEXIST):
        return (
            f"{place} cannot be used ({os.strerror(error.errno).lower()}): choose "
            "another path."
        )
    if error.errno in (errno.EIO, errno.EFBIG, errno.ENAMETOOLONG, errno.EMFILE):
        return f"{place} cannot be written ({os.strerror(error.errno).lower()})."
    return None


def _full(folder: Path | str, resumable: bool) -> str:
    goes_on = ", which continues where it stopped" if resumable else ""
    return (
        f"The disk that holds {folder} is full: free some space and start the same "
        f"command again{goes_on}."
    )
