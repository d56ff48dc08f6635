"""Embeddings made once and kept on disk, for training that leaves the encoder alone.

A file is named by the hash of the pixels and of the encoder, so nothing stale is ever
read; float16, about 8 MB for a 1024-pixel input.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from mae_sam2_training.engine.atomic import write_bytes
from mae_sam2_training.sides import set_side
from napari_mae_sam2.fa.frame import pixel_sha256
from napari_mae_sam2.model import preprocess
from napari_mae_sam2.model.forward import Features, encode_images

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray
    from sam2.modeling.sam2_base import SAM2Base

_PARTS = ("embedding", "fine", "middle")


class EmbeddingStore:
    """Makes embeddings, or reads those that were made before.

    Parameters
    ----------
    folder : Path
        Where the files lie.
    model : SAM2Base
        On any device; its encoder must not change while the store is used.
    encoder_fingerprint : str
        Of its encoder, as `load_model` gives it.
    """

    def __init__(self, folder: Path, model: SAM2Base, encoder_fingerprint: str) -> None:
        self._folder = folder
        self._model = model
        self._encoder = encoder_fingerprint
        self._side = int(model.image_size)

    def key(self, pixels: NDArray[np.generic], side: int | None = None) -> str:
        """Name of the embedding of some pixels at a side of the encoder's input."""
        parts = (
            pixel_sha256(pixels),
            self._encoder,
            preprocess.VERSION,
            str(side or self._side),
        )
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]

    def make(self, pixels: NDArray[np.generic], side: int | None = None) -> str:
        """Make the embedding unless it is there, and give its key.

        `side` is that of the encoder's input, the model's own by default.
        """
        key = self.key(pixels, side)
        if self._read(key) is None:
            set_side(self._model, side or self._side)
            features = embed(self._model, pixels)
            set_side(self._model, self._side)
            fine, middle = features.high_res
            tensors = dict(zip(_PARTS, (features.embedding, fine, middle), strict=True))
            halves = {k: v.half().cpu().contiguous() for k, v in tensors.items()}
            write_bytes(self._folder / f"{key}.safetensors", save(halves))
        return key

    def load(self, key: str) -> Features:
        """Read an embedding in float16.

        Raises
        ------
        FileNotFoundError
            If it was not made.
        """
        features = self._read(key)
        if features is None:
            raise FileNotFoundError(self._folder / f"{key}.safetensors")
        return features

    def keep_only(self, keys: set[str]) -> None:
        """Delete every other embedding in the folder."""
        for path in self._folder.glob("*.safetensors"):
            if path.stem not in keys:
                path.unlink(missing_ok=True)

    def _read(self, key: str) -> Features | None:
        """Read an embedding; None where it is absent or damaged."""
        try:
            with safe_open(self._folder / f"{key}.safetensors", framework="pt") as file:
                embedding, fine, middle = (file.get_tensor(part) for part in _PARTS)
        except (FileNotFoundError, SafetensorError):
            return None
        return Features(embedding, (fine, middle))


@torch.no_grad()
def embed(model: SAM2Base, pixels: NDArray[np.generic]) -> Features:
    """Encode one frame as fast as the device can: bf16 where it is native.

    Parameters
    ----------
    model : SAM2Base
        On any device.
    pixels : array of shape (H, W) or (H, W, 3)
        8-bit, 16-bit or float.

    Returns
    -------
    Features
        Of a batch of one, on the model's device, in float32.
    """
    device = next(model.parameters()).device
    image = preprocess.to_input(pixels, model.image_size).to(device)
    with torch.autocast(device.type, torch.bfloat16, enabled=_fast_bf16(device)):
        features = encode_images(model, image)
    fine, middle = features.high_res
    return Features(features.embedding.float(), (fine.float(), middle.float()))


def _fast_bf16(device: torch.device) -> bool:
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported()
    if device.type == "cpu":
        # torch 2.10 or later can say
        asked: dict[str, bool] = getattr(torch.cpu, "get_capabilities", dict)()
        return bool(asked.get("avx512_bf16") or asked.get("amx_bf16"))
    return False
