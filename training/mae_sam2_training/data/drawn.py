"""A source of frames in which leakage is drawn on the fly."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from typing import TYPE_CHECKING

from mae_sam2_training.data.errors import DataError
from mae_sam2_training.data.frames import LabelledFrame
from mae_sam2_training.synthesis import draw_into, survey
from napari_mae_sam2.fa.pixels import as_grey8
from napari_mae_sam2.fa.reading import read_frame

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np

    from napari_mae_sam2.fa.drawing.scene import Scene

KEPT = 2**30
"""Bytes of surveyed backgrounds that a process keeps: 170 of 512 x 512 pixels."""
_PER_PIXEL = 25
"""Bytes of a survey: six arrays in single precision and the field."""
EMPTY = 0.08
"""Share of the frames in which nothing leaks."""


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

    Raises
    ------
    DataError
        If there is no background.
    """

    def __init__(
        self, backgrounds: Sequence[Path], count: int, *, complete: bool = True
    ) -> None:
        if not backgrounds:
            raise DataError(
                "There are no frames to draw leakage into: name some in the source."
            )
        self._backgrounds = list(backgrounds)
        self._count = count
        self._complete = complete
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
        drawn = draw_into(self._survey(path), rng, empty=empty)
        name = f"{path.name}, drawn"
        return LabelledFrame(name, drawn.pixels, drawn.lesions, self._complete)

    def fingerprint(self) -> str:
        """Hash of the backgrounds' pixels and of the count."""
        hashes = sorted(read_frame(path).sha256 for path in self._backgrounds)
        text = "".join(hashes) + f"{self._count} {self._complete}"
        return hashlib.sha256(text.encode()).hexdigest()

    def _survey(self, path: Path) -> Scene:
        """Survey a background, or take it from those that are kept."""
        scene = self._surveyed.get(path)
        if scene is None:
            scene = survey(as_grey8(read_frame(path).pixels))
            self._surveyed[path] = scene
            self._kept += _PER_PIXEL * scene.grey.size
            while self._kept > KEPT and len(self._surveyed) > 1:
                _, oldest = self._surveyed.popitem(last=False)
                self._kept -= _PER_PIXEL * oldest.grey.size
        self._surveyed.move_to_end(path)
        return scene
