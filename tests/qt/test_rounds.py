"""A round in the window: reckoned, watched, left alone, decided on."""

from __future__ import annotations

import json

import pytest
from qtpy.QtGui import QDesktopServices
from qtpy.QtWidgets import QMessageBox

from napari_mae_sam2._qt.dock_tabs import Tab
from napari_mae_sam2._qt.rounds import RoundPanels, Rounds
from napari_mae_sam2._qt.training_panel import estimate_in_words
from napari_mae_sam2.annotate.child_process import Progress
from napari_mae_sam2.annotate.round_story import RoundStory
from napari_mae_sam2.model.weights import remember_weights
from napari_mae_sam2.study.folder import Study

TOP = (10, 12)
TRAINING = """
import os, pathlib, shutil

study = pathlib.Path(sys.argv[4])
rounds = study / "rounds"
command = sys.argv[3]

def say(event, **values):
    print(json.dumps({"event": event} | values), flush=True)

def history(decision, used, decisions):
    row = {"round": 1, "status": "done", "decision": decision, "in_use": used}
    said = {"rounds": [row], "answers": ["", ""], "decisions": decisions}
    (rounds / "history.json").write_text(json.dumps(said))

if command == "round":
    (study / "asked").write_text(json.dumps(sys.argv[5:]))
if "--estimate" in sys.argv:
    say("estimate", train=3, val=1, test=1, new=2, steps=9, seconds=130, measured=False,
        in_conflict=['eye-7'], memory_gib=2.5, free_gib=8.0)
elif command == "round":
    say("start", round=1, message="Round 1.")
    say("phase", phase="train", message="Training.")
    say("validate", step=0, total=9, dice=0.25, lesions_found=0.5)
    for step in range(1, 4):
        say("step", step=step, total=9, loss=1 / step)
    go = study / "go"
    while not go.exists():
        time.sleep(0.02)
    if go.read_text():
        say("error", message=go.read_text())
        say("end", status="failed")
        sys.exit(2)
    result = rounds / "0001" / "result"
    result.mkdir(parents=True)
    (result.parent / "round.json").write_text('{"in_use": {"round": null}}')
    (result / "result.json").write_text(json.dumps({
        "model": {"fingerprint": "new"},
        "proposed": True, "why": "Dice changed by +0.100: better.",
        "score": {"old": 0.5, "new": 0.6, "difference": 0.1, "low": 0.05, "high": 0.15,
                  "count": 3},
        "cases": [{"case": "eye-1", "leaks": True, "old": 0.5, "new": 0.6,
                   "change": 0.1}],
        "guards": [{"name": "empty", "passed": True, "message": "Fine."}],
    }))
    history(None, False, 0)
    say("end", status="done")
elif (study / "overtaken").exists():  # two more rounds, and one of them is in use
    for number in (2, 3):
        shutil.copytree(rounds / "0001", rounds / f"000{number}")
    rows = [{"round": n, "status": "done", "decision": None, "in_use": n == 2}
            for n in (1, 2, 3)]
    said = {"rounds": rows, "answers": ["", ""], "decisions": 0}
    (rounds / "history.json").write_text(json.dumps(said))
    sys.exit("Round 1 was compared with the base: train a new round, or use --force.")
else:
    done = rounds / "decisions"
    done.mkdir(exist_ok=True)
    number = len(list(done.iterdir())) + 1
    (done / f"000{number}.json").write_text(json.dumps(sys.argv))
    history(command, command == "promote", number)
"""


@pytest.fixture
def go(at_work, folder, stand_in):
    """Lets the stand-in for the training go on; ends it after the test."""
    stand_in(TRAINING)
    file = Study.create(folder / "leakage-study").folder / "go"

    def let(word=""):
        file.write_text(word)

    at_work.widget.tabs.show_tab(Tab.MODEL)
    yield let
    let("over")


def begin(grader):
    grader.push("Train a round")
    panel = grader.widget.training
    grader.wait(lambda: panel.start.isVisible(), "the estimate")
    words = panel.words.text()
    grader.push("Start")
    grader.wait(lambda: len(panel.curve.loss) == 3, "the curve")
    return words


