"""Which patient trains, steers and tests: nobody ever changes from or to the test."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from mae_sam2_training.rounds.records import Side


def assign_sides(
    groups: Iterable[str],
    before: Mapping[str, Side],
    reserved: Collection[str] | None,
    *,
    test: float,
    val: float,
    seed: int,
) -> dict[str, Side]:
    """Divide patients into training, validation and test.

    Parameters
    ----------
    groups : iterable of str
        The patients with labels now.
    before : mapping of str to {"train", "val", "test"}
        The side of each patient in earlier rounds.
    reserved : collection of str or None
        Patients of the frozen test; where there is one, nobody else is tested on.
    test, val : float
        Share of the patients that is tested on without a frozen test, and share of
        the others that steers training. At least one patient is trained on.
    seed : int
        Decides among those of whom nothing is decided yet.

    Returns
    -------
    dict of str to {"train", "val", "test"}
    """
    known = sorted(set(groups), key=lambda group: _rank(group, "test", seed))
    if reserved is not None:
        tested = [group for group in known if group in reserved]
    else:
        tested = [group for group in known if before.get(group) == "test"]
        free = [group for group in known if group not in before]
        wanted = max(1, round(test * len(known))) if test else 0
        # somebody must be left to train on
        wanted = min(wanted, len(known) - 1)
        tested += free[: max(0, wanted - len(tested))]
    others = [group for group in known if group not in tested]
    others.sort(key=lambda group: _rank(group, "val", seed))
    steering = max(1, round(val * len(others))) if val and len(others) > 1 else 0
    steering = min(steering, max(0, len(others) - 1))
    sides: dict[str, Side] = dict.fromkeys(tested, "test")
    sides |= dict.fromkeys(others[:steering], "val")
    sides |= dict.fromkeys(others[steering:], "train")
    return sides


def _rank(group: str, use: str, seed: int) -> str:
    """Order patients at random, and each independently of who else is there."""
    return hashlib.sha256(f"{seed}\n{use}\n{group}".encode()).hexdigest()
