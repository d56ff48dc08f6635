"""Who trains and who is held out: always by patient, seeded, and nested."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from mae_sam2_training.data.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mae_sam2_training.data.manifest import Record


def split_records(
    records: Sequence[Record], fraction: float, seed: int
) -> tuple[list[Record], list[Record]]:
    """Divide records into training and validation.

    Where the manifest names splits, these hold: `test` is left out, and a manifest
    without `val` has it taken from `train`.

    Parameters
    ----------
    records : sequence of Record
        Of any patients.
    fraction : float
        Share of the patients that is held out, at least one of them.
    seed : int
        Decides which.

    Returns
    -------
    tuple of list of Record
        Training and validation; nothing is held out where all are of one patient.

    Raises
    ------
    DataError
        If a patient stands in two splits, or nothing is left to train on.
    """
    check_patients(records)
    if any(record.split for record in records):
        train = [record for record in records if record.split in (None, "train")]
        held_out = [record for record in records if record.split == "val"]
        if not train:
            raise DataError(
                "No row of the manifest has the split train: name some images to "
                "train on."
            )
        if held_out:
            return train, held_out
        records = train
    groups = shuffled_groups(records, seed)
    if len(groups) < 2 or not fraction:
        return list(records), []
    count = min(len(groups) - 1, max(1, round(fraction * len(groups))))
    return _flat(groups[count:]), _flat(groups[:count])


def k_folds(
    records: Sequence[Record], folds: int, seed: int
) -> list[tuple[list[Record], list[Record]]]:
    """Divide records into folds by patient: each is held out once.

    Rows of the split "test" stay out of every fold: they are kept for the end.

    Raises
    ------
    DataError
        If a patient stands in two splits, or there are fewer patients than folds.
    """
    check_patients(records)
    kept = [record for record in records if record.split != "test"]
    groups = shuffled_groups(kept, seed)
    if len(groups) < folds:
        raise DataError(
            f"{folds} folds need at least {folds} patients and there are "
            f"{len(groups)}: lower data.folds."
        )
    parts = [groups[fold::folds] for fold in range(folds)]
    return [
        (_flat([g for other in parts if other is not part for g in other]), _flat(part))
        for part in parts
    ]


def label_fraction(
    records: Sequence[Record], fraction: float, seed: int
) -> list[Record]:
    """Keep a share of the patients; a smaller share lies within a larger one.

    Parameters
    ----------
    records : sequence of Record
        Training records.
    fraction : float
        Above 0 and up to 1; at least one patient is kept.
    seed : int
        Decides which.
    """
    groups = shuffled_groups(records, seed)
    return _flat(groups[: max(1, math.ceil(fraction * len(groups) - 1e-9))])


def check_patients(records: Sequence[Record]) -> None:
    """Refuse a patient in two splits.

    Where some rows name a split, those that do not are trained on.

    Raises
    ------
    DataError
        Naming the patient and the splits.
    """
    if not any(record.split for record in records):
        return
    splits: dict[str, set[str]] = defaultdict(set)
    for record in records:
        splits[record.group].add(record.split or "train")
    for group, names in sorted(splits.items()):
        if len(names) > 1:
            raise DataError(
                f"Images of {group} are in {' and '.join(sorted(names))}: "
                "put all images of a patient into one split."
            )


def shuffled_groups(records: Sequence[Record], seed: int) -> list[list[Record]]:
    """Group records by patient, in a seeded order that their order does not change."""
    groups: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        groups[record.group].append(record)
    names = sorted(groups)
    order = np.random.default_rng(seed).permutation(len(names))
    return [groups[names[index]] for index in order]


def _flat(groups: Sequence[Sequence[Record]]) -> list[Record]:
    return [record for group in groups for record in group]
