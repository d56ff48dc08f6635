"""What waits for a grader code is saved as it was meant, and holds nothing up after."""

from __future__ import annotations

import pytest
from desk_hand import opened, paint, records

from napari_mae_sam2.study.places import STUDY_NAME


@pytest.fixture
def nobody(desk, inbox, folder):
    """No code is given; a lesion is drawn in the first case."""
    desk.grader = ""
    desk.code_wanted.connect(lambda _is_wanted: None)
    desk.open_paths([folder])
    inbox.run_until(opened(desk, 1))
    paint(desk.session)
    return desk


def settle(desk, inbox):
    done = []
    desk._keeping._writer.after(lambda: done.append(True))
    inbox.run_until(lambda: bool(done))


def statuses(folder):
    return [record["status"] for record in records(folder / STUDY_NAME)]


def test_an_answer_is_about_the_labels_that_the_grader_saw(nobody, inbox, folder):
    assert nobody.answer("done") == ""
    paint(nobody.session, value=2, row=20)
    nobody.grader = "AB-1"
    nobody.save_waiting()
    settle(nobody, inbox)
    assert statuses(folder) == ["in_work"]


def test_an_answer_counts_where_the_window_closes_without_a_code(nobody, folder):
    assert nobody.answer("done") == ""
    nobody.forget_waiting()
    nobody.close()
    assert statuses(folder) == ["done"]


def test_a_code_that_comes_later_lets_everything_go_on(nobody, inbox, folder):
    nobody.save_changes(lambda: None)  # asked for a code, and nobody gave one
    nobody.grader = "AB-1"
    done = []
    nobody.save_changes(lambda: done.append(True))
    inbox.run_until(lambda: bool(done))
    assert statuses(folder) == ["in_work"]
