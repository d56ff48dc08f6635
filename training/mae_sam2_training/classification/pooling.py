"""Pooled features of frames, each made once and kept in a file."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save

from mae_sam2_training.engine.atomic import write_bytes
from napari_mae_sam2.fa.frame import pixel_sha256
from napari_mae_sam2.model import pooling, preprocess

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from numpy.typing import NDArray
    from sam2.modeling.sam2_base import SAM2Base

_SAVE_EVERY = 16


class PooledFeatures:
    """Makes pooled features once per frame and keeps them in one file.

    Parameters
    ----------
    path : Path
        The file; one that is damaged or foreign is begun anew.
    model : SAM2Base
        Its encoder must not change while this is used.
    encoder : str
        Fingerprint of the encoder.
    """

    def __init__(self, path: Path, model: SAM2Base, encoder: str) -> None:
        self._path = path
        self._model = model
        self._encoder = encoder
        self._unsaved = 0
        try:
            self._known = load_file(path)
        except (OSError, SafetensorError):
            self._known = {}

    def of(self, pixels: NDArray[Any]) -> torch.Tensor:
        """Give the features of a frame, of shape (F,)."""
        key = self._key(pixels)
        if key not in self._known:
            device = next(self._model.parameters()).device
            image = preprocess.to_input(pixels, self._model.image_size).to(device)
            with torch.no_grad():
                found = pooling.pooled(self._model, image)[0]
            self._known[key] = found.cpu().contiguous()
            self._unsaved += 1
            if self._unsaved >= _SAVE_EVERY:
                self.save()
        return self._known[key]

    def save(self) -> None:
        """Write what is new; an ended run does not encode it again."""
        if self._unsaved:
            write_bytes(self._path, save(self._known))
            self._unsaved = 0

    def _key(self, pixels: NDArray[Any]) -> str:
        parts = (
            pixel_sha256(pixels),
            self._encoder,
            preprocess.VERSION,
            str(self._model.image_size),
            pooling.VERSION,
        )
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]
