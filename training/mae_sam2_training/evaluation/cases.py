"""Which frames are measured, and what they are called."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mae_sam2_training.data.errors import DataError
from mae_sam2_training.data.masks import read_label
from mae_sam2_training.data.splits import check_patients
from napari_mae_sam2.fa.mask_reading import Mask
from napari_mae_sam2.fa.reading import list_frames, read_frame, readable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from numpy.typing import NDArray

    from mae_sam2_training.data.manifest import Record


@dataclass(frozen=True, slots=True)
class Case:
    """One frame to measure on; its pixels are read when asked for.

    Attributes
    ----------
    name : str
        Short and unique in the report.
    image : Path
        The frame.
    mask : Path or None
        Its lesions; None for a frame that is known to hold no leakage.
    group : str
        Patient, or the image itself where the patient is not known.
    foreground : tuple of int
        Values of the mask that are leakage; see `read_label`.
    sha256 : str
        As in `Record`.
    """

    name: str
    image: Path
    mask: Path | None
    group: str
    foreground: tuple[int, ...] = ()
    sha256: str = ""

    def read(self) -> tuple[NDArray[Any], NDArray[np.uint16]]:
        """Read pixels and lesions.

        Raises
        ------
        PlainError
            If a file is damaged, or they do not fit together.
        """
        pixels, mask = self.read_label()
        return pixels, mask.lesions

    def read_label(self) -> tuple[NDArray[Any], Mask]:
        """Read pixels, lesions and unsure areas; see `read`."""
        frame = read_frame(self.image, sha256=self.sha256)
        if self.mask is None:
            nowhere = np.zeros(frame.shape, np.uint16)
            return frame.pixels, Mask(nowhere, nowhere.astype(bool))
        return frame.pixels, read_label(self.mask, frame.shape, self.foreground)


def choose_split(records: Sequence[Record], split: str) -> tuple[list[Record], str]:
    """Take the rows of one split.

    Parameters
    ----------
    records : sequence of Record
    split : {"auto", "train", "val", "test", "all"}
        auto takes what was kept back most strictly: test, else val, else all rows.

    Returns
    -------
    tuple of list of Record and str
        The rows, and the split that they are.

    Raises
    ------
    DataError
        If a patient stands in two splits, or no row has the wanted one.
    """
    check_patients(records)
    if split == "auto":
        named = {record.split for record in records}
        split = next((name for name in ("test", "val") if name in named), "all")
    if split == "all":
        return list(records), split
    chosen = [record for record in records if record.split == split]
    if not chosen:
        raise DataError(
            f"No row of the manifest has the split {split}: name some, or measure on "
            "all rows with --set split=all."
        )
    return chosen, split


def labelled_cases(
    records: Sequence[Record], foreground: Sequence[int] = ()
) -> list[Case]:
    """Turn records into cases.

    Raises
    ------
    DataError
        If a record has no mask.
    """
    for record in records:
        if record.mask is None:
            raise DataError(
                f"{record.name} has no mask: fill the mask column, or leave the image "
                "out."
            )
    names = short_names([record.image for record in records])
    return [
        Case(
            *(name, record.image, record.mask, record.group, tuple(foreground)),
            sha256=record.sha256,
        )
        for name, record in zip(names, records, strict=True)
    ]


def negative_cases(folder: Path) -> list[Case]:
    """List the frames of a folder that is known to show no leakage.

    Raises
    ------
    PlainError
        If there is no such folder or no frame in it.
    """
    images = list_frames(folder)
    if not images:
        raise DataError(f"The folder {folder} holds no frame: choose another one.")
    names = short_names(images)
    return [
        Case(f"{folder.name}/{name}", image, None, f"image {image}")
        for name, image in zip(names, images, strict=True)
    ]


def some(cases: Sequence[Case], most: int, seed: int) -> list[Case]:
    """Keep `most` cases, chosen by the seed, in their order; 0 keeps all."""
    if not most or most >= len(cases):
        return list(cases)
    chosen = np.random.default_rng(seed).permutation(len(cases))[:most]
    return [cases[index] for index in sorted(chosen)]


def short_names(images: Sequence[Path]) -> list[str]:
    """Give file names, with as many folders before them as it takes to be unique.

    In a study every frame is called `frame.tif` and its folder is the case.
    """
    if images and all(image.name == "frame.tif" for image in images):
        images = [image.parent for image in images]
    depth = [1] * len(images)
    for _ in range(max((len(image.parts) for image in images), default=0)):
        names = [
            readable(Path(*image.parts[-deep:]).as_posix())
            for image, deep in zip(images, depth, strict=True)
        ]
        often = Counter(names)
        if max(often.values(), default=1) == 1:
            break
        depth = [
            deep + (often[name] > 1) for name, deep in zip(names, depth, strict=True)
        ]
    return names if images else []
