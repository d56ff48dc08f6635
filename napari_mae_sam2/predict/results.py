"""The folder that predict writes: labels, probabilities, previews, records, one table.

    OUT/predictions.json          which model it was
    OUT/predictions.csv           one row for each frame
    OUT/labels/ID.leakage.tif     uint16 lesion ids; .png 0 and 255
    OUT/probability/ID.tif        uint8, 255 is certain
    OUT/previews/ID.jpg           the frame, small, for pages
    OUT/records/ID.json           what is known of it

A record is written last: where it is, the frame is done.
"""

from __future__ import annotations

import io
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field

from napari_mae_sam2.common.shared_folders import make_folders
from napari_mae_sam2.fa.pixels import as_rgb8
from napari_mae_sam2.fa.reading import LABEL_ENDING
from napari_mae_sam2.predict.table import table_of
from napari_mae_sam2.predict.told import Told  # noqa: TC001  (pydantic reads it)
from napari_mae_sam2.study.cases import case_id
from napari_mae_sam2.study.files import (
    StudyError,
    read_json,
    to_json,
    write_error,
    write_file,
    write_files,
)
from napari_mae_sam2.study.images import png_bytes, tiff_bytes
from napari_mae_sam2.study.records import SOFTWARE, ModelRecord, dump, now

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_mae_sam2.fa.frame import Frame
    from napari_mae_sam2.predict.answer import Answer

SCHEMA: Final = 1
"""Version of what lies in the folder."""

PREVIEW_SIDE: Final = 768
"""Longer side of a preview in pixels."""

HEAD: Final = "predictions.json"
"""Says which model it was; a folder that holds it is one of results."""

_TABLE: Final = "predictions.csv"
_FOLDERS: Final = ("labels", "probability", "previews", "records")


