"""An endless, seeded stream of crops from several datasets on disk.

Sample number `i` is a function of the seed and `i` alone: whatever number of workers
and processes share the work, and wherever a run was killed, it is the same picture.
Frames are read when they are needed and nothing is kept in memory.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
import torch
import torch.nn.functional as F
from pydantic import Field, model_validator

from mae_sam2_training.config import ConfigError, Fraction, Section
from mae_sam2_training.data.manifest import Record, read_manifest
from mae_sam2_training.data.splits import check_patients
from mae_sam2_training.rounds.frozen_test import group_of, read_frozen_test
from napari_mae_sam2.fa.drawing import draw_frame
from napari_mae_sam2.fa.frame import FrameError
from napari_mae_sam2.fa.pixels import as_rgb8
from napari_mae_sam2.fa.reading import list_frames, read_frame
from napari_mae_sam2.study.folder import Study

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

_log = logging.getLogger(__name__)

TRIES = 8
"""Crops looked at before a dark one is taken, and frames before giving up."""

_DARK = 12  # of 255: the border around the field lies below
_LIT = 0.5  # share of a crop that should be field


class CropConfig(Section):
    """What a crop shows of its frame."""

    side: int = Field(448, ge=224)
    """Pixels a side; a multiple of 224 (of 256 for the large trunk)."""
    smallest: Fraction = 0.35
    """Shortest side of a crop as a share of the frame's; SAM 2 sees whole frames."""
    largest: Fraction = 1.0
    """Longest side of a crop as a share of the frame's."""
    stretch: float = Field(1.15, ge=1)
    """Largest ratio by which the proportions are changed either way."""
    flip: Fraction = 0.5
    """Probability of a left-right flip, and of half of it for an up-down one."""
    gamma: float = Field(0.3, ge=0, lt=1)
    """Largest change of gamma either way, as exposures differ."""

    @model_validator(mode="after")
    def _check(self) -> CropConfig:
        if not 0 < self.smallest <= self.largest:
            raise ValueError("smallest must be above 0 and at most largest")
        return self


class Frames(Protocol):
    """A dataset that gives frames at random."""

    def draw(self, rng: np.random.Generator) -> NDArray[np.uint8]:
        """Give a frame as uint8 (H, W, 3)."""

    def fingerprint(self) -> str:
        """Hash that changes with what the dataset holds."""


class FilesOnDisk:
    """The frames of a folder, a manifest or a study, read when they are asked for.

    A file that cannot be read is left out with a warning: one bad file among millions
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
                _log.warning("Left out: %s", error)
                reason = error
        raise FrameError(
            f"Hardly a frame of {self.path} can be read: {reason}"
        ) from reason

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


@dataclass(frozen=True, slots=True, eq=False)
class Stream:
    """Several datasets, mixed by weight.

    Attributes
    ----------
    datasets : sequence of Frames
        At least one.
    weights : sequence of float
        How often each is drawn from, relative to each other.
    crop : CropConfig
        What is shown of a frame.
    seed : int
        Decides everything.
    """

    datasets: Sequence[Frames]
    weights: Sequence[float]
    crop: CropConfig
    seed: int

    def __post_init__(self) -> None:
        """Check that there is something to draw from.

        Raises
        ------
        ConfigError
            If there is no dataset, or no weight above 0.
        """
        if not self.datasets:
            raise ConfigError(
                "There are no frames to learn from: name folders or manifests in the "
                "command, or under data.sources in the recipe."
            )
        if len(self.weights) != len(self.datasets) or not sum(self.weights) > 0:
            raise ConfigError("Every source needs a weight, and one must be above 0.")

    def sample(self, index: int) -> torch.Tensor:
        """Give a sample.

        Parameters
        ----------
        index : int
            Any number from 0; there is no end.

        Returns
        -------
        float32 tensor of shape (3, side, side)
            Between 0 and 1.
        """
        rng = np.random.default_rng((self.seed, index))
        shares = np.asarray(self.weights, np.float64)
        which = int(rng.choice(len(self.datasets), p=shares / shares.sum()))
        return crop_frame(self.datasets[which].draw(rng), self.crop, rng)

    def fingerprint(self) -> str:
        """Hash that changes with the datasets and their weights."""
        parts = [
            f"{weight:g} {dataset.fingerprint()}"
            for weight, dataset in zip(self.weights, self.datasets, strict=True)
        ]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def crop_frame(
    rgb: NDArray[np.uint8], config: CropConfig, rng: np.random.Generator
) -> torch.Tensor:
    """Cut a random crop out of a frame, resize, flip and expose it differently.

    Parameters
    ----------
    rgb : uint8 array of shape (H, W, 3)
        A frame.
    config : CropConfig
        How.
    rng : Generator
        Everything random comes from here.

    Returns
    -------
    float32 tensor of shape (3, side, side)
        Between 0 and 1.
    """
    rows, columns = _window(rgb, config, rng)
    crop = np.ascontiguousarray(rgb[rows, columns].transpose(2, 0, 1))
    image = torch.from_numpy(crop)[None].float() / 255  # [1, 3, h, w]
    size = (config.side, config.side)
    image = F.interpolate(image, size, mode="bilinear", antialias=True)[0]
    if rng.random() < config.flip:
        image = image.flip(2)
    if rng.random() < config.flip / 2:
        image = image.flip(1)
    if config.gamma:
        image = image.clamp(0, 1) ** float(1 + config.gamma * rng.uniform(-1, 1))
    return image.clamp(0, 1).contiguous()


def _window(
    rgb: NDArray[np.uint8], config: CropConfig, rng: np.random.Generator
) -> tuple[slice, slice]:
    """Choose a window that shows the field rather than the dark border."""
    height, width = rgb.shape[:2]
    best: tuple[float, tuple[slice, slice]] | None = None
    for _ in range(TRIES):
        share = np.exp(rng.uniform(np.log(config.smallest), np.log(config.largest)))
        stretch = np.exp(rng.uniform(-1, 1) * np.log(config.stretch) / 2)
        down = int(np.clip(round(height * share * stretch), 16, height))
        across = int(np.clip(round(width * share / stretch), 16, width))
        top = int(rng.integers(height - down + 1))
        left = int(rng.integers(width - across + 1))
        window = slice(top, top + down), slice(left, left + across)
        lit = float((rgb[window][::8, ::8].max(axis=2) > _DARK).mean())
        if best is None or lit > best[0]:
            best = lit, window
        if lit >= _LIT:
            break
    assert best is not None
    return best[1]


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
        reserved = read_frozen_test(path)
        kept = frozenset() if reserved is None else reserved.groups_now(study)
        cases = [study.case(case) for case in study.case_ids()]
        records = [
            Record(study.frame_path(case), patient=case.patient or "")
            for case in cases
            if group_of(case) not in kept
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
