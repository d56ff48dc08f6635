"""Keys work by their place on the keyboard, whatever its layout."""

from __future__ import annotations

import pytest
from qtpy.QtCore import QEvent, Qt
from qtpy.QtGui import QKeyEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QLineEdit, QWidget

from napari_mae_sam2._qt.key_positions import is_foreign, latin_of
from napari_mae_sam2._qt.latin_keys import LatinKeys

TOP = (10, 12)
NONE, SHIFT, ALT = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
)


def send(widget, letter, modifiers=NONE, code=0, release=True):
    kinds = [QEvent.Type.KeyPress, QEvent.Type.KeyRelease]
    for kind in kinds[: 1 + release]:
        key = ord(letter.upper())
        event = QKeyEvent(kind, key, modifiers, code, 0, 0, letter)
        QApplication.sendEvent(widget, event)


@pytest.mark.parametrize(
    ("letters", "latin"),
    [
        ("йцукенгшщзфывапролдячсмитьбю", "qwertyuiopasdfghjklzxcvbnm,."),
        ("йцукенгшщзфівапролдячсмитьбю", "qwertyuiopasdfghjklzxcvbnm,."),
        ("ςερτυθιοπασδφγηξκλζχψωβνμ", "wertyuiopasdfghjklzxcvbnm"),
        ("קראטוןםפשדגכעיחלךזסבהנמצתץ", "ertyuiopasdfghjklzxcvbnm,."),
    ],
)
def test_a_letter_tells_its_key_where_the_system_does_not(letters, latin):
    found = "".join(latin_of(letter, 0, 0, "xcb") for letter in letters)
    assert found == latin
    upper = letters.replace("ς", "Σ").upper()[1:]
    assert found[1:] == "".join(latin_of(one, 0, 0, "xcb") for one in upper)


def test_the_place_of_a_key_comes_before_its_letter():
    assert latin_of("б", 54, 0, "xcb") == "c"
    assert latin_of("б", 54, 0, "offscreen") == ","  # a code of another system
    assert latin_of("б", 54, ord("K"), "windows") == "k"
    assert latin_of("ส", 40, 0, "wayland") == "d"
    assert latin_of("ส", 0, 0, "xcb") == ""


@pytest.mark.parametrize("letter", ["é", "ñ", "ß", "ø", "c", "7", ","])
def test_latin_letters_are_no_foreign_ones(letter):
    assert not is_foreign(letter)


@pytest.mark.parametrize("letters", ["сы", "сі", "ψσ", "בד"])
def test_commit_and_save_and_next_with_another_layout(at_work, letters):
    commit, segment = letters
    at_work.click(TOP)
    at_work.wait_for_proposal()
    send(at_work.canvas, commit)
    at_work.settle(0.1)
    assert at_work.session.lesion_numbers() == [1]
    at_work.press("P")
    assert not at_work.widget.layers.is_prompting
    send(at_work.canvas, segment)
    at_work.settle(0.1)
    assert at_work.widget.layers.is_prompting


def test_shift_alt_and_held_keys_with_another_layout(at_work):
    leakage = at_work.widget.layers.leakage
    send(at_work.canvas, "в", release=False)  # D, held
    at_work.settle(0.05)
    assert not leakage.visible
    event = QKeyEvent(QEvent.Type.KeyRelease, ord("В"), NONE, 0, 0, 0, "в")
    QApplication.sendEvent(at_work.canvas, event)
    at_work.settle(0.05)
    assert leakage.visible
    send(at_work.canvas, "Т", SHIFT)  # N: there is no case before the first
    at_work.wait(lambda: "first case" in at_work.widget.messages.text, "the answer")
    opened = []
    at_work.viewer.bind_key("Alt-H", lambda _viewer: opened.append("Alt-H"))
    send(at_work.canvas, "р", ALT)
    assert opened == ["Alt-H"]


def test_signs_follow_the_layout_of_the_letter_before(at_work):
    """In Hebrew the Q key gives a slash; without a letter nobody can know."""
    at_work.click(TOP)
    at_work.wait_for_proposal()
    send(at_work.canvas, "ת", code=59)  # comma
    at_work.settle(0.1)
    heard = []
    prompts = at_work.widget.layers.prompts
    prompts.bind_key("Q", lambda _layer: heard.append("Q"), overwrite=True)
    send(at_work.canvas, "/", code=24)
    assert heard == ["Q"]
    QTest.keyClick(at_work.canvas, "s")  # back to English
    send(at_work.canvas, "/", code=24)
    assert heard == ["Q"]


def test_a_key_that_is_not_known_says_why_nothing_happens(at_work):
    send(at_work.canvas, "ส")
    assert "switch the keyboard to English" in at_work.widget.messages.text


def test_text_in_fields_stays_as_it_is_typed(at_work):
    field = QLineEdit(at_work.widget)
    field.show()
    field.setFocus()
    for letter in "Ольга":
        send(field, letter)
    assert field.text() == "Ольга"
    assert at_work.session.lesion_numbers() == []


def test_a_sign_is_a_key_where_the_letter_before_was_a_foreign_one(qtbot):
    seen = []

    class Widget(QWidget):
        def keyPressEvent(self, event):
            seen.append(event.key())

    widget = Widget()
    qtbot.addWidget(widget)
    LatinKeys(widget, print).watch(widget)
    # Hebrew has a sign where Q is; with a Latin layout the same sign is one.
    for letter, code in (("ש", 38), ("/", 24), ("c", 54), ("/", 61)):
        send(widget, letter, code=code)
    assert "".join(map(chr, seen)) == "AQC/"
