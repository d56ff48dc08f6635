"""Manifests: a CSV with one row per image, and its mask or label where it has one."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mae_sam2_training.data.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS: Final = ("image", "mask", "label", "patient", "split", "dataset")
SPLITS: Final = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
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
    """

    image: Path
    mask: Path | None = None
    label: str | None = None
    patient: str = ""
    split: str | None = None
    dataset: str = ""

    @property
    def name(self) -> str:
        """How messages name it."""
        return self.image.name

    @property
    def group(self) -> str:
        """What must not be divided between training and validation."""
        return f"patient {self.patient}" if self.patient else f"image {self.image}"


def read_manifest(path: Path) -> list[Record]:
    """Read a manifest in VIS-MAE's form.

    Parameters
    ----------
    path : Path
        UTF-8 CSV with a header of some of `COLUMNS`, `image` among them; without
        `mask` and `label` it is of use to pre-training alone. Relative paths start at
        the manifest's folder.

    Returns
    -------
    list of Record
        In the order of the rows.

    Raises
    ------
    DataError
        If the file cannot be read or is empty, a column is unknown or missing, an
        image or mask does not exist or stands twice, or a split is not known.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, skipinitialspace=True)
            columns = list(reader.fieldnames or [])
            rows = [(reader.line_num, row) for row in reader]
    except OSError as error:
        raise DataError(
            f"The manifest {path} cannot be read ({error.strerror}): check the path."
        ) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} is no CSV in UTF-8: {_HELP}.") from error
    _check_columns(path, columns)
    if not rows:
        raise DataError(f"The manifest {path} has no rows: list at least one image.")
    records = []
    seen: dict[Path, int] = {}
    for line, row in rows:
        record = _record(path, line, row)
        if record.image in seen:
            raise DataError(
                f"The manifest {path} names {record.image.name} twice, in lines "
                f"{seen[record.image]} and {line}: keep one of them."
            )
        seen[record.image] = line
        records.append(record)
    return records


def _check_columns(path: Path, columns: list[str]) -> None:
    unknown = [column for column in columns if column not in COLUMNS]
    if unknown:
        raise DataError(
            f"The manifest {path} has an unknown column '{unknown[0]}': {_HELP}."
        )
    if "image" not in columns:
        raise DataError(f"The manifest {path} lacks the column image: {_HELP}.")


def _record(path: Path, line: int, row: dict[str, str | None]) -> Record:
    value = {key: (text or "").strip() for key, text in row.items() if key}
    if row.get(None):  # type: ignore[call-overload]
        raise DataError(
            f"Line {line} of {path} has more fields than the header: "
            "put a name with a comma between quotes."
        )
    if not value["image"]:
        raise DataError(f"Line {line} of {path} names no image.")
    image = path.parent / value["image"]
    if not image.is_file():
        raise DataError(
            f"The image {image} of line {line} of {path.name} does not exist: "
            "correct the line or put the file there."
        )
    mask = path.parent / value["mask"] if value.get("mask") else None
    if mask is not None and not mask.is_file():
        raise DataError(
            f"The mask {mask} of line {line} of {path.name} does not exist: "
            "correct the line or put the file there."
        )
    split = value.get("split", "").lower()
    if split and split not in SPLITS:
        raise DataError(
            f"Line {line} of {path} has the split '{split}': "
            "use train, val or test, or leave it empty."
        )
    return Record(
        image=image,
        mask=mask,
        label=value.get("label") or None,
        patient=value.get("patient", ""),
        split=SPLITS.get(split),
        dataset=value.get("dataset", ""),
    )
