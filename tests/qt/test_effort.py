"""Time on task and clicks, as the window hears them."""

from __future__ import annotations

import json

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLineEdit


def test_clicks_in_the_window_are_counted_once_and_saved(at_work, folder, qtbot):
    before = at_work.session.effort.spent.clicks
    at_work.click((10, 12))
    at_work.wait_for_proposal()
    at_work.click((42, 62), leakage=False)
    at_work.push("Reject (R)")
    spent = at_work.session.effort.spent
    assert spent.clicks - before == 3
    assert 0 < spent.seconds < 60
    at_work.push("No leakage")
    record_of = (folder / "leakage-study").rglob
    at_work.wait(lambda: any(record_of("revision.json")), "saving")
    (record,) = (folder / "leakage-study").rglob("revision.json")
    saved = json.loads(record.read_text())["statistics"]
    assert saved["clicks"] - before == 4
    assert saved["seconds"] > 0


def test_another_window_does_not_count(at_work, qtbot):
    other = QLineEdit()
    qtbot.addWidget(other)
    other.show()
    before = at_work.session.effort.spent.clicks
    qtbot.mouseClick(other, Qt.MouseButton.LeftButton)
    assert at_work.session.effort.spent.clicks == before
