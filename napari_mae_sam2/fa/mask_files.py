"""The masks in a folder, and by what name each of them may find its frame."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.fa.mask_reading import MASK_SUFFIXES
from napari_mae_sam2.fa.reading import LABEL_ENDING, natural_key, readable

if TYPE_CHECKING:
    from collections.abc import Iterable

_OTHERS = ("study.json", "predictions.json")
"""Folders that hold one of these are no masks."""


@dataclass(frozen=True, slots=True)
class MaskFile:
    """A mask in a folder of masks.

    Attributes
    ----------
    path : Path
        The file.
    name : str
        Its path below the folder, for messages.
    key : str
        That path without the endings of a mask: what its frame is called.
    is_ours : bool
        Whether its name ends as our own exports do; such a mask goes before others.
    """

    path: Path
    name: str
    key: str
    is_ours: bool


def list_masks(folder: Path) -> list[MaskFile]:
    """List the masks of a folder and of the folders in it.

    Parameters
    ----------
    folder : Path
        Hidden files and folders are passed over, and so are studies and predictions
        in it.

    Raises
    ------
    PlainError
        If it is no folder or cannot be read.
    """

    def fail(error: OSError) -> None:
        why = (error.strerror or str(error)).lower()
        raise PlainError(f"The folder {error.filename} cannot be read ({why}).")

    if not folder.is_dir():
        raise PlainError(f"{folder} does not exist: give a folder of masks.")
    found = []
    for above, folders, names in os.walk(folder, onerror=fail):
        folders[:] = sorted(one for one in folders if _may_hold_masks(Path(above, one)))
        for name in sorted(names, key=natural_key):
            path = Path(above, name)
            if path.suffix.lower() in MASK_SUFFIXES and not name.startswith("."):
                found.append(mask_file(path, path.relative_to(folder)))
    return found


def _may_hold_masks(folder: Path) -> bool:
    """Pass over what a model said, and studies, whose labels are read otherwise."""
    return not folder.name.startswith((".", "@")) and not any(
        (folder / name).exists() for name in _OTHERS
    )


def mask_file(path: Path, below: Path | None = None) -> MaskFile:
    """Describe one mask; `below` is its path in a folder of masks, else its name."""
    below = below or Path(path.name)
    stem = below.stem
    if stem.lower().endswith(".ome"):
        stem = stem[:-4]
    is_ours = stem.lower().endswith(LABEL_ENDING)
    if is_ours:
        stem = stem[: -len(LABEL_ENDING)]
    name = readable(below.as_posix())
    return MaskFile(path, name, below.with_name(stem or "_").as_posix(), is_ours)


def best_masks(masks: Iterable[MaskFile]) -> list[MaskFile]:
    """Of several masks of one frame, give our own exports, or else all of them."""
    found = list(masks)
    return [one for one in found if one.is_ours] or found
