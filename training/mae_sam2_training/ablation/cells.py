"""The cells of an ablation: which runs there are, and in which order."""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    from mae_sam2_training.ablation.config import AblateConfig


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table; its runs differ by seed and fold alone."""

    encoder: str
    loss: str
    fraction: float


@dataclass(frozen=True, slots=True)
class Cell:
    """One fine-tuning run."""

    row: Row
    seed: int
    fold: int

    @property
    def folder(self) -> str:
        """Name of its folder: readable, and other for every cell."""
        row = self.row
        name = f"{_slug(row.encoder)}_{_slug(row.loss)}_{row.fraction:g}"
        return f"{name}_seed{self.seed}_fold{self.fold}"


def rows_of(config: AblateConfig) -> list[Row]:
    """Give the rows: all losses at all labels, and the first loss at every share."""
    first_loss = next(iter(config.losses))
    rows: dict[Row, None] = {}
    for encoder in config.encoders:
        for loss in config.losses:
            rows[Row(encoder, loss, 1.0)] = None
        # from many labels to few: the embeddings of the smaller share are there then
        for share in sorted(config.fractions, reverse=True):
            rows[Row(encoder, first_loss, share)] = None
    return list(rows)


def cells_of(config: AblateConfig) -> list[Cell]:
    """Give the runs; those of one encoder, seed and fold follow one another."""
    rows = rows_of(config)
    return [
        Cell(row, seed, fold)
        for encoder in config.encoders
        for seed in config.seeds
        for fold in range(max(1, config.folds))
        for row in rows
        if row.encoder == encoder
    ]


def recipe_of(cell: Cell, config: AblateConfig) -> dict[str, Any]:
    """Give the fine-tuning recipe of a cell."""
    recipe: dict[str, Any] = copy.deepcopy(config.finetune)
    recipe["loss"] = config.losses[cell.row.loss].model_dump(mode="json")
    data = recipe.setdefault("data", {})
    data["label_fraction"] = cell.row.fraction
    if config.folds:
        data |= {"folds": config.folds, "fold": cell.fold}
    recipe.setdefault("run", {})["seed"] = cell.seed
    return recipe


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9.]+", "-", name.lower()).strip("-") or "x"
