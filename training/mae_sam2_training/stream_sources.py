"""Where the frames of a pre-training come from: files on disk, or drawn.

Frames are read when they are needed and nothing is kept in memory.
"""

from __future__ import annotations

import atexit
import hashlib
import logging
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from mae_sam2_training.config import ConfigError
from mae_sam2_training.data.manifest import Record, read_manifest
from mae_sam2_training.data.splits import check_patients
from mae_sam2_training.rounds.frozen_test import FrozenTest, read_frozen_test
from napari_mae_sam2.fa.drawing import draw_frame
from napari_mae_sam2.fa.frame import FrameError
from napari_mae_sam2.fa.pixels import as_rgb8
from napari_mae_sam2.fa.reading import list_frames, read_frame
from napari_mae_sam2.study.folder import Study

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

_log = logging.getLogger(__name__)

TRIES = 8
"""Frames that cannot be read, one after the other, before giving up."""


class Frames(Protocol):
    """A dataset that gives frames at random."""

    def draw(self, rng: np.random.Generator) -> NDArray[np.uint8]:
        """Give a frame as uint8 (H, W, 3)."""

    def fingerprint(self) -> str:
        """Hash that changes with what the dataset holds."""


class FilesOnDisk:
    """The frames of a folder, a manifest or a study, read when they are asked for.

    A file that cannot be read is left out and named once: one bad file among millions
    must not end a run of days.

    Parameters
    ----------
    path : Path
        A folder of frames, a study folder, or a manifest in CSV.
    side : {"train", "val"}
        Which rows of a manifest that names splits are read: those to learn from, or
        those to measure on; rows of the split "test", and patients that a study keeps
        for its frozen test, never are.

    Attributes
    ----------
    files : list of Path
        The frames.

    Raises
    ------
    PlainError
        If there is nothing to read, or a patient stands in two splits.
    """

    def __init__(self, path: Path, side: Literal["train", "val"] = "train") -> None:
        self.path = path
        self._records = _records(path, side)
        self.files = [record.image for record in self._records]
        # A folder, because every process that reads ahead has a copy of this.
        self._named = Path(tempfile.mkdtemp(prefix="mae-sam2-"))
        atexit.register(shutil.rmtree, self._named, ignore_errors=True)

    def groups(self) -> set[str]:
        """Give the patients that a manifest names, and frames of unknown patients."""
        return {
            replace(record, image=record.image.resolve()).group
            for record in self._records
        }

    def draw(self, rng: np.random.Generator) -> NDArray[np.uint8]:
        """Read a random frame.

        Raises
        ------
        FrameError
            If several frames one after the other cannot be read.
        """
        reason: FrameError | None = None
        for _ in range(TRIES):
            file = self.files[rng.integers(len(self.files))]
            try:
                return as_rgb8(read_frame(file).pixels)
            except FrameError as error:
                if self._first_time(file):
                    _log.warning("Left out: %s", error)
                reason = error
        raise FrameError(
            f"Hardly a frame of {self.path} can be read: {reason}"
        ) from reason

    def _first_time(self, file: Path) -> bool:
        """Tell whether no process of the run has named a file yet."""
        name = hashlib.sha256(str(file).encode(errors="surrogateescape")).hexdigest()
        try:
            (self._named / name).touch(exist_ok=False)
        except FileExistsError:
            return False
        except OSError:  # gone with the first process: better twice than never
            return True
        return True

    def fingerprint(self) -> str:
        """Hash of the names and sizes: reading millions of frames would take hours."""
        text = "\n".join(f"{file.name} {file.stat().st_size}" for file in self.files)
        return hashlib.sha256(text.encode()).hexdigest()


class DrawnFrames:
    """Whole synthetic frames.

    Parameters
    ----------
    side : int
        Their side in pixels.
    count : int
        How many different ones there are.
    """

    def __init__(self, side: int = 768, count: int = 1_000_000) -> None:
        self.side = side
        self.count = count

    def draw(self, rng: np.random.Generator) -> NDArray[np.uint8]:
        """Draw a random frame."""
        seed = int(rng.integers(self.count))
        phase = str(rng.choice(("early", "late")))
        return as_rgb8(draw_frame(seed, self.side, phase).pixels)

    def fingerprint(self) -> str:
        """Name the settings."""
        return f"drawn {self.side} {self.count}"


def check_apart(learnt: Sequence[FilesOnDisk], measured: Sequence[FilesOnDisk]) -> None:
    """Refuse to measure on what is learnt from.

    Raises
    ------
    ConfigError
        Naming the first patient or frame that is on both sides.
    """
    held_out = {group for part in measured for group in part.groups()}
    if not held_out:
        return
    on_both = held_out & {group for part in learnt for group in part.groups()}
    if on_both:
        raise ConfigError(
            f"The {min(on_both)} is both learnt from and held out: take it out of the "
            "sources or out of data.held_out."
        )


def _records(path: Path, side: str) -> list[Record]:
    if (path / "study.json").is_file():
        study = Study.open(path)
        reserved = read_frozen_test(path) or FrozenTest({}, frozenset())
        kept = reserved.groups_now(study)
        cases = [study.case(case) for case in study.case_ids()]
        records = [
            Record(study.frame_path(case), patient=case.patient or "")
            for case in cases
            if not reserved.keeps(case, kept)
        ]
        if not records:
            raise ConfigError(
                f"The study {path} has no case that may be learnt from: add frames."
            )
        return records
    if path.is_dir():
        return [Record(file) for file in list_frames(path)]
    if not path.exists():
        raise ConfigError(
            f"There is no {path}: give a folder of frames, a study or a manifest."
        )
    records = read_manifest(path)
    check_patients(records)
    if any(record.split for record in records):
        records = [record for record in records if (record.split or "train") == side]
    if not records:
        raise ConfigError(
            f"The manifest {path} names splits but has no row of {side}: name some."
        )
    return records
