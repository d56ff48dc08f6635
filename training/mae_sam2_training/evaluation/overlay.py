"""A frame with the outlines of the truth and of the model's answer, as a small JPEG."""

from __future__ import annotations

import io
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image, ImageDraw
from skimage.measure import approximate_polygon, find_contours

from napari_mae_sam2.fa.pixels import as_grey8

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

TRUTH: Final = "#56B4E9"
ANSWER: Final = "#E69F00"
# sky blue and orange of Okabe and Ito 2008: told apart with every colour vision,
# and both stand out from grey
SIDE: Final = 420
_TRUTH_WIDTH, _ANSWER_WIDTH = 6, 3  # so that both are seen where they agree
_FINER = 2  # drawn larger and made smaller, so that the lines are smooth


def overlay(
    pixels: NDArray[Any], wanted: NDArray[np.bool_], answer: NDArray[np.bool_]
) -> bytes:
    """Draw the outlines of truth (solid) and answer (dashed) on a frame.

    Parameters
    ----------
    pixels : array of shape (H, W) or (H, W, 3)
        The frame as stored.
    wanted, answer : bool array of shape (H, W)

    Returns
    -------
    bytes
        A JPEG whose longer side is `SIDE`.
    """
    grey = as_grey8(pixels)
    scale = SIDE / max(grey.shape)
    size = (max(1, round(grey.shape[1] * scale)), max(1, round(grey.shape[0] * scale)))
    large = (size[0] * _FINER, size[1] * _FINER)
    picture = Image.fromarray(grey).convert("RGB").resize(large, Image.Resampling.BOX)
    pen = ImageDraw.Draw(picture)
    for mask, colour, dashed in ((wanted, TRUTH, False), (answer, ANSWER, True)):
        for line in _outlines(mask, scale * _FINER):
            if dashed:
                _dashed(pen, line, colour)
            else:
                pen.line(line, fill=colour, width=_TRUTH_WIDTH, joint="curve")
    file = io.BytesIO()
    picture.resize(size, Image.Resampling.LANCZOS).save(file, "JPEG", quality=85)
    return file.getvalue()


def _outlines(mask: NDArray[np.bool_], scale: float) -> list[list[tuple[float, float]]]:
    """Give closed lines (x, y) around every area and hole, in pixels of the picture."""
    lines = []
    for contour in find_contours(np.pad(mask, 1).astype(float), 0.5):
        points = approximate_polygon((contour - 0.5) * scale, 0.5)
        lines.append([(float(x), float(y)) for y, x in points])
    return lines


def _dashed(
    pen: ImageDraw.ImageDraw, line: list[tuple[float, float]], colour: str
) -> None:
    """Draw every other stretch of a line, so that the one below stays to be seen."""
    dash = 12.0
    walked = 0.0
    for (x0, y0), (x1, y1) in pairwise(line):
        length = float(np.hypot(x1 - x0, y1 - y0))
        at = 0.0
        while at < length:
            step = min(dash - walked % dash, length - at)
            if int(walked // dash) % 2 == 0:
                one, other = at / length, (at + step) / length
                pen.line(
                    [
                        (x0 + one * (x1 - x0), y0 + one * (y1 - y0)),
                        (x0 + other * (x1 - x0), y0 + other * (y1 - y0)),
                    ],
                    fill=colour,
                    width=_ANSWER_WIDTH,
                )
            at += step
            walked += max(step, 1e-6)
