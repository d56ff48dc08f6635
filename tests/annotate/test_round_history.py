from __future__ import annotations

from napari_mae_sam2.annotate.round_history import Point, remark, series

ROWS = [
    {
        "round": 1,
        "labels": 4,
        "image_dice": {"value": 0.5, "low": 0.4, "high": 0.6},
        "clicks_per_case": None,
        "minutes_per_case": 2.0,
    },
    {"round": 2, "labels": 8, "image_dice": None, "area_agreement_icc": None},
    {
        "round": 4,
        "labels": 20,
        "image_dice": {"value": 0.7, "low": None, "high": None},
        "minutes_per_case": 1.0,
    },
]


def test_what_is_known_is_plotted():
    labels, dice, minutes = series(ROWS)
    assert [point.round for point in labels.points] == [1, 2, 4]
    assert labels.top == 23.0
    assert dice.points == (Point(1, 0.5, 0.4, 0.6), Point(4, 0.7))
    assert dice.top == 1.0
    assert minutes.title == "Minutes for a new case"
    assert series([]) == []


def test_what_cannot_be_compared_is_said():
    assert remark(ROWS) == ""
    rows = [row | {"test_changed": row["round"] > 1} for row in ROWS]
    assert remark(rows) == (
        "Round 2, 4 were tested on other cases or labels than the one before."
    )
