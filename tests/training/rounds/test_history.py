from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from mae_sam2_training.__main__ import main
from mae_sam2_training.rounds.config import RoundConfig
from mae_sam2_training.rounds.decisions import refuse
from mae_sam2_training.rounds.folder import Rounds
from mae_sam2_training.rounds.freezing import freeze
from mae_sam2_training.rounds.history import faster, history, improving
from mae_sam2_training.rounds.history_page import write_history
from mae_sam2_training.rounds.records import ModelUsed
from napari_mae_sam2.fa.frame import Frame, pixel_sha256
from napari_mae_sam2.study.folder import Study

if TYPE_CHECKING:
    from pathlib import Path

BASE = ModelUsed(name="base", fingerprint="b" * 64)


def estimate(value: float) -> dict[str, float]:
    return {"value": value, "low": value - 0.1, "high": value + 0.1}


def finish(rounds: Rounds, number: int, dice: float, low: float | None) -> None:
    """Publish a result whose score rose by 0.05 with an interval from `low`."""
    result: dict[str, Any] = {
        "proposed": bool(low and low > 0),
        "why": "",
        "model": {"fingerprint": "f"},
        "score": {"difference": 0.05, "low": low, "high": 0.09, "count": 3},
        "new": {
            "metrics": {"image_dice": estimate(dice), "lesion_dice_1": estimate(dice)},
            "area_agreement_icc": 0.8,
        },
    }
    rounds.publish(number, {"result.json": json.dumps(result).encode()})


def label_quickly(study: Path, number: int) -> None:
    pixels = np.full((32, 32), number, np.uint8)
    frame = Frame(pixels, f"more {number}", None, pixel_sha256(pixels))
    Study.open(study).save_revision(
        frame,
        np.zeros((32, 32), np.uint16),
        grader="test",
        parent=None,
        statistics={"clicks": 2.0, "seconds": 15.0},
    )


@pytest.fixture
def rounds(study: Path) -> Rounds:
    """Three rounds: one done, one that failed, one done after two more labels."""
    made = Rounds(study)
    freeze(made, RoundConfig(), BASE, BASE)
    finish(made, 1, 0.5, 0.01)
    freeze(made, RoundConfig(), BASE, BASE)
    made.add_event(2, "failed", message="The disk is full.")
    for number in range(2):
        label_quickly(study, number)
    freeze(made, RoundConfig(), BASE, BASE)
    finish(made, 3, 0.6, -0.01)
    refuse(made, 3, by="Ada")
    return made


def test_a_damaged_round_is_a_row_without_figures(
    rounds: Rounds, caplog: pytest.LogCaptureFixture
) -> None:
    whole = history(rounds)
    record = rounds.place(2) / "round.json"
    kept = record.read_bytes()
    record.write_bytes(b'{"schema')
    rows = history(rounds)
    assert rows[0] == whole[0]
    assert (rows[1]["status"], rows[1]["labels"]) == ("failed", None)
    # What was new in the round after it, or tested before, nobody knows.
    new = ("new_cases", "clicks_per_case", "minutes_per_case")
    assert rows[2] == whole[2] | dict.fromkeys(new) | {"test_changed": False}
    assert "round.json is damaged" in caplog.text
    assert len(write_history(rounds.study)) == 3
    record.write_bytes(kept)
    (rounds.place(3) / "result" / "result.json").write_bytes(b"{")
    assert history(rounds)[2] == whole[2] | dict.fromkeys(
        ("proposed", "score", "image_dice", "lesion_dice_1", "area_agreement_icc")
    )


def test_history_has_every_round_with_its_figures(rounds: Rounds) -> None:
    rows = history(rounds)
    assert [row["round"] for row in rows] == [1, 2, 3]
    assert [row["status"] for row in rows] == ["done", "failed", "done"]
    assert [row["new_cases"] for row in rows] == [6, 0, 2]
    assert [row["labels"] + row["test_cases"] for row in rows] == [6, 6, 8]
    assert [row["clicks_per_case"] for row in rows] == [4.0, None, 2.0]
    assert [row["minutes_per_case"] for row in rows] == [0.5, None, 0.25]
    assert rows[0]["image_dice"] == estimate(0.5)
    assert rows[1]["image_dice"] is None
    assert rows[2]["area_agreement_icc"] == 0.8
    assert [row["decision"] for row in rows] == [None, None, "refuse"]
    assert [row["proposed"] for row in rows] == [True, None, False]


def test_other_test_cases_are_marked(rounds: Rounds) -> None:
    changed = [row["test_changed"] for row in history(rounds)]
    sizes = [row["test_cases"] for row in history(rounds)]
    assert changed == [False, False, sizes[2] != sizes[1]]
    for number in range(10, 17):
        label_quickly(rounds.study, number)
    freeze(rounds, RoundConfig(), BASE, BASE)
    last = history(rounds)[-1]
    assert last["test_cases"] > sizes[2]
    assert last["test_changed"]


def test_the_two_questions_are_answered_in_a_sentence_each(rounds: Rounds) -> None:
    rows = history(rounds)
    assert "Round 3 brought nothing certain" in improving(rows)
    assert "still improving: round 1" in improving(rows[:2])
    assert "4.0 clicks for a case new in round 1, 2.0 in round 3" in faster(rows)
    assert "0.5 minutes" in faster(rows)
    assert "from the second round on" in faster(rows[:1])
    worse = rows[2] | {"score": rows[2]["score"] | {"high": -0.001}}
    assert "made it worse" in improving([worse])
    alone = rows[2] | {"score": rows[2]["score"] | {"low": None}}
    assert "one test patient alone" in improving([alone])
    assert "No round was measured" in improving([rows[1]])


def test_the_page_and_the_file_are_written(
    rounds: Rounds, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    with pytest.raises(SystemExit) as ended:
        main(["history", str(rounds.study), "--out", str(out)])
    assert ended.value.code == 0
    assert "Round 3 brought nothing certain" in capsys.readouterr().out
    content = json.loads((out / "history.json").read_text())
    assert [row["round"] for row in content["rounds"]] == [1, 2, 3]
    page = (out / "history.html").read_text()
    assert page.count("data:image/svg+xml") == 5
    assert "<td>0.500 (0.400 to 0.600)</td>" in page
    assert "<td>refuse</td>" in page
    assert "https://" not in page
    assert str(tmp_path) not in page


def test_a_study_without_rounds_is_one_sentence(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["history", str(study)])
    assert ended.value.code == 2
    assert "had no round yet" in capsys.readouterr().err
