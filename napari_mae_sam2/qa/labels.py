"""The label of a frame, for comparison: of a study, or of a folder of masks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.fa.lesions import check_labels
from napari_mae_sam2.fa.reading import comparable
from napari_mae_sam2.study.conflicts import label_of
from napari_mae_sam2.study.files import StudyError
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.images import read_tiff
from napari_mae_sam2.study.kinds import STUDY_FILE
from napari_mae_sam2.study.records import ANSWERED

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_mae_sam2.predict.results import FrameRecord

_ENDINGS = (".leakage.tif", ".leakage.png", ".tif", ".png")


class Labels:
    """Labels that were drawn by people.

    Parameters
    ----------
    place : Path
        A study, of which the newest finished labels count, or a folder of masks named
        after the frames or their ids: NAME.leakage.tif, .leakage.png, .tif or .png.

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
        self._masks = {} if study else {comparable(p.name): p for p in place.iterdir()}

    def of(self, record: FrameRecord) -> NDArray[np.bool_] | None:
        """Give where a frame's label says leakage; None where it has no label.

        Raises
        ------
        PlainError
            If it is damaged, of another size or in conflict.
        """
        labels = self._of_study(record) if self._study else self._of_folder(record)
        if labels is None:
            return None
        check_labels(labels, record.shape, record.name)
        return np.asarray(labels, np.int64) > 0

    def _of_study(self, record: FrameRecord) -> NDArray[np.generic] | None:
        assert self._study is not None  # the caller looked
        revision = label_of(self._study, record.id)
        if revision is None or revision.status not in ANSWERED:
            return None
        return self._study.load_labels(revision)

    def _of_folder(self, record: FrameRecord) -> NDArray[np.generic] | None:
        for stem in (record.id, comparable(record.name)):
            for ending in _ENDINGS:
                path = self._masks.get(f"{stem}{ending}")
                if path is not None:
                    return _read_mask(path)
        return None


def _read_mask(path: Path) -> NDArray[np.generic]:
    if path.suffix == ".tif":
        mask = read_tiff(path)
    else:
        try:
            with Image.open(path) as picture:
                mask = np.asarray(picture)
        except OSError as error:
            raise StudyError(f"{path} is damaged: copy it again.") from error
    return mask[..., 0] if mask.ndim == 3 else mask
