"""The history of rounds as a few series that can be plotted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

WANTED = (
    ("labels", "Labelled cases to train on", 0),
    ("image_dice", "Dice without a click, test cases", 2),
    ("area_agreement_icc", "Agreement of the area (ICC)", 2),
    ("clicks_per_case", "Clicks for a new case", 1),
    ("minutes_per_case", "Minutes for a new case", 1),
)
SHARES = ("image_dice", "area_agreement_icc")


@dataclass(frozen=True, slots=True)
class Point:
    """A figure of one round; `low` and `high` are None where no interval is known."""

    round: int
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Series:
    """One figure over the rounds.

    Attributes
    ----------
    title : str
    points : tuple of Point
        One at least, in order.
    top : float
        End of the axis, which begins at 0.
    digits : int
        After the point.
    """

    title: str
    points: tuple[Point, ...]
    top: float
    digits: int


def series(rows: Sequence[Mapping[str, Any]]) -> list[Series]:
    """Take what can be plotted from the rows of `history.json`.

    Parameters
    ----------
    rows : sequence of mapping
        See `mae_sam2_training.rounds.history`.

    Returns
    -------
    list of Series
        Those with something to show.
    """
    found = []
    for key, title, digits in WANTED:
        points = tuple(_point(row["round"], row.get(key)) for row in rows)
        known = tuple(point for point in points if point is not None)
        if known:
            highest = max(point.high or point.value for point in known)
            top = 1.0 if key in SHARES else max(highest * 1.15, 1.0)
            found.append(Series(title, known, top, digits))
    return found


def remark(rows: Sequence[Mapping[str, Any]]) -> str:
    """Say which rounds cannot be compared with the one before; empty where all can."""
    changed = [str(row["round"]) for row in rows if row.get("test_changed")]
    if not changed:
        return ""
    verb = "was" if len(changed) == 1 else "were"
    return (
        f"Round {', '.join(changed)} {verb} tested on other cases or labels than the "
        "one before."
    )


def _point(number: int, value: Any) -> Point | None:
    if isinstance(value, dict):
        one, low, high = (value.get(key) for key in ("value", "low", "high"))
        return None if one is None else Point(number, one, low, high)
    return None if value is None else Point(number, float(value))
