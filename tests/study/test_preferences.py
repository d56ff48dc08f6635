from __future__ import annotations

import json
import math

import pytest

from napari_mae_sam2.study.preferences import Preferences


def test_what_was_put_is_there_at_the_next_start(tmp_path):
    file = tmp_path / "config" / "window.json"
    first = Preferences(file)
    first.put("grid", True)
    first.put("opacity", 0.25)
    first.put("looks", {"camera": {"gamma": 2.0}})
    first.close()
    again = Preferences(file)
    assert again.flag("grid", False) is True
    assert again.number("opacity", 1.0) == 0.25
    assert again.get("looks") == {"camera": {"gamma": 2.0}}


def test_two_windows_do_not_undo_each_other(tmp_path):
    file = tmp_path / "window.json"
    one, other = Preferences(file), Preferences(file)
    one.put("grid", True)
    one.close()
    other.put("opacity", 0.5)
    other.close()
    assert json.loads(file.read_text()) == {"grid": True, "opacity": 0.5}


@pytest.mark.parametrize("content", [b"", b"[1]", b"\xff\xfe", b'{"grid": "yes"}'])
def test_a_file_that_makes_no_sense_counts_as_not_set(tmp_path, content):
    file = tmp_path / "window.json"
    file.write_bytes(content)
    kept = Preferences(file)
    assert kept.flag("grid", False) is False
    kept.put("grid", True)
    kept.close()
    assert Preferences(file).flag("grid", False) is True


@pytest.mark.parametrize("value", [True, "0.5", math.inf, None, [1]])
def test_only_finite_numbers_are_numbers(value):
    kept = Preferences()
    kept.put("opacity", value)
    assert kept.number("opacity", 0.75) == 0.75


def test_a_folder_that_takes_no_file_is_no_obstacle(tmp_path):
    (tmp_path / "config").write_text("a file in the way")
    kept = Preferences(tmp_path / "config" / "window.json")
    kept.put("grid", True)
    kept.close()
    assert kept.flag("grid", False) is True
