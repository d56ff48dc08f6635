"""Folds by patient in which every class has its share."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from mae_sam2_training.data.errors import DataError
from mae_sam2_training.data.splits import shuffled_groups

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mae_sam2_training.data.manifest import Record


def stratified_folds(
    records: Sequence[Record], folds: int, seed: int
) -> list[tuple[list[Record], list[Record]]]:
    """Divide patients into folds, class by class; each fold is held out once.

    Parameters
    ----------
    records : sequence of Record
        Labelled. A patient with several labels counts as of the most frequent one.
    folds : int
    seed : int
        Decides who is in which fold.

    Returns
    -------
    list of tuple of list of Record
        Training and held-out records of each fold.

    Raises
    ------
    DataError
        If there are fewer patients than folds.
    """
    groups = shuffled_groups(records, seed)
    if len(groups) < folds:
        raise DataError(
            f"{folds} folds need at least {folds} patients and there are "
            f"{len(groups)}: lower folds with --set folds={max(2, len(groups))}."
        )
    parts: list[list[Record]] = [[] for _ in range(folds)]
    turn = 0
    for of_class in _by_class(groups):
        for group in of_class:
            # the turn goes on from class to class, so that folds are of one size
            parts[turn % folds].extend(group)
            turn += 1
    return [
        ([r for other in parts if other is not part for r in other], part)
        for part in parts
    ]


def stratified_fraction(
    records: Sequence[Record], fraction: float, seed: int
) -> list[Record]:
    """Keep a share of the patients of every class, at least one of each.

    A smaller share lies within a larger one.
    """
    kept: list[Record] = []
    for of_class in _by_class(shuffled_groups(records, seed)):
        count = max(1, math.ceil(fraction * len(of_class) - 1e-9))
        kept += [record for group in of_class[:count] for record in group]
    return kept


def _by_class(groups: Sequence[list[Record]]) -> list[list[list[Record]]]:
    classes: dict[str, list[list[Record]]] = defaultdict(list)
    for group in groups:
        counted = Counter(record.label or "" for record in group)
        label = min(counted, key=lambda name: (-counted[name], name))
        classes[label].append(group)
    return [classes[label] for label in sorted(classes)]
