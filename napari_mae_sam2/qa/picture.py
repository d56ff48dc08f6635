"""A frame as a small WebP within a number of bytes, and masks as SVG paths over it."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image
from skimage.measure import approximate_polygon, find_contours

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_SIDES: Final = (640, 512, 384, 256)
_QUALITIES: Final = (80, 65, 50)
_FINEST: Final = 0.5  # pixels that an outline may be off
_COARSEST: Final = 8.0
_MOST_LINES: Final = 500

UNIT: Final = 0.5
"""Pixels of the picture in one unit of an outline: whole numbers are short."""


def small_picture(preview: Path, budget: int) -> tuple[bytes, tuple[int, int]]:
    """Encode a preview as WebP.

    Parameters
    ----------
    preview : Path
        See `predict.results.Results.preview`.
    budget : int
        Bytes that it may take; the smallest form is taken where none is small enough.

    Returns
    -------
    bytes, (int, int)
        The file, and its (width, height).

    Raises
    ------
    OSError
        If the preview is missing or damaged.
    """
    with Image.open(preview) as opened:
        opened.load()
        picture = opened.convert("RGB")
    for side in _SIDES:
        small = picture.copy()
        small.thumbnail((side, side), Image.Resampling.LANCZOS)
        for quality in _QUALITIES:
            buffer = io.BytesIO()
            small.save(buffer, "WEBP", quality=quality, method=2)
            if buffer.tell() <= budget:
                return buffer.getvalue(), small.size
    return buffer.getvalue(), small.size


def outline(mask: NDArray[np.bool_], size: tuple[int, int], most: int) -> str:
    """Draw a mask as an SVG path.

    Parameters
    ----------
    mask : bool array of shape (H, W)
    size : (int, int)
        (width, height) of the picture.
    most : int
        Characters that it may take: a mask in many pieces is drawn more coarsely, and
        at last without its smallest pieces.

    Returns
    -------
    str
        Closed lines around every area and hole, to be filled even-odd, in `UNIT`;
        empty for an empty mask.
    """
    if not mask.any():
        return ""
    shrunk = Image.fromarray(mask.astype(np.float32)).resize(
        size, Image.Resampling.BOX if size[0] < mask.shape[1] else 0
    )
    grey = np.pad(np.asarray(shrunk), 1)
    # A lesion smaller than a pixel of the picture is seen all the same.
    contours = find_contours(grey, min(0.5, float(grey.max()) / 2))
    contours = sorted(contours, key=len, reverse=True)[:_MOST_LINES]
    tolerance = _FINEST
    while True:
        path = "".join(_line(contour, tolerance) for contour in contours)
        if len(path) <= most or tolerance >= _COARSEST:
            return path[: path.rfind("z", 0, most) + 1] or path
        tolerance *= 2


def _line(contour: NDArray[np.float64], tolerance: float) -> str:
    points = approximate_polygon(contour - 0.5, tolerance)
    if len(points) < 3:
        points = contour - 0.5
    whole = np.rint(points[:-1, ::-1] / UNIT).astype(int)  # [N, (x, y)]
    steps = np.diff(whole, axis=0)
    rest = " ".join(f"{x} {y}" for x, y in steps[steps.any(axis=1)])
    return f"M{whole[0, 0]} {whole[0, 1]}l{rest or '1 0'}z"
