"""What the rest of the program knows of a model: prompts in, logits out, in numpy.

No torch here, so that the grader's side can be written and tested without it.
Every coordinate is (row, column) in pixels of the original frame, where (0, 0) is
the centre of the first pixel, as napari has it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np

from napari_mae_sam2.model.prediction import LOW_RES_SIDE, Prediction

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from napari_mae_sam2.fa.close_up import CloseUp

__all__ = [
    "LOW_RES_SIDE",
    "Cancelled",
    "Embedding",
    "Prediction",
    "Predictor",
    "Prompts",
]


def _no_points() -> NDArray[np.float32]:
    return np.zeros((0, 2), np.float32)


def _no_labels() -> NDArray[np.int8]:
    return np.zeros((0,), np.int8)


def _no_boxes() -> NDArray[np.float32]:
    return np.zeros((0, 4), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Prompts:
    """What the grader has said about one lesion; empty means "all leakage".

    Attributes
    ----------
    points : float32 array of shape (N, 2)
        Clicks as (row, column).
    labels : int8 array of shape (N,)
        1 for "this is leakage", 0 for "this is not".
    boxes : float32 array of shape (K, 4)
        Boxes as (first row, first column, last row, last column).
    mask : float32 array of shape (256, 256), optional
        Low-resolution logits of an earlier prediction to start from.
    """

    points: NDArray[np.float32] = field(default_factory=_no_points)
    labels: NDArray[np.int8] = field(default_factory=_no_labels)
    boxes: NDArray[np.float32] = field(default_factory=_no_boxes)
    mask: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        """Check the shapes.

        Raises
        ------
        ValueError
            If a shape is not the documented one or a label is neither 0 nor 1.
        """
        if self.points.ndim != 2 or self.points.shape[1] != 2:
            raise ValueError(f"points must be (N, 2), not {self.points.shape}")
        if self.labels.shape != (len(self.points),):
            raise ValueError("labels must have one entry for each point")
        if not np.isin(self.labels, (0, 1)).all():
            raise ValueError("labels must be 0 or 1")
        if self.boxes.ndim != 2 or self.boxes.shape[1] != 4:
            raise ValueError(f"boxes must be (K, 4), not {self.boxes.shape}")
        if self.mask is not None and self.mask.shape != (LOW_RES_SIDE, LOW_RES_SIDE):
            raise ValueError(
                f"mask must be ({LOW_RES_SIDE}, {LOW_RES_SIDE}), not {self.mask.shape}"
            )

    def on(self, area: CloseUp) -> Prompts:
        """Return the same prompts in pixels of a part of the frame."""
        corner = np.array([area.top, area.left], np.float32)
        return Prompts(
            self.points - corner,
            self.labels,
            self.boxes - np.tile(corner, 2),
            self.mask,
        )

    @property
    def is_empty(self) -> bool:
        """True where nothing was said: the model then gives all leakage."""
        return not len(self.points) and not len(self.boxes) and self.mask is None


class Embedding(Protocol):
    """A frame as the encoder sees it; opaque to everybody but its predictor."""

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W) of the frame it was made from."""

    @property
    def nbytes(self) -> int:
        """How much memory it takes."""


class Cancelled(Exception):
    """Raised out of a slow call whose caller asked it to stop."""


class Predictor(Protocol):
    """A promptable segmentation model, whatever it runs on."""

    @property
    def name(self) -> str:
        """Short name of the model and its round, for the window and the record."""

    @property
    def round(self) -> int:
        """Training round of the weights; 0 before any grader's labels."""

    @property
    def fingerprint(self) -> str:
        """Hash of the weights, so that an answer can be traced to them."""

    @property
    def engine(self) -> str:
        """What encodes now, for people; it may change to a faster one."""

    @property
    def image_size(self) -> int:
        """Side in pixels of the square that the encoder sees."""

    def close(self) -> None:
        """Stop what runs in the background, and wait for it."""

    def encode(
        self,
        pixels: NDArray[np.generic],
        cancelled: Callable[[], bool] | None = None,
        *,
        keep: bool = True,
    ) -> Embedding:
        """Encode a frame; slow.

        Parameters
        ----------
        pixels : array of shape (H, W), (H, W, 3) or (H, W, 4)
            uint8, uint16 or float.
        cancelled : callable, optional
            Asked every few hundredths of a second; answering True stops the encoding.
        keep : bool
            False where nobody will ask for these pixels again.

        Raises
        ------
        FrameError
            If the pixels cannot be a frame.
        Cancelled
            If `cancelled` answered True.
        """

    def decode(self, embedding: Embedding, prompts: Prompts) -> Prediction:
        """Answer prompts on an encoded frame; fast.

        Parameters
        ----------
        embedding : Embedding
            From `encode` of the same predictor.
        prompts : Prompts
            Empty prompts ask for all leakage in the frame.
        """
