"""Faults of the machine, said in one sentence: full disk, full memory, lost number."""

from __future__ import annotations

import errno
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

from napari_mae_sam2.fa.errors import PlainError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class RunError(PlainError):
    """A run that cannot go on, and what to do about it."""


@contextmanager
def plainly(folder: Path) -> Iterator[None]:
    """Turn faults of disk and memory inside the block into a `RunError`.

    Parameters
    ----------
    folder : Path
        The folder that the block writes to, named in the message.
    """
    try:
        yield
    except OSError as error:
        sentence = _disk_sentence(error, folder)
        if sentence is None:
            raise
        raise RunError(sentence) from error
    except (MemoryError, torch.OutOfMemoryError) as error:
        raise RunError(_MEMORY) from error
    except RuntimeError as error:
        text = str(error)
        if "not enough memory" in text or "can't allocate memory" in text:
            raise RunError(_MEMORY) from error
        if "No space left on device" in text:
            raise RunError(_full(folder)) from error
        raise


_MEMORY = (
    "The memory is full: close other programs, or lower loop.batch "
    "or prompts.per_frame in the recipe."
)


def _full(folder: Path) -> str:
    return (
        f"The disk that holds {folder} is full: free some space and start the same "
        "command again, which continues where it stopped."
    )


def _disk_sentence(error: OSError, folder: Path) -> str | None:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return _full(folder)
    if error.errno in (errno.EACCES, errno.EROFS, errno.EPERM):
        return (
            f"{error.filename or folder} cannot be written to: choose another folder, "
            "or ask for the right to write there."
        )
    return None
