"""Where the views of a fine-tuning come from: embedded once, or made in each step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

import numpy as np
import torch
from torch.nn.functional import interpolate

from mae_sam2_training.data.augment import plain_view, training_view
from mae_sam2_training.engine.progress import Clock
from napari_mae_sam2.fa.frame import pixel_sha256
from napari_mae_sam2.model.preprocess import to_input

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from torch import Tensor

    from mae_sam2_training.data.augment import View
    from mae_sam2_training.data.frames import FrameSource, LabelledFrame
    from mae_sam2_training.embeddings import EmbeddingStore
    from mae_sam2_training.engine.run import Run
    from mae_sam2_training.finetune_config import FinetuneConfig
    from napari_mae_sam2.model.forward import Features

_Kind = TypeVar("_Kind", bound=np.generic)
LARGEST = 1024
"""Lesions are kept in memory at no more pixels a side; masks are learnt at 256."""


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """A view as the model takes it.

    Attributes
    ----------
    name : str
        Of the frame.
    shape : (int, int)
        (H, W) of the view in pixels.
    lesions : uint16 array of shape (h, w)
        At the view's size or smaller.
    seen : Features, or float tensor of shape (1, 3, S, S)
        An embedding, or the encoder's input.
    complete : bool
        Whether every leak is labelled.
    unsure : bool array of shape (h, w), optional
        Where nobody can tell, at the size of `lesions`; None where there is no such
        area.
    boxed : bool
        As in `LabelledFrame`.
    """

    name: str
    shape: tuple[int, int]
    lesions: NDArray[np.uint16]
    seen: Features | Tensor
    complete: bool = True
    unsure: NDArray[np.bool_] | None = None
    boxed: bool = False

    @property
    def side(self) -> int:
        """Side of the encoder's input in pixels."""
        if isinstance(self.seen, torch.Tensor):
            return int(self.seen.shape[-1])
        return 16 * int(self.seen.embedding.shape[-1])


@dataclass(frozen=True, slots=True, eq=False)
class _Embedded:
    """A view whose embedding lies in a store under `key`."""

    name: str
    shape: tuple[int, int]
    lesions: NDArray[np.uint16]
    key: str
    complete: bool
    unsure: NDArray[np.bool_] | None
    boxed: bool = False


class Gallery(Protocol):
    """A list of views."""

    def __len__(self) -> int:
        """Count the views of an epoch."""

    def show(
        self, index: int, rng: np.random.Generator, side: int | None = None
    ) -> Shown:
        """Give a view; everything random about it comes from `rng`.

        `side` is that of the encoder's input; the model's own by default.
        """


class EmbeddedGallery:
    """Views that were embedded before training.

    Parameters
    ----------
    store : EmbeddingStore
        Where the embeddings are.
    """

    def __init__(self, store: EmbeddingStore) -> None:
        self._store = store
        self._views: list[_Embedded] = []

    def add(self, view: View, side: int | None = None) -> None:
        """Embed a view at a side, the model's own by default, unless it was before."""
        key = self._store.make(view.pixels, side)
        lesions, unsure = _smaller_both(view)
        self._views.append(
            _Embedded(
                view.name,
                view.shape,
                lesions,
                key,
                view.complete,
                unsure,
                view.boxed,
            )
        )

    def __len__(self) -> int:
        """Embedded views."""
        return len(self._views)

    @property
    def keys(self) -> set[str]:
        """Keys of the embeddings in use."""
        return {view.key for view in self._views}

    def show(
        self, index: int, rng: np.random.Generator, side: int | None = None
    ) -> Shown:
        """Read an embedding, whose side is the model's own."""
        view = self._views[index]
        seen = self._store.load(view.key)
        return Shown(
            view.name,
            view.shape,
            view.lesions,
            seen,
            view.complete,
            view.unsure,
            view.boxed,
        )


