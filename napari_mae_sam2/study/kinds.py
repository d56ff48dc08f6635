"""The kinds of lesions that a study tells apart, with their colours and keys.

They stand in study.json and may be edited there; a study without them has the usual
ones of fluorescein angiography.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from napari_mae_sam2.study.files import StudyError, read_json

if TYPE_CHECKING:
    from pathlib import Path

STUDY_FILE = "study.json"

_KEY = re.compile(r"((Control|Shift|Alt|Meta)-)*([A-Z0-9]|F[0-9]{1,2})")


class Kind(BaseModel):
    """One kind of lesion."""

    model_config = ConfigDict(extra="allow", frozen=True, str_strip_whitespace=True)

    name: str = Field(min_length=1, max_length=40)
    colour: str = Field(pattern="^#[0-9a-fA-F]{6}$")
    """How its lesions are drawn, "#rrggbb"."""
    key: str = ""
    """In napari's notation, such as "Alt-1"; empty for none."""

    @field_validator("key")
    @classmethod
    def _is_a_key(cls, key: str) -> str:
        if key and not _KEY.fullmatch(key):
            raise ValueError("a key is written like Alt-1 or Control-K")
        return key


DEFAULT_KINDS = (
    Kind(name="perivascular", colour="#fb923c", key="Alt-1"),
    Kind(name="capillary", colour="#facc15", key="Alt-2"),
    Kind(name="disc", colour="#818cf8", key="Alt-3"),
    Kind(name="macular", colour="#f87171", key="Alt-4"),
    Kind(name="neovascular", colour="#e879f9", key="Alt-5"),
    Kind(name="other", colour="#a3a3a3", key="Alt-6"),
)
"""Kinds of leakage that graders tell apart; distinct on a dark fundus."""


def default_kinds() -> list[dict[str, Any]]:
    """Give the usual kinds as they stand in study.json."""
    return [kind.model_dump() for kind in DEFAULT_KINDS]


def read_kinds(study: Path) -> tuple[Kind, ...]:
    """Read the kinds of a study.

    Parameters
    ----------
    study : Path
        Its folder; need not exist yet.

    Returns
    -------
    tuple of Kind
        In the order of study.json; the usual ones where it names none.

    Raises
    ------
    StudyError
        If they are not valid, with what is wrong and where.
    """
    path = study / STUDY_FILE
    if not path.exists():
        return DEFAULT_KINDS
    said = read_json(path).get("kinds")
    if said is None:
        return DEFAULT_KINDS
    if not isinstance(said, list) or not said:
        raise StudyError(f"{path}: kinds must be a list of kinds of lesions.")
    kinds = []
    for number, one in enumerate(said, start=1):
        try:
            kinds.append(Kind.model_validate(one))
        except ValidationError as error:
            first = error.errors()[0]
            what = ".".join(str(part) for part in first["loc"]) or "it"
            raise StudyError(
                f"{path}: kind {number}, {what} is wrong ({first['msg'].lower()})."
            ) from error
    for what in ("name", "key"):
        values = [getattr(kind, what).lower() for kind in kinds if getattr(kind, what)]
        twice = next((value for value in values if values.count(value) > 1), None)
        if twice is not None:
            raise StudyError(f"{path}: two kinds have the {what} “{twice}”.")
    return tuple(kinds)
