"""File names that are not UTF-8, as old drives hold them.

The system has bytes, and Python hands those that are no UTF-8 on as lone surrogates.
Paths keep them, so that files open; text for people goes through `reading.readable`;
what is hashed or stored as text goes through here.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote_from_bytes, unquote_to_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

ESCAPED: Final = "backslashreplace"
"""How text becomes UTF-8 in JSON: a lone surrogate as its escape, which reads back."""

RAW: Final = "surrogateescape"
"""How text becomes UTF-8 in tables: the bytes that the system has."""

_PERCENT: Final = "bytes:"
_UNKNOWN = "\ufffd"


def path_bytes(path: Path) -> bytes:
    """Give an absolute path as the bytes that the system has, for a hash."""
    return os.fsencode(path.absolute())


def as_text(name: str) -> str:
    """Write a path as plain text; one that is no UTF-8 as percent signs.

    Parameters
    ----------
    name : str
        A path, perhaps with lone surrogates.

    Returns
    -------
    str
        The path itself where it is plain text, else "bytes:" and its bytes.
    """
    try:
        name.encode()
    except UnicodeEncodeError:
        return _PERCENT + quote_from_bytes(os.fsencode(name))
    return name


def from_text(text: str) -> str:
    """Turn what `as_text` gave into a path again."""
    if not text.startswith(_PERCENT):
        return text
    return os.fsdecode(unquote_to_bytes(text.removeprefix(_PERCENT)))


def found_on_disk(path: Path) -> Path:
    """Find a path whose odd bytes were lost on the way, as Qt's dialogs lose them.

    Parameters
    ----------
    path : Path
        Perhaps with U+FFFD in place of bytes that are no UTF-8.

    Returns
    -------
    Path
        The one path that is shown alike and exists; otherwise the path as it came.
    """
    if _UNKNOWN not in str(path) or path.exists():
        return path
    found = Path(path.anchor)
    for part in path.parts[1:] if path.anchor else path.parts:
        if (found / part).exists():
            found /= part
            continue
        alike = [name for name in _names(found) if _shown(name) == part]
        if len(alike) != 1:
            return path
        found /= alike[0]
    return found


def _shown(name: str) -> str:
    return os.fsencode(name).decode("utf-8", "replace")


def _names(folder: Path) -> Iterator[str]:
    try:
        with os.scandir(folder) as entries:
            yield from (entry.name for entry in entries)
    except OSError:
        return
