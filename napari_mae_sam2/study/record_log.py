"""A file of records that only grows, and that a killed program leaves readable.

Each record stands behind its length and its checksum. What was being written when a
program or machine died is a record that is cut short at the end: readers pass over it
and the next one to be written takes its place.
"""

from __future__ import annotations

import os
import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_mae_sam2.study.files import StudyError, write_error, write_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

MAGIC = b"MAE-SAM2 journal 1\n"
"""How a file begins; the number is the version of its format."""

_HEAD = struct.Struct("<II")  # length and CRC-32 of what follows


@dataclass(frozen=True, slots=True)
class Records:
    """What could be read of a file.

    Attributes
    ----------
    payloads : tuple of bytes
        The records up to the first that is not whole.
    end : int
        Where the last of them ends, in bytes.
    is_whole : bool
        False where something is damaged: more than a last record cut short.
    """

    payloads: tuple[bytes, ...]
    end: int
    is_whole: bool


class RecordLog:
    """One such file.

    Parameters
    ----------
    path : Path
        Need not exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._end = 0

    def read(self) -> Records:
        """Read all records; the next one is written behind the last good one.

        Returns
        -------
        Records
            Empty where there is no file.

        Raises
        ------
        StudyError
            If the file cannot be read, or is of another format or version.
        """
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return Records((), 0, True)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise StudyError(f"{self.path} cannot be read ({reason}).") from error
        if not content.startswith(MAGIC):
            raise StudyError(
                f"{self.path} is damaged or was written by another version; "
                "it is left as it is."
            )
        found, end, is_whole = [], len(MAGIC), True
        while end + _HEAD.size <= len(content):
            length, checksum = _HEAD.unpack_from(content, end)
            stop = end + _HEAD.size + length
            if stop > len(content):
                break
            payload = content[end + _HEAD.size : stop]
            if not length or zlib.crc32(payload) != checksum:
                is_whole = False
                break
            found.append(payload)
            end = stop
        self._end = end
        return Records(tuple(found), end, is_whole)

    def begin(self, payloads: Sequence[bytes]) -> None:
        """Write the file anew with these records, all of them or none.

        Raises
        ------
        StudyError
            If it could not be written; an earlier file is then as it was.
        """
        content = MAGIC + b"".join(map(_framed, payloads))
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise write_error(self.path, error) from error
        write_file(self.path, content)
        self._end = len(content)

    def append(self, payloads: Sequence[bytes]) -> None:
        """Add records to the file that `read` or `begin` knows; on disk on return.

        Raises
        ------
        StudyError
            If they could not be written; what was there before still is.
        """
        content = b"".join(map(_framed, payloads))
        try:
            with self.path.open("r+b") as file:
                file.seek(self._end)
                file.write(content)
                file.truncate()
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise write_error(self.path, error) from error
        self._end += len(content)


def _framed(payload: bytes) -> bytes:
    return _HEAD.pack(len(payload), zlib.crc32(payload)) + payload
