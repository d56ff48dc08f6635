"""What pixels must be to be graded, and their 8-bit forms for models and screens.

The stored pixels are never changed: everything here returns another array.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_mae_sam2.fa.frame import FrameError

if TYPE_CHECKING:
    from numpy.typing import NDArray

MIN_SIDE = 32
"""Fewer pixels a side hold no picture of a retina."""

MAX_SIDE = 8192
"""More pixels a side than any angiography camera gives; twice ultra-widefield."""

STRETCH = (0.1, 99.9)
"""Percentiles that become black and white when 16-bit or float pixels are shown."""

LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # Rec. 601, as Pillow's "L"


def check_size(height: int, width: int, name: str) -> None:
    """Refuse a frame by its size alone, before any pixel is decoded.

    Parameters
    ----------
    height, width : int
        In pixels.
    name : str
        How the message names the frame.

    Raises
    ------
    FrameError
        If a side is shorter than `MIN_SIDE` or longer than `MAX_SIDE`.
    """
    if min(height, width) < MIN_SIDE:
        raise FrameError(
            f"{name} is too small to grade ({width} × {height} pixels): "
            f"a frame needs at least {MIN_SIDE} pixels a side."
        )
    if max(height, width) > MAX_SIDE:
        raise FrameError(
            f"{name} is too large ({width} × {height} pixels): "
            f"export it with at most {MAX_SIDE} pixels a side."
        )


def check_pixels(pixels: NDArray[Any], name: str) -> None:
    """Refuse an array that cannot be graded as a frame.

    A frame with even one value that is not a number is refused: filling it in would
    show the grader pixels that no camera took.

    Parameters
    ----------
    pixels : array of shape (H, W), (H, W, 3) or (H, W, 4)
        uint8, uint16 or floating point; a fourth channel is taken as alpha.
    name : str
        How the message names the frame.

    Raises
    ------
    FrameError
        If shape, size or number type do not fit, if a value is NaN or infinite, or
        if all pixels have one value.
    """
    if pixels.ndim not in (2, 3) or (
        pixels.ndim == 3 and pixels.shape[2] not in (3, 4)
    ):
        raise FrameError(
            f"{name} is not one grey or RGB picture (its shape is {pixels.shape}): "
            "export the frame as a single picture."
        )
    check_size(pixels.shape[0], pixels.shape[1], name)
    if pixels.dtype not in (np.uint8, np.uint16) and pixels.dtype.kind != "f":
        raise FrameError(
            f"{name} has {pixels.dtype} pixels: export it with 8-bit, 16-bit or "
            "floating-point pixels."
        )
    colours = pixels[..., :3] if pixels.ndim == 3 else pixels
    if pixels.dtype.kind == "f":
        bad = colours.size - int(np.count_nonzero(np.isfinite(colours)))
        if bad:
            raise FrameError(
                f"{name} has {bad} values that are not numbers (NaN or infinite): "
                "export it again from the original."
            )
    low = colours.min()
    if low == colours.max():
        colour = "black" if low == 0 else "of one grey"
        raise FrameError(f"{name} is blank: all its pixels are {colour}.")


def _to8(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    """Stretch between robust percentiles; 8-bit pixels pass as they are."""
    if pixels.dtype == np.uint8:
        return pixels
    low, high = (float(v) for v in np.percentile(pixels, STRETCH))
    if low == high:  # all but a few pixels are equal
        low, high = float(pixels.min()), float(pixels.max())
    if low == high:
        return np.zeros(pixels.shape, np.uint8)
    scaled = (pixels.astype(np.float32) - np.float32(low)) * np.float32(
        255.0 / (high - low)
    )
    rounded: NDArray[np.uint8] = np.clip(np.rint(scaled), 0, 255).astype(np.uint8)
    return rounded


def _without_alpha(pixels: NDArray[Any]) -> NDArray[Any]:
    return pixels[..., :3] if pixels.ndim == 3 else pixels


def as_8bit(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    """Give a frame in 8 bits, grey or RGB as it is.

    What is cut out of the answer looks as it does in the whole frame; a part that is
    stretched by itself would not.

    Parameters
    ----------
    pixels : uint8, uint16 or float array of shape (H, W), (H, W, 3) or (H, W, 4)
        As for `as_rgb8`.

    Returns
    -------
    uint8 array of shape (H, W) or (H, W, 3)
        The frame's own array where that is already so.
    """
    return _to8(_without_alpha(pixels))


def as_rgb8(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    """Give a frame as 8-bit RGB.

    Parameters
    ----------
    pixels : uint8, uint16 or float array of shape (H, W), (H, W, 3) or (H, W, 4)
        8-bit values are kept; others are stretched so that the 0.1 and 99.9
        percentiles of all channels together become 0 and 255. Alpha is dropped.

    Returns
    -------
    uint8 array of shape (H, W, 3)
        C-contiguous and writable; the frame's own array where that is already so.
    """
    colours = _to8(_without_alpha(pixels))
    if colours.ndim == 2:
        colours = np.repeat(colours[..., None], 3, axis=2)
    return np.require(colours, requirements=["C", "W"])


def as_grey8(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    """Give a frame as 8-bit grey.

    Parameters
    ----------
    pixels : uint8, uint16 or float array of shape (H, W), (H, W, 3) or (H, W, 4)
        Equal channels are taken as the grey value they are; others are weighted as
        Rec. 601 luma. Then as `as_rgb8`.

    Returns
    -------
    uint8 array of shape (H, W)
        C-contiguous and writable; the frame's own array where that is already so.
    """
    grey = _without_alpha(pixels)
    if grey.ndim == 3:
        first = grey[..., 0]
        if (first == grey[..., 1]).all() and (first == grey[..., 2]).all():
            grey = first
        elif grey.dtype.kind == "f":
            grey = grey @ LUMA
        else:
            grey = np.rint(grey @ LUMA).astype(grey.dtype)
    return np.require(_to8(grey), requirements=["C", "W"])
