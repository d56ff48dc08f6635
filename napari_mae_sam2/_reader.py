"""npe2 reader: frames, folders of frames, and labels that were exported from here.

Every image layer carries the frame in its metadata: "fa_frame" (`Frame`, the stored
pixels), "path" and "sha256"; of a folder also "fa_frames", the paths of all its frames.
"""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_mae_sam2.fa.frame import FrameError
from napari_mae_sam2.fa.mask_reading import MASK_SUFFIXES, read_mask
from napari_mae_sam2.fa.pixels import STRETCH
from napari_mae_sam2.fa.reading import (
    LABEL_ENDING,
    count_pages,
    is_frame_name,
    list_frames,
    read_frame,
)
from napari_mae_sam2.study.files import StudyError
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.kinds import STUDY_FILE
from napari_mae_sam2.study.spot import find_study

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.types import LayerData
    from numpy.typing import NDArray

    from napari_mae_sam2.fa.frame import Frame
    from napari_mae_sam2.study.spot import Spot

    Paths = str | list[str]

# Folders that are one data set of another kind, however they are named.
_FOREIGN = (".zarray", ".zgroup", "zarr.json", "attributes.json")


def get_reader(path: Paths) -> Callable[[Paths], list[LayerData]] | None:
    """Tell whether this reader is for a path.

    Parameters
    ----------
    path : str or list of str
        What the grader opens.

    Returns
    -------
    callable or None
        `read`, or None where another plugin should have a try: names that no frame
        has, and folders of another kind.
    """
    paths = _as_paths(path)
    return read if paths and all(_may_be_ours(p) for p in paths) else None


def read(path: Paths) -> list[LayerData]:
    """Read frames and labels.

    Parameters
    ----------
    path : str or list of str
        Files and folders. A file gives one layer, or one for each page of a TIFF. A
        folder gives its first readable frame and the paths of all: a folder of
        thousands must not fill the memory. A study gives its first frame; the dock
        lists its cases.

    Returns
    -------
    list of layer data
        Images; labels for exported labels, NAME.leakage.tif, .png and so on.

    Raises
    ------
    FrameError, MaskError
        One sentence that names the first bad file.
    """
    layers: list[LayerData] = []
    for each in _as_paths(path):
        spot = _study_at(each)
        if spot is not None:
            layers.append(_read_study(spot.folder))
        elif each.is_dir():
            layers.append(_read_folder(each))
        elif _is_label(each):
            lesions = read_mask(each, renumber=False).lesions
            layers.append((lesions, {"name": each.stem}, "labels"))
        else:
            layers += _read_pages(each)
    return layers


def _read_pages(path: Path) -> list[LayerData]:
    """Read all pages of a file; one that cannot be read does not stop the others."""
    layers, troubles = [], []
    for page in range(count_pages(path)):
        try:
            layers.append(_layer(read_frame(path, page)))
        except FrameError as error:
            troubles.append(error)
    if not layers:
        raise troubles[0]
    for trouble in troubles:
        warnings.warn(str(trouble), stacklevel=2)  # napari shows it
    return layers


def _as_paths(path: Paths) -> list[Path]:
    return [Path(p) for p in ([path] if isinstance(path, str | os.PathLike) else path)]


def _is_label(path: Path) -> bool:
    name = path.name.lower()
    return any(name.endswith(f"{LABEL_ENDING}{suffix}") for suffix in MASK_SUFFIXES)


def _may_be_ours(path: Path) -> bool:
    if path.is_dir():
        return not path.suffix.lower().endswith((".zarr", ".n5")) and not any(
            (path / name).exists() for name in _FOREIGN
        )
    is_known = is_frame_name(path) or _is_label(path) or path.name == STUDY_FILE
    return path.exists() and is_known


def _study_at(path: Path) -> Spot | None:
    """Give the study that a folder is, or is a part of, or whose study.json it is."""
    is_one = path.is_dir() or path.name == STUDY_FILE
    return find_study(path) if is_one else None


def _read_study(folder: Path) -> LayerData:
    study = Study.open(folder)
    first: StudyError | None = None
    for case in study.case_ids():
        try:
            data, about, kind = _layer(study.load_frame(case))
        except StudyError as error:
            first = first or error
            continue
        about["metadata"]["fa_frames"] = [about["metadata"]["path"]]
        return data, about, kind
    raise first or StudyError(f"{folder} has no cases yet.")


def _read_folder(folder: Path) -> LayerData:
    paths = list_frames(folder)
    first: FrameError | None = None
    for path in paths:
        try:
            frame = read_frame(path)
        except FrameError as error:
            first = first or error
            continue
        data, about, kind = _layer(frame)
        about["metadata"]["fa_frames"] = [str(p) for p in paths]
        return data, about, kind
    raise first or FrameError(f"The folder {folder} holds no image.")


def _layer(frame: Frame) -> LayerData:
    about: dict[str, Any] = {
        "name": frame.name,
        "metadata": {
            "fa_frame": frame,
            "path": str(frame.path),
            "sha256": frame.sha256,
        },
    }
    shown = _shown(frame.pixels)
    if shown.ndim == 3:
        about["rgb"] = True
    else:
        about["contrast_limits"] = _limits(shown)
    return shown, about, "image"


def _shown(pixels: NDArray[Any]) -> NDArray[Any]:
    """Show equal channels as grey, so that contrast and gamma can be set."""
    if pixels.ndim == 3 and (pixels == pixels[..., :1]).all():
        return np.ascontiguousarray(pixels[..., 0])
    return pixels


def _limits(grey: NDArray[Any]) -> tuple[float, float]:
    if grey.dtype == np.uint8:
        return 0.0, 255.0
    low, high = (float(v) for v in np.percentile(grey, STRETCH))
    return (low, high) if high > low else (float(grey.min()), float(grey.max()))