def test_a_round_is_reckoned_watched_and_cancelled(at_work, go):
    panel = at_work.widget.training
    words = begin(at_work)
    assert "5 labelled cases, 2 of them new: 3 training, 1 validation, 1 test" in words
    assert "About 2 min at most, 9 steps (typical of a laptop)" in words
    assert "1 with two answers left out" in words
    assert "2.5 GB of memory of 8.0 GB free" in words
    assert panel.curve.dice == ((0.0, 0.25),)
    assert panel.curve.found == ((0.0, 0.5),)
    assert [step for step, _ in panel.curve.loss] == [1, 2, 3]
    panel.log_shown.click()
    assert "Training." in panel.log.toPlainText()
    at_work.widget.tabs.show_tab(Tab.GRADE)
    at_work.click(TOP)
    at_work.wait_for_proposal()
    at_work.widget.tabs.show_tab(Tab.MODEL)
    at_work.push("Cancel")
    at_work.wait(lambda: "cancelled" in panel.words.text(), "the end")
    assert panel.train.isVisible()
    assert at_work.widget.messages.text == ""
    # thinking of another one and dropping it, its curve comes back
    at_work.push("Train a round")
    at_work.wait(lambda: panel.start.isVisible(), "the estimate")
    assert not panel.curve.isVisible()
    at_work.push("Cancel")
    at_work.wait(lambda: "cancelled" in panel.words.text(), "the last round")
    assert len(panel.curve.loss) == 3
    # what a long round goes on to say is added behind what is kept of its log
    story = RoundStory(log=["old"])
    panel.show_story(story)
    story.log, story.dropped = ["newer", "new"], 1
    panel.show_story(story)
    assert panel.log.toPlainText().splitlines()[-2:] == ["newer", "new"]


def test_a_round_that_fails_leaves_the_old_model(at_work, go):
    before = at_work.widget.desk.annotator.predictor
    begin(at_work)
    go("The disk is full.")
    messages = at_work.widget.messages
    at_work.wait(lambda: "The disk is full." in messages.text, "the sentence")
    assert at_work.widget.desk.annotator.predictor is before
    assert at_work.widget.training.train.isVisible()
    assert not at_work.widget.verdict.promote.isVisible()


def test_a_round_goes_on_without_the_window_and_is_decided_on(
    at_work, go, folder, models, monkeypatch
):
    widget, study = at_work.widget, folder / "leakage-study"
    base = folder / "chosen.safetensors"
    base.touch()
    remember_weights(base)
    begin(at_work)
    widget.rounds.close()  # as the window does
    panel, verdict, history = panels = RoundPanels.make()
    again = Rounds(widget.desk, panels, widget)
    panel.show()
    verdict.show()
    at_work.wait(lambda: len(panel.curve.loss) == 3, "the curve")
    assert panel.cancel.isVisible()
    go()
    at_work.wait(lambda: verdict.promote.isVisible(), "the verdict")
    assert verdict.words.text() == "Round 1: Dice changed by +0.100: better."
    assert "All 1 checks passed" in verdict.checks.text()
    opened = []
    monkeypatch.setattr(QDesktopServices, "openUrl", opened.append)
    verdict.report.click()
    page = study / "rounds" / "0001" / "result" / "report.html"
    at_work.wait(lambda: bool(opened), "the report")
    assert opened[0].toLocalFile() == str(page)
    model = study / "rounds" / "0001" / "result" / "model.safetensors"
    models[str(model)] = type(models[None])()
    models[str(model)].fingerprint = "new"
    models[str(base)] = type(models[None])()
    widget.desk.grader = "anna"
    verdict.promote.click()
    annotator = widget.desk.annotator
    at_work.wait(lambda: annotator.predictor is models[str(model)], "the new model")
    assert not verdict.promote.isVisible()
    # another model was chosen meanwhile, as by a grader who comes from another study
    annotator.load_model(None)
    at_work.wait(lambda: verdict.use.isVisible(), "the offer")
    verdict.use.click()
    at_work.wait(lambda: annotator.predictor is models[str(model)], "the new model")
    assert not verdict.use.isVisible()
    verdict.rollback.click()
    # the weights that were chosen by hand before the first round
    at_work.wait(lambda: annotator.predictor is models[str(base)], "the old model")
    assert verdict.promote.isVisible()
    # and the next round begins with them, too
    remember_weights(model)
    model.touch()
    assert again._arguments() == ("--weights", str(base))
    asked = json.loads((study / "asked").read_text())
    assert asked == ["--json-progress", "--weights", str(base)]
    said = [json.loads(p.read_text()) for p in sorted(study.glob("rounds/decisions/*"))]
    assert said[0][3:] == ["promote", str(study), "1", "--grader", "anna"]
    assert said[1][3:] == ["rollback", str(study), "--grader", "anna"]
    again.close()
    # a round that has ended is found with its curves and its log, and is no news
    third, *others = panels = RoundPanels.make()
    later = Rounds(widget.desk, panels, widget)
    told = []
    later.told.connect(told.append)
    third.show()
    at_work.wait(lambda: third.words.text() == "Round 1 is done.", "the end")
    assert len(third.curve.loss) == 3
    assert third.curve.isVisible()
    assert third.train.isVisible()
    assert not third.cancel.isVisible()
    third.log_shown.click()
    assert "Training." in third.log.toPlainText()
    assert told == []
    later.close()
    for one in (panel, verdict, history, third, *others):
        one.deleteLater()


