from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mae_sam2_training.evaluation.calibration import reliability
from mae_sam2_training.evaluation.measuring import FrameResult, LesionResult
from mae_sam2_training.rounds.config import RoundConfig
from mae_sam2_training.rounds.judging import Verdict, changes, judge, score

CONFIG = RoundConfig()
NOTHING = float("nan")


def lesion(number: int, dice: float, found: bool = True) -> LesionResult:
    of_clicks = dict.fromkeys((0, 1, 3, 5), dice)
    return LesionResult(
        number, 100, found, of_clicks, of_clicks, of_clicks, of_clicks, {}, {}
    )


def frame(n: int, dice: float, *, wanted: int = 500, called: int = 500) -> FrameResult:
    """A frame of a patient of its own with two lesions, or without leakage."""
    empty = np.zeros((4, 4), bool)
    return FrameResult(
        name=f"f{n}",
        group=f"P{n}",
        field_px=10_000,
        wanted_px=wanted,
        called_px=called,
        dice=dice if wanted else NOTHING,
        iou=dice,
        hd95=1.0,
        surface_dice=1.0,
        false_share=NOTHING if wanted else called / 10_000,
        area_error_px=0.0,
        area_error_share=0.0,
        counted_lesions=2,
        found_lesions=2,
        pieces=2,
        right_pieces=2,
        reliability=reliability(np.zeros((4, 4)), empty, ~empty, 5),
        lesions=(lesion(1, dice), lesion(2, dice)) if wanted else (),
        answer=empty,
    )


OLD = [frame(n, 0.5 + 0.02 * n) for n in range(6)]
NEW = [frame(n, 0.7 + 0.02 * n) for n in range(6)]


def verdict(
    new: list[FrameResult],
    old: list[FrameResult] = OLD,
    kinds: dict[tuple[str, int], str] | None = None,
    boxes: tuple[list[float], list[float]] | None = None,
) -> Verdict:
    return judge(old, new, kinds or {}, boxes, CONFIG)


def failed(one: Verdict) -> list[str]:
    return [guard.name for guard in one.guards if not guard.passed]


def test_better_with_confidence_is_proposed() -> None:
    one = verdict(NEW)
    assert one.proposed
    assert one.new - one.old == pytest.approx(0.2)
    assert one.score.low > 0
    assert "better and passes every check" in one.why
    back = verdict(OLD, NEW)
    assert not back.proposed
    assert "worse" in back.why
    assert one.as_json()["score"]["difference"] == pytest.approx(0.2)


def test_what_may_be_chance_is_not_proposed() -> None:
    gains = (0.2, -0.15, 0.1, -0.12, 0.15, -0.1)
    new = [frame(n, 0.5 + 0.02 * n + gain) for n, gain in enumerate(gains)]
    one = verdict(new)
    assert one.new > one.old
    assert not one.proposed
    assert "cannot be told apart" in one.why


def test_one_patient_or_none_says_nothing() -> None:
    one = verdict(NEW[:1], OLD[:1])
    assert not one.proposed
    assert "one test patient alone" in one.why
    none = verdict([], [])
    assert not none.proposed
    assert none.guards == ()
    assert "nobody knows" in none.why


def test_two_patients_who_gained_are_not_enough() -> None:
    one = verdict([frame(0, 0.6), frame(1, 0.9)], OLD[:2])
    assert one.score.difference > 0.2
    assert not one.proposed
    assert "cannot be told apart" in one.why


def test_no_click_and_one_and_three_count_alike() -> None:
    one = replace(frame(0, 0.9), lesions=(lesion(1, 0.3), lesion(2, 0.5)))
    assert score(one) == pytest.approx((0.9 + 0.4 + 0.4) / 3)
    assert np.isnan(score(frame(0, 0.9, wanted=0)))


def test_empty_answers_fail() -> None:
    one = verdict(
        [replace(f, called_px=0 if n == 3 else 500) for n, f in enumerate(NEW)]
    )
    assert failed(one) == ["empty"]
    assert not one.proposed
    assert one.score.low > 0
    assert "Nothing is called leakage in 17%" in one.why


def test_far_too_much_leakage_fails() -> None:
    flood = [replace(f, called_px=1500) for f in NEW]
    assert failed(verdict(flood)) == ["area"]
    # not where the old model was no better
    assert failed(verdict(flood, [replace(f, called_px=1600) for f in OLD])) == []


def test_leakage_in_normal_frames_fails() -> None:
    normal = [frame(9, 0, wanted=0, called=c) for c in (100, 350)]
    assert failed(verdict([*NEW, normal[1]], [*OLD, normal[0]])) == ["false_leakage"]
    assert failed(verdict([*NEW, normal[0]], [*OLD, normal[1]])) == []


def test_a_way_of_asking_that_got_worse_fails() -> None:
    new = [
        replace(f, dice=0.99, lesions=tuple(lesion(k, 0.5) for k in (1, 2)))
        for f in NEW
    ]
    old = [
        replace(f, dice=0.3, lesions=tuple(lesion(k, 0.6) for k in (1, 2))) for f in OLD
    ]
    one = verdict(new, old)
    assert one.score.low > 0
    assert failed(one) == ["way: lesion_dice_1", "way: lesion_dice_3"]


def test_a_lost_kind_fails_however_good_the_rest_is() -> None:
    kinds = {
        (f"f{n}", k): ("disc" if k == 1 else "macular")
        for n in range(6)
        for k in (1, 2)
    }
    new = [replace(f, lesions=(lesion(1, 0.2), lesion(2, 0.99))) for f in NEW]
    assert failed(verdict(new, kinds=kinds)) == ["kind: disc"]
    unseen = [
        replace(f, lesions=(lesion(1, 0.7, n > 3), lesion(2, 0.9)))
        for n, f in enumerate(NEW)
    ]
    assert failed(verdict(unseen, kinds=kinds)) == ["kind: disc"]
    rare = {key: kind if key[0] < "f2" else "macular" for key, kind in kinds.items()}
    assert failed(verdict(new, kinds=rare)) == []  # two lesions say nothing


def test_a_box_must_still_give_what_is_in_it() -> None:
    assert failed(verdict(NEW, boxes=([0.9, 0.9], [0.7, 0.8]))) == ["box"]
    assert verdict(NEW, boxes=([0.9, 0.9], [0.85, 0.9])).proposed


def test_changes_begin_with_the_worst() -> None:
    old = [frame(0, 0.5), frame(1, 0.9), frame(2, 0, wanted=0, called=10)]
    new = [frame(0, 0.7), frame(1, 0.6), frame(2, 0, wanted=0, called=60)]
    rows = changes(old, new)
    assert [row["case"] for row in rows] == ["f1", "f2", "f0"]
    assert rows[1] == {
        **{"case": "f2", "leaks": False, "old": 0.001, "new": 0.006},
        "change": pytest.approx(-0.005),
    }


def test_a_test_without_leakage_is_a_failed_check() -> None:
    dry = [frame(n, 0.0, wanted=0, called=0) for n in range(3)]
    one = verdict(dry, dry)
    assert not one.proposed
    assert failed(one) == ["test"]
    assert "No test case shows leakage" in one.guards[0].message
    assert "test" not in failed(verdict([*NEW, *dry], [*OLD, *dry]))
