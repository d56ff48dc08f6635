from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from mae_sam2_training.__main__ import main
from mae_sam2_training.rounds.folder import Rounds, entries
from mae_sam2_training.rounds.frozen_test import reserve
from mae_sam2_training.rounds.picking import _sorted
from mae_sam2_training.rounds.strategies import (
    augmentation_disagreement,
    entropy,
    foreground_aware,
    highest,
    k_center,
    round_disagreement,
)
from napari_mae_sam2.fa.frame import Frame, pixel_sha256
from napari_mae_sam2.study.folder import Study

if TYPE_CHECKING:
    from pathlib import Path

FIELD = np.ones((8, 8), bool)


def chances(value: float) -> np.ndarray:
    return np.full((8, 8), value, np.float32)


def test_entropy_is_highest_where_the_model_is_unsure() -> None:
    values = [entropy(chances(p), FIELD) for p in (0.0, 0.1, 0.5, 0.9, 1.0)]
    assert values[2] == pytest.approx(np.log(2))
    assert values[0] == pytest.approx(values[4], abs=1e-5) == pytest.approx(0, abs=1e-5)
    assert values[1] == pytest.approx(values[3], rel=1e-3)
    half = FIELD.copy()
    half[:4] = False
    mixed = chances(0.0)
    mixed[:4] = 0.5
    assert entropy(mixed, half) == pytest.approx(0, abs=1e-5)
    assert entropy(mixed, ~FIELD) == 0


def test_views_that_disagree_count_and_views_that_are_unsure_alike_do_not() -> None:
    unsure = np.stack([chances(0.5)] * 4)
    opposed = np.stack([chances(0.0), chances(1.0)] * 2)
    assert augmentation_disagreement(unsure, FIELD) == pytest.approx(0, abs=1e-6)
    assert augmentation_disagreement(opposed, FIELD) == pytest.approx(np.log(2), 1e-3)
    assert entropy(unsure[0], FIELD) > 0.5
    assert augmentation_disagreement(opposed, ~FIELD) == 0


def test_rounds_disagree_as_far_as_their_leakage_lies_apart() -> None:
    left, right = chances(0.0), chances(0.0)
    left[:, :4], right[:, 4:] = 1, 1
    assert round_disagreement(left, left) == 0
    assert round_disagreement(left, right) == 1
    assert round_disagreement(left, chances(1.0)) == pytest.approx(1 / 3)
    assert round_disagreement(chances(0.0), chances(0.001)) == 0


def test_the_highest_scores_win_and_ties_are_drawn() -> None:
    assert highest([0.1, 0.9, 0.5], 2, np.random.default_rng(0)) == [1, 2]
    drawn = {tuple(highest([1.0] * 5, 1, np.random.default_rng(n))) for n in range(30)}
    assert len(drawn) == 5
    assert highest([1.0], 3, np.random.default_rng(0)) == [0]


def test_two_thirds_of_the_picks_show_leakage() -> None:
    called = [0.1 if n % 10 == 0 else 0.0 for n in range(100)]
    seen = set()
    for seed in range(20):
        picks = foreground_aware(called, 9, np.random.default_rng(seed))
        assert len(set(picks)) == 9
        assert sum(called[n] > 0 for n in picks) >= 6
        seen |= set(picks)
    assert len([n for n in seen if not called[n]]) > 20  # the rest is drawn anew
    few = [0.1] + [0.0] * 9
    assert len(set(foreground_aware(few, 6, np.random.default_rng(0)))) == 6
    assert len(foreground_aware(few, 60, np.random.default_rng(0))) == 10


