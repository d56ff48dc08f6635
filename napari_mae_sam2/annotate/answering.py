"""The work behind an answer, for worker threads: encoding and decoding of sights.

Prompts and answers are in pixels of the frame; here they go to the part that was
encoded and back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_mae_sam2.annotate.review import Patch, find_patches
from napari_mae_sam2.annotate.shelf import Shelf, Sight
from napari_mae_sam2.fa.close_up import CloseUp
from napari_mae_sam2.fa.pixels import as_8bit
from napari_mae_sam2.model.prediction import prediction_of
from napari_mae_sam2.model.tiles import needs_tiles, segment_in_tiles

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_mae_sam2.annotate.draft import Draft
    from napari_mae_sam2.fa.frame import Frame
    from napari_mae_sam2.model.protocol import Embedding, Prediction, Predictor


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """A draft on a frame, for one model."""

    predictor: Predictor
    frame: Frame
    draft: Draft

    @property
    def sight(self) -> Sight:
        """What must be encoded to answer it."""
        return sight_of(self.predictor, self.frame, self.draft.close_up)

    @property
    def is_long(self) -> bool:
        """True where so large a part is asked for that it is taken in tiles."""
        close_up = self.draft.close_up
        shape = self.frame.shape if close_up is None else close_up.shape
        return self.draft.everything and needs_tiles(shape, self.predictor.image_size)


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What the model says, and its patches where all leakage was asked for."""

    question: Question
    prediction: Prediction
    patches: tuple[Patch, ...] = ()


def sight_of(predictor: Predictor, frame: Frame, close_up: CloseUp | None) -> Sight:
    """Say what is encoded where a model looks at a frame, or at a part of it."""
    return Sight(predictor.fingerprint, frame.sha256, close_up)


def encode(
    shelf: Shelf,
    predictor: Predictor,
    frame: Frame,
    close_up: CloseUp | None,
    cancelled: Callable[[], bool],
) -> Embedding:
    """Encode a frame or a part of it, and put it on the shelf; slow.

    Raises
    ------
    FrameError
        If the pixels cannot be a frame: a part may be all black.
    Cancelled
        If it is no longer wanted.
    """
    sight = sight_of(predictor, frame, close_up)
    embedding = shelf.get(sight)
    if embedding is None:
        pixels = frame.pixels
        if close_up is not None:
            pixels = as_8bit(pixels)[close_up.region]
        embedding = predictor.encode(pixels, cancelled)
        shelf.put(sight, embedding)
    return embedding


def answer(question: Question, embedding: Embedding) -> Answer:
    """Answer a draft on what was encoded for it; fast."""
    draft, frame = question.draft, question.frame
    area = draft.close_up or CloseUp.whole(frame.shape)
    if draft.start is not None and not draft.has_prompts:
        return Answer(question, prediction_of(draft.start, area, frame.shape))
    prediction = question.predictor.decode(embedding, draft.prompts().on(area))
    return _with_patches(question, prediction.placed(area, frame.shape))


def answer_in_tiles(
    question: Question,
    cancelled: Callable[[], bool],
    progress: Callable[[int, int], None],
    found: Callable[[Question, tuple[Patch, ...]], None],
) -> Answer:
    """Find all leakage of a large frame, or of a large part of it; slow.

    Parameters
    ----------
    question : Question
    cancelled, progress : callable
        See `segment_in_tiles`.
    found : callable
        Gets patches as soon as they are final, before the whole answer.

    Raises
    ------
    Cancelled
        If it is no longer wanted.
    """
    frame = question.frame
    area = question.draft.close_up or CloseUp.whole(frame.shape)
    pixels = as_8bit(frame.pixels)[area.region]

    def tell(part: Prediction) -> None:
        found(question, _patches(question, part.placed(area, frame.shape)))

    prediction = segment_in_tiles(
        question.predictor, pixels, cancelled, progress, found=tell
    )
    return _with_patches(question, prediction.placed(area, frame.shape))


def _with_patches(question: Question, prediction: Prediction) -> Answer:
    prediction.mask()  # here, and not when the window asks for it
    patches = _patches(question, prediction) if question.draft.everything else ()
    return Answer(question, prediction, patches)


def _patches(question: Question, prediction: Prediction) -> tuple[Patch, ...]:
    seen = question.draft.seen
    patches = find_patches(prediction, question.frame.pixels)
    if seen is not None:
        patches = tuple(each for each in patches if each.reaches(seen))
    return patches
