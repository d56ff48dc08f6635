"""Manifests: a CSV with one row per image, and its mask or label where it has one."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mae_sam2_training.data.errors import DataError
from mae_sam2_training.data.files_below import FilesBelow
from napari_mae_sam2.fa.mask_reading import MASK_SUFFIXES
from napari_mae_sam2.fa.reading import FRAME_SUFFIXES
from napari_mae_sam2.fa.table_file import (
    HEADINGS,
    TableError,
    column_of,
    read_eye,
    read_table_file,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from napari_mae_sam2.fa.table_file import Row

COLUMNS: Final = (
    *("image", "mask", "instances", "label", "patient", "eye", "visit", "phase"),
    *("split", "dataset", "case", "sha256"),
)
SPLITS: Final = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
    "unused": "unused",
}
_HELP: Final = (
    "write image (alone for pre-training), image,mask or image,label and, if known, "
    "patient,split,dataset"
)


@dataclass(frozen=True, slots=True)
class Record:
    """One image and what is known of it.

    Attributes
    ----------
    image : Path
        The frame.
    mask : Path or None
        Its leakage, as `data.masks` reads it.
    label : str or None
        Its class, for classification.
    patient : str
        Pseudonym; an image of an unknown patient counts as a patient of its own.
    split : {"train", "val", "test"} or None
        Where the manifest wants it.
    dataset : str
        The collection it comes from, for mixing several.
    sha256 : str
        Hash of the pixels that the mask was drawn on, where it is known; see
        `napari_mae_sam2.fa.reading.read_frame`.
    """

    image: Path
    mask: Path | None = None
    label: str | None = None
    patient: str = ""
    split: str | None = None
    dataset: str = ""
    sha256: str = ""

    @property
    def name(self) -> str:
        """How messages name it."""
        return self.image.name

    @property
    def group(self) -> str:
        """What must not be divided between training and validation."""
        return f"patient {self.patient}" if self.patient else f"image {self.image}"


def read_manifest(path: Path, label: str = "label") -> list[Record]:
    """Read a manifest in VIS-MAE's form, or any table of the same format.

    Parameters
    ----------
    path : Path
        A table with a header of some of `COLUMNS`, `image` among them; without `mask`
        and `label` it is of use to pre-training alone. `instances` goes before `mask`.
        Relative paths start at the manifest's folder; a file that is not there is
        looked for below it by the rule of `napari_mae_sam2.fa.name_matching`.
    label : str
        Column that holds the class of each image; any heading will do.

    Returns
    -------
    list of Record
        In the order of the rows, without those of the split "unused".

    Raises
    ------
    DataError
        If the file cannot be read or is empty, a column is unknown or missing, an
        image or mask does not exist, fits several files or stands twice, or a split or
        an eye is not known.
    """
    try:
        column = column_of(label)
        more = {} if column in HEADINGS else {column: ()}
        table = read_table_file(path, more)
    except TableError as error:
        raise DataError(str(error)) from error
    if table.unknown:
        raise DataError(
            f"The manifest {path} has an unknown column '{table.unknown[0]}': {_HELP}."
        )
    if "file" not in table.columns:
        raise DataError(f"The manifest {path} lacks the column image: {_HELP}.")
    if label != "label" and column not in table.columns:
        raise DataError(f"The manifest {path} has no column {label}: check --label.")
    if not table.rows:
        raise DataError(f"The manifest {path} has no rows: list at least one image.")
    images = _images(path, table.rows)
    masks = FilesBelow(path.parent, MASK_SUFFIXES, images)
    records = [
        _record(path, row, image, masks, column)
        for row, image in zip(table.rows, images, strict=True)
    ]
    return [record for record in records if record.split != "unused"]


def _images(path: Path, rows: Sequence[Row]) -> list[Path]:
    known = FilesBelow(path.parent, FRAME_SUFFIXES)
    images: dict[str, int] = {}
    found = []
    for row in rows:
        if "file" not in row.cells:
            raise DataError(f"Line {row.line} of {path} names no image.")
        image = known.find(row.cells["file"], f"The image # of line {row.line}", path)
        same = os.path.realpath(image)
        if same in images:
            raise DataError(
                f"The manifest {path} names {image.name} twice, in lines "
                f"{images[same]} and {row.line}: keep one of them."
            )
        images[same] = row.line
        found.append(image)
    return found


def _record(path: Path, row: Row, image: Path, masks: FilesBelow, label: str) -> Record:
    value = row.cells.get
    mask = None
    for column in ("mask", "instances"):
        named = value(column)
        if named:
            mask = masks.find(named, f"The mask # of line {row.line}", path)
    split = value("split", "").lower()
    if split and split not in SPLITS:
        raise DataError(
            f"Line {row.line} of {path} has the split '{split}': "
            "use train, val, test or unused, or leave it empty."
        )
    eye = value("eye")
    if eye and read_eye(eye) is None:
        raise DataError(
            f"Line {row.line} of {path} has the eye '{eye}': use right, left, OD or OS."
        )
    return Record(
        image=image,
        mask=mask,
        label=read_eye(value("eye", "")) if label == "eye" else value(label),
        patient=value("patient", ""),
        split=SPLITS.get(split),
        dataset=value("dataset", ""),
        sha256=value("sha256", ""),
    )
