from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from mae_sam2_training.data.errors import DataError
from mae_sam2_training.data.manifest import Record
from mae_sam2_training.data.splits import k_folds, label_fraction, split_records


def records(patients: int, images: int = 2, split: str | None = None) -> list[Record]:
    return [
        Record(Path(f"{p}-{i}.png"), patient=f"P{p}", split=split)
        for p in range(patients)
        for i in range(images)
    ]


def patients(some: list[Record]) -> set[str]:
    return {record.patient for record in some}


def test_nobody_is_on_both_sides() -> None:
    everybody = records(10)
    train, held_out = split_records(everybody, 0.2, seed=1)
    assert len(patients(held_out)) == 2
    assert not patients(train) & patients(held_out)
    assert len(train) + len(held_out) == 20
    again = split_records(list(reversed(everybody)), 0.2, seed=1)
    assert patients(again[1]) == patients(held_out)
    others = {
        frozenset(patients(split_records(everybody, 0.2, s)[1])) for s in range(9)
    }
    assert len(others) > 3


def test_one_patient_leaves_nobody_to_hold_out() -> None:
    assert split_records(records(1), 0.2, 0) == (records(1), [])
    train, held_out = split_records(records(2), 0.01, 0)
    assert (len(train), len(held_out)) == (2, 2)


def test_named_splits_hold() -> None:
    named = [
        Record(Path("a"), patient="1", split="train"),
        Record(Path("b"), patient="2", split="val"),
        Record(Path("c"), patient="3", split="test"),
        Record(Path("d"), patient="4"),
    ]
    train, held_out = split_records(named, 0.5, 0)
    assert [str(r.image) for r in train] == ["a", "d"]
    assert [str(r.image) for r in held_out] == ["b"]
    with pytest.raises(DataError, match="split train"):
        split_records(records(2, split="test"), 0.2, 0)


def test_a_patient_in_two_splits_is_named() -> None:
    leak = [*records(3, split="train"), Record(Path("x"), patient="P1", split="val")]
    with pytest.raises(DataError, match="patient P1 are in train and val"):
        split_records(leak, 0.2, 0)


def test_a_row_without_a_split_is_one_to_train_on() -> None:
    leak = [Record(Path("x"), patient="P1"), *records(2, split="test")]
    for divided in (split_records, k_folds):
        with pytest.raises(DataError, match="patient P1 are in test and train"):
            divided(leak, 2, 0)


def test_folds_leave_test_rows_alone() -> None:
    kept = Record(Path("x"), patient="kept", split="test")
    for train, held_out in k_folds([*records(4, split="train"), kept], 2, 0):
        assert "kept" not in patients(train) | patients(held_out)
        assert len(patients(train) | patients(held_out)) == 4


def test_folds_hold_everybody_out_once() -> None:
    everybody = records(7)
    folds = k_folds(everybody, 3, seed=0)
    held_out = [patients(part) for _, part in folds]
    assert set.union(*held_out) == patients(everybody)
    assert sum(map(len, held_out)) == 7
    assert all(not patients(a) & patients(b) for a, b in folds)
    with pytest.raises(DataError, match="8 patients"):
        k_folds(everybody, 8, 0)


def test_fractions_are_nested() -> None:
    everybody = records(20)
    shares = [0.05, 0.1, 0.2, 0.5, 0.8, 1.0]
    kept = [patients(label_fraction(everybody, share, 3)) for share in shares]
    assert [len(k) for k in kept] == [1, 2, 4, 10, 16, 20]
    assert all(less < more for less, more in itertools.pairwise(kept))
