from __future__ import annotations

import pytest

from napari_mae_sam2.annotate.whereabouts import Place, Whereabouts


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "open"


def crashed(window):
    """End a window as a crash does: its lock is gone, its note stays."""
    window._lock.release()


def test_a_window_that_closed_leaves_nothing(folder, tmp_path):
    window = Whereabouts(folder)
    window.note([tmp_path], tmp_path / "eye.png", 0)
    window.close()
    assert Whereabouts(folder).left_behind() is None
    assert list(folder.iterdir()) == []


def test_a_window_that_crashed_is_found_once(folder, tmp_path):
    window = Whereabouts(folder)
    window.note([tmp_path], tmp_path / "eye 0.png", 0)
    window.note([tmp_path], tmp_path / "eye 1.png", 2)
    crashed(window)
    other = Whereabouts(folder)
    assert other.left_behind() == Place((tmp_path,), tmp_path / "eye 1.png", 2)
    assert other.left_behind() is None


def test_a_window_that_lives_is_left_alone(folder, tmp_path):
    window = Whereabouts(folder)
    window.note([tmp_path], tmp_path / "eye.png", 0)
    assert Whereabouts(folder).left_behind() is None
    crashed(window)
    assert Whereabouts(folder).left_behind() is not None


def test_who_opens_something_else_is_not_brought_back_later(folder, tmp_path):
    window = Whereabouts(folder)
    window.note([tmp_path], tmp_path / "eye.png", 0)
    crashed(window)
    other = Whereabouts(folder)
    other.note([tmp_path / "else"], tmp_path / "else.png", 0)
    other.close()
    assert Whereabouts(folder).left_behind() is None


def test_a_damaged_note_is_no_obstacle(folder, tmp_path):
    folder.mkdir()
    (folder / "aa.json").write_text("{")
    (folder / "bb.json").write_text("[]")
    assert Whereabouts(folder).left_behind() is None
    (tmp_path / "file").write_text("in the way")
    blocked = Whereabouts(tmp_path / "file" / "open")
    blocked.note([tmp_path], tmp_path / "eye.png", 0)
    assert blocked.left_behind() is None