class FrameRecord(BaseModel):
    """What is known of one predicted frame; unknown fields are passed over."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    schema_version: int = Field(SCHEMA, alias="schema")
    id: str
    """As a study would name the case, see `study.cases.case_id`."""
    name: str
    source: str
    """Folder and file, or study and case."""
    frame_sha256: str
    shape: tuple[int, int]
    prompts: str = ""
    """Digest of the prompts; empty where all leakage was asked for."""
    area_px: int
    field_px: int
    field_share: float
    """Share of the photographed field that is called leakage, 0 to 1."""
    lesions: int
    score: float
    uncertainty: float
    doubt: float
    spread: float | None
    dye: float
    sharpness: float
    brightness: float
    burnt: float
    bright: float | None = None
    """Share of the field in bright areas; None of an earlier version."""
    flags: list[str]
    told: dict[str, Told] = {}
    """What heads said of it, by what they tell, such as "phase"."""


class Results:
    """A folder of predictions of one model.

    Parameters
    ----------
    folder : Path
        See `create` for one to write into and `open` for one to read.
    model : ModelRecord
        Which made them.
    """

    def __init__(self, folder: Path, model: ModelRecord) -> None:
        self.folder = folder
        self.model = model

    @classmethod
    def create(cls, folder: Path, model: ModelRecord) -> Results:
        """Make the folder, or go on in one of the same model.

        Raises
        ------
        PlainError
            If it cannot be written or holds another model's predictions.
        """
        if (folder / HEAD).exists():
            opened = cls.open(folder)
            if opened.model.fingerprint != model.fingerprint:
                raise StudyError(
                    f"{folder} holds predictions of another model "
                    f"({opened.model.name}): choose another folder."
                )
            with suppress(OSError):
                os.utime(folder / "records")  # the latest run is this one
            return opened
        try:
            for name in _FOLDERS:
                make_folders(folder / name)
        except OSError as error:
            raise write_error(folder, error) from error
        head = {"schema": SCHEMA, "software": SOFTWARE, "time": now()}
        write_file(folder / HEAD, to_json(head | {"model": dump(model)}))
        return cls(folder, model)

    @classmethod
    def open(cls, folder: Path) -> Results:
        """Open a folder that predict wrote; `StudyError` where it is none."""
        if not (folder / HEAD).is_file():
            raise StudyError(
                f"{folder} holds no predictions: make them with "
                "“napari-mae-sam2 predict FRAMES --out FOLDER”."
            )
        head = read_json(folder / HEAD)
        try:
            model = ModelRecord.model_validate(head.get("model"))
        except ValueError as error:
            raise StudyError(
                f"{folder / HEAD} is damaged: predict anew into another folder."
            ) from error
        return cls(folder, model)

    def known(self, name: str, frame: Frame) -> FrameRecord | None:
        """Give the record of a frame that was predicted, whole; None where it was not.

        Its prompts may have been others.
        """
        path = self.record(name)
        if not path.exists():
            return None
        try:
            record = load_record(path)
        except StudyError:
            return None
        return record if record.frame_sha256 == frame.sha256 else None

    def write(self, record: FrameRecord, frame: Frame, answer: Answer) -> None:
        """Write all that is known of a frame; its record last.

        Raises
        ------
        StudyError
            If it could not be written; the frame then counts as not done.
        """
        stem, labels = record.id, answer.labels
        with suppress(OSError):  # what cannot be written is said by what follows
            # else an earlier answer's record would stand beside this one's label
            self.record(stem).unlink(missing_ok=True)
        write_files(
            self.folder / "labels",
            {
                f"{stem}{LABEL_ENDING}.tif": tiff_bytes(labels),
                f"{stem}{LABEL_ENDING}.png": png_bytes(
                    np.where(labels, 255, 0).astype(np.uint8)
                ),
            },
        )
        probability = self.folder / "probability" / f"{stem}.tif"
        write_file(probability, tiff_bytes(answer.probability))
        write_file(self.preview(stem), preview_jpeg(frame.pixels))
        self.write_record(record)

    def write_record(self, record: FrameRecord) -> None:
        """Write what is known of a frame whose label is there; see `write`."""
        content = to_json(record.model_dump(mode="json", by_alias=True))
        write_file(self.record(record.id), content)

    def record_files(self) -> list[Path]:
        """List the records of all frames that are done, by name."""
        return sorted((self.folder / "records").glob("[!.]*.json"))

    def records(self, trouble: list[str] | None = None) -> Iterator[FrameRecord]:
        """Read the records of all frames that are done, by name.

        Parameters
        ----------
        trouble : list of str, optional
            Gets a sentence for each that is damaged, which is then passed over.

        Raises
        ------
        StudyError
            If one is damaged and nobody wants to hear of it.
        """
        for path in self.record_files():
            try:
                yield load_record(path)
            except StudyError as error:
                if trouble is None:
                    raise
                trouble.append(str(error))

    def record(self, name: str) -> Path:
        """Where it is kept what is known of a frame."""
        return self.folder / "records" / f"{name}.json"

    def name_of(self, frame: Frame) -> str | None:
        """Find a frame by its pixels, also where it had another name when predicted.

        Returns
        -------
        str or None
            What its files are named by; None where nothing can be read of it.
        """
        own = case_id(frame)
        others = (self.folder / "records").glob(f"[!.]*-{frame.sha256[:12]}.json")
        for name in dict.fromkeys((own, *sorted(path.stem for path in others))):
            with suppress(StudyError):
                path = self.record(name)
                if path.exists() and load_record(path).frame_sha256 == frame.sha256:
                    return name
        return None

    def preview(self, name: str) -> Path:
        """Where the small picture of a frame is."""
        return self.folder / "previews" / f"{name}.jpg"

    def label(self, name: str) -> Path:
        """Where the lesion ids of a frame are."""
        return self.folder / "labels" / f"{name}{LABEL_ENDING}.tif"

    def probability(self, name: str) -> Path:
        """Where the probabilities of a frame are."""
        return self.folder / "probability" / f"{name}.tif"

    def write_table(self, trouble: list[str] | None = None) -> Path:
        """Write the table anew from the records; returns where it is.

        See `records` for those that are damaged.
        """
        path = self.folder / _TABLE
        write_file(path, table_of(list(self.records(trouble))))
        return path


def load_record(path: Path) -> FrameRecord:
    """Read one record; `StudyError` where it is damaged."""
    try:
        return FrameRecord.model_validate(read_json(path))
    except ValueError as error:
        raise StudyError(f"{path} is damaged: delete it and predict again.") from error


def preview_jpeg(pixels: NDArray[np.generic]) -> bytes:
    """Encode a frame as a small JPEG, grey where it has no colours."""
    rgb = as_rgb8(pixels)
    grey = bool((rgb == rgb[..., :1]).all())
    picture = Image.fromarray(rgb[..., 0] if grey else rgb)
    picture.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE), Image.Resampling.BOX)
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=88)
    return buffer.getvalue()
