"""Replacing a whole folder: readers find the old one or the new one, no mixture."""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import sys
import time
import uuid
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from napari_mae_sam2.common.shared_folders import make_folders, share
from napari_mae_sam2.study.files import (
    TEMPORARY,
    StudyError,
    sync_folder,
    write_error,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_CANNOT_RENAME: Final = (errno.EBUSY, errno.EXDEV, errno.EACCES, errno.EPERM)
_FORGOTTEN: Final = 24 * 3600
"""Seconds after which what a killed program left is removed."""


@contextmanager
def replaced_folder(final: Path, check: Callable[[Path], None]) -> Iterator[Path]:
    """Make a folder that takes the place of an earlier one as a whole.

    Parameters
    ----------
    final : Path
        The folder; those above it are made.
    check : callable
        Told the earlier folder, before anything is written and again before it goes;
        it raises where something in there must stay.

    Yields
    ------
    Path
        A new, empty folder to fill. It takes its place when the block ends without an
        error; else it is removed, and the earlier folder stays as it was.

    Raises
    ------
    StudyError
        If it cannot be written.
    """
    final = Path(os.path.realpath(final))  # through a link, which itself stays
    if final.exists():
        if not final.is_dir():
            raise StudyError(f"{final} is a file: give a folder.")
        check(final)
    try:
        new = _new_folder(final)
    except OSError as error:
        raise write_error(final, error) from error
    try:
        yield new
        sync_folder(new)
        if final.exists():
            check(final)
        _put(new, final)
    except OSError as error:
        raise write_error(final, error) from error
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _new_folder(final: Path) -> Path:
    """Make a folder on the drive of the final one, beside it if that may be."""
    make_folders(final.parent)
    name = f"{TEMPORARY}{final.name[:40]}-"
    for left in final.parent.glob(f"{name}*"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > _FORGOTTEN:
                shutil.rmtree(left, ignore_errors=True)
    name += uuid.uuid4().hex[:8]
    if final.exists() and (
        os.path.ismount(final) or not os.access(final.parent, os.W_OK)
    ):
        new = final / name
    else:
        new = final.parent / name
    new.mkdir()
    share(new)
    return new


def _put(new: Path, final: Path) -> None:
    """Put a new folder in the place of an earlier one; what is left of both goes."""
    if not final.exists():
        os.replace(new, final)
    elif new.parent == final:
        _replace_content(new, final)
        return
    elif not _exchange(new, final):
        old = new.with_name(f"{new.name}-old")
        try:
            os.replace(final, old)
        except OSError as error:
            if error.errno not in _CANNOT_RENAME:
                raise
            _replace_content(new, final)
            return
        try:
            os.replace(new, final)
        except OSError:
            os.replace(old, final)
            raise
        shutil.rmtree(old, ignore_errors=True)
    sync_folder(final.parent)


def _exchange(new: Path, final: Path) -> bool:
    """Let two folders change places at once, where the system and the drive can."""
    if sys.platform != "linux":
        return False
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None:
        return False
    here, exchange = -100, 2  # AT_FDCWD and RENAME_EXCHANGE of Linux
    done = rename(here, os.fsencode(new), here, os.fsencode(final), exchange)
    return bool(done == 0)


def _replace_content(new: Path, final: Path) -> None:
    """Replace what lies in a folder that cannot be renamed, such as a mount."""
    for path in list(final.iterdir()):
        if path == new:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    for path in list(new.iterdir()):
        os.replace(path, final / path.name)
    sync_folder(final)
