"""An endless, seeded stream of crops from several datasets.

Sample number `i` is a function of the seed and `i` alone: whatever number of workers
and processes share the work, and wherever a run was killed, it is the same picture.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mae_sam2_training.config import ConfigError
from mae_sam2_training.crops import crop_frame

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch

    from mae_sam2_training.crops import CropConfig
    from mae_sam2_training.stream_sources import Frames


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
