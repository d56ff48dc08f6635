"""A source of frames in which leakage is drawn on the fly."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from mae_sam2_training.data.errors import DataError
from mae_sam2_training.data.frames import LabelledFrame
from mae_sam2_training.synthesis import draw_into, draw_late, survey
from napari_mae_sam2.fa.pixels import as_grey8
from napari_mae_sam2.fa.reading import read_frame

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_mae_sam2.fa.drawing.scene import Scene

KEPT = 2**30
"""Bytes of surveyed backgrounds that a process keeps: 170 of 512 x 512 pixels."""
_PER_PIXEL = 25
"""Bytes of a survey: six arrays in single precision and the field."""
EMPTY = 0.08
"""Share of the frames in which nothing leaks."""
LATE_SIDE = 640
"""Longest side, at least, of the frames that become late ones: fine grain and patches
of 20 pixels of a 768-pixel frame need some room."""


class DrawnSource:
    """Leakage drawn into real frames whenever one is asked for.

    Parameters
    ----------
    backgrounds : sequence of Path
        Frames to draw into that do not leak by themselves.
    count : int
        Drawn frames per epoch.
    complete : bool
        False where the backgrounds leak by themselves, unlabelled.
    late : bool
        Turn the backgrounds into late frames with many patches; see `draw_late`.

    Raises
    ------
    DataError
        If there is no background.
    """

    def __init__(
        self,
        backgrounds: Sequence[Path],
        count: int,
        *,
        complete: bool = True,
        late: bool = False,
    ) -> None:
        if not backgrounds:
            raise DataError(
                "There are no frames to draw leakage into: name some in the source."
            )
        self._backgrounds = list(backgrounds)
        self._count = count
        self._complete = complete
        self._late = late
        # A survey takes thirty times as long as a drawing, so those that fit are kept.
        self._surveyed: OrderedDict[Path, Scene] = OrderedDict()
        self._kept = 0

    def __len__(self) -> int:
        """Drawn frames per epoch."""
        return self._count

    def frame(self, index: int, rng: np.random.Generator) -> LabelledFrame:
        """Draw into the background that is due."""
        path = self._backgrounds[index % len(self._backgrounds)]
        # Where something leaks unlabelled, a frame with no drawn leak teaches nothing.
        empty = EMPTY if self._complete else 0.0
        scene = self._survey(path)
        drawn = (
            draw_late(scene, rng, empty=1.5 * empty)
            if self._late
            else draw_into(scene, rng, empty=empty)
        )
        name = f"{path.name}, drawn"
        return LabelledFrame(
            name, drawn.pixels, drawn.lesions, self._complete, drawn=True
        )

    def fingerprint(self) -> str:
        """Hash of the backgrounds' pixels and of the count."""
        hashes = sorted(read_frame(path).sha256 for path in self._backgrounds)
        text = "".join(hashes) + f"{self._count} {self._complete} {self._late}"
        return hashlib.sha256(text.encode()).hexdigest()

    def _survey(self, path: Path) -> Scene:
        """Survey a background, or take it from those that are kept."""
        scene = self._surveyed.get(path)
        if scene is None:
            grey = as_grey8(read_frame(path).pixels)
            scene = survey(_enlarged(grey) if self._late else grey)
            self._surveyed[path] = scene
            self._kept += _PER_PIXEL * scene.grey.size
            while self._kept > KEPT and len(self._surveyed) > 1:
                _, oldest = self._surveyed.popitem(last=False)
                self._kept -= _PER_PIXEL * oldest.grey.size
        self._surveyed.move_to_end(path)
        return scene


def _enlarged(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Bring a frame to `LATE_SIDE` where it is smaller."""
    height, width = grey.shape
    factor = LATE_SIDE / max(height, width)
    if factor <= 1:
        return grey
    size = (round(width * factor), round(height * factor))
    return np.asarray(Image.fromarray(grey).resize(size, Image.Resampling.BICUBIC))
