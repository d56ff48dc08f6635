"""Prompts of many frames from one JSON file.

    {"With_NP0001": [{"points": [[210, 305]], "labels": [1]},
                     {"boxes": [[40, 60, 90, 130]]}]}

One entry for each lesion, in (row, column) of the frame's pixels. A frame is named by
its name, its file or its id; one that is not named is asked for all leakage.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

import numpy as np
from pydantic import TypeAdapter, ValidationError

from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.model.protocol import Prompts
from napari_mae_sam2.study.cases import case_id
from napari_mae_sam2.study.files import read_json
from napari_mae_sam2.study.records import PromptRecord

if TYPE_CHECKING:
    from pathlib import Path

    from napari_mae_sam2.fa.frame import Frame

_ENTRY: Final = TypeAdapter(list[PromptRecord])


class PromptBook:
    """The prompts of every frame that has any.

    Parameters
    ----------
    entries : dict of str to list of PromptRecord
        By name, file name or id of the frame.
    """

    def __init__(self, entries: dict[str, list[PromptRecord]] | None = None) -> None:
        self._entries = entries or {}

    @classmethod
    def read(cls, path: Path) -> PromptBook:
        """Read a file.

        Raises
        ------
        PlainError
            If it is missing, no JSON, or says something that is no prompt.
        """
        entries: dict[str, list[PromptRecord]] = {}
        for name, value in read_json(path).items():
            try:
                records = _ENTRY.validate_python(value)
            except ValidationError as error:
                what = error.errors()[0]["msg"].lower()
                raise PlainError(
                    f"{path.name}: the prompts of {name} cannot be used ({what})."
                ) from error
            for record in records:
                if len(record.labels) != len(record.points):
                    raise PlainError(
                        f"{path.name}: {name} needs one label (1 or 0) for each point."
                    )
            entries[name] = [one for one in records if one.points or one.boxes]
        return cls(entries)

    def of(self, frame: Frame) -> list[Prompts]:
        """Give the prompts of a frame, one for each lesion; none for all leakage.

        Raises
        ------
        PlainError
            If one of them lies outside the frame.
        """
        file = frame.path.name if frame.path is not None else frame.name
        names = (case_id(frame), frame.name, file)
        found = next((self._entries[n] for n in names if n in self._entries), [])
        return [_prompts(record, frame) for record in found]


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
    if (places < -0.5).any() or (places > np.array(frame.shape) - 0.5).any():
        raise PlainError(
            f"A prompt for {frame.name} lies outside its {frame.shape[0]} rows and "
            f"{frame.shape[1]} columns: prompts are (row, column) of its own pixels."
        )
    return Prompts(points, np.array(record.labels, np.int8), boxes)
