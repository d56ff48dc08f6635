"""What heads told of a frame: its record, and its columns in tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pydantic import BaseModel, ConfigDict

from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.model.head_name import check_name

if TYPE_CHECKING:
    from collections.abc import Iterable

PROBABILITY: Final = "_probability"
"""Ending of the column beside that of the class."""


class Told(BaseModel):
    """The answer of one head."""

    model_config = ConfigDict(frozen=True)

    value: str
    """The most probable class."""
    probability: float
    """Of that class, 0 to 1."""
    probabilities: dict[str, float] = {}
    """Of every class."""
    head: str = ""
    """Fingerprint of the head."""


def check_told(name: str, taken: Iterable[str]) -> str:
    """Give the name of what a head tells, which becomes a column of a table.

    Parameters
    ----------
    name : str
    taken : iterable of str
        Columns that the table has already.

    Raises
    ------
    PlainError
        If it cannot be a column, or is one already.
    """
    check_name(name)
    if name in taken or name.endswith(PROBABILITY):
        raise PlainError(
            f"The table of predictions uses {name} for something else: fit the head "
            "with another --name."
        )
    return name


def told_columns(names: Iterable[str]) -> list[str]:
    """Give the columns of what was told: class and probability of each."""
    return [column for name in names for column in (name, name + PROBABILITY)]
