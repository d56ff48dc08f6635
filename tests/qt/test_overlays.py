"""Colours over the frame, in the window."""

from __future__ import annotations

import numpy as np
import pytest

from napari_mae_sam2._qt.dock_tabs import Tab
from napari_mae_sam2._qt.view.colours_part import ColoursPart
from napari_mae_sam2._qt.view.flicker_part import FlickerPart
from napari_mae_sam2._qt.view.part import ViewPart
from napari_mae_sam2.annotate.overlay_picture import RAMPS, Kind
from napari_mae_sam2.fa.colours import MODEL, OTHER

TOP = (10, 12)


@pytest.fixture
def colours(at_work):
    (found,) = (p for p in at_work.widget.parts if isinstance(p, ColoursPart))
    at_work.widget.tabs.show_tab(Tab.VIEW)
    return found


@pytest.fixture
def view(at_work):
    (found,) = (p for p in at_work.widget.parts if isinstance(p, ViewPart))
    return found


def overlay(grader):
    return next((la for la in grader.viewer.layers if la.name == "overlay"), None)


def wait_for(grader, kind):
    def shown():
        layer = overlay(grader)
        return layer is not None and layer.data.shape[0] > 1

    grader.wait(shown, kind.value)


def test_the_key_shows_each_overlay_says_what_it_means_and_goes_back(
    at_work, colours, view
):
    at_work.click(TOP)
    at_work.wait_for_proposal()
    at_work.press("C")
    at_work.look()
    labels = at_work.session.labels.copy()
    leakage = at_work.widget.layers.leakage

    at_work.press("O", shift=True)
    wait_for(at_work, Kind.PROBABILITY)
    layer = overlay(at_work)
    assert (layer.data[TOP] == RAMPS[Kind.PROBABILITY][255]).all()
    assert list(at_work.viewer.layers).index(layer) == 1  # between frame and lesions
    assert colours.panel.words.text() == "All leakage, grey"
    assert colours.panel.legend.isVisible()
    assert [e.words for e in view.overlay.legend] == ["Probability", "0", "100 %"]
    # Nothing is hidden by the lesions: they are outlines now, drawn over the canvas.
    assert leakage.opacity == 0
    assert len(view.overlay.outlined) == 2
    assert layer.opacity == 1
    view.overlay_panel.opacity.setValue(0.25)
    assert layer.opacity == 0.5
    view.overlay_panel.opacity.setValue(0.5)

    colours.panel.buttons[Kind.AGAINST_LABEL].click()
    wait_for(at_work, Kind.AGAINST_LABEL)
    at_work.wait(lambda: bool(colours.panel.figures.text()), "figures")
    # The label has the patch of 150 pixels; the model calls another 400 leakage.
    figures = "Dice 0.43 · prec. 0.27 · sens. 1.00"
    assert colours.panel.figures.text() == figures
    assert view.overlay.legend[-1].words == "Dice 0.43"
    assert (at_work.session.labels == labels).all()

    at_work.press("O", shift=True)
    assert colours.overlays.kind is Kind.NONE
    assert overlay(at_work) is None
    assert not colours.panel.legend.isVisible()
    assert view.overlay.legend == ()
    assert leakage.opacity == 0.5


def test_an_overlay_follows_the_case_the_draft_and_a_layer_that_was_deleted(
    at_work, colours
):
    colours.panel.buttons[Kind.PROBABILITY].click()
    wait_for(at_work, Kind.PROBABILITY)
    at_work.click(TOP)
    at_work.wait(lambda: "draft" in colours.panel.words.text(), "the draft")
    at_work.press("N")
    at_work.wait(lambda: at_work.session.frame.name == "eye 1", "the next case")
    at_work.wait(lambda: colours.panel.words.text() == "All leakage, grey", "words")
    wait_for(at_work, Kind.PROBABILITY)
    assert overlay(at_work).data.shape == (60, 80, 4)
    at_work.viewer.layers.remove(overlay(at_work))
    at_work.wait(lambda: colours.overlays.kind is Kind.NONE, "nothing")
    assert np.asarray(at_work.widget.layers.frame.data).shape == (60, 80)


def test_a_or_b_stands_in_the_place_of_the_lesions_flickers_and_gives_way(
    at_work, view
):
    (part,) = (p for p in at_work.widget.parts if isinstance(p, FlickerPart))
    at_work.widget.desk.grader = "AB"
    at_work.widget.tabs.show_tab(Tab.VIEW, "A or B")
    at_work.click(TOP)
    at_work.wait_for_proposal()
    at_work.press("C")
    at_work.press("B")
    at_work.wait(lambda: bool(part.flicker.masks), "A")
    assert [entry.words for entry in view.overlay.legend] == ["A", "Model in use"]
    (seen,) = view.overlay.outlined
    assert (seen.data.sum(), seen.colour) == (550, MODEL)
    assert at_work.widget.layers.leakage.opacity == 0
    assert part.panel.figure.text() == "Dice 0.43"
    at_work.press("B")
    assert [entry.words for entry in view.overlay.legend] == ["B", "Labels now"]
    assert view.overlay.outlined[0].colour == OTHER
    at_work.press("B", shift=True)
    assert part.panel.ticking.isChecked()
    at_work.wait(lambda: part.flicker.side == 0, "a tick", 3)
    at_work.wait(lambda: part.flicker.side == 1, "another", 3)
    at_work.click((40, 60))  # goes on grading
    assert not part.flicker.is_on
    assert not part.panel.ticking.isChecked()
    assert view.overlay.legend == ()
    assert at_work.widget.layers.leakage.opacity == 0.5


def test_a_or_b_ends_with_its_case(at_work, view):
    (part,) = (p for p in at_work.widget.parts if isinstance(p, FlickerPart))
    for shift, step in ((False, 1), (True, -1)):  # seen once, and flickering
        at_work.press("B", shift=shift)
        at_work.wait(lambda: bool(part.flicker.masks), "A")
        chosen = part.flicker.chosen
        at_work.widget.desk.go(at_work.widget.desk.worklist.index + step)
        at_work.wait_until_ready()
        at_work.settle(0.6)
        assert not part.flicker.is_on
        assert not part.panel.ticking.isChecked()
        assert view.overlay.legend == ()
        assert view.overlay.outlined == ()
        assert at_work.widget.layers.leakage.opacity == 0.5
        assert part.flicker.chosen == chosen
