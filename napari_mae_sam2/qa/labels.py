"""The label of a frame, for comparison: of a study, or of a folder of masks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.fa.lesions import check_labels
from napari_mae_sam2.fa.mask_reading import MASK_SUFFIXES, Mask, MaskError, read_mask
from napari_mae_sam2.fa.reading import LABEL_ENDING, comparable
from napari_mae_sam2.study.conflicts import label_of
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.kinds import STUDY_FILE
from napari_mae_sam2.study.records import ANSWERED

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from napari_mae_sam2.predict.results import FrameRecord

_ENDINGS = tuple(f"{LABEL_ENDING}{suffix}" for suffix in MASK_SUFFIXES)


class Labels:
    """Labels that were drawn by people.

    Parameters
    ----------
    place : Path
        A study, of which the newest finished labels count, or a folder of masks named
        after the frames or their ids: NAME.leakage.tif, .tiff, .png or .bmp, else
        NAME.tif and so on, in capital or small letters.

    Raises
    ------
    PlainError
        If it does not exist.
    """

    def __init__(self, place: Path) -> None:
        if not place.is_dir():
            raise PlainError(f"{place} does not exist: give a study or a folder.")
        study = (place / STUDY_FILE).is_file()
        self._study = Study.open(place) if study else None
        self._masks = {} if study else _by_name(place)

    def of(self, record: FrameRecord) -> Mask | None:
        """Give what a frame's label says; None where it has no label.

        Raises
        ------
        PlainError
            If it is damaged, of another size, in conflict, or can be understood in
            two ways.
        """
        if self._study is None:
            return self._of_folder(record)
        revision = label_of(self._study, record.id)
        if revision is None or revision.status not in ANSWERED:
            return None
        labels = self._study.load_labels(revision)
        check_labels(labels, record.shape, record.name)
        return Mask(labels, np.zeros(record.shape, bool))

    def _of_folder(self, record: FrameRecord) -> Mask | None:
        for stem in (record.id, comparable(record.name)):
            for endings in (_ENDINGS, MASK_SUFFIXES):
                paths = [self._masks.get(f"{stem}{ending}") for ending in endings]
                found = [path for path in paths if path is not None]
                if found:
                    return _read_alike(found, record)
        return None


def _read_alike(paths: Sequence[Path], record: FrameRecord) -> Mask:
    """Read masks of one frame, such as our own TIFF and PNG; they must say the same."""
    first, *others = [read_mask(path, record.shape) for path in paths]
    for path, other in zip(paths[1:], others, strict=True):
        if (first.leakage != other.leakage).any():
            raise MaskError(
                f"{paths[0].name} and {path.name} are both masks of {record.name} but "
                "differ: keep the right one."
            )
    return first


def _by_name(folder: Path) -> dict[str, Path]:
    """List masks by their names, with endings in small letters."""
    return {
        comparable(path.stem) + path.suffix.lower(): path
        for path in sorted(folder.iterdir())
        if path.suffix.lower() in MASK_SUFFIXES and not path.name.startswith(".")
    }
