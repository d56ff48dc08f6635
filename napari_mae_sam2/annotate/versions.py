"""What of a case can be compared: its saved labels, models' answers, the labels now."""

from __future__ import annotations

from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_mae_sam2.annotate.local_time import when
from napari_mae_sam2.annotate.looking_again import PLAIN, all_leakage
from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.fa.lesions import check_labels
from napari_mae_sam2.predict.results import Results
from napari_mae_sam2.predict.stored import results_in
from napari_mae_sam2.study.files import StudyError
from napari_mae_sam2.study.images import read_tiff
from napari_mae_sam2.study.kinds import STUDY_FILE

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from napari_mae_sam2.annotate.label_place import LabelPlace
    from napari_mae_sam2.annotate.shelf import Shelf
    from napari_mae_sam2.fa.frame import Frame
    from napari_mae_sam2.model.protocol import Predictor
    from napari_mae_sam2.study.records import RevisionRecord

    Mask = NDArray[np.bool_]

KEPT = 4
"""Masks that stay in memory, one byte for each pixel."""


class Source(Enum):
    """Where a version comes from."""

    IN_HAND = "labels in hand"
    IN_USE = "model in use"
    REVISION = "saved labels"
    PREDICTIONS = "folder of predictions"
    CHECKPOINT = "another model"


@dataclass(frozen=True, slots=True)
class Version:
    """One of the things that can be compared; equal where they are the same.

    Attributes
    ----------
    source : Source
    which : str
        Id of a revision, or path of a folder or of a checkpoint.
    name : str
        As the grader reads it.
    """

    source: Source
    which: str = ""
    name: str = field(default="", compare=False)


IN_HAND = Version(Source.IN_HAND, name="Labels now")
IN_USE = Version(Source.IN_USE, name="Model in use")


def predictions_at(folder: Path) -> Version:
    """Offer a folder that predict wrote."""
    return Version(Source.PREDICTIONS, str(folder), f"Predictions · {folder.name}")


def checkpoint_at(path: Path) -> Version:
    """Offer the weights in a file."""
    return Version(Source.CHECKPOINT, str(path), f"Model · {path.stem}")


def list_versions(place: LabelPlace, frame: Frame) -> list[Version]:
    """List what a study has of a case: saved labels, newest first, then predictions.

    A blinded reading knows its own labels alone. What is damaged is left out:
    `study verify` names it.

    Raises
    ------
    PlainError
        If the study cannot be read.
    """
    if not (place.folder / STUDY_FILE).is_file():
        return []
    study = place.open()
    own = place.own_frame(study, frame)
    case = study.id_of(own)
    found = []
    for one in reversed(study.revision_ids(case)):
        with suppress(StudyError):
            words = _words(study.revision(case, one))
            found.append(Version(Source.REVISION, one, words))
    for results in results_in(place.folder):
        if results.name_of(own) is not None:
            name = f"Predicted · {results.model.name}"
            found.append(Version(Source.PREDICTIONS, str(results.folder), name))
    return found


def _words(revision: RevisionRecord) -> str:
    parts = [f"Saved {revision.number}", revision.grader, when(revision.time)]
    if revision.model is not None:
        parts.append(revision.model.name)
    return " · ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True, eq=False)
class Setting:
    """The case that versions are read of, and what is known of it.

    Attributes
    ----------
    place : LabelPlace
    frame : Frame
    in_hand : bool array of shape (H, W)
        The labels as they are now.
    predictor : Predictor or None
        The model in use.
    """

    place: LabelPlace
    frame: Frame
    in_hand: Mask
    predictor: Predictor | None


class VersionReader:
    """Reads versions in a worker's thread, and keeps some.

    Parameters
    ----------
    shelf : Shelf
        Of the embeddings in memory.
    open_model : callable
        Makes a predictor of a checkpoint; slow; raises PlainError.
    """

    def __init__(self, shelf: Shelf, open_model: Callable[[Path], Predictor]) -> None:
        self._shelf = shelf
        self._open_model = open_model
        self._other: tuple[str, Predictor] | None = None
        self._kept: OrderedDict[object, Mask] = OrderedDict()

    def read(
        self, version: Version, setting: Setting, cancelled: Callable[[], bool]
    ) -> Mask:
        """Give where a version says leakage, (H, W).

        Raises
        ------
        PlainError
            If it cannot be read, or is not there for this frame.
        Cancelled
            If it is no longer wanted.
        """
        if version.source is Source.IN_HAND:
            return setting.in_hand
        weights = ""
        if version.source is Source.IN_USE and setting.predictor is not None:
            weights = setting.predictor.fingerprint
        key = version, weights, setting.frame.sha256, setting.place.key
        mask = self._kept.get(key)
        if mask is None:
            mask = self._read(version, setting, cancelled)
            check_labels(mask.astype(np.uint8), setting.frame.shape, version.name)
            self._kept[key] = mask
        self._kept.move_to_end(key)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return mask

    def close(self) -> None:
        """Let go of another model."""
        if self._other is not None:
            self._other[1].close()
        self._other = None

    def _read(
        self, version: Version, setting: Setting, cancelled: Callable[[], bool]
    ) -> Mask:
        frame = setting.frame
        if version.source is Source.REVISION:
            study = setting.place.open()
            case = study.id_of(setting.place.own_frame(study, frame))
            return study.load_labels(study.revision(case, version.which)) > 0
        if version.source is Source.PREDICTIONS:
            return _predicted(Path(version.which), setting)
        predictor = setting.predictor
        if version.source is Source.CHECKPOINT:
            predictor = self._model(version.which)
        if predictor is None:
            raise PlainError("There is no model in use yet: choose one first.")
        found = all_leakage(
            PLAIN, predictor, frame, self._shelf, cancelled, lambda _done, _total: None
        )
        return found.mask().on(frame.shape)

    def _model(self, path: str) -> Predictor:
        if self._other is None or self._other[0] != path:
            self.close()
            self._other = path, self._open_model(Path(path))
        return self._other[1]


def _predicted(folder: Path, setting: Setting) -> Mask:
    results, frame = Results.open(folder), setting.frame
    name = results.name_of(frame)
    if name is not None:
        return read_tiff(results.label(name)) > 0
    raise PlainError(
        f"{folder.name} holds no prediction of {frame.name}: predict it there first."
    )