class LiveGallery:
    """Views that are made anew whenever they are asked for.

    Parameters
    ----------
    source : FrameSource
        Frames from disk, or drawn.
    config : FinetuneConfig
        Its crops and augmentations.
    image_size : int
        Side of the encoder's input.
    plain : bool
        Show the frames as they are, for validation.
    """

    def __init__(
        self,
        source: FrameSource,
        config: FinetuneConfig,
        image_size: int,
        *,
        plain: bool = False,
    ) -> None:
        self._source = source
        self._config = config
        self._image_size = image_size
        self._plain = plain

    def __len__(self) -> int:
        """Frames of the source."""
        return len(self._source)

    def show(
        self, index: int, rng: np.random.Generator, side: int | None = None
    ) -> Shown:
        """Read or draw a frame and make a view of it."""
        frame = self._source.frame(index, rng)
        if self._plain:
            view = plain_view(frame)
        else:
            view = training_view(frame, self._config.crop, self._config.augment, rng)
        seen = to_input(view.pixels, side or self._image_size)
        lesions, unsure = _smaller_both(view)
        return Shown(
            view.name,
            view.shape,
            lesions,
            seen,
            view.complete,
            unsure,
            view.boxed,
        )


def embed_source(
    source: FrameSource,
    gallery: EmbeddedGallery,
    config: FinetuneConfig,
    run: Run,
    *,
    plain: bool = False,
) -> None:
    """Embed a source: each frame as it is, and further views of it.

    Views are the same whichever frames are beside: folds can share their embeddings.

    Parameters
    ----------
    source : FrameSource
        Frames from disk, or drawn.
    gallery : EmbeddedGallery
        Takes the views.
    config : FinetuneConfig
        Crops, augmentations, sides, views per frame, seed.
    run : Run
        Told of the progress; asked whether to stop.
    plain : bool
        Embed each frame once, as it is and at the model's own side, for looking at.

    Raises
    ------
    Stopped
        If a signal came; what is embedded by then is kept on disk.
    """
    clock = Clock(0, len(source))
    for index in range(len(source)):
        frame = source.frame(index, np.random.default_rng((config.run.seed, index, 0)))
        if plain:
            gallery.add(plain_view(frame))
        else:
            for view, side in training_views(frame, config):
                run.stop.check()
                gallery.add(view, side)
        done, total = index + 1, len(source)
        run.reporter.report(
            "embed", done=done, total=total, eta_s=clock.seconds_left(done)
        )


def training_views(
    frame: LabelledFrame, config: FinetuneConfig
) -> Iterator[tuple[View, int | None]]:
    """Give the views of a frame that are embedded, and the side of each.

    A frame from disk is shown as it is at first, and augmented then; a drawn one is
    augmented, because another drawing costs less than another view.
    """
    own = int(pixel_sha256(frame.pixels)[:8], 16)
    for number in range(1 if frame.drawn else config.train.views):
        rng = np.random.default_rng((config.run.seed, own, number))
        if number or frame.drawn:
            view = training_view(frame, config.crop, config.augment, rng)
        else:
            view = plain_view(frame)
        sides = config.train.sides
        yield view, int(rng.choice(sides)) if sides else None


def smaller(lesions: NDArray[_Kind]) -> NDArray[_Kind]:
    """Take every n-th pixel so that no side is longer than `LARGEST`."""
    step = -(-max(lesions.shape) // LARGEST)
    return np.ascontiguousarray(lesions[::step, ::step])


def _smaller_both(view: View) -> tuple[NDArray[np.uint16], NDArray[np.bool_] | None]:
    unsure = None if view.unsure is None else smaller(view.unsure)
    return smaller(view.lesions), unsure


def coverage(area: NDArray[np.bool_], side: int) -> Tensor:
    """Give the share of each low-resolution pixel that an area covers.

    Parameters
    ----------
    area : bool array of shape (h, w)
        At any size.
    side : int
        Side of the low-resolution masks.

    Returns
    -------
    float tensor of shape (side, side)
    """
    full = torch.from_numpy(area.astype(np.float32))[None, None]
    return interpolate(full, (side, side), mode="area")[0, 0]
