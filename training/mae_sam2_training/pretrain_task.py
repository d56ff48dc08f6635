"""What the loop is given for a masked pre-training: batches, loss, held-out loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from mae_sam2_training.engine.schedule import parameter_groups
from mae_sam2_training.hiera_mae import paint
from mae_sam2_training.kept_features import TURNS, KeptFeatures
from mae_sam2_training.masking import join_masks, stratified_mask
from mae_sam2_training.trunk_layers import count_blocks, decay_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from mae_sam2_training.engine.loop import Tally
    from mae_sam2_training.hiera_mae import HieraMAE
    from mae_sam2_training.masking import UnitMask
    from mae_sam2_training.pretrain_config import MaskedConfig, PretrainConfig
    from mae_sam2_training.stream import Stream


class MaskedBatch:
    """Crops and the masks that were drawn for them.

    No dataclass: Fabric takes those apart to convert the tensors in them.

    Parameters
    ----------
    images : float32 tensor of shape (B, 3, side, side)
        Between 0 and 1.
    mask : UnitMask
        Which units the encoder sees.
    numbers : range
        Of the samples in the stream.
    turns : sequence of int
        For `KeptFeatures.distance`.
    """

    def __init__(
        self,
        images: Tensor,
        mask: UnitMask,
        numbers: range,
        turns: Sequence[int] = (0,),
    ) -> None:
        self.images = images
        self.mask = mask
        self.numbers = numbers
        self.turns = tuple(turns)


class MaskedModule(nn.Module):
    """The loss of a batch, as the loop wants it.

    Parameters
    ----------
    mae : HieraMAE
        Around the trunk to train, as it is before the first step of the run.
    config : MaskedConfig
        How much the features of before are worth.
    """

    def __init__(self, mae: HieraMAE, config: MaskedConfig) -> None:
        super().__init__()
        self.mae = mae
        self._config = config
        self._kept = KeptFeatures(mae.trunk) if config.keep else None

    def forward(self, batch: MaskedBatch) -> tuple[Tensor, dict[str, float]]:
        """Give the mean loss of a batch, and its parts where it has two."""
        device = self.mae.mean.device
        images = batch.images.to(device, non_blocking=True)
        loss = self.mae(images, batch.mask.to(device)).loss
        if self._kept is None:
            return loss, {}
        whole = images[: max(1, round(len(images) * self._config.keep_share))]
        moved = self._kept.distance(
            self.mae.trunk, self.mae.normalise(whole), batch.turns
        )
        parts = {"pixels": float(loss.detach()), "moved": float(moved.detach())}
        return loss + self._config.keep * moved, parts


class PretrainTask:
    """Masked pre-training for `engine.loop.fit`.

    Parameters
    ----------
    mae : HieraMAE
        Around the trunk to train.
    stream : Stream
        What to learn from.
    held_out : Stream or None
        What to measure on.
    config : PretrainConfig
        The recipe.
    """

    def __init__(
        self,
        mae: HieraMAE,
        stream: Stream,
        held_out: Stream | None,
        config: PretrainConfig,
    ) -> None:
        self.module = MaskedModule(mae, config.mae)
        self._window = mae.window
        self._stream = stream
        self._held_out = held_out
        self._config = config

    def groups(self) -> list[dict[str, Any]]:
        """Give AdamW's groups, smaller rates for earlier blocks of the trunk."""
        named = list(self.module.named_parameters())
        blocks, decay = count_blocks(n for n, _ in named), self._config.mae.layer_decay
        return parameter_groups(
            named, self._config.loop, lambda name: decay_of(name, blocks, decay)
        )

    def batch(self, step: int, rank: int, world: int) -> MaskedBatch:
        """Give the share of one process of a step's samples."""
        count = self._config.loop.batch
        share = count // world
        first = step * count + rank * share
        return self.samples(self._stream, range(first, first + share))

    def samples(self, stream: Stream, numbers: range) -> MaskedBatch:
        """Read samples and draw their masks."""
        images = torch.stack([stream.sample(number) for number in numbers])
        side, ratio = self._config.data.crop.side, self._config.mae.ratio
        masks = []
        for number in numbers:
            seed = np.random.SeedSequence((stream.seed, number, 1)).generate_state(1)
            generator = torch.Generator().manual_seed(int(seed[0]))
            masks.append(
                stratified_mask(1, (side, side), self._window, ratio, generator)
            )
        step = numbers[0] // self._config.loop.batch  # the same in every process
        turns = self._turns(stream.seed, step)
        return MaskedBatch(images, join_masks(masks), numbers, turns)

    def _turns(self, seed: int, step: int) -> list[int]:
        count = self._config.mae.keep_turns
        if count == 1:
            return [0]
        rng = np.random.default_rng((seed, step, 2))
        return [int(turn) for turn in rng.permutation(TURNS)[:count]]

    def describe(self, batch: MaskedBatch) -> str:
        """Name the samples."""
        return f"samples {batch.numbers[0]} to {batch.numbers[-1]} of the stream"

    def validate(self, module: nn.Module, rank: int, world: int) -> dict[str, Tally]:
        """Measure the loss on the held-out crops, if there are any."""
        if self._held_out is None:
            return {}
        numbers = range(rank, self._config.data.held_out_crops, world)
        share = max(1, self._config.loop.batch // world)
        total = 0.0
        for start in range(0, len(numbers), share):
            part = numbers[start : start + share]
            loss, _ = module(self.samples(self._held_out, part))
            total += float(loss) * len(part)
        return {"score": (-total, len(numbers)), "loss": (total, len(numbers))}

    def picture(self, count: int) -> Tensor:
        """Show crops as they are, as the encoder sees them, and as they come back.

        Returns
        -------
        uint8 tensor of shape (H, W, 3)
            One row of three pictures for each crop.
        """
        mae = self.module.mae
        device = mae.mean.device
        batch = self.samples(self._held_out or self._stream, range(count))
        images, mask = batch.images.to(device), batch.mask.to(device)
        with torch.no_grad():
            seen, painted = paint(images, mae.predict(images, mask), mask)
        rows = torch.cat([images, seen, painted], dim=3)  # [B, 3, side, 3 side]
        sheet = rows.permute(0, 2, 3, 1).flatten(0, 1)
        return (sheet * 255).round().to(torch.uint8).cpu()
