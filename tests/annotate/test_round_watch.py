from __future__ import annotations

import json

import pytest

from napari_mae_sam2.annotate.round_watch import RoundWatch

SCRIPT = """
print(json.dumps({"event": "start", "round": 7, "message": "Round 7."}), flush=True)
time.sleep(600)
"""


@pytest.fixture
def window(stand_in, inbox):
    """Makes windows that watch rounds; ends what they started."""
    stand_in(SCRIPT)
    made = []

    def make():
        stories, ends = [], []
        watch = RoundWatch(inbox.post, stories.append, lambda *end: ends.append(end))
        made.append(watch)
        return watch, stories, ends

    yield make
    for watch in made:
        watch.cancel()
        watch.stop()


def test_a_second_window_joins_the_round_of_the_first(window, inbox, tmp_path):
    first, stories, ends = window()
    other, others, _ = window()
    first.start(tmp_path / "run", ("module", "round"))
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    other.start(tmp_path / "run", ("module", "round"))
    assert json.loads((tmp_path / "run" / "run.json").read_text()) == record
    inbox.run_until(lambda: stories[-1].number == others[-1].number == 7)
    other.cancel()  # who watches may also end it
    inbox.run_until(lambda: bool(ends))
    assert not first.is_running


def test_what_is_no_longer_watched_says_nothing(window, inbox, tmp_path):
    watch, stories, ends = window()
    watch.start(tmp_path / "run", ("module", "round"))
    inbox.run_until(lambda: stories[-1].number == 7)
    watch.find(tmp_path / "another")
    count = len(stories)
    other, others, _ = window()
    other.find(tmp_path / "run")
    inbox.run_until(lambda: others[-1].number == 7)
    other.cancel()
    inbox.run_until(lambda: not other.is_running)
    assert (len(stories), ends) == (count, [])


def test_the_curves_of_a_round_that_has_ended_are_found_again(window, inbox, tmp_path):
    watch, stories, ends = window()
    watch.start(tmp_path / "run", ("module", "round"))
    inbox.run_until(lambda: stories[-1].number == 7)
    watch.cancel()
    inbox.run_until(lambda: bool(ends))
    assert ends[0][2] is False
    later, _, again = window()
    later.find(tmp_path / "run")
    inbox.run_until(lambda: bool(again))
    story, end, was_seen = again[0]
    assert (story.log, end.cancelled, was_seen) == (["Round 7."], True, True)
    assert story.ending(end) == "Round 7 was cancelled; the model in use stays."
    assert not later.is_running
