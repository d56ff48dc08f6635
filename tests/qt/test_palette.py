"""What napari's command palette offers of the dock."""

from __future__ import annotations

import importlib
from pathlib import Path

import napari
import pytest
from app_model import Application
from napari.utils.notifications import notification_manager
from npe2 import PluginManifest

import napari_mae_sam2
from napari_mae_sam2._qt import palette
from napari_mae_sam2._qt.keys_sheet import shown
from napari_mae_sam2._qt.palette import BUTTONS, NO_CASE, NO_DOCK

SIDE = (40, 60)
MANIFEST = Path(napari_mae_sam2.__file__).parent / "napari.yaml"
PREFIX = "napari-mae-sam2."


@pytest.fixture
def offered():
    """The commands of the manifest that act in the dock, by what follows the prefix."""
    manifest = PluginManifest.from_file(MANIFEST)
    return {
        command.id.removeprefix(PREFIX): command
        for command in manifest.contributions.commands
        if "_commands:" in command.python_name
    }


@pytest.fixture
def run(offered):
    def run_one(name):
        module, function = offered[name].python_name.split(":")
        getattr(importlib.import_module(module), function)()

    return run_one


def test_every_key_and_every_button_without_one_has_a_command(
    offered, run, at_work, monkeypatch
):
    """Each command is run with nothing behind it but what it asks for."""
    pressed, pushed, kinds = {}, {}, []
    name = ""
    monkeypatch.setattr(palette, "press", lambda key: pressed.update({name: key}))
    monkeypatch.setattr(palette, "push", lambda what: pushed.update({name: what}))
    monkeypatch.setattr(palette, "set_kind", kinds.append)
    for name in offered:
        run(name)
    reached = [
        key.act for key in at_work.widget.keys if key.keys[0] in pressed.values()
    ]
    left = {
        key.keys[0]
        for key in at_work.widget.keys
        if key.act not in reached  # Ctrl + Z does what Z does
        and key.text not in {kind.name for kind in at_work.session.kinds}
    }
    assert left == set()
    every = {name for key in at_work.widget.keys for name in key.keys}
    assert set(pressed.values()) <= every
    assert set(pushed.values()) == set(BUTTONS)
    assert kinds == list(range(1, 10))
    assert len(offered) == len(pressed) + len(pushed) + len(kinds)
    for name, key in pressed.items():
        assert offered[name].title.endswith(f" [{shown(key)}]")
    # The palette is 600 pixels wide, and napari writes the plugin before each title.
    assert [c.title for c in offered.values() if len(c.title) > 40] == []


def test_napari_offers_them_by_their_titles(at_work):
    menus = Application.get_app("napari").menus
    items = menus.get_menu(menus.COMMAND_PALETTE_ID)
    titles = {item.command.id: item.command.title for item in items}
    commit = "Commit the proposal as a lesion [C] (MAE-SAM2 leakage)"
    assert titles[PREFIX + "commit"] == commit


def test_a_lesion_is_made_corrected_and_judged_from_the_palette_alone(run, at_work):
    run("all_in_view")
    at_work.wait(lambda: at_work.session.is_reviewing, "patches")
    run("accept_all")
    assert at_work.session.lesion_numbers() == [1, 2]
    run("kind_4")
    (number,) = at_work.widget.parts[4].in_hand()
    assert at_work.session.lesion(number).kind == "macular"
    run("kind_9")
    assert at_work.widget.messages.text == "This study has 6 kinds of lesions."
    run("undo")
    run("undo")
    assert at_work.session.lesion_numbers() == []
    run("redo")
    run("next_case")
    at_work.wait(lambda: at_work.widget.desk.worklist.index == 1, "the next case")


def test_what_a_key_holds_the_palette_turns_on_and_off(run, at_work):
    leakage = at_work.widget.layers.leakage
    run("bare_frame")
    assert not leakage.visible
    run("bare_frame")
    assert leakage.visible


def test_tabs_are_reached_and_what_cannot_be_done_is_said(run, at_work):
    run("tab_model")
    tabs = at_work.widget.tabs
    assert tabs.tabText(tabs.currentIndex()) == "Model"
    run("use_new_model")
    assert "train a round first" in at_work.widget.messages.text


def test_without_a_case_each_says_how_to_begin_or_does_its_work(run, grader):
    for name in ("commit", "kind_1", "export", "cut_to_gradable"):
        grader.widget.messages.clear()
        run(name)
        assert grader.widget.messages.text == NO_CASE
    run("guided_tour")
    grader.wait_until_ready()
    assert grader.session.frame.name == "sample"


@pytest.mark.parametrize("name", ["commit", "kind_1", "open_sample"])
def test_without_a_dock_one_sentence_says_where_it_is(run, qtbot, name):
    viewer = napari.Viewer(show=False)
    try:
        before = len(notification_manager.records)
        run(name)
        assert [
            str(record.message) for record in notification_manager.records[before:]
        ] == [NO_DOCK]
    finally:
        viewer.close()
