"""Prompts of many frames from one JSON file, or from a table (`prompts_table`).

    {"With_NP0001": [{"points": [[210, 305]], "labels": [1]},
                     {"boxes": [[40, 60, 90, 130]]}]}

One entry for each lesion, in (row, column) of the frame's pixels. A frame is named by
its name, its file, as much of the path as tells it from others, or its id; one that is
not named is asked for all leakage. A name that fits several frames is used for none,
and nothing in the file is passed over in silence: a misspelt word would change what is
asked.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from pydantic import ConfigDict, TypeAdapter, ValidationError

from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.fa.matched_names import match_names, tell_matched
from napari_mae_sam2.fa.name_matching import folded, path_parts, without_suffix
from napari_mae_sam2.model.protocol import Prompts
from napari_mae_sam2.predict.prompts_table import read_prompts_table
from napari_mae_sam2.predict.sources import source_matcher
from napari_mae_sam2.study.cases import case_id
from napari_mae_sam2.study.records import PromptRecord

if TYPE_CHECKING:
    from collections.abc import Sequence, Set
    from pathlib import Path

    from pydantic_core import ErrorDetails

    from napari_mae_sam2.fa.frame import Frame
    from napari_mae_sam2.predict.sources import Source


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
        By what the file calls the frame.
    file : str
        Where they are from, for messages.
    """

    def __init__(
        self, entries: dict[str, list[PromptRecord]] | None = None, file: str = ""
    ) -> None:
        self._entries = entries or {}
        self._file = file
        self._of_source: dict[Source, str] = {}
        self._refused: set[str] = set()
        self._ids = {folded(name): name for name in self._entries}
        self.trouble: list[str] = []
        """Sentences on entries that fit several frames, once the frames are known."""

    @classmethod
    def read(cls, path: Path) -> PromptBook:
        """Read a file.

        Raises
        ------
        PlainError
            If it is missing, neither JSON nor a table, or says something that is no
            prompt.
        """
        entries: dict[str, list[PromptRecord]] = {}
        seen: dict[str, str] = {}
        is_table = path.suffix.lower() in (".csv", ".tsv", ".txt")
        content = read_prompts_table(path) if is_table else _read_json(path)
        for name, value in content.items():
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
            if spelt in seen:
                raise PlainError(f"{path.name} speaks of {name} twice: join the two.")
            seen[spelt] = name
            entries[name] = list(records)
        return cls(entries, path.name)

    def match(self, sources: Sequence[Source]) -> None:
        """Find out which frame each entry is about.

        Parameters
        ----------
        sources : sequence of Source
            All frames that are asked, so that a name that fits several is noticed.
        """
        names = list(self._entries)
        if not names:
            return
        matcher = source_matcher(sources)
        matched = match_names(names, matcher)
        for place, found in list(matched.ambiguous.items()):
            first = _first_page(names[place], found)
            if first is not None and first not in {**matched.used, **matched.rivals}:
                matched.used[first] = place
                del matched.ambiguous[place]
        self._of_source = {one: names[place] for one, place in matched.used.items()}
        self._refused = {names[place] for place in matched.ambiguous}
        for places in matched.rivals.values():
            self._refused |= {names[place] for place in places}
        # An entry that fits no name may be the id of a frame, known once it is read.
        matched.unused.clear()
        self.trouble = tell_matched(matched, names, self._file, lambda one: one.name)

    def entry_of(self, source: Source, frame: Frame | None = None) -> str:
        """Give what the file calls a frame; empty where it says nothing of it.

        Parameters
        ----------
        source : Source
            Where the frame is read from.
        frame : Frame, optional
            The frame, where it could be read: its id may be the name.
        """
        found = self._of_source.get(source, "")
        if not found and frame is not None:
            found = self._ids.get(folded(case_id(frame)), "")
        return "" if found in self._refused else found

    def of(self, source: Source, frame: Frame) -> list[Prompts]:
        """Give the prompts of a frame, one for each lesion; none for all leakage.

        Raises
        ------
        PlainError
            If one of them cannot be about the frame.
        """
        records = self._entries.get(self.entry_of(source, frame), [])
        return [_prompts(record, frame) for record in records]

    def unused(self, used: Set[str]) -> list[str]:
        """Say which entries were about no frame, one sentence for each."""
        return [
            f"{name} in {self._file} is the name of none of these frames: correct it."
            for name in self._entries
            if name not in used and name not in self._refused
        ]


def _first_page(name: str, found: Sequence[Source]) -> Source | None:
    """Give the first picture of a run that is named as the window names it.

    "run" is what the window calls the first page of run.tif, the others being "run
    page 2" and so on; "run.tif" is the whole of it, and no single frame.
    """
    if without_suffix(name) != name or len({one.path for one in found}) > 1:
        return None
    return next((one for one in found if not one.page and not one.case), None)


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
        return "/".join(path_parts(name))
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
