"""Folders that several accounts write to: whatever one makes, the others may change.

A folder is shared if its group may write and new files take its group (the setgid bit).
A program's umask, 022 on most computers, takes the group's rights from every new file;
here they are given back, below shared folders alone.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

from napari_mae_sam2.fa.errors import PlainError

_SHARED: Final = stat.S_ISGID | stat.S_IWGRP
_FOLDER: Final = stat.S_ISGID | stat.S_IRWXG
_FILE: Final = stat.S_IRGRP | stat.S_IWGRP


def is_shared(folder: Path) -> bool:
    """Whether what is made in a folder belongs to a group that may change it."""
    try:
        return folder.stat().st_mode & _SHARED == _SHARED
    except OSError:
        return False


def share(path: Path) -> None:
    """Let the group change a new file or folder, if it lies in a shared folder."""
    if os.name == "nt" or not is_shared(path.parent):
        return
    with suppress(OSError):  # of somebody else, or a drive without such rights
        mode = path.stat().st_mode
        wanted = mode | (_FOLDER if stat.S_ISDIR(mode) else _FILE)
        if wanted != mode:
            path.chmod(stat.S_IMODE(wanted))


def make_folders(path: Path) -> None:
    """Make a folder and those above it, each shared if the one above it is.

    Raises
    ------
    OSError
        If they cannot be made.
    """
    missing = []
    above = path
    while not above.exists() and above != above.parent:
        missing.append(above)
        above = above.parent
    for folder in reversed(missing):
        folder.mkdir(exist_ok=True)
        share(folder)
    path.mkdir(exist_ok=True)  # raises where a file is in the way


def keep_group_rights(folder: Path) -> None:
    """Make this whole process leave the group its rights, if a folder is shared.

    For programs that work on one study alone: libraries that write logs and checkpoints
    of their own know nothing of `share`.
    """
    if os.name != "nt" and is_shared(folder):
        os.umask(os.umask(0o077) & ~stat.S_IRWXG)


def share_tree(folder: Path, group: str | None = None) -> tuple[str, int]:
    """Share a folder and everything in it.

    Parameters
    ----------
    folder : Path
        The folder.
    group : str, optional
        Name of the group; by default the one that the folder has.

    Returns
    -------
    group : str
        Its name, or its number where it has none.
    others : int
        How many files and folders of other accounts could not be changed.

    Raises
    ------
    PlainError
        If the folder itself cannot be shared.
    """
    if os.name == "nt":
        raise PlainError(
            "On Windows, sharing is set in the properties of the folder: let the group "
            "change files there."
        )
    wanted = None if group is None else group_id(group)
    try:
        gid = folder.stat().st_gid if wanted is None else wanted
        _change(folder, gid)
    except OSError as error:
        raise PlainError(
            f"{folder} cannot be shared ({(error.strerror or '').lower()}): only its "
            "owner or an administrator may do so, and the owner must be a member of "
            "the group."
        ) from error
    if not is_shared(folder):  # the system drops the bit for those not in the group
        raise PlainError(
            f"{folder} cannot be shared: you are not a member of its group, or its "
            "drive knows no such rights. Give --group, or ask an administrator."
        )
    others = 0
    for above, folders, names in os.walk(folder):
        for name in (*folders, *names):
            path = Path(above, name)
            if path.is_symlink():
                continue
            try:
                _change(path, gid)
            except OSError:
                others += 1
    return _group_name(folder), others


def _change(path: Path, gid: int) -> None:
    if path.stat().st_gid != gid:
        os.chown(path, -1, gid)
    mode = path.stat().st_mode
    wanted = mode | (_FOLDER if stat.S_ISDIR(mode) else _FILE)
    if wanted != mode:
        path.chmod(stat.S_IMODE(wanted))


def group_id(group: str) -> int:
    """Give the number of a group; `PlainError` where there is none of that name."""
    import grp

    try:
        return grp.getgrnam(group).gr_gid
    except KeyError:
        raise PlainError(f"This computer knows no group {group}.") from None


def _group_name(folder: Path) -> str:
    import grp

    gid = folder.stat().st_gid
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)
