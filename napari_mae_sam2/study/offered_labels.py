"""Labels that are offered to a study: masks, and tables that name masks."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import numpy as np

from napari_mae_sam2.fa.lesions import lesion_ids
from napari_mae_sam2.fa.mask_files import MaskFile, list_masks, mask_file
from napari_mae_sam2.fa.mask_reading import read_mask
from napari_mae_sam2.fa.reading import readable
from napari_mae_sam2.fa.table_file import read_table_file
from napari_mae_sam2.study.files import StudyError
from napari_mae_sam2.study.records import LesionRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

SOURCE = "import"
"""Grader of imported revisions, and source of their lesions."""


@dataclass(frozen=True, slots=True, eq=False)
class ReadLabel:
    """A label that was read for a frame.

    Attributes
    ----------
    labels : uint16 array of shape (H, W)
        Lesion numbers, 0 for no leakage.
    lesions : tuple of LesionRecord
        One for each number.
    notes : tuple of str
        What of it could not be kept, one sentence each.
    """

    labels: NDArray[np.uint16]
    lesions: tuple[LesionRecord, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Offer:
    """A label that somebody brings, before it is known which case it is for.

    Attributes
    ----------
    name : str
        What it is called in messages.
    key : str
        What it calls its frame.
    read : callable
        Reads it for a frame of shape (H, W); raises `PlainError` where it cannot be
        its label.
    sha256 : str
        Hash of its frame's pixels, where that is known: it goes before the key.
    rank : int
        Of several offers for one case those of the highest rank count.
    """

    name: str
    key: str
    read: Callable[[tuple[int, int]], ReadLabel]
    sha256: str = ""
    rank: int = 0


@dataclass(slots=True)
class Offers:
    """All labels of one source, and what was wrong with it."""

    where: str
    found: list[Offer] = field(default_factory=list)
    trouble: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class MaskRules:
    """How masks are to be understood.

    Attributes
    ----------
    instances : bool
        Every whole number is the number of a lesion, in 8 bits too.
    foreground : tuple of int
        Values that are leakage; all others are not.
    ending : str
        What masks' names add to those of the frames, such as "_mask".
    kind : str
        Kind of all lesions; empty for none.
    """

    instances: bool = False
    foreground: tuple[int, ...] = ()
    ending: str = ""
    kind: str = ""


def masks_of(path: Path, rules: MaskRules) -> Offers:
    """Offer the masks of a folder, or one mask.

    Raises
    ------
    PlainError
        If the folder cannot be read or holds no mask.
    """
    masks = list_masks(path) if path.is_dir() else [mask_file(path)]
    if not masks:
        raise StudyError(f"{path} holds no PNG, TIFF or BMP masks.")
    return Offers(readable(path.name), [_offer(mask, rules) for mask in masks])


def _offer(mask: MaskFile, rules: MaskRules) -> Offer:
    key = PurePosixPath(mask.key)
    if rules.ending and key.name.lower().endswith(rules.ending.lower()):
        key = key.with_name(key.name[: -len(rules.ending)] or "_")
    return Offer(
        mask.name,
        str(key),
        partial(_read_file, mask.path, rules),
        rank=int(mask.is_ours) * (2 if mask.path.suffix.lower() == ".tif" else 1),
    )


def table_of(path: Path, rules: MaskRules) -> Offers:
    """Offer the masks that a table names: file or case, and mask or instances.

    Raises
    ------
    PlainError
        If the table cannot be read or lacks a column.
    """
    table = read_table_file(path)
    columns = set(table.columns)
    if not columns & {"file", "case"} or not columns & {"mask", "instances"}:
        raise StudyError(
            f"The table {table.name} needs a column file or case, and a column mask or "
            "instances."
        )
    offers = Offers(table.name)
    for row in table.rows:
        key = row.cells.get("case") or row.cells.get("file")
        mask = row.cells.get("instances") or row.cells.get("mask")
        if not key or not mask:
            missing = "mask" if key else "frame"
            offers.trouble.append(f"{table.name}, line {row.line}, names no {missing}.")
            continue
        file = path.parent / mask.replace("\\", "/")
        name = f"{key} (line {row.line})"
        offers.found.append(Offer(name, key, partial(_read_file, file, rules)))
    return offers


def _read_file(path: Path, rules: MaskRules, shape: tuple[int, int]) -> ReadLabel:
    return read_label(path, shape, rules)


def read_label(path: Path, shape: tuple[int, int], rules: MaskRules) -> ReadLabel:
    """Read a mask as the label of a frame.

    Raises
    ------
    MaskError
        If it is not a mask of that frame.
    """
    mask = read_mask(path, shape, rules.foreground, rules.instances, renumber=False)
    labels = mask.lesions.astype(np.uint16)
    notes = []
    if mask.unsure.any():
        notes.append(
            f"{int(mask.unsure.sum())} pixels that are marked as unsure were not kept: "
            "a study stores lesions alone"
        )
    return ReadLabel(labels, lesions_of(labels, rules.kind), tuple(notes))


def lesions_of(labels: NDArray[np.uint16], kind: str = "") -> tuple[LesionRecord, ...]:
    """Describe the lesions of an imported label."""
    return tuple(
        LesionRecord(id=number, kind=kind, source=SOURCE)
        for number in lesion_ids(labels)
    )


def check_kind(kind: str, known: Sequence[str]) -> str:
    """Give a kind as the study writes it; `StudyError` where it has none such."""
    found = next((one for one in known if one.casefold() == kind.casefold()), None)
    if kind and found is None:
        raise StudyError(f"The study has no kind “{kind}”: say {', '.join(known)}.")
    return found or ""
