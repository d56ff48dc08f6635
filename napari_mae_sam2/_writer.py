"""npe2 writer: a labels layer as TIFF, PNG and JSON beside each other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from napari_mae_sam2.fa.frame import Frame
from napari_mae_sam2.study.export import export_label


def write_labels(path: str, data: Any, attributes: dict[str, Any]) -> list[str]:
    """Write a labels layer.

    Parameters
    ----------
    path : str
        What the grader chose; the files end in ".leakage.tif", ".leakage.png" and
        ".leakage.json", so that no frame is ever overwritten.
    data : integer array of shape (H, W)
        Lesion ids.
    attributes : dict
        Of the layer. Its metadata may hold the frame under "fa_frame".

    Returns
    -------
    list of str
        The files written.

    Raises
    ------
    LabelError, StudyError
        One sentence that says why nothing was written.
    """
    frame = (attributes.get("metadata") or {}).get("fa_frame")
    paths = export_label(
        Path(path),
        np.asarray(data),
        frame=frame if isinstance(frame, Frame) else None,
    )
    return [str(p) for p in paths]
