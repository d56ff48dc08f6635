"""Prompts of many frames from one JSON file.

    {"With_NP0001": [{"points": [[210, 305]], "labels": [1]},
                     {"boxes": [[40, 60, 90, 130]]}]}

One entry for each lesion, in (row, column) of the frame's pixels. A frame is named by
its name, its file or its id; one that is not named is asked for all leakage. Nothing in
the file is passed over in silence: a misspelt word would change what is asked.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from pydantic import ConfigDict, TypeAdapter, ValidationError

from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.fa.reading import comparable, frame_name
from napari_mae_sam2.model.protocol import Prompts
from napari_mae_sam2.study.cases import case_id
from napari_mae_sam2.study.records import PromptRecord

if TYPE_CHECKING:
    from collections.abc import Set
    from pathlib import Path

    from pydantic_core import ErrorDetails

    from napari_mae_sam2.fa.frame import Frame


class _Lesion(PromptRecord):
    """What the file says of a lesion, and no other word."""

    model_config = ConfigDict(extra="forbid")


_ENTRY: Final = TypeAdapter(list[_Lesion])
_FORM: Final = '{"FRAME": [{"points": [[ROW, COLUMN]], "labels": [1]}]}'


class PromptBook:
    """The prompts of every frame that has any.

    Parameters
    ----------
    entries : dict of str to list of PromptRecord
        By name, file name or id of the frame.
    file : str
        Where they are from, for messages.
    """

    def __init__(
        self, entries: dict[str, list[PromptRecord]] | None = None, file: str = ""
    ) -> None:
        self._entries = entries or {}
        self._file = file

    @classmethod
    def read(cls, path: Path) -> PromptBook:
        """Read a file.

        Raises
        ------
        PlainError
            If it is missing, no JSON, or says something that is no prompt.
        """
        entries: dict[str, list[PromptRecord]] = {}
        for name, value in _read_json(path).items():
            try:
                records = _ENTRY.validate_python(value)
            except ValidationError as error:
                what = _what_is_wrong(error.errors()[0])
                raise PlainError(f"{path.name}: {name} {what}.") from error
            for one in records:
                if len(one.labels) != len(one.points):
                    what = "needs one label (1 or 0) for each point"
                    raise PlainError(f"{path.name}: {name} {what}.")
            if not records or not all(one.points or one.boxes for one in records):
                raise PlainError(
                    f"{path.name}: {name} has a lesion without points and boxes: take "
                    "it out, and a frame without lesions is asked for all leakage."
                )
            spelt = _spelt(name, path)
            if spelt in entries:
                raise PlainError(f"{path.name} speaks of {spelt} twice: join the two.")
            entries[spelt] = list(records)
        return cls(entries, path.name)

    def entry_of(self, frame: Frame) -> str:
        """Give the name under which the file speaks of a frame; empty for none."""
        names = [case_id(frame), frame.name]
        if frame.path is not None:
            names.append(frame.path.name)
        return self._first(*names)

    def entry_of_file(self, path: Path) -> str:
        """Give the same of a file that could not be read, as far as can be told."""
        return self._first(frame_name(path), path.name)

    def _first(self, *names: str) -> str:
        spelt = map(comparable, names)
        return next((name for name in spelt if name in self._entries), "")

    def of(self, frame: Frame) -> list[Prompts]:
        """Give the prompts of a frame, one for each lesion; none for all leakage.

        Raises
        ------
        PlainError
            If one of them cannot be about the frame.
        """
        records = self._entries.get(self.entry_of(frame), [])
        return [_prompts(record, frame) for record in records]

    def unused(self, used: Set[str]) -> list[str]:
        """Say which entries were about no frame, one sentence for each."""
        return [
            f"{name} in {self._file} is the name of none of these frames: correct it."
            for name in self._entries
            if name not in used
        ]


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes())
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise PlainError(f"{path} cannot be read ({reason}).") from error
    except (ValueError, RecursionError) as error:
        where = ""
        if isinstance(error, json.JSONDecodeError):
            where = f" (line {error.lineno}, column {error.colno})"
        raise PlainError(
            f"{path.name} is no valid JSON{where}: correct it or write it anew."
        ) from error
    if not isinstance(content, dict):
        raise PlainError(f"{path.name} holds no prompts: they are {_FORM}.")
    return content


def _spelt(name: str, path: Path) -> str:
    try:
        return comparable(name)
    except UnicodeEncodeError as error:  # half a character, which JSON can write
        raise PlainError(
            f"{path.name} has a name that no file can have ({name!a}): correct it."
        ) from error


def _what_is_wrong(error: ErrorDetails) -> str:
    where = error["loc"]
    if error["type"] == "extra_forbidden":
        return f"says “{where[-1]}”, but a lesion has points, labels and boxes"
    if error["type"] == "value_error":
        return "needs one label (1 or 0) for each point"
    if not where or where == (0,):
        return f"holds no list of lesions: prompts are {_FORM}"
    name = next((part for part in where if isinstance(part, str)), "")
    return f"has {name} that cannot be used ({error['msg'].lower()})"


def digest(prompts: list[Prompts]) -> str:
    """Hash prompts, so that an answer can be told to be one to them; empty for none."""
    if not prompts:
        return ""
    digest = hashlib.sha256()
    for one in prompts:
        for part in (one.points, one.labels, one.boxes):
            digest.update(f"{part.shape}".encode() + part.tobytes())
    return digest.hexdigest()[:16]


def _prompts(record: PromptRecord, frame: Frame) -> Prompts:
    points = np.array(record.points, np.float32).reshape(-1, 2)
    boxes = np.array(record.boxes, np.float32).reshape(-1, 4)
    places = np.concatenate([points, boxes.reshape(-1, 2)])
    inside = (places >= -0.5) & (places <= np.array(frame.shape) - 0.5)
    if not inside.all():  # nor is what is no number
        raise PlainError(
            f"A prompt for {frame.name} lies outside its {frame.shape[0]} rows and "
            f"{frame.shape[1]} columns: prompts are (row, column) of its own pixels."
        )
    if (boxes[:, 2:] < boxes[:, :2]).any():
        raise PlainError(
            f"A box for {frame.name} ends before it begins: boxes are (first row, "
            "first column, last row, last column)."
        )
    return Prompts(points, np.array(record.labels, np.int8), boxes)
