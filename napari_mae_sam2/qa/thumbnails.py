"""Thumbnails of predicted frames, with or without outlines, kept on disk."""

from __future__ import annotations

import hashlib
import io
import logging
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image
from scipy import ndimage

from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.study.files import write_file
from napari_mae_sam2.study.images import read_tiff

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_mae_sam2.predict.results import FrameRecord, Results

log = logging.getLogger(__name__)

SIDE: Final = 128
"""Pixels across and down; the frame stands in the middle, on black."""

COLOUR: Final = (230, 159, 0)
"""Of outlines: the model's on the page."""

MOST: Final = 60_000
"""Thumbnails that stay on disk, about 4 kB each; beyond, the oldest go."""

_QUALITY: Final = 82


class Thumbnails:
    """Makes thumbnails, and finds those that were made before.

    Parameters
    ----------
    folder : Path
        Where they are kept; need not exist.
    most : int
        How many stay there.
    """

    def __init__(self, folder: Path, most: int = MOST) -> None:
        self._folder = folder
        self._most = most

    def get(
        self, results: Results, record: FrameRecord, outlined: bool
    ) -> NDArray[np.uint8]:
        """Give a thumbnail; slow, for a worker's thread.

        Returns
        -------
        uint8 array of shape (SIDE, SIDE, 3)
            Grey with a cross where the preview or the label is gone.
        """
        path = self._path(results, record, outlined)
        with suppress(OSError, ValueError):
            with Image.open(path) as opened:
                found = np.array(opened.convert("RGB"))
            if found.shape == (SIDE, SIDE, 3):
                return found
        try:
            made = draw(results, record, outlined)
        except (OSError, PlainError) as error:
            log.warning("No thumbnail of %s: %s", record.name, error)
            return _crossed()
        buffer = io.BytesIO()
        Image.fromarray(made).save(buffer, "WEBP", quality=_QUALITY, method=0)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            write_file(path, buffer.getvalue())
        except (OSError, PlainError) as error:
            log.warning("A thumbnail is not kept: %s", error)
        return made

    def make_room(self) -> None:
        """Delete the oldest where there are too many; once, in a worker's thread."""
        try:
            files = [
                (one.stat().st_mtime, one.path) for one in os.scandir(self._folder)
            ]
        except OSError:
            return
        for _, path in sorted(files, reverse=True)[self._most :]:
            with suppress(OSError):
                os.unlink(path)

    def _path(self, results: Results, record: FrameRecord, outlined: bool) -> Path:
        # What is drawn follows from these alone, wherever the folder lies.
        words = f"{results.model.fingerprint} {record.frame_sha256} {record.prompts}"
        words += f" {record.area_px} {outlined} {SIDE}"
        name = hashlib.sha256(words.encode()).hexdigest()[:32]
        return self._folder / f"{name}.webp"


def draw(results: Results, record: FrameRecord, outlined: bool) -> NDArray[np.uint8]:
    """Draw a thumbnail.

    Raises
    ------
    OSError, StudyError
        If the preview or the label is gone or damaged.
    """
    with Image.open(results.preview(record.id)) as opened:
        opened.draft("RGB", (2 * SIDE, 2 * SIDE))
        small = opened.convert("RGB")
    small.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    picture = np.array(small)
    if outlined and record.area_px:
        mask = read_tiff(results.label(record.id)) > 0
        shrunk = Image.fromarray(mask.astype(np.float32)).resize(
            small.size, Image.Resampling.BOX
        )
        # A lesion smaller than a pixel of the thumbnail is seen all the same.
        inside = np.asarray(shrunk) > min(0.5, float(np.asarray(shrunk).max()) / 2)
        picture[inside & ~ndimage.binary_erosion(inside)] = COLOUR
    made = np.zeros((SIDE, SIDE, 3), np.uint8)
    top, left = ((SIDE - extent) // 2 for extent in picture.shape[:2])
    made[top : top + picture.shape[0], left : left + picture.shape[1]] = picture
    return made


def _crossed() -> NDArray[np.uint8]:
    made = np.full((SIDE, SIDE, 3), 70, np.uint8)
    diagonal = np.arange(SIDE)
    made[diagonal, diagonal] = made[diagonal, SIDE - 1 - diagonal] = 120
    return made
