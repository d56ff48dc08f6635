"""A test case of a round with three outlines: the label, the old and the new model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from skimage.measure import approximate_polygon, find_contours

from napari_mae_sam2.fa.pixels import as_grey8
from napari_mae_sam2.study.files import StudyError, read_json
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.round_answers import read_answers

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_mae_sam2.study.round_results import RoundResult

LABEL, OLD, NEW = "label", "old", "new"
CLOSE = 0.4
"""Pixels of the frame that a line may lie beside the edge that it stands for."""


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What is to be shown of a case.

    Attributes
    ----------
    case : str
    grey : uint8 array of shape (H, W)
    lines : dict of str to list of float array of shape (N, 2)
        Closed lines (row, column) by "label", "old" and "new".
    is_blinded : bool
        Whether the label was kept back.
    """

    case: str
    grey: NDArray[np.uint8]
    lines: dict[str, list[NDArray[np.float64]]]
    is_blinded: bool = False


def look_at(
    study: Path, result: RoundResult, case: str, is_blinded: bool = False
) -> Seen:
    """Read a test case as it was measured.

    Parameters
    ----------
    study : Path
        Study folder.
    result : RoundResult
        Of one of its rounds.
    case : str
        A test case of that round.
    is_blinded : bool
        Keep the label back.

    Raises
    ------
    StudyError
        If a file is missing or damaged.
    """
    old, new = read_answers(result.answers(case))
    folder = Study(study)
    frame = folder.load_frame(case)
    label = folder.load_labels(folder.revision(case, _revision(result, case))) > 0
    if not old.shape == label.shape == frame.shape:
        raise StudyError(f"{case} has another size than in round {result.number}.")
    if is_blinded:
        label = np.zeros_like(label)
    masks = {LABEL: label, OLD: old, NEW: new}
    return Seen(
        case,
        as_grey8(frame.pixels),
        {name: outlines(mask) for name, mask in masks.items()},
        is_blinded,
    )


def outlines(mask: NDArray[np.bool_]) -> list[NDArray[np.float64]]:
    """Give closed lines (row, column) around every area and hole of a mask."""
    found = find_contours(np.pad(mask, 1).astype(np.float32), 0.5)
    return [approximate_polygon(line - 1, CLOSE) for line in found]


def short_name(case: str) -> str:
    """Give the part of a case's id that a grader knows, without its hash."""
    return case.rpartition("-")[0] or case


def _revision(result: RoundResult, case: str) -> str:
    """Name the label that the round was measured with; there may be a newer one."""
    path = result.folder.parent / "round.json"
    members = read_json(path).get("members") or ()
    for member in members:
        if member.get("case") == case:
            return str(member["revision"])
    raise StudyError(f"{path} does not name the case {case}.")
