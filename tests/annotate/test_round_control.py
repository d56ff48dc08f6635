"""What the window is told of the rounds of the study that it has in hand."""

from __future__ import annotations

import json
import time

import pytest

from napari_mae_sam2.annotate import round_control
from napari_mae_sam2.annotate.child_process import ChildProcess
from napari_mae_sam2.annotate.round_control import RoundControl
from napari_mae_sam2.annotate.round_places import RoundPlaces


@pytest.fixture
def told(inbox, tmp_path):
    """Rounds as a window has them, and what it was told of them."""
    control = RoundControl(inbox.post, RoundPlaces(tmp_path / "state"))
    stands, warnings = [], []
    control.stands.connect(stands.append)
    control.warned.connect(warnings.append)
    yield control, stands, warnings
    control.close()


@pytest.fixture
def done(tmp_path):
    """A study with one round that is done."""
    result = tmp_path / "study" / "rounds" / "0001" / "result"
    result.mkdir(parents=True)
    (result / "result.json").write_text(json.dumps({"proposed": True}))
    (result.parent / "round.json").write_text('{"in_use": {"round": null}}')
    row = {"round": 1, "status": "done", "decision": None, "in_use": False}
    history = {"rounds": [row], "answers": [], "decisions": 0}
    (tmp_path / "study" / "rounds" / "history.json").write_text(json.dumps(history))
    return tmp_path / "study"


def test_a_second_look_tells_only_what_is_new(told, done, inbox, tmp_path):
    control, stands, _ = told
    control.follow(done)
    inbox.run_until(lambda: bool(stands))
    control.look()
    control.follow(tmp_path / "elsewhere")
    control.follow(done)  # as a window that was emptied meanwhile
    inbox.run_until(lambda: len(stands) == 2)
    assert stands[0] == stands[1]
    assert stands[1].last.number == 1


def test_a_history_that_cannot_be_written_is_not_tried_for_ever(
    told, done, inbox, stand_in, monkeypatch
):
    stand_in("sys.exit('The drive is full.')")
    begun = []

    def begin(words, *rest):
        begun.append(words)
        return ChildProcess(words, *rest)

    monkeypatch.setattr(round_control, "ChildProcess", begin)
    (done / "rounds" / "history.json").unlink()
    control, stands, warnings = told
    control.follow(done)
    inbox.run_until(lambda: bool(warnings))
    control.look()
    inbox.run_until(lambda: not control._looker.is_busy)
    inbox.run_until(lambda: True)  # what came last
    assert warnings == ["The rounds of the study cannot be shown: The drive is full."]
    assert [words[1] for words in begun] == ["history"]
    assert stands == []


def test_a_look_from_before_a_decision_is_not_taken_for_what_came_of_it(
    told, done, inbox, stand_in
):
    stand_in("")
    control, stands, _ = told
    decided = []
    control.decided.connect(lambda _action, stands: decided.append(stands.in_use))
    control.follow(done)
    inbox.run_until(lambda: bool(stands))
    control.decide("promote", 1, "anna")
    while not inbox._functions:  # the window hears of its end only below
        time.sleep(0.02)
    control.look()
    while control._looker.is_busy:
        time.sleep(0.02)
    history = done / "rounds" / "history.json"
    said = json.loads(history.read_text())
    said["rounds"][0]["in_use"] = True
    history.write_text(json.dumps(said))
    result = {"proposed": True, "model": {"fingerprint": "new"}}
    (done / "rounds/0001/result/result.json").write_text(json.dumps(result))
    inbox.run_until(lambda: bool(decided))
    assert decided == [1]
