"""The label of a frame, for comparison: of a study, or of a folder of masks."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import numpy as np

from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.fa.lesions import check_labels
from napari_mae_sam2.fa.mask_files import MaskFile, best_masks, list_masks
from napari_mae_sam2.fa.mask_reading import Mask, MaskError, read_mask
from napari_mae_sam2.fa.matched_names import match_names, tell_matched
from napari_mae_sam2.fa.name_matching import NameMatcher, folded, without_page
from napari_mae_sam2.study.conflicts import label_of
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.kinds import STUDY_FILE
from napari_mae_sam2.study.records import ANSWERED

if TYPE_CHECKING:
    from collections.abc import Sequence, Set
    from pathlib import Path

    from napari_mae_sam2.predict.results import FrameRecord


class Labels:
    """Labels that were drawn by people.

    Parameters
    ----------
    place : Path
        A study, of which the newest finished labels count, or a folder of masks named
        after the frames or their ids, by their paths where names come twice.
    records : sequence of FrameRecord
        All frames that are asked for, so that a name that fits several is noticed.

    Attributes
    ----------
    trouble : list of str
        Sentences on masks that were not used.

    Raises
    ------
    PlainError
        If it does not exist.
    """

    def __init__(self, place: Path, records: Sequence[FrameRecord]) -> None:
        if not place.is_dir():
            raise PlainError(f"{place} does not exist: give a study or a folder.")
        self.trouble: list[str] = []
        self._masks: dict[str, list[MaskFile]] = {}
        self._study: Study | None = None
        if (place / STUDY_FILE).is_file():
            self._study = Study.open(place)
        else:
            self._match(place, records)

    def _match(self, place: Path, records: Sequence[FrameRecord]) -> None:
        """Find out which frame each mask is about."""
        matcher: NameMatcher[str] = NameMatcher()
        for record in records:
            matcher.add(record.id, record.id)
            matcher.add(record.id, record.name)
            if not record.source.endswith(record.id):  # of a file, not of a study
                file, page = without_page(record.source)
                matcher.add(record.id, file, page=page, by_page=page > 1)
        masks = list_masks(place)
        ids = {folded(record.id) for record in records}
        keys = [_key(mask, ids) for mask in masks]
        matched = match_names(keys, matcher)
        for target, number in matched.used.items():
            self._masks[target] = [masks[number]]
        for target, numbers in matched.rivals.items():
            self._masks[target] = best_masks(masks[number] for number in numbers)
        matched.rivals.clear()  # they must say the same, which `of` sees to
        sources = {record.id: record.source for record in records}
        names = [mask.name for mask in masks]
        self.trouble = tell_matched(matched, names, place.name, sources.__getitem__)

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
        masks = self._masks.get(record.id)
        return _read_alike(masks, record) if masks else None


def _key(mask: MaskFile, ids: Set[str]) -> str:
    """Give what a mask calls its frame: no more than is known of frames' paths."""
    *_, last = parts = PurePosixPath(mask.key).parts
    # An id means one frame in whatever folder the mask lies.
    return last if folded(last) in ids else "/".join(parts[-2:])


def _read_alike(masks: Sequence[MaskFile], record: FrameRecord) -> Mask:
    """Read masks of one frame, such as our own TIFF and PNG; they must say the same."""
    first, *others = [read_mask(mask.path, record.shape) for mask in masks]
    for mask, other in zip(masks[1:], others, strict=True):
        if (first.leakage != other.leakage).any():
            raise MaskError(
                f"{masks[0].name} and {mask.name} are both masks of {record.name} but "
                "differ: keep the right one."
            )
    return first
