from __future__ import annotations

from napari_mae_sam2.annotate.child_process import Progress
from napari_mae_sam2.annotate.round_story import LONGEST, RoundStory, duration

SAID = (
    Progress("start", {"round": 3, "message": "Round 3: 8 cases train."}),
    Progress("phase", {"phase": "train", "message": "Training on 8 frames."}),
    Progress("embed", {"done": 4, "total": 16, "eta_s": 20.0}),
    Progress("validate", {"step": 0, "total": 60, "dice": 0.4, "lesions_found": 0.5}),
    Progress("step", {"step": 1, "total": 60, "loss": 0.7, "eta_s": 118.0}),
)


def test_a_round_is_told_in_words_and_curves():
    story = RoundStory()
    assert story.words == "Starting…"
    story.hear(SAID[:3])
    assert (story.number, story.done, story.total) == (3, 4, 16)
    assert story.words == "1 of 4 · Reading the frames · 20 s left"
    story.hear(SAID[3:])
    assert story.words == "2 of 4 · Training · 2 min left"
    story.hear([Progress("validate", {"step": 1, "total": 60, "dice": 0.5})])
    assert story.words == "2 of 4 · Training · 2 min left"  # a look tells no time
    assert (story.loss, story.found) == ([(1, 0.7)], [(0, 0.5)])
    assert story.dice == [(0, 0.4), (1, 0.5)]
    assert (story.done, story.total, story.steps) == (1, 60, 60)
    story.hear([Progress("phase", {"phase": "guards", "message": "Checking."})])
    assert story.words == "4 of 4 · Checking that nothing was lost…"
    assert story.total is None
    assert story.log == [
        "Round 3: 8 cases train.",
        "Training on 8 frames.",
        "Step 0: Dice 0.400, 50% of the lesions found",
        "Step 1: Dice 0.500",
        "Checking.",
    ]


def test_of_a_long_log_the_end_is_kept():
    story = RoundStory()
    for number in range(LONGEST + 5):
        story.hear([Progress("note", {"message": str(number)})])
    assert (len(story.log), story.dropped) == (LONGEST, 5)
    assert story.log[-1] == str(LONGEST + 4)


def test_a_number_that_is_not_known_is_left_out():
    story = RoundStory()
    story.hear([Progress("step", {"step": 2, "total": 4, "loss": None})])
    story.hear([Progress("validate", {"step": 2, "dice": None, "lesions_found": None})])
    assert (story.loss, story.dice, story.found) == ([], [], [])
    assert story.log == ["Step 2: nothing to look at"]


def test_durations_are_short():
    assert [duration(s) for s in (0.2, 45, 600, 9000)] == [
        "1 s", "45 s", "10 min", "2.5 h"
    ]  # fmt: skip


def test_how_far_the_whole_round_is_never_runs_back():
    story = RoundStory()
    shares = []
    for one in (
        *SAID[:3],
        Progress("embed", {"done": 16, "total": 16}),
        Progress("embed", {"done": 0, "total": 2}),  # the validation cases
        *SAID[3:],
        Progress("validate", {"step": 60, "total": 60}),
        Progress("phase", {"phase": "measure", "message": ""}),
        Progress("measure", {"done": 0, "total": 4}),
        Progress("measure", {"done": 4, "total": 4}),
        Progress("phase", {"phase": "guards", "message": ""}),
        Progress("judged", {"message": ""}),
    ):
        story.hear([one])
        shares.append(story.share)
    assert shares == sorted(shares)
    assert (shares[0], shares[3], shares[-1]) == (0.0, 0.3, 0.95)
