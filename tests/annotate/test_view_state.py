from __future__ import annotations

from napari_mae_sam2.annotate.view_state import OPACITIES, View, ViewState
from napari_mae_sam2.study.preferences import Preferences


def test_a_change_is_told_once_and_kept():
    preferences = Preferences()
    state = ViewState(preferences)
    heard = []
    state.changed.connect(heard.append)
    state.flip("grid")
    state.change(grid=True)
    assert [view.grid for view in heard] == [True]
    assert ViewState(preferences).view == state.view


def test_opacity_steps_round_and_stays_within_bounds():
    state = ViewState(Preferences())
    seen = []
    for _ in range(len(OPACITIES) + 1):
        state.next_opacity()
        seen.append(state.view.opacity)
    assert sorted(set(seen)) == list(OPACITIES)
    assert seen[0] == seen[-1]
    state.change(opacity=7)
    assert state.view.opacity == 1.0


def test_what_makes_no_sense_is_as_usual():
    preferences = Preferences()
    preferences.put("view", {"grid": 1, "opacity": 4, "outline": True, "new": 1})
    assert ViewState(preferences).view == View(outline=True)
    preferences.put("view", [1])
    assert ViewState(preferences).view == View()
