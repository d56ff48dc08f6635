"""Which Latin key lies where a key of another keyboard layout was pressed.

napari knows Latin letters alone. With a Russian, Ukrainian, Greek or Hebrew layout the
key that says C on an English keyboard gives another letter; what counts for a shortcut
is the key, as in Qt's own menus. The place of the key is known from the hardware; where
it is not, the letter tells it.
"""

from __future__ import annotations

import sys
from typing import Final

_ROWS: Final = ("qwertyuiop[]", "asdfghjkl;'", "zxcvbnm,./")
_LETTERS: Final = (
    # Russian, Ukrainian where it differs
    ("йцукенгшщзхъ", "фывапролджэ", "ячсмитьбю."),
    ("йцукенгшщзхї", "фівапролджє", "ячсмитьбю."),
    # Belarusian, Serbian and Macedonian where they differ
    ("йцукенгшўзх'", "фывапролджэ", "ячсмітьбю."),
    ("љњертзуиопшђ", "асдфгхјклчћ", "ѕџцвбнм,.-"),
    # Greek, Hebrew
    (";ςερτυθιοπ[]", "ασδφγηξκλ΄'", "ζχψωβνμ,./"),
    ("/'קראטוןםפ][", "שדגכעיחלךף,", "זסבהנמצתץ."),
)
"""What the keys of the three rows of letters give; the first layout wins."""

_FIRST_CODES: Final = (24, 38, 52)
"""X11's codes of Q, A and Z; the others of a row follow them."""

_BY_CODE: Final = {
    first + place: letter
    for first, row in zip(_FIRST_CODES, _ROWS, strict=True)
    for place, letter in enumerate(row)
}
_MAC_ROWS: Final = {
    0: "a", 1: "s", 2: "d", 3: "f", 4: "h", 5: "g", 6: "z", 7: "x", 8: "c", 9: "v",
    11: "b", 12: "q", 13: "w", 14: "e", 15: "r", 16: "y", 17: "t", 31: "o", 32: "u",
    34: "i", 35: "p", 37: "l", 38: "j", 40: "k", 43: ",", 45: "n", 46: "m", 47: ".",
}  # fmt: skip
"""macOS's virtual key codes of an ANSI keyboard."""


def _by_letter() -> dict[str, str]:
    found: dict[str, str] = {}
    for layout in _LETTERS:
        for row, letters in zip(_ROWS, layout, strict=True):
            for latin, letter in zip(row, letters, strict=True):
                if is_foreign(letter):
                    found.setdefault(letter, latin)
    return found


def is_foreign(letter: str) -> bool:
    """Tell letters of another script from Latin ones, accents included."""
    return len(letter) == 1 and ord(letter) > 0x24F and letter.isalpha()


_BY_LETTER: Final = _by_letter()


def latin_of(letter: str, code: int, virtual: int, platform: str) -> str:
    """Give what a key says on an English keyboard.

    Parameters
    ----------
    letter : str
        What it gives in the layout that is in use.
    code, virtual : int
        Scan code and virtual key code that Qt has from the system; 0 where unknown.
    platform : str
        Name of Qt's platform plugin, such as "xcb", "wayland", "windows" or "cocoa".

    Returns
    -------
    str
        A letter in lower case or a sign; empty where the key is not known.
    """
    if platform in ("xcb", "wayland") and code in _BY_CODE:
        return _BY_CODE[code]
    if platform == "windows" and ord("A") <= virtual <= ord("Z"):
        return chr(virtual).lower()
    if platform == "cocoa" and sys.platform == "darwin" and virtual in _MAC_ROWS:
        # 0 is the A key, and what Qt says where it does not know.
        known = _MAC_ROWS[virtual]
        return _BY_LETTER.get(letter.lower(), known) if virtual == 0 else known
    return _BY_LETTER.get(letter.lower(), "")
