"""A label for other programs, as TIFF, PNG and JSON beside a chosen path.

An exported file ends in ".leakage.tif", ".leakage.png" or ".leakage.json", so it can
neither take the place of a frame nor be mistaken for one when the folder is opened.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_mae_sam2.fa.field import field_mask
from napari_mae_sam2.fa.frame import pixel_sha256
from napari_mae_sam2.fa.lesions import check_labels, lesion_ids, measure_lesions
from napari_mae_sam2.fa.reading import FRAME_SUFFIXES, LABEL_ENDING
from napari_mae_sam2.study.files import to_json, write_files
from napari_mae_sam2.study.images import png_bytes, tiff_bytes
from napari_mae_sam2.study.records import (
    RECORD_SCHEMA,
    SOFTWARE,
    LesionRecord,
    dump,
    now,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_mae_sam2.fa.frame import Frame
    from napari_mae_sam2.study.records import ModelRecord


def label_paths(path: Path) -> tuple[Path, Path, Path]:
    """Give the names under which `export_label` writes.

    Parameters
    ----------
    path : Path
        What the grader chose: with or without an ending, even the frame's own file.

    Returns
    -------
    tuple of Path
        TIFF, PNG and JSON.
    """
    name = path.name
    if path.suffix.lower() in (*FRAME_SUFFIXES, ".json"):
        name = path.stem
    if name.lower().endswith(".ome"):
        name = name[:-4]
    if name.lower().endswith(LABEL_ENDING):
        name = name[: -len(LABEL_ENDING)]
    tif, png, record = (
        path.with_name(f"{name or 'frame'}{LABEL_ENDING}{suffix}")
        for suffix in (".tif", ".png", ".json")
    )
    return tif, png, record


def export_label(
    path: Path,
    labels: NDArray[Any],
    *,
    frame: Frame | None = None,
    grader: str = "",
    lesions: Sequence[LesionRecord] = (),
    model: ModelRecord | None = None,
) -> list[Path]:
    """Write a label image as TIFF and PNG with a JSON that says where it comes from.

    Parameters
    ----------
    path : Path
        What the grader chose; see `label_paths` for the names that come of it.
    labels : integer array of shape (H, W)
        Lesion ids. The TIFF holds them as uint16, the PNG 255 for any leakage.
    frame : Frame, optional
        The frame that was graded: its hash and measurements go into the JSON.
    grader : str
        The name that the grader chose.
    lesions : sequence of LesionRecord
        What is known of the lesions.
    model : ModelRecord, optional
        The model that answered the prompts, if any.

    Returns
    -------
    list of Path
        The three files, the TIFF first.

    Raises
    ------
    LabelError
        If the labels do not fit the frame.
    StudyError
        If they could not be written; earlier files are then as they were.
    """
    name = frame.name if frame is not None else path.name
    shape = frame.shape if frame is not None else labels.shape[:2]
    check_labels(labels, (shape[0], shape[1]), name)
    stored = labels.astype(np.uint16)
    record = {
        "schema": RECORD_SCHEMA,
        "time": now(),
        "software": SOFTWARE,
        "grader": grader,
        # By its hash alone: a frame's name may be a patient's.
        "frame_sha256": None if frame is None else frame.sha256,
        "shape": list(stored.shape),
        "label_sha256": pixel_sha256(stored),
        "model": None if model is None else dump(model),
        "lesions": _lesions(stored, frame, lesions),
    }
    paths = label_paths(path)
    contents = (
        tiff_bytes(stored),
        png_bytes(np.where(stored, 255, 0).astype(np.uint8)),
        to_json(record),
    )
    write_files(
        path.parent, {p.name: data for p, data in zip(paths, contents, strict=True)}
    )
    return list(paths)


def _lesions(
    labels: NDArray[np.uint16], frame: Frame | None, records: Sequence[LesionRecord]
) -> list[dict[str, Any]]:
    """Join what is known of each lesion with what can be measured of it."""
    known = {record.id: record for record in records}
    found = {i: dump(known.get(i) or LesionRecord(id=i)) for i in lesion_ids(labels)}
    if frame is not None and found:
        for lesion in measure_lesions(labels, frame.pixels, field_mask(frame.pixels)):
            found[lesion.id] |= asdict(lesion)
    return list(found.values())
