"""Writing that is whole or not there: temporary beside, flushed, renamed.

No file locks, which network drives break: two writers never share a name instead.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import uuid
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from napari_mae_sam2.common.shared_folders import make_folders, share
from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.fa.odd_names import ESCAPED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TEMPORARY = ".tmp-"
"""How a name begins that is not finished, or was left by a program that was killed."""


class StudyError(PlainError):
    """A study folder or an export that cannot be read or written; says why."""


def write_error(path: Path, error: OSError) -> StudyError:
    """Put a failed write into one sentence.

    Parameters
    ----------
    path : Path
        What was to be written.
    error : OSError
        Why it was not.

    Returns
    -------
    StudyError
        To be raised; nothing was written.
    """
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        why = "the disk is full: free some space and save again."
    elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        why = "the folder is read-only: choose one you may write to."
    elif error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ESTALE, errno.EIO):
        why = "its folder or drive is gone: connect it again or choose another folder."
    else:
        why = f"{(error.strerror or str(error)).lower()}: choose another folder."
    return StudyError(f"{path} was not saved, {why}")


def sync_folder(folder: Path) -> None:
    """Make a rename in a folder survive a power cut, where the system can do so."""
    if os.name == "nt":
        return  # Windows opens no folders, and its renames need no such thing
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        # Some network drives refuse to sync folders, and have no better way.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EBADF):
            raise
    finally:
        os.close(handle)


def _write_flushed(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    share(path)


def write_file(path: Path, data: bytes) -> None:
    """Write a file so that its name holds either the old or the whole new content.

    Parameters
    ----------
    path : Path
        Its folder must be there.
    data : bytes
        The content.

    Raises
    ------
    StudyError
        If it could not be written; then the old content is untouched and nothing
        else is left in the folder.
    """
    write_files(path.parent, {path.name: data})


def write_files(folder: Path, contents: dict[str, bytes]) -> None:
    """Write files that belong together, each as `write_file` does.

    All contents are on the disk before the first is renamed, so a full disk changes
    none of them.

    Parameters
    ----------
    folder : Path
        Must be there.
    contents : dict of str to bytes
        File names and contents; the last is renamed last.

    Raises
    ------
    StudyError
        If they could not be written.
    """
    mark = uuid.uuid4().hex[:8]
    names = {name: folder / f"{TEMPORARY}{mark}-{i}" for i, name in enumerate(contents)}
    try:
        for name, data in contents.items():
            _write_flushed(names[name], data)
        for name, temporary in names.items():
            os.replace(temporary, folder / name)
        sync_folder(folder)
    except OSError as error:
        raise write_error(folder / next(iter(contents)), error) from error
    finally:
        for temporary in names.values():
            with suppress(OSError):
                temporary.unlink(missing_ok=True)


@contextmanager
def new_folder(final: Path) -> Iterator[dict[str, bytes]]:
    """Make a folder that appears under its name with all its files, or not at all.

    Fill the dictionary with file names and contents; they are written when the block
    ends without an error.

    Parameters
    ----------
    final : Path
        The folder to be; folders above it are made.

    Yields
    ------
    dict of str to bytes
        To be filled with file names and contents.

    Raises
    ------
    FileExistsError
        If the folder is there already: it is never changed.
    StudyError
        If it could not be written; then nothing of it is left.
    """
    contents: dict[str, bytes] = {}
    yield contents
    temporary = final.parent / f"{TEMPORARY}{final.name[:40]}-{uuid.uuid4().hex[:8]}"
    try:
        make_folders(final.parent)
        temporary.mkdir()
        share(temporary)
        for name, data in contents.items():
            _write_flushed(temporary / name, data)
        sync_folder(temporary)
        if final.exists():  # an empty folder would be replaced without a word
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(final))
        os.replace(temporary, final)
        sync_folder(final.parent)
    except OSError as error:
        shutil.rmtree(temporary, ignore_errors=True)
        if error.errno in (errno.EEXIST, errno.ENOTEMPTY) or final.exists():
            raise FileExistsError(str(final)) from error
        raise write_error(final, error) from error
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def to_json(content: Any) -> bytes:
    """Encode as readable JSON, as all records are written."""
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode(
        "utf-8", ESCAPED
    )


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    dict
        The object.

    Raises
    ------
    StudyError
        If the file is missing, unreadable, no JSON or no object.
    """
    try:
        content = json.loads(path.read_bytes())
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise StudyError(f"{path} cannot be read ({reason}).") from error
    except (ValueError, RecursionError) as error:
        raise StudyError(
            f"{path} is damaged, it holds no valid JSON: restore it from a backup."
        ) from error
    if not isinstance(content, dict):
        raise StudyError(f"{path} is not a record of a study.")
    return content
