"""COCO JSON of the newest labels of a study, one annotation for each lesion.

Masks are compressed RLE, which can hold holes, with iscrowd 0: pycocotools decodes
RLE either way, and its evaluation would ignore lesions that were marked as crowds.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
from pycocotools import mask as rle

from napari_mae_sam2.fa.lesions import measure_lesions
from napari_mae_sam2.fa.odd_names import ESCAPED
from napari_mae_sam2.study.files import write_file
from napari_mae_sam2.study.kinds import DEFAULT_KINDS, read_kinds
from napari_mae_sam2.study.records import SOFTWARE, now
from napari_mae_sam2.study.splits import case_splits

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_mae_sam2.study.files import StudyError
    from napari_mae_sam2.study.folder import Study
    from napari_mae_sam2.study.kinds import Kind
    from napari_mae_sam2.study.records import CaseRecord, RevisionRecord

UNSPECIFIED = "leakage"
"""Category of a lesion whose kind the grader has not said."""


class CocoBuilder:
    """Collects cases; `content` is the finished COCO object.

    Parameters
    ----------
    kinds : sequence of Kind
        Categories, in their order, behind the one of unspecified leakage. A lesion
        of another kind adds its own.
    """

    def __init__(self, kinds: Sequence[Kind] = DEFAULT_KINDS) -> None:
        names = (UNSPECIFIED, *(kind.name for kind in kinds))
        self._categories = {name: i for i, name in enumerate(names, start=1)}
        self._images: list[dict[str, Any]] = []
        self._annotations: list[dict[str, Any]] = []

    def add(
        self,
        case: CaseRecord,
        revision: RevisionRecord,
        labels: NDArray[np.uint16],
        file_name: str,
        split: str = "",
    ) -> None:
        """Add a case with all its lesions; without lesions it is a negative.

        Parameters
        ----------
        case : CaseRecord
            The case.
        revision : RevisionRecord
            The revision that the labels belong to.
        labels : uint16 array of shape (H, W)
            Lesion ids.
        file_name : str
            Where the frame lies, relative to the COCO file, with "/" between folders.
        split : str
            See `splits.case_splits`.
        """
        image = len(self._images) + 1
        self._images.append(
            {
                "id": image,
                "file_name": file_name,
                "height": case.shape[0],
                "width": case.shape[1],
                "case": case.id,
                "revision": revision.id,
                "frame_sha256": case.frame_sha256,
                "patient": case.patient,
                "eye": case.eye,
                "visit": case.visit,
                "phase": case.phase,
                "split": split or None,
            }
        )
        kinds = {lesion.id: lesion.kind for lesion in revision.lesions}
        field = np.ones(labels.shape, bool)  # areas alone are asked for
        # One mask for all lesions: a large frame is not allocated for each of them.
        mask = np.zeros(labels.shape, np.uint8, order="F")
        for lesion in measure_lesions(labels, labels, field):
            top, left, bottom, right = lesion.bbox
            box = np.s_[top:bottom, left:right]
            mask[box] = labels[box] == lesion.id
            encoded = rle.encode(mask)
            mask[box] = 0
            size = [int(side) for side in encoded["size"]]
            self._annotations.append(
                {
                    "id": len(self._annotations) + 1,
                    "image_id": image,
                    "category_id": self._category(kinds.get(lesion.id, "")),
                    "segmentation": {
                        "size": size,
                        "counts": encoded["counts"].decode(),
                    },
                    "area": lesion.area_px,
                    "bbox": [left, top, right - left, bottom - top],
                    "iscrowd": 0,
                    "lesion": lesion.id,
                }
            )

    def _category(self, kind: str) -> int:
        name = kind or UNSPECIFIED
        return self._categories.setdefault(name, len(self._categories) + 1)

    def content(self) -> dict[str, Any]:
        """Give the COCO object."""
        return {
            "info": {"description": "Leakage labels", "date_created": now(),
                     "contributor": SOFTWARE},
            "licenses": [],
            "images": self._images,
            "annotations": self._annotations,
            "categories": [
                {"id": i, "name": name, "supercategory": UNSPECIFIED}
                for name, i in self._categories.items()
            ],
        }  # fmt: skip

    def write(self, path: Path) -> None:
        """Write the file; where that fails, `StudyError`, and the old one stays."""
        write_file(
            path,
            json.dumps(self.content(), ensure_ascii=False).encode("utf-8", ESCAPED),
        )


def write_study_coco(
    study: Study, on_damage: Callable[[StudyError], None] | None = None
) -> Path:
    """Write STUDY/coco.json anew over the newest revision of every labelled case.

    Parameters
    ----------
    study : Study
        The study.
    on_damage : callable, optional
        See `Study.labelled`.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    StudyError
        If the study cannot be read or the file not be written.
    """
    coco = CocoBuilder(read_kinds(study.folder))
    splits = case_splits(study)
    for found in study.labelled(on_damage=on_damage):
        labels = study.load_labels(found.revision)
        frame = found.case.frame_file or f"cases/{found.case.id}/frame.tif"
        split = splits(found.case)
        coco.add(found.case, found.revision, labels, frame, split)
    path = study.folder / "coco.json"
    coco.write(path)
    return path
