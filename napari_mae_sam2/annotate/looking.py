"""Which part of a frame is looked at so closely that it is encoded by itself.

Squeezed into the encoder's square, a large frame loses what is small. Where the
grader zooms in, the part that is seen is encoded instead, with some room around it,
so that not every turn of the wheel asks for another one.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from napari_mae_sam2.fa.close_up import CloseUp, close_up_around

if TYPE_CHECKING:
    from collections.abc import Iterable

WORTH_IT: Final = 1.5
"""How many times smaller than the frame a close-up must be to be made unasked."""

ROOM: Final = 1.25
"""Side of a new close-up, by what is seen."""

COARSEST: Final = 2.0
"""A close-up serves until it is this many times larger than a new one would be."""

LEAST_SEEN: Final = 0.9
"""A close-up serves while it holds this much of what is seen."""

_SMALLEST: Final = 0.25  # of the encoder's side: more enlargement shows nothing new
_STEP: Final = 32  # pixels: the same place gives the same close-up again


def choose_close_up(
    seen: CloseUp,
    shape: tuple[int, int],
    image_size: int,
    known: Iterable[CloseUp] = (),
    asked: bool = False,
) -> CloseUp | None:
    """Choose what to encode for what the grader sees.

    Parameters
    ----------
    seen : CloseUp
        The part of the frame in the window.
    shape : (int, int)
        (H, W) of the frame.
    image_size : int
        Side of the encoder's input.
    known : iterable of CloseUp
        Those in use or in memory, the best first: one of them serves on where it
        fits.
    asked : bool
        True where the grader asked for it, whether or not it is worth it.

    Returns
    -------
    CloseUp or None
        None where the frame as a whole serves as well.
    """
    if seen.is_empty:
        return None
    side = _side_for(seen, image_size)
    frame = CloseUp.whole(shape)
    if side >= frame.side:
        return None
    is_large = frame.side > WORTH_IT * image_size
    if not asked and not (is_large and frame.side >= WORTH_IT * side):
        return None
    for each in known:
        if each.share_of(seen) >= LEAST_SEEN and each.side <= COARSEST * side:
            return each
    return _about(seen, side, shape)


def part_in_view(
    seen: CloseUp, shape: tuple[int, int], image_size: int
) -> CloseUp | None:
    """Return the part of a frame to look for all leakage of what is seen.

    Parameters
    ----------
    seen : CloseUp
        The part of the frame in the window.
    shape : (int, int)
        (H, W) of the frame.
    image_size : int
        Side of the encoder's input.

    Returns
    -------
    CloseUp or None
        None where nearly the whole frame is seen.
    """
    side = _side_for(seen, image_size)
    whole = seen.is_empty or side >= max(shape)
    return None if whole else _about(seen, side, shape)


def _side_for(seen: CloseUp, image_size: int) -> int:
    side = max(ROOM * seen.side, _SMALLEST * image_size)
    return _STEP * math.ceil(side / _STEP)


def _about(seen: CloseUp, side: int, shape: tuple[int, int]) -> CloseUp:
    middle = (seen.top + seen.bottom - 1) / 2, (seen.left + seen.right - 1) / 2
    row, column = (_STEP * round(place / _STEP) for place in middle)
    return close_up_around((row, column), side, shape)
