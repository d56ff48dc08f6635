"""Reading and writing weights: every file is checked before anything is changed.

Ours are safetensors files with the model card in the metadata, plain or compact.
Meta's published `.pt` files are read too, without ever running what a pickle says.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from napari_mae_sam2.model.architectures import (
    Architecture,
    build_model,
    infer_architecture,
    is_encoder_key,
    is_image_key,
)
from napari_mae_sam2.model.card import ModelCard
from napari_mae_sam2.model.compact import compress, decompress
from napari_mae_sam2.model.weight_file import (
    CheckpointError,
    first_not_finite,
    read_weights,
    write_weights,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import torch
    from sam2.modeling.sam2_base import SAM2Base

__all__ = [
    "CheckpointError",
    "LoadedModel",
    "fingerprint",
    "load_model",
    "save_checkpoint",
]


@dataclass(frozen=True, slots=True, eq=False)
class LoadedModel:
    """Weights in a model that is ready to use, and what is known of them.

    Attributes
    ----------
    model : SAM2Base
        On the CPU, in eval mode, float32.
    card : ModelCard
        From the file, or made from what the tensors show.
    fingerprint : str
        `fingerprint` of all image weights.
    encoder_fingerprint : str
        The same of those weights alone that an embedding depends on. A round that
        trains the decoder keeps it, so embeddings stay valid.
    path : Path
        The file read.
    """

    model: SAM2Base
    card: ModelCard
    fingerprint: str
    encoder_fingerprint: str
    path: Path


def load_model(
    path: str | Path,
    *,
    expected: Architecture | None = None,
    image_size: int | None = None,
) -> LoadedModel:
    """Load weights from our own files or from Meta's.

    The image half must be complete; the video half may be complete or absent, and
    keeps fresh values where it is absent, since no prompt on a frame uses it.

    Parameters
    ----------
    path : str or Path
        A safetensors file or one of Meta's `.pt` files; told apart by content.
    expected : Architecture, optional
        Refuse weights of another size.
    image_size : int, optional
        Side of the encoder's input; the card's by default.

    Raises
    ------
    CheckpointError
        If the file is absent, damaged, holds code, is no checkpoint of SAM 2, lacks
        or adds a parameter, or has another architecture than it says or than
        expected.
    """
    path = Path(path)
    weights, card = read_weights(path)
    card = _identify(weights, card, path)
    if expected is not None and card.architecture != expected.name:
        raise CheckpointError(
            f"{path.name} holds a {card.built_as} model where {expected} is needed; "
            "choose weights of that size."
        )
    model = build_model(card.built_as, image_size or card.image_size)
    _check_fit(weights, model.state_dict(), card, path)
    # Complete and of the right shapes by now, so this cannot stop half-way.
    model.load_state_dict(weights, strict=False)
    model.prompt_free = card.prompt_free
    return LoadedModel(
        model=model,
        card=card,
        fingerprint=fingerprint(model),
        encoder_fingerprint=fingerprint(model, encoder_only=True),
        path=path,
    )


def save_checkpoint(
    path: str | Path, model: SAM2Base, card: ModelCard, compact: bool = False
) -> str:
    """Write the image weights of a model with its card; all or nothing.

    The file is written beside its final place, flushed to the disk and renamed, so
    a reader sees the old file or the whole new one.

    Parameters
    ----------
    path : str or Path
        A `.safetensors` file; an existing one is replaced.
    model : SAM2Base
        On any device.
    card : ModelCard
        Must name the architecture that the model has.
    compact : bool
        8-bit matrices with scales instead of float32, a quarter of the size.

    Returns
    -------
    str
        Fingerprint that `load_model` will give for the file: of the weights as they
        are decoded, so that of a compact file differs from its float32 original's.

    Raises
    ------
    CheckpointError
        If the model is not what the card says, holds a value that is not a finite
        number, or the file cannot be written.
    """
    path = Path(path)
    weights = _image_weights(model)
    inferred = infer_architecture(_shapes(weights))
    if inferred is None or inferred.name != card.architecture:
        raise CheckpointError(
            f"{path.name} was not written: the model is {inferred or 'unknown'}, but "
            f"its card says {card.built_as}."
        )
    _require_finite(weights, path)
    stored: Mapping[str, torch.Tensor] = weights
    if compact:
        stored = compress(weights)
        weights = decompress(stored)
        # Half precision ends at 65504, so a large value may be lost only now.
        _require_finite(weights, path)
    write_weights(path, stored, card, compact)
    return _hash(weights)


def fingerprint(model: SAM2Base, encoder_only: bool = False) -> str:
    """Hash the image weights of a model as it computes with them.

    SHA-256 over name, shape and little-endian float32 values of every parameter of
    the image half, in the order of the names. So Meta's file and our plain copy of
    it agree, a compact file and a plain copy of what it decodes to agree, and a
    compact file differs from the float32 weights that it was made from: its answers
    differ too.

    Parameters
    ----------
    model : SAM2Base
        On any device.
    encoder_only : bool
        Hash only what an embedding depends on.
    """
    weights = _image_weights(model)
    if encoder_only:
        weights = {k: v for k, v in weights.items() if is_encoder_key(k)}
    return _hash(weights)


def _hash(weights: Mapping[str, torch.Tensor]) -> str:
    digest = hashlib.sha256()
    for key in sorted(weights):
        values = weights[key].detach().cpu().float().contiguous().numpy()
        digest.update(f"{key}{values.shape}".encode())
        digest.update(values.astype("<f4", copy=False).data)
    return digest.hexdigest()


def _image_weights(model: SAM2Base) -> dict[str, torch.Tensor]:
    return {
        key: value.detach().cpu().float().contiguous()
        for key, value in model.state_dict().items()
        if is_image_key(key)
    }


def _shapes(weights: Mapping[str, torch.Tensor]) -> dict[str, tuple[int, ...]]:
    return {key: tuple(value.shape) for key, value in weights.items()}


def _require_finite(weights: Mapping[str, torch.Tensor], path: Path) -> None:
    bad = first_not_finite(weights)
    if bad is not None:
        raise CheckpointError(
            f"{path.name} was not written, because {bad} of the model holds values "
            "that are not finite numbers; train again with a smaller learning rate."
        )


def _identify(
    weights: Mapping[str, torch.Tensor], card: ModelCard | None, path: Path
) -> ModelCard:
    """Return the card, checked against what the tensors show, or made from it."""
    shown = infer_architecture(_shapes(weights))
    if shown is None:
        raise CheckpointError(
            f"{path.name} holds none of the SAM 2 models that this program knows "
            "(tiny, small, base_plus, large); choose other weights."
        )
    if card is None:
        return ModelCard(architecture=shown.name, version=shown.version)
    if card.architecture != shown.name:
        raise CheckpointError(
            f"{path.name} says that it holds a {card.architecture} model, but its "
            f"weights are those of a {shown.name} one; choose other weights."
        )
    return card


def _check_fit(
    weights: Mapping[str, torch.Tensor],
    wanted: Mapping[str, torch.Tensor],
    card: ModelCard,
    path: Path,
) -> None:
    """Raise unless the weights are the image half, or the whole, of the model."""
    model = card.built_as
    unexpected = weights.keys() - wanted.keys()
    if unexpected:
        raise CheckpointError(
            f"{path.name} holds weights that {model} does not have "
            f"({_named(unexpected)}); choose other weights."
        )
    missing = wanted.keys() - weights.keys()
    needed = {key for key in missing if is_image_key(key)}
    video = {key for key in wanted if not is_image_key(key)}
    if needed or (missing and missing != video):
        raise CheckpointError(
            f"{path.name} lacks weights that {model} needs "
            f"({_named(needed or missing)}); choose other weights."
        )
    for key, tensor in weights.items():
        if tensor.shape != wanted[key].shape:
            raise CheckpointError(
                f"{path.name} holds {key} with shape {tuple(tensor.shape)} where "
                f"{model} has {tuple(wanted[key].shape)}; choose other weights."
            )


def _named(keys: Iterable[str]) -> str:
    first, *rest = sorted(keys)
    return f"{first} and {len(rest)} more" if rest else first
