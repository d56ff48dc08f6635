from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from mae_sam2_training.classification.folds import (
    stratified_folds,
    stratified_fraction,
)
from mae_sam2_training.data.errors import DataError
from mae_sam2_training.data.manifest import Record

RECORDS = [
    Record(Path(f"{patient}-{n}.png"), label="abc"[patient % 3], patient=str(patient))
    for patient in range(15)
    for n in range(2)
]


def test_every_fold_has_every_class_and_no_patient_is_divided() -> None:
    folds = stratified_folds(RECORDS, 5, seed=0)
    held_out = [record for _, part in folds for record in part]
    assert sorted(r.image for r in held_out) == sorted(r.image for r in RECORDS)
    for train, part in folds:
        assert Counter(r.label for r in part) == {"a": 2, "b": 2, "c": 2}
        assert not {r.patient for r in train} & {r.patient for r in part}


def test_fractions_are_nested_and_keep_every_class() -> None:
    few = stratified_fraction(RECORDS, 0.2, seed=0)
    more = stratified_fraction(RECORDS, 0.6, seed=0)
    assert {r.image for r in few} < {r.image for r in more}
    assert Counter(r.label for r in few) == {"a": 2, "b": 2, "c": 2}
    assert len(stratified_fraction(RECORDS, 0.001, seed=0)) == 6


def test_too_few_patients() -> None:
    with pytest.raises(DataError, match="5 folds need at least 5 patients"):
        stratified_folds(RECORDS[:6], 5, seed=0)
