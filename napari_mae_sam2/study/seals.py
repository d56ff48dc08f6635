"""What makes an edited record show by itself: a seal within it, a note of the newest.

The log has the hash of every record, and each event that of the one before it. That
says nothing of the newest event, nor of a record whose event a killed program could no
longer write. So each record also holds its own hash, and `log/newest` says which
event was the newest.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from napari_mae_sam2.study.files import StudyError, read_json, to_json, write_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

HEAD: Final = "newest"
SEAL: Final = "seal"
"""Field of a record: the SHA-256 of all its other fields."""


def seal_of(content: Mapping[str, Any]) -> str:
    """Give the hash of a record's fields, however they are spaced and ordered.

    Parameters
    ----------
    content : mapping
        The record as JSON has it; its own seal does not count.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    rest = {name: value for name, value in content.items() if name != SEAL}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def sealed(content: Mapping[str, Any]) -> dict[str, Any]:
    """Give a record with its seal."""
    return {**content, SEAL: seal_of(content)}


def holds(content: Mapping[str, Any]) -> bool | None:
    """Tell whether a record is as it was sealed; None where it never was."""
    return None if SEAL not in content else content[SEAL] == seal_of(content)


def check_seal(content: Mapping[str, Any], path: Path) -> None:
    """Refuse a record that was edited after it was written.

    Raises
    ------
    StudyError
        If its seal is of another content; one without a seal passes.
    """
    if holds(content) is False:
        raise StudyError(
            f"{path} was changed after it was written: restore it from a backup."
        )


def write_head(folder: Path, event: str, sha256: str) -> None:
    """Note the newest event of a log; where that fails the event stands all the same.

    Of two who write at once either may come last: the note then names an event that
    is not quite the newest, which is no lie.
    """
    content = {"schema": 1, "id": event, "sha256": sha256}
    with suppress(StudyError):
        write_file(folder / HEAD, to_json(content))


def read_head(folder: Path) -> tuple[str, str] | None:
    """Give the id and hash of the event that was noted last; None where there is none.

    Raises
    ------
    StudyError
        If the note is damaged.
    """
    path = folder / HEAD
    if not path.exists():
        return None
    content = read_json(path)
    found = content.get("id"), content.get("sha256")
    if not all(isinstance(one, str) for one in found):
        raise StudyError(f"{path} is damaged: restore it from a backup.")
    return str(found[0]), str(found[1])
