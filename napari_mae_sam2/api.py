"""The public Python interface: frames, the model, studies and their revisions.

What is named here stays as it is documented in docs/api.md; everything else in the
package may change. The same names can be imported from `napari_mae_sam2`. Nothing
imports torch before a `Predictor` is made.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from napari_mae_sam2._sample_data import sample_frame
from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.fa.frame import Frame, pixel_sha256
from napari_mae_sam2.fa.lesions import split_pieces
from napari_mae_sam2.fa.pixels import check_pixels
from napari_mae_sam2.fa.reading import read_frame
from napari_mae_sam2.study.conflicts import label_of
from napari_mae_sam2.study.files import StudyError
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.kinds import read_kinds
from napari_mae_sam2.study.offered_labels import check_kind
from napari_mae_sam2.study.records import LesionRecord, RevisionRecord
from napari_mae_sam2.study.study_export import export_study

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType
    from typing import Self

    from numpy.typing import ArrayLike, NDArray

    from napari_mae_sam2.model.protocol import Embedding
    from napari_mae_sam2.study.records import Status

__all__ = [
    "Frame",
    "PlainError",
    "Predictor",
    "RevisionRecord",
    "Segmentation",
    "Study",
    "export_study",
    "frame_from_array",
    "read_frame",
    "sample_frame",
    "save_revision",
]

OWN: Final = "own"
"""Default parent of `save_revision`: the grader's own newest label."""


def frame_from_array(pixels: NDArray[Any], name: str) -> Frame:
    """Make a frame of pixels in memory.

    Parameters
    ----------
    pixels : array of shape (H, W) or (H, W, 3)
        uint8, uint16 or float32.
    name : str
        What a study shall call it; a pseudonym, never a patient's name.

    Returns
    -------
    Frame

    Raises
    ------
    PlainError
        If the pixels cannot be a frame.
    """
    check_pixels(pixels, name)
    return Frame(pixels, name, None, pixel_sha256(pixels))


@dataclass(frozen=True, slots=True, eq=False)
class Segmentation:
    """The model's answer to prompts for one lesion.

    Attributes
    ----------
    mask : bool array of shape (H, W)
        The lesion.
    score : float
        The IoU with the true lesion that the model expects, 0 to 1.
    alternatives : tuple of bool array
        Its other candidates, such as a smaller or a larger part; may be empty.
    """

    mask: NDArray[np.bool_]
    score: float
    alternatives: tuple[NDArray[np.bool_], ...] = ()


