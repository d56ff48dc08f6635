"""Contact sheets: many small frames side by side, with the lesions outlined."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
from scipy import ndimage
from skimage.transform import resize

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_OUTLINE = (255, 190, 0)


class Sample(Protocol):
    """Anything with pixels and lesions: a `DrawnFrame` or a `Drawn`."""

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """Frame, uint8 (H, W)."""
        ...

    @property
    def lesions(self) -> NDArray[np.uint16]:
        """Instances, uint16 (H, W)."""
        ...


def contact_sheet(
    samples: Sequence[Sample], columns: int = 4, tile: int = 320, plain: bool = True
) -> NDArray[np.uint8]:
    """Lay samples out in rows.

    Parameters
    ----------
    samples : sequence of Sample
        At least one.
    columns : int
        Samples in a row.
    tile : int
        Side of a picture in pixels.
    plain : bool
        Show each sample without outlines to the left of itself with outlines.

    Returns
    -------
    ndarray
        uint8 (H, W, 3).

    Raises
    ------
    ValueError
        Without samples.
    """
    if not samples:
        raise ValueError("a contact sheet needs at least one sample")
    tiles = [_tile(sample, tile, plain) for sample in samples]
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % columns)
    rows = [np.hstack(tiles[i : i + columns]) for i in range(0, len(tiles), columns)]
    return np.vstack(rows)


def _tile(sample: Sample, side: int, plain: bool) -> NDArray[np.uint8]:
    """One sample on a square, without and with outlines."""
    height, width = sample.pixels.shape
    scale = side / max(height, width)
    shape = (max(1, round(height * scale)), max(1, round(width * scale)))
    small = resize(sample.pixels, shape, preserve_range=True, anti_aliasing=scale < 1)
    rows = np.minimum((np.arange(shape[0]) / scale).astype(int), height - 1)
    cols = np.minimum((np.arange(shape[1]) / scale).astype(int), width - 1)
    labels = sample.lesions[rows][:, cols]
    edge = labels != ndimage.grey_dilation(labels, size=3)
    square = np.zeros((side, side, 3), np.uint8)
    square[: shape[0], : shape[1]] = np.rint(small).astype(np.uint8)[..., None]
    outlined = square.copy()
    outlined[: shape[0], : shape[1]][edge] = _OUTLINE
    return np.hstack((square, outlined)) if plain else outlined
