"""From the channels of a mask to one value for each pixel, where that is clear.

Grey, colour and transparency may each carry the mask. Where two of them say different
things, nobody can know which was meant, and the answer is a reason in place of values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Read = tuple["NDArray[Any] | None", str]
"""Values, or None and why they are not clear, as the end of a sentence."""


def as_values(channels: NDArray[Any]) -> Read:
    """Give one value for each pixel.

    Parameters
    ----------
    channels : array of shape (H, W), or (H, W, C) with C from 1 to 4
        Two and four channels end with alpha.

    Returns
    -------
    values : array of shape (H, W) or None
        Whole numbers as stored where the mask is grey; bool where a colour or
        transparency says what is leakage; None where that is not clear.
    trouble : str
        Why it is not clear; empty otherwise.
    """
    if channels.ndim not in (2, 3) or channels.dtype.kind not in "bui":
        return None, (
            f"has shape {channels.shape} and type {channels.dtype}: save it with one "
            "channel of whole numbers"
        )
    if channels.ndim == 2:
        return channels, ""
    if channels.shape[2] in (1, 3):
        return _of_colour(channels)
    if channels.shape[2] in (2, 4):
        return _of_transparency(channels[..., :-1], channels[..., -1])
    return None, f"has {channels.shape[2]} channels: save it with one"


def _of_colour(colour: NDArray[Any]) -> Read:
    """Read grey in equal channels, or one colour on black."""
    if (colour == colour[..., :1]).all():
        return colour[..., 0], ""
    drawn: NDArray[np.bool_] = np.any(colour, axis=2)
    if drawn.all():
        return None, (
            "is coloured and has no black background, so it is not clear what is "
            "leakage: save leakage in white on black"
        )
    if (colour[drawn] != colour[drawn][0]).any():
        return None, (
            "holds several colours, and it is not clear which of them is leakage: "
            "save leakage in white on black"
        )
    return drawn, ""


def _of_transparency(colour: NDArray[Any], alpha: NDArray[Any]) -> Read:
    """Read a mask whose transparent part, its colour, or both say what is drawn."""
    full = True if alpha.dtype.kind == "b" else np.iinfo(alpha.dtype).max
    opaque = alpha == full
    if opaque.all():
        return _of_colour(colour)
    if alpha[~opaque].any():
        return None, (
            "is half transparent in places: save leakage in white on black without "
            "transparency"
        )
    if _is_even(colour):  # nothing but transparency tells pixels apart
        return opaque, ""
    seen, hidden = colour[opaque], colour[~opaque]
    if not hidden.any():
        return _of_colour(colour)
    if len(seen) and _is_even(seen) and seen[0].any():
        if not (hidden == seen[0]).all(axis=-1).any():
            return opaque, ""
    return None, (
        "says one thing by its colour and another by its transparency: save leakage in "
        "white on black without transparency"
    )


def _is_even(colour: NDArray[Any]) -> bool:
    """Tell whether all pixels have one colour; channels are the last axis."""
    flat = colour.reshape(-1, colour.shape[-1])
    return bool((flat == flat[:1]).all())