class Predictor:
    """The model. Close it when done, or use it in a `with` block.

    Parameters
    ----------
    weights : path, optional
        A checkpoint; by default the model in use on this computer, which is the
        packaged one until another was chosen.

    Raises
    ------
    PlainError
        If the weights cannot be used.
    """

    def __init__(self, weights: str | Path | None = None) -> None:
        from napari_mae_sam2.predict.opening import model_record, open_for_run

        self._model = open_for_run(None if weights is None else Path(weights))
        self.record = model_record(self._model)
        """Name, fingerprint and round, as a revision stores them."""
        self._encoded: tuple[str, Embedding] | None = None

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Stop what runs in the background."""
        self._model.close()

    def segment(
        self,
        frame: Frame,
        points: ArrayLike = (),
        labels: ArrayLike | None = None,
        boxes: ArrayLike = (),
    ) -> Segmentation:
        """Outline one lesion.

        Parameters
        ----------
        frame : Frame
            Encoded once for as many calls as follow each other.
        points : array-like of shape (N, 2)
            Clicks as (row, column) in pixels of the frame.
        labels : array-like of shape (N,), optional
            1 for "this is leakage", 0 for "this is not"; by default all 1.
        boxes : array-like of shape (K, 4)
            Boxes as (first row, first column, last row, last column).

        Returns
        -------
        Segmentation

        Raises
        ------
        ValueError
            If there is neither point nor box, a shape is not the documented one, or a
            prompt lies outside the frame.
        """
        from napari_mae_sam2.model.protocol import Prompts

        clicks = np.asarray(points, np.float32).reshape(-1, 2)
        rectangles = np.asarray(boxes, np.float32).reshape(-1, 4)
        if labels is None:
            labels = np.ones(len(clicks), np.int8)
        prompts = Prompts(clicks, np.asarray(labels, np.int8), rectangles)
        if prompts.is_empty:
            raise ValueError("give a point or a box; find_all finds all leakage")
        places = np.concatenate([clicks, rectangles.reshape(-1, 2)])
        if not ((places >= -0.5) & (places <= np.array(frame.shape) - 0.5)).all():
            raise ValueError(f"a prompt lies outside the frame of shape {frame.shape}")
        answer = self._model.decode(self._encode(frame), prompts)
        masks = []
        for candidate in range(len(answer.scores)):
            mask = np.zeros(frame.shape, bool)
            found = answer.mask(candidate)
            if found.area:
                mask[found.region] = found.mask
            masks.append(mask)
        return Segmentation(masks[0], float(answer.scores[0]), tuple(masks[1:]))

    def find_all(self, frame: Frame) -> NDArray[np.uint16]:
        """Find all leakage of a frame without prompts.

        Parameters
        ----------
        frame : Frame
            One that is much larger than what the model sees at once is searched in
            overlapping parts.

        Returns
        -------
        uint16 array of shape (H, W)
            0 is background; each patch has a number from 1.
        """
        from napari_mae_sam2.predict.answer import answer_frame, asks_tiles

        tiles = asks_tiles(self._model, frame, ())
        embedding = None if tiles else self._encode(frame)
        return answer_frame(self._model, frame, (), embedding).labels

    def _encode(self, frame: Frame) -> Embedding:
        if self._encoded is None or self._encoded[0] != frame.sha256:
            self._encoded = frame.sha256, self._model.encode(frame.pixels)
        return self._encoded[1]


def save_revision(
    study: Study | str | Path,
    frame: Frame,
    labels: NDArray[Any],
    *,
    grader: str,
    kinds: Mapping[int, str] | None = None,
    model: Predictor | None = None,
    status: Status = "done",
    parent: str | Literal["own"] | None = OWN,
) -> RevisionRecord:
    """Save a label as a new revision; earlier ones stay.

    Parameters
    ----------
    study : Study or path
        An existing study; see `Study.open` and `Study.create`.
    frame : Frame
        From `read_frame`, `frame_from_array` or `Study.load_frame`. It becomes a case
        where it is not one yet.
    labels : integer or bool array of shape (H, W)
        Lesion numbers, 0 for no leakage; of a bool mask each connected area is a
        lesion. All 0 is an answer too: no leakage.
    grader : str
        Who answers, by a code.
    kinds : mapping of int to str, optional
        Kind of each lesion by its number, such as "disc"; see `study.json`.
    model : Predictor, optional
        The model that helped.
    status : {"done", "needs_review", "proposed", "in_work", "cannot_grade"}
        Only the first two are training data.
    parent : str or None
        Id of the revision that this one corrects. By default the grader's own newest
        label, or none where the case has no answer. None saves a second answer beside
        those that are there, which makes the case one in conflict until somebody
        chooses.

    Returns
    -------
    RevisionRecord
        As it was written.

    Raises
    ------
    PlainError
        If the case has an answer by somebody else and `parent` does not say what to do
        with it, the label does not fit the frame, or it cannot be written.
    """
    opened = study if isinstance(study, Study) else Study.open(Path(study))
    values = np.asarray(labels)
    if values.dtype.kind == "b":
        values = split_pieces(values)
    names = [one.name for one in read_kinds(opened.folder)]
    known = {i: check_kind(kind, names) for i, kind in (kinds or {}).items()}
    missing = sorted(set(known) - set(np.unique(values).tolist()))
    if missing:
        raise StudyError(f"{frame.name}: the label has no lesion {missing[0]}.")
    return opened.save_revision(
        frame,
        values,
        grader=grader,
        parent=_own_parent(opened, frame, grader) if parent == OWN else parent,
        lesions=[LesionRecord(id=i, kind=kind) for i, kind in known.items()],
        model=None if model is None else model.record,
        status=status,
    )


def _own_parent(study: Study, frame: Frame, grader: str) -> str | None:
    """Give what a grader goes on from; `StudyError` where it is another's answer."""
    case = study.find_case(frame)
    latest = None if case is None else label_of(study, case.id)
    if latest is None:
        return None
    if latest.status != "proposed" and latest.grader != grader.strip():
        raise StudyError(
            f"{frame.name} has an answer by {latest.grader}: pass "
            f"parent='{latest.id}' to correct it, or parent=None to save a second one."
        )
    return latest.id
