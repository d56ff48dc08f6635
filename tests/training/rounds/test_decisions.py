from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from mae_sam2_training.rounds import decisions as module
from mae_sam2_training.rounds.config import RoundConfig
from mae_sam2_training.rounds.decisions import (
    decisions,
    in_use,
    promote,
    refuse,
    roll_back,
    tell_in_use,
)
from mae_sam2_training.rounds.errors import RoundError
from mae_sam2_training.rounds.folder import Rounds, add_entry
from mae_sam2_training.rounds.freezing import freeze
from mae_sam2_training.rounds.records import ModelUsed
from napari_mae_sam2.model.checkpoint import load_model
from napari_mae_sam2.study.event_log import EventLog
from napari_mae_sam2.study.files import StudyError
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.seals import sealed
from napari_mae_sam2.study.verify_rounds import verify_rounds

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def rounds(study: Path, weights: Path) -> Rounds:
    """Three rounds with results, the third of which is not proposed."""
    base = ModelUsed(name="base", fingerprint="b" * 64)
    made = Rounds(study)
    fingerprint = load_model(weights).fingerprint
    for number in (1, 2, 3):
        freeze(made, RoundConfig(), base, base)
        result = {
            "round": number,
            "proposed": number != 3,
            "why": "It is worse.",
            "model": {"fingerprint": fingerprint},
        }
        made.publish(
            number,
            {
                "model.safetensors": weights.read_bytes(),
                "result.json": json.dumps(result).encode(),
            },
        )
    return made


def told(rounds: Rounds) -> dict[str, object]:
    return json.loads((rounds.folder / "in_use.json").read_text())


def test_promotion_refusal_and_rollback_are_logged(rounds: Rounds) -> None:
    assert in_use(rounds).round is None
    now = promote(rounds, 1, by="Ada", note="looks good")
    assert now.round == told(rounds)["round"] == 1
    assert told(rounds)["model"] == "rounds/0001/result/model.safetensors"
    refuse(rounds, 2, by="Ada")
    assert in_use(rounds) == now
    assert promote(rounds, 3, force=True).round == 3
    assert roll_back(rounds, by="Eve") == now
    assert told(rounds)["round"] == 1
    assert roll_back(rounds).round is None
    assert told(rounds)["model"] is None
    with pytest.raises(RoundError, match="nothing to roll back"):
        roll_back(rounds)
    log = [(one["action"], one["round"], one["by"]) for one in decisions(rounds)]
    assert log == [
        ("promote", 1, "Ada"),
        ("refuse", 2, "Ada"),
        ("promote", 3, ""),
        ("rollback", 3, "Eve"),
        ("rollback", 1, ""),
    ]
    assert decisions(rounds)[0]["note"] == "looks good"
    audit = [(one.event, one.grader) for one in EventLog(rounds.study).events()]
    assert audit[-5:] == [(action, by) for action, _, by in log]


def test_what_must_not_be_promoted_is_not(rounds: Rounds) -> None:
    with pytest.raises(RoundError, match=r"not proposed: It is worse\."):
        promote(rounds, 3)
    with pytest.raises(RoundError, match="has no round 9"):
        promote(rounds, 9)
    promote(rounds, 1)
    with pytest.raises(RoundError, match="in use already"):
        promote(rounds, 1)
    with pytest.raises(RoundError, match="compared with the base, and the model of"):
        promote(rounds, 2)
    with pytest.raises(RoundError, match="is in use"):
        refuse(rounds, 1)
    assert [one["round"] for one in decisions(rounds)] == [1]


def test_a_replaced_model_is_noticed(rounds: Rounds, tmp_path: Path) -> None:
    path = rounds.place(1) / "result" / "result.json"
    content = json.loads(path.read_text())
    content["model"]["fingerprint"] = "f" * 64
    path.write_text(json.dumps(content))
    with pytest.raises(RoundError, match="no longer the model that was measured"):
        promote(rounds, 1)
    assert decisions(rounds) == []


def test_of_two_promotions_at_once_one_is_told_that_it_lost(
    rounds: Rounds, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = add_entry

    def both(folder: Path, content: dict[str, object]) -> str:
        own = write(folder, content)
        if content["round"] == 1:  # the other one read the folder before
            later = json.loads((folder / f"{own}.json").read_text())
            later |= {"round": 2, "id": "0001-ffffffff", "time": "9999"}
            (folder / "0001-ffffffff.json").write_text(json.dumps(sealed(later)))
        return own

    monkeypatch.setattr(module, "add_entry", both)
    with pytest.raises(RoundError, match="at the same moment: the model of round 2"):
        promote(rounds, 1)
    assert in_use(rounds).round == told(rounds)["round"] == 2
    assert len(decisions(rounds)) == 2


def test_two_who_promote_one_model_at_once_roll_it_back_once(rounds: Rounds) -> None:
    promote(rounds, 1, by="Ada")
    own = decisions(rounds)[0]
    again = own | {"id": "0001-ffffffff", "time": "9999", "by": "Eve"}
    path = rounds.folder / "decisions" / "0001-ffffffff.json"
    path.write_text(json.dumps(sealed(again)))
    assert in_use(rounds).decision == own["id"]
    assert not [s for s in verify_rounds(Study(rounds.study)) if "in_use.json" in s]
    assert roll_back(rounds).round is None


def test_a_kill_between_decision_and_file_is_mended(rounds: Rounds) -> None:
    promote(rounds, 1)
    before = (rounds.folder / "in_use.json").read_bytes()
    promote(rounds, 2, force=True)
    (rounds.folder / "in_use.json").write_bytes(before)
    assert tell_in_use(rounds).round == 2
    assert told(rounds)["round"] == 2
    # taken away altogether, they are missed: nobody knows what is in use then
    shutil.rmtree(rounds.folder / "decisions")
    with pytest.raises(StudyError, match="is missing: restore it from a backup"):
        tell_in_use(rounds)
