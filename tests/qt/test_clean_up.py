"""Clean-ups as a grader does them: pick, key or menu, undo."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import Qt

from napari_mae_sam2._qt.clean_part import CleanPart
from napari_mae_sam2._qt.dock_tabs import Tab
from napari_mae_sam2.fa.clean_lesions import CleanUp
from napari_mae_sam2.fa.scale import PixelScale


@pytest.fixture
def part(at_work):
    """The clean-ups of a case with two lesions, the first with a hole."""
    session = at_work.session
    session.labels[5:15, 5:20] = 1
    session.labels[8:10, 8:10] = 0
    session.labels[30:50, 50:70] = 2
    session.painted()
    at_work.widget.tabs.show_tab(Tab.CORRECT)
    (found,) = (p for p in at_work.widget.parts if isinstance(p, CleanPart))
    return found


def done(at_work, part):
    at_work.wait(lambda: not part.cleaner.is_busy, "the clean-up")


def test_a_lesion_is_picked_filled_and_the_step_taken_back(at_work, part):
    at_work.press("L")
    at_work.click((12, 12))
    assert part.panel.selected.text() == "Lesion 1"
    at_work.press("F", shift=True)
    done(at_work, part)
    assert at_work.session.labels[9, 9] == 1
    assert part.panel.run.text() == "Fill holes"
    at_work.press("Z", control=True)
    assert at_work.session.labels[9, 9] == 0
    at_work.press("S")
    at_work.press("Z", shift=True)
    assert at_work.session.labels[9, 9] == 1


def test_all_lesions_grow_by_the_size_in_the_box(at_work, part, qtbot):
    before = at_work.session.labels.copy()
    part.panel.all.click()
    part.panel.choose(CleanUp.GROW)
    done(at_work, part)
    assert part.panel.run.text() == "Grow by 2 px"
    at_work.press("Z")
    assert (at_work.session.labels == before).all()
    box = part.panel.size
    box.selectAll()
    qtbot.keyClicks(box, "4")
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert not box.hasFocus()
    assert part.panel.run.text() == "Grow by 4 px"
    at_work.push("Grow by 4 px")
    done(at_work, part)
    assert at_work.session.labels[26, 60] == 2
    assert at_work.session.labels[18, 12] == 1
    assert len(at_work.session.history) == 2
    assert at_work.widget.layers.leakage.data[26, 60] == 2


def test_what_changes_nothing_says_so(at_work, part):
    at_work.widget.layers.choose_label(2)
    at_work.press("F", shift=True)
    done(at_work, part)
    assert "nothing to change on lesion 2" in at_work.widget.messages.text


def test_without_a_picked_lesion_it_says_what_to_do(at_work, part):
    at_work.widget.layers.choose_label(9)
    at_work.press("G", shift=True)
    assert "Pick a lesion first" in at_work.widget.messages.text


def test_micrometres_are_offered_only_with_a_scale(at_work, part):
    um = part.panel.um
    assert not um.isEnabled()
    part.panel.choose(CleanUp.SHRINK)
    done(at_work, part)
    assert not um.isEnabled()
    part.panel.show_scale(PixelScale(5.0, "the file's OME metadata"))
    assert um.text() == "µm"
    assert "OME" in um.toolTip()
    um.click()
    assert part.panel.run.text() == "Shrink by 10 µm"
    assert part.panel.size_of(CleanUp.SHRINK) == 2
    part.panel.size.setValue(15)
    assert part.panel.size_of(CleanUp.SHRINK) == 3
    part.panel.show_scale(None)
    assert part.panel.run.text() == "Shrink by 2 px"


def test_undo_stops_a_clean_up_that_runs(at_work, part, monkeypatch):
    steps = len(at_work.session.history)
    at_work.widget.layers.choose_label(2)
    part.panel.choose(CleanUp.GROW)
    at_work.widget.commands.undo()
    assert not part.cleaner.is_busy
    at_work.settle(0.2)
    assert len(at_work.session.history) == steps
    at_work.widget.commands.undo()
    assert len(at_work.session.history) == steps - 1


def test_a_long_clean_up_can_be_stopped_with_its_button(at_work, part):
    part.panel.show_busy(True)
    assert part.panel.run.text() == "Fill holes"
    at_work.wait(lambda: part.panel.run.text() == "Stop", "the word")
    stopped = []
    part.panel.stop_wanted.connect(lambda: stopped.append(True))
    part.panel.run.click()
    assert stopped == [True]
    part.panel.show_busy(False)
    assert part.panel.run.text() == "Fill holes"


def test_the_sizes_are_remembered(at_work, part):
    part.panel.choose(CleanUp.SMOOTH)
    part.panel.size.setValue(11)
    assert np.isclose(part.panel.size_of(CleanUp.SMOOTH), 11)
    part.panel.choose(CleanUp.FILL_HOLES)
    part.panel.choose(CleanUp.SMOOTH)
    assert part.panel.size.value() == 11
