"""The same frame seen otherwise: what a model says of all leakage should not change.

Where it does, the model is not sure (test-time augmentation; Wang et al.,
Neurocomputing 338, 2019). Each look is one more encoding, for a worker thread.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from napari_mae_sam2.annotate.answering import encode
from napari_mae_sam2.fa.pixels import as_8bit
from napari_mae_sam2.model.protocol import Prompts
from napari_mae_sam2.model.tiles import needs_tiles, segment_in_tiles

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from napari_mae_sam2.annotate.shelf import Shelf
    from napari_mae_sam2.fa.frame import Frame
    from napari_mae_sam2.model.protocol import Prediction, Predictor


@dataclass(frozen=True, slots=True)
class Look:
    """How a frame is changed before it is looked at.

    Attributes
    ----------
    name : str
    axis : int or None
        Along which it is turned round: 0 rows, 1 columns.
    gamma : float
        Exponent of its grey levels; below 1 brightens.
    """

    name: str
    axis: int | None = None
    gamma: float = 1.0

    def at(self, pixels: NDArray[Any]) -> NDArray[np.uint8]:
        """Give the pixels of a frame as they are seen so."""
        seen = as_8bit(pixels)
        if self.gamma != 1:
            levels = 255 * (np.arange(256) / 255) ** self.gamma
            seen = np.rint(levels).astype(np.uint8)[seen]
        return np.ascontiguousarray(self._turned(seen))

    def back(self, grid: NDArray[np.float32]) -> NDArray[np.float32]:
        """Turn an answer (H, W) to such a look as the frame lies."""
        return np.ascontiguousarray(self._turned(grid))

    def _turned(self, values: NDArray[Any]) -> NDArray[Any]:
        return values if self.axis is None else np.flip(values, self.axis)


PLAIN: Final = Look("as it is")

LOOKS: Final = (
    PLAIN,
    Look("mirrored", axis=1),
    Look("upside down", axis=0),
    Look("brighter", gamma=0.8),
    Look("darker", gamma=1.25),
)
"""The first is the frame itself."""


def all_leakage(
    look: Look,
    predictor: Predictor,
    frame: Frame,
    shelf: Shelf,
    cancelled: Callable[[], bool],
    progress: Callable[[int, int], None],
) -> Prediction:
    """Ask a model for all leakage of a frame, seen so; slow.

    Parameters
    ----------
    look : Look
        `PLAIN` takes what was encoded for clicks.
    predictor : Predictor
    frame : Frame
    shelf : Shelf
        Of the embeddings in memory.
    cancelled : callable
        Answers True once it is no longer wanted.
    progress : callable
        Gets how many tiles of a large frame are done, and how many there are.

    Returns
    -------
    Prediction
        One candidate, as the frame lies.

    Raises
    ------
    FrameError
        If the pixels cannot be a frame.
    Cancelled
        If it is no longer wanted.
    """
    keep = look == PLAIN
    if needs_tiles(frame.shape, predictor.image_size):
        seen = look.at(frame.pixels)
        found = segment_in_tiles(predictor, seen, cancelled, progress, keep=keep)
    else:
        if keep:
            embedding = encode(shelf, predictor, frame, None, cancelled)
        else:
            seen = look.at(frame.pixels)
            embedding = predictor.encode(seen, cancelled, keep=False)
        found = predictor.decode(embedding, Prompts())
    return replace(
        found,
        grid=look.back(found.grid[0])[None],
        scores=found.scores[:1],
        low_res=look.back(found.low_res[0])[None],
        shape=frame.shape,
    )
