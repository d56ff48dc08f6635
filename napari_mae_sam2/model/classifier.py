"""Trained heads at work: what a frame shows, told from its pixels."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.model.head import HeadCard, PooledHead, load_head
from napari_mae_sam2.model.pooling import pooled
from napari_mae_sam2.model.preprocess import to_input

if TYPE_CHECKING:
    from collections.abc import Sequence, Set
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from napari_mae_sam2.model.predictor import Sam2Predictor


@dataclass(frozen=True, slots=True)
class ToldClass:
    """What a head says of a frame.

    Attributes
    ----------
    value : str
        The most probable class.
    probabilities : dict of str to float
        Of every class, 0 to 1; they add up to 1.
    head : str
        Fingerprint of the head.
    """

    value: str
    probabilities: dict[str, float]
    head: str


@dataclass(frozen=True, slots=True, eq=False)
class _Head:
    head: PooledHead
    card: HeadCard
    fingerprint: str


class Classifier:
    """Applies heads to frames with the encoder of a predictor.

    Parameters
    ----------
    predictor : Sam2Predictor
        Its encoder must be the one that the heads were fitted on.
    heads : sequence of Path
        Files that `mae-sam2-train classify` wrote.

    Raises
    ------
    PlainError
        If a file is no head, is of another encoder, or two heads tell the same thing.
    """

    def __init__(self, predictor: Sam2Predictor, heads: Sequence[Path] = ()) -> None:
        self._model = predictor.model
        self._device = predictor.device
        self._heads: dict[str, _Head] = {}
        named: dict[str, Path] = {}
        for path in dict.fromkeys(heads):
            head, card = load_head(path, predictor.encoder_fingerprint)
            if card.name in named:
                raise PlainError(
                    f"{named[card.name]} and {path} both tell {card.name}: give one of "
                    "them, or fit one again with another --name."
                )
            named[card.name] = path
            digest = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
            self._heads[card.name] = _Head(head.to(self._device), card, digest)

    @property
    def heads(self) -> dict[str, str]:
        """Fingerprint of each head by the name of what it tells."""
        return {name: one.fingerprint for name, one in self._heads.items()}

    @torch.no_grad()
    def tell(
        self, pixels: NDArray[np.generic], names: Set[str] | None = None
    ) -> dict[str, ToldClass]:
        """Tell what a frame shows.

        Parameters
        ----------
        pixels : array of shape (H, W), (H, W, 3) or (H, W, 4)
            uint8, uint16 or float.
        names : set of str, optional
            Ask these heads alone.

        Returns
        -------
        dict of str to ToldClass
            By what is told.
        """
        told: dict[str, ToldClass] = {}
        features: dict[int, torch.Tensor] = {}  # [1, F] by the side of the input
        for name, one in self._heads.items():
            if names is not None and name not in names:
                continue
            size = one.card.image_size
            if size not in features:
                images = to_input(pixels, size).to(self._device)
                features[size] = pooled(self._model, images)
            shares = one.head(features[size])[0].double().softmax(0).tolist()
            by_class = dict(zip(one.card.classes, shares, strict=True))
            best = max(by_class, key=by_class.__getitem__)
            told[name] = ToldClass(best, by_class, one.fingerprint)
        return told
