"""Files that are either the old ones or wholly the new ones, never half of each."""

from __future__ import annotations

import io
import os
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from mae_sam2_training.engine.faults import RunError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path` that takes its place on success.

    The temporary file is removed if the block raises, and `path` is untouched then.

    Raises
    ------
    OSError
        If the folder cannot be written to.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(
        dir=path.parent, prefix=f".{path.stem}.", suffix=path.suffix
    )
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def drop_unfinished(path: Path) -> None:
    """Delete what `replacing` began and a kill did not let it end.

    Parameters
    ----------
    path : Path
        The file that was to be replaced; nobody may be writing it now.
    """
    for left in path.parent.glob(f".{path.stem}.*{path.suffix}"):
        left.unlink(missing_ok=True)


def _umask() -> int:
    """Read the umask, which cannot be read without being set."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file atomically."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def save_tensors(path: Path, value: dict[str, Any], before: Path | None = None) -> None:
    """Write nested dictionaries of tensors and plain values atomically.

    What was there before is kept as `before`, where that is given.

    Through memory first: on a full disk torch's own writer raises an error that
    does not say so, while a plain write does.
    """
    buffer = io.BytesIO()
    torch.save(value, buffer)
    with replacing(path) as temporary, temporary.open("wb") as file:
        file.write(buffer.getbuffer())
        file.flush()
        os.fsync(file.fileno())
        if before is not None and path.is_file():
            path.replace(before)


def load_tensors(path: Path) -> dict[str, Any]:
    """Read what `save_tensors` wrote; no code in the file is ever run.

    Raises
    ------
    RunError
        If the file is missing, empty, cut short, or something else: what torch says
        of it is for programmers, and advises to run the code in it.
    """
    try:
        value = torch.load(path, map_location="cpu", weights_only=True)
    except MemoryError:
        raise
    except Exception as error:  # it raises almost anything
        raise RunError(f"{path} is missing or damaged.") from error
    if not isinstance(value, dict):
        raise RunError(f"{path} is not what a run has written.")
    return value