def test_a_promotion_that_was_overtaken_is_told_in_words_of_the_window(
    at_work, go, folder
):
    begin(at_work)
    go()
    verdict = at_work.widget.verdict
    at_work.wait(lambda: verdict.promote.isVisible(), "the verdict")
    assert verdict.promote.text() == "Promote"
    (folder / "leakage-study" / "overtaken").touch()
    verdict.promote.click()
    messages = at_work.widget.messages
    at_work.wait(lambda: "Somebody else" in messages.text, "the sentence")
    assert "the model of round 2 is in use now" in messages.text
    assert "--force" not in messages.text
    assert "this round was compared with the base" in verdict.words.text()
    assert verdict.promote.text() == "Promote anyway"
    decided = []
    verdict.promote_wanted.connect(lambda *said: decided.append(said))
    verdict.promote.click()
    assert "was compared with the base" in verdict.question.informativeText()
    verdict.question.button(QMessageBox.StandardButton.Cancel).click()
    assert decided == []
    verdict.promote.click()
    (yes,) = (b for b in verdict.question.buttons() if b.text() == "Promote anyway")
    yes.click()
    assert [forced for _, forced in decided] == [True]


def test_without_a_label_it_says_what_to_do(at_work):
    at_work.widget.tabs.show_tab(Tab.MODEL)
    at_work.push("Train a round")
    at_work.wait(lambda: "save labels first" in at_work.widget.messages.text, "it")
    assert at_work.widget.training.train.isVisible()


def test_a_promoted_model_proposes_what_has_no_label(at_work, stand_in, folder):
    said = stand_in(
        "open(sys.argv[0] + '.txt', 'w').write(json.dumps(sys.argv[1:]))\n"
        "print(json.dumps({'event': 'end', 'status': 'done', 'made': 2, 'found': 0}))"
    )
    study, model = folder / "leakage-study", folder / "new.safetensors"
    at_work.click(TOP)
    at_work.wait_for_proposal()
    at_work.press("C")
    at_work.press("S", shift=True)
    at_work.wait(lambda: "Saved" in at_work.widget.messages.text, "saving")
    at_work.widget.rounds.promoted.emit(study, model)
    at_work.wait(
        lambda: "2 frames predicted" in at_work.widget.messages.text, "proposals"
    )
    words = json.loads(said.with_suffix(".txt").read_text())
    assert words[words.index("--weights") + 1] == str(model)
    assert "--unlabelled" in words
    others = [str(folder / f"eye {n}.png") for n in (1, 2)]
    assert words[words.index("--") + 1 :] == [str(study), *others]


def test_the_estimate_says_what_a_round_cannot_tell_and_leaves_out():
    values = {"train": 3, "val": 1, "test": 2, "new": 2, "steps": 9, "seconds": 60}
    said = estimate_in_words(Progress("estimate", values | {"leaking_tests": 0}))
    assert "No test case shows leakage" in said
    said = estimate_in_words(
        Progress("estimate", values | {"leaking_tests": 2, "in_review": ["a", "b"]})
    )
    assert "No test case" not in said
    assert "2 cases wait for review and will not be trained on." in said