def test_k_center_covers_what_is_there() -> None:
    rng = np.random.default_rng(0)
    centres = np.array([[0, 0], [10, 0], [0, 10], [10, 10]])
    cloud = np.concatenate([c + rng.normal(0, 0.3, (20, 2)) for c in centres])
    none = np.zeros((0, 2))
    groups = [n // 20 for n in k_center(cloud, none, 4)]
    assert sorted(groups) == [0, 1, 2, 3]
    # what is labelled need not be picked again
    assert 0 not in [n // 20 for n in k_center(cloud, cloud[:3], 3)]
    assert len(set(k_center(cloud, none, 500))) == 80
    assert k_center(np.ones((3, 2)), none, 2)[0] in (0, 1, 2)
    assert k_center(np.zeros((0, 2)), none, 2) == []


def test_a_cold_start_begins_with_the_most_ordinary_frame() -> None:
    line = np.array([[0.0], [1], [5], [9], [10]])
    assert k_center(line, np.zeros((0, 1)), 1) == [2]


def run(*arguments: str | Path) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    assert isinstance(ended.value.code, int)
    return ended.value.code


def add_unlabelled(study: Path, count: int) -> list[str]:
    rng = np.random.default_rng(9)
    cases = []
    for number in range(count):
        pixels = rng.integers(20, 60, (96, 96), np.uint8)
        frame = Frame(pixels, f"new {number}", None, pixel_sha256(pixels))
        cases.append(Study.open(study).add_frame(frame, patient=f"N{number}").id)
    return cases


@pytest.mark.parametrize(
    "strategy", ["random", "foreground", "entropy", "augmentation", "diversity"]
)
def test_picks_are_told_and_logged_with_their_strategy(
    study: Path, weights: Path, strategy: str, capsys: pytest.CaptureFixture[str]
) -> None:
    new = add_unlabelled(study, 4)
    reserved = reserve(study, cases=new[:1])
    command = ("pick", study, "--strategy", strategy, "--count", "2",
               "--to", "anna")  # fmt: skip
    assert run(*command, "--weights", weights, "--json-progress") == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    picked = told[-2]
    assert picked["event"] == "picked"
    assert len(set(picked["cases"])) == 2
    assert set(picked["cases"]) <= set(new) - set(reserved.cases)
    (log,) = entries(Rounds(study).folder / "picks")
    assert [one["case"] for one in log["picks"]] == picked["cases"]
    assert {one["strategy"] for one in log["picks"]} == {strategy}
    assert (log["candidates"], log["labelled"], log["round"]) == (3, 6, None)
    said = [
        event for event in Study.open(study).log.events() if event.details.get("to")
    ]
    assert [event.case for event in said] == picked["cases"]
    assert {event.details["to"] for event in said} == {"anna"}
    scored = strategy in ("foreground", "entropy", "augmentation")
    assert all((one["score"] is not None) == scored for one in log["picks"])


def test_names_of_picks_go_to_stdout_and_nothing_else(
    study: Path, weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = add_unlabelled(study, 3)
    command = ("pick", study, "--strategy", "random", "--count", "2")
    assert run(*command, "--weights", weights) == 0
    out, err = capsys.readouterr()
    names = out.splitlines()
    assert len(names) == len(set(names)) == 2
    assert set(names) <= set(new)
    assert "2 cases picked by random" in err


def test_what_cannot_be_picked_is_one_sentence(
    study: Path, weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ("pick", study, "--weights", weights)
    assert run(*command) == 2
    assert "Every case of the study" in capsys.readouterr().err
    add_unlabelled(study, 1)
    assert run(*command, "--strategy", "rounds") == 2
    assert "promote a round first" in capsys.readouterr().err
    assert run(*command, "--strategy", "best") == 2
    assert "choose one of random, foreground" in capsys.readouterr().err
    assert entries(Rounds(study).folder / "picks") == []


def test_what_was_answered_in_any_way_is_not_picked(tmp_path: Path) -> None:
    study = Study.create(tmp_path / "study")
    cases = []
    for number in range(4):
        pixels = np.full((32, 32), number, np.uint8)
        frame = Frame(pixels, f"frame {number}", None, pixel_sha256(pixels))
        cases.append(study.add_frame(frame).id)
        if number == 1:  # two who did not see each other's label
            for grader in ("anna", "ben"):
                study.save_revision(frame, pixels * 0, grader=grader, parent=None)
        if number == 2:  # and a model that did not see the grader's
            for status in ("done", "proposed"):
                study.save_revision(
                    frame, pixels * 0, grader="x", parent=None, status=status
                )
    study.note("status", grader="x", case=cases[3], details={"status": "cannot_grade"})
    assert _sorted(study) == ([cases[0]], [cases[2]])
