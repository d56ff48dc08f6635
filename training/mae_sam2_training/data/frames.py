"""Labelled frames and the sources that give them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from mae_sam2_training.data.errors import DataError
from mae_sam2_training.data.masks import read_label
from napari_mae_sam2.fa.frame import pixel_sha256
from napari_mae_sam2.fa.reading import read_frame

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mae_sam2_training.data.manifest import Record


@dataclass(frozen=True, slots=True, eq=False)
class LabelledFrame:
    """Pixels and the lesions in them.

    Attributes
    ----------
    name : str
        For messages.
    pixels : uint8, uint16 or float32 array of shape (H, W) or (H, W, 3)
        As stored.
    lesions : uint16 array of shape (H, W)
        0 is background, 1 to n are lesions; all 0 is a valid negative.
    complete : bool
        Whether every leak is labelled. Where some are not, the frame is only asked
        for the lesions that are, never for all leakage.
    unsure : bool array of shape (H, W), optional
        Where nobody can tell: neither right nor wrong. None where there is no such
        area.
    drawn : bool
        Whether leakage was drawn into it, which can be done anew at no cost.
    boxed : bool
        Whether its lesions are no leakage, but something else to put a box around.
    """

    name: str
    pixels: NDArray[Any]
    lesions: NDArray[np.uint16]
    complete: bool = True
    unsure: NDArray[np.bool_] | None = None
    drawn: bool = False
    boxed: bool = False


class FrameSource(Protocol):
    """A list of labelled frames that may be drawn when asked for."""

    def __len__(self) -> int:
        """Frames per epoch."""

    def frame(self, index: int, rng: np.random.Generator) -> LabelledFrame:
        """Give a frame.

        Parameters
        ----------
        index : int
            Below the length.
        rng : Generator
            Everything random about the frame comes from here; a source on disk
            does not use it.
        """

    def fingerprint(self) -> str:
        """Hash of what the source holds: another hash may mean other frames."""


class RecordSource:
    """Frames and masks on disk; read when asked for.

    Parameters
    ----------
    records : sequence of Record
        Each with a mask.
    foreground : sequence of int
        Values of the masks that are leakage; see `read_lesions`.

    Raises
    ------
    DataError
        If a record has no mask.
    """

    def __init__(
        self, records: Sequence[Record], foreground: Sequence[int] = ()
    ) -> None:
        for record in records:
            if record.mask is None:
                raise DataError(
                    f"{record.name} has no mask: fill the mask column, or leave the "
                    "image out."
                )
        self._records = list(records)
        self._foreground = tuple(foreground)

    def __len__(self) -> int:
        """Frames on disk."""
        return len(self._records)

    def frame(self, index: int, rng: np.random.Generator) -> LabelledFrame:
        """Read a frame and its lesions."""
        record = self._records[index]
        frame = read_frame(record.image, sha256=record.sha256)
        if record.mask is None:
            raise DataError(f"{record.name} has no mask.")
        mask = read_label(record.mask, frame.shape, self._foreground)
        unsure = mask.unsure if mask.unsure.any() else None
        return LabelledFrame(record.name, frame.pixels, mask.lesions, unsure=unsure)

    def fingerprint(self) -> str:
        """Hash of all pixels and lesions, in an order that the names do not change."""
        rng = np.random.default_rng(0)
        hashes = []
        for index in range(len(self)):
            frame = self.frame(index, rng)
            said = pixel_sha256(frame.pixels) + pixel_sha256(frame.lesions)
            if frame.unsure is not None:
                said += pixel_sha256(frame.unsure.astype(np.uint8))
            hashes.append(said)
        return hashlib.sha256("".join(sorted(hashes)).encode()).hexdigest()


class JoinedSource:
    """Several sources, one after the other.

    Parameters
    ----------
    sources : sequence of FrameSource
        At least one.
    """

    def __init__(self, sources: Sequence[FrameSource]) -> None:
        self._sources = list(sources)

    def __len__(self) -> int:
        """Frames of all sources."""
        return sum(len(source) for source in self._sources)

    def frame(self, index: int, rng: np.random.Generator) -> LabelledFrame:
        """Ask the source that the index falls into."""
        for source in self._sources:
            if index < len(source):
                return source.frame(index, rng)
            index -= len(source)
        raise IndexError("no source has so many frames")

    def fingerprint(self) -> str:
        """Hash of the sources' hashes in their order."""
        text = "\n".join(source.fingerprint() for source in self._sources)
        return hashlib.sha256(text.encode()).hexdigest()


def check_source(source: FrameSource, rng: np.random.Generator) -> int:
    """Look at every frame once, so that bad data ends a run before it began.

    Parameters
    ----------
    source : FrameSource
        On disk; a source that draws need not be checked.
    rng : Generator
        Handed to the source.

    Returns
    -------
    int
        Number of lesions in all.

    Raises
    ------
    PlainError
        Naming the first file that cannot be used.
    DataError
        If no frame has any lesion.
    """
    lesions = sum(int(source.frame(i, rng).lesions.max()) for i in range(len(source)))
    if not lesions:
        raise DataError(
            f"None of the {len(source)} labelled frames has any leakage: "
            "label at least one lesion before training."
        )
    return lesions
