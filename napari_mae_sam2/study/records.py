"""What a study says about its cases and revisions, as it stands in the JSON files.

Unknown fields are kept, so that a record written by a later minor version survives
being read here.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from napari_mae_sam2 import __version__
from napari_mae_sam2.study.files import StudyError, read_json

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = 2
"""Version of the study format that is written, and the newest that is read."""

RECORD_SCHEMA = 1
"""What a record is marked with that a reader of schema 1 understands as well."""

SOFTWARE = f"napari-mae-sam2 {__version__}"

Status = Literal["proposed", "in_work", "done", "needs_review", "cannot_grade"]
"""Where a revision stands; only "done" and "needs_review" are a grader's answer."""

ANSWERED: tuple[Status, ...] = ("done", "needs_review")


def now() -> str:
    """Give the time as ISO 8601 in UTC, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class StudyRecord(BaseModel):
    """What all records have in common: they are frozen, and keep unknown fields."""

    model_config = ConfigDict(extra="allow", frozen=True)


class PromptRecord(StudyRecord):
    """Prompts of one lesion; (row, column) in pixels of the frame."""

    points: list[tuple[float, float]] = []
    labels: list[Literal[0, 1]] = []
    """One for each point: 1 "this is leakage", 0 "this is not"."""
    boxes: list[tuple[float, float, float, float]] = []
    """(first row, first column, last row, last column)."""

    @field_validator("labels")
    @classmethod
    def _one_for_each_point(cls, labels: list[int], info: Any) -> list[int]:
        if "points" in info.data and len(labels) != len(info.data["points"]):
            raise ValueError("labels must have one entry for each point")
        return labels


class LesionRecord(StudyRecord):
    """One lesion of a revision: what the label image cannot say of it."""

    id: int = Field(ge=1, le=65535)
    """Its value in the label image."""
    kind: str = ""
    """One of the study's kinds, see `kinds`; empty where the grader has not said."""
    prompts: PromptRecord = PromptRecord()
    source: str = "unknown"
    """Where its pixels come from: model, paint, mixed, import, unknown."""
    score: float | None = None
    """The model's own score when it was committed, 0 to 1; None where painted."""
    comment: str = ""


class ModelRecord(StudyRecord):
    """The model that answered the prompts."""

    model_config = ConfigDict(extra="allow", frozen=True, protected_namespaces=())

    name: str
    fingerprint: str
    """Hash of its weights."""
    round: int = 0
    """0 for a model that was not trained on the grader's own labels."""


class CaseRecord(StudyRecord):
    """One frame of a study. The optional fields hold pseudonyms, never identifiers."""

    model_config = ConfigDict(extra="allow", frozen=True, populate_by_name=True)

    schema_version: int = Field(RECORD_SCHEMA, alias="schema")
    id: str
    name: str
    """What the grader knows the frame by: the stem of the file it came from."""
    frame_sha256: str
    shape: tuple[int, int]
    """(H, W) in pixels."""
    channels: Literal[1, 3] = 1
    dtype: Literal["uint8", "uint16", "float32"]
    added: str = Field(default_factory=now)
    patient: str | None = None
    eye: Literal["right", "left"] | None = None
    visit: str | None = None
    phase: str | None = None
    frame_file: str | None = None
    """Where the frame lies that was not copied, see `frames`; the schema is then 2."""
    path_hashes: list[str] = []
    """Hashes of the end of the path it was added from, see `case_names`."""


class RevisionRecord(StudyRecord):
    """One label of one case, as it was saved; never changed afterwards."""

    model_config = ConfigDict(extra="allow", frozen=True, populate_by_name=True)

    schema_version: int = Field(RECORD_SCHEMA, alias="schema")
    id: str
    """Number and random digits, "0003-1f09ab7c"; also the name of its folder."""
    parent: str | None = None
    """The revision that it corrects; None for the first."""
    merges: list[str] = []
    """Parallel revisions that this one was chosen over, or made of, in review."""
    case: str
    frame_sha256: str
    label_sha256: str
    """`pixel_sha256` of the uint16 label image."""
    time: str = Field(default_factory=now)
    grader: str
    """A name the grader chose; never taken from the computer's account."""
    software: str = SOFTWARE
    model: ModelRecord | None = None
    lesions: list[LesionRecord] = []
    status: Status = "done"
    statistics: dict[str, float] = {}
    """What was counted; older revisions have none.

    "seconds" of work since the revision before, without pauses of more than a minute,
    "clicks" since then, and the shares of all leakage pixels by what made them so:
    "share_model", "share_brush", "share_clean_up" and "share_earlier", which add up
    to 1 and are missing where they are 0.
    """

    @property
    def number(self) -> int:
        """How many saves deep in the case: 1 for the first."""
        return int(self.id.partition("-")[0])

    def for_log(self) -> dict[str, Any]:
        """Give what the log says of it."""
        return {
            "revision": self.id,
            "parent": self.parent,
            "merges": self.merges,
            "status": self.status,
            "seconds": self.statistics.get("seconds"),
        }


Record = TypeVar("Record", bound=StudyRecord)


def dump(record: StudyRecord) -> dict[str, Any]:
    """Turn a record into what JSON can hold."""
    return record.model_dump(mode="json", by_alias=True)


def load(kind: type[Record], path: Path) -> Record:
    """Read a record.

    Parameters
    ----------
    kind : type
        The class of the record.
    path : Path
        Its JSON file.

    Returns
    -------
    Record
        The record.

    Raises
    ------
    StudyError
        If the file is missing, damaged, of a newer schema or not such a record.
    """
    return parse(kind, read_json(path), path)


def parse(kind: type[Record], content: dict[str, Any], path: Path) -> Record:
    """Make a record of what JSON gave; `StudyError` as from `load`.

    The seal is about the file, and no part of the record.
    """
    content = {name: value for name, value in content.items() if name != "seal"}
    check_schema(content, path)
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "its content"
        raise StudyError(
            f"{path} is not a valid record, {where} is wrong ({first['msg'].lower()})."
        ) from error


def check_schema(content: dict[str, Any], path: Path) -> None:
    """Refuse a record that a newer version of this software wrote.

    Parameters
    ----------
    content : dict
        The record as JSON gave it.
    path : Path
        Its file, for the message.

    Raises
    ------
    StudyError
        If its schema is missing or newer than `SCHEMA`.
    """
    schema = content.get("schema")
    if not isinstance(schema, int) or isinstance(schema, bool) or schema < 1:
        raise StudyError(f"{path} is not a record of a study: it names no schema.")
    if schema > SCHEMA:
        raise StudyError(
            f"{path} was written by a newer version (schema {schema}, this one reads "
            f"up to {SCHEMA}): update napari-mae-sam2."
        )
