"""What an image layer of somebody else holds: a file that we read, or pictures."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.fa.frame import Frame
from napari_mae_sam2.fa.reading import count_pages, is_frame_name
from napari_mae_sam2.study.kinds import STUDY_FILE

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.layers import Image

MOST = 200
"""Pictures of a stack that become cases; what has more is a volume and no FA run."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture of a layer.

    Attributes
    ----------
    name : str
        That of the layer, with the page where it has several.
    pixels : callable
        Gives the array of shape (H, W) or (H, W, C); slow where it lies on disk.
    """

    name: str
    pixels: Callable[[], Any]


def file_of(layer: Image) -> Path | None:
    """Give the file or folder of frames that a layer shows.

    Returns
    -------
    Path or None
        None where the dock would not read the same from disk: a picture in memory, a
        file that another plugin reads, some pages of a file only.
    """
    if layer.source.path is None:
        return None
    path = Path(layer.source.path)
    if path.is_dir():
        return path if "fa_frames" in layer.metadata else None
    if path.name == STUDY_FILE:
        return path
    if not path.is_file() or not is_frame_name(path):
        return None
    if frame_of_ours(layer) is not None:
        return path
    planes = pixels_of(layer).shape[: -(3 if layer.rgb else 2)]
    if not planes:
        return path
    try:
        whole = len(planes) == 1 and count_pages(path) == planes[0]
    except PlainError:
        return None
    return path if whole else None


def frame_of_ours(layer: Image) -> Frame | None:
    """Give the frame that our own reader or sample put into a layer."""
    frame = layer.metadata.get("fa_frame")
    return frame if isinstance(frame, Frame) else None


def pixels_of(layer: Image) -> Any:
    """Give the array of a layer at full resolution."""
    return layer.data[0] if layer.multiscale else layer.data


def pictures_of(layer: Image) -> list[Picture]:
    """List the pictures of a layer.

    Raises
    ------
    PlainError
        If it is a volume or has further axes.
    """
    known = frame_of_ours(layer)
    if known is not None:
        return [Picture(known.name, lambda: known.pixels)]
    pixels = pixels_of(layer)
    planes = pixels.shape[: -(3 if layer.rgb else 2)]
    if not planes:
        return [Picture(layer.name, lambda: pixels)]
    if len(planes) > 1 or planes[0] > MOST:
        size = " × ".join(str(length) for length in planes)
        raise PlainError(
            f"{layer.name} is a stack of {size} pictures and is hidden: open the "
            "frames that you want to grade one by one."
        )
    return [
        Picture(f"{layer.name}, page {page + 1}", partial(_page, pixels, page))
        for page in range(planes[0])
    ]


def _page(pixels: Any, page: int) -> Any:
    return pixels[page]
