"""Weights as files: tensors and a card in, tensors and a card out.

Nothing here knows what the tensors mean; `napari_mae_sam2.model.checkpoint` does. A
file is told apart by what it begins with, not by its name, and no pickle is ever
allowed to run code.
"""

from __future__ import annotations

import os
import pickle
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import torch
from pydantic import ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as to_bytes

from napari_mae_sam2.common.shared_folders import make_folders, share
from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.model.card import ModelCard
from napari_mae_sam2.model.compact import FORMAT, decompress

if TYPE_CHECKING:
    from collections.abc import Mapping

_CARD: Final = "mae_sam2_card"
_COMPACT: Final = "mae_sam2_compact"
# How torch.save begins, in its zip form and in its older form.
_TORCH_STARTS: Final = (
    b"PK\x03\x04",
    b"\x80\x02",
    b"\x80\x03",
    b"\x80\x04",
    b"\x80\x05",
)
_HEADER_LIMIT: Final = 100_000_000  # bytes; safetensors' own limit


class CheckpointError(PlainError):
    """A file cannot be used as weights, or could not be written."""


def read_weights(path: Path) -> tuple[dict[str, torch.Tensor], ModelCard | None]:
    """Read a safetensors file of ours or a `.pt` file of Meta's.

    Parameters
    ----------
    path : Path
        Told apart by content.

    Returns
    -------
    tuple of dict and ModelCard
        Float32 tensors by name, decoded where the file is compact; and the card, or
        None where the file has none.

    Raises
    ------
    CheckpointError
        If there is no such file, or it is damaged, no checkpoint, holds code, has an
        unreadable card, or a value that is not a finite number.
    """
    try:
        with path.open("rb") as file:
            start = file.read(9)
        weights, card = (
            (_read_torch(path), None)
            if start.startswith(_TORCH_STARTS)
            else _read_safetensors(path, start)
        )
    except FileNotFoundError as error:
        raise CheckpointError(
            f"There is no weights file {path}; choose another one."
        ) from error
    except OSError as error:
        raise CheckpointError(
            f"The weights file {path} cannot be read ({error.strerror or error}); "
            "check its permissions or choose another one."
        ) from error
    bad = first_not_finite(weights)
    if bad is not None:
        raise CheckpointError(
            f"{path.name} holds values in {bad} that are not finite numbers, so it is "
            "of no use; choose other weights."
        )
    return weights, card


def write_weights(
    path: Path, stored: Mapping[str, torch.Tensor], card: ModelCard, compact: bool
) -> None:
    """Write a safetensors file, whole or not at all.

    The bytes go to a temporary file beside `path`, are flushed to the disk and
    renamed, so that a reader meets the old file or the whole new one.

    Raises
    ------
    CheckpointError
        If it cannot be written.
    """
    metadata = {_CARD: card.model_dump_json(), "format": "pt"}
    if compact:
        metadata[_COMPACT] = FORMAT
    try:
        _replace(path, to_bytes(dict(stored), metadata))
    except OSError as error:
        raise CheckpointError(
            f"The weights could not be written to {path} ({error.strerror or error}); "
            "choose a folder with room that you may write to."
        ) from error


def first_not_finite(weights: Mapping[str, torch.Tensor]) -> str | None:
    """Name the first tensor that holds NaN or infinity; None where all is well."""
    for key, tensor in weights.items():
        # A sum is infinite or NaN if any term is, and needs no mask of its own.
        if not torch.isfinite(tensor.sum(dtype=torch.float64)):
            return key
    return None


def _read_torch(path: Path) -> dict[str, torch.Tensor]:
    try:
        # The open file, because torch goes by the name where it is given one.
        with path.open("rb") as file:
            loaded = torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise CheckpointError(
            f"{path.name} holds program code beside its weights and was not opened; "
            "use a safetensors file, or the original file from Meta."
        ) from error
    except (RuntimeError, EOFError, ValueError, KeyError) as error:
        raise _damaged(path) from error
    weights = loaded.get("model") if isinstance(loaded, dict) else None
    if not isinstance(weights, dict) or not all(
        isinstance(key, str)
        and isinstance(value, torch.Tensor)
        and value.is_floating_point()
        for key, value in weights.items()
    ):
        raise _no_checkpoint(path)
    return {key: value.float() for key, value in weights.items()}


def _read_safetensors(
    path: Path, start: bytes
) -> tuple[dict[str, torch.Tensor], ModelCard | None]:
    size = int.from_bytes(start[:8], "little")
    if len(start) < 9 or start[8:9] != b"{" or size > _HEADER_LIMIT:
        raise _no_checkpoint(path)
    try:
        with safe_open(path, framework="pt") as file:
            metadata: dict[str, str] = file.metadata() or {}
            stored = {key: file.get_tensor(key) for key in file.keys()}
    except SafetensorError as error:
        raise _damaged(path) from error
    card = _card_of(path, metadata)
    form = metadata.get(_COMPACT)
    if form is None:
        if not all(tensor.is_floating_point() for tensor in stored.values()):
            raise _no_checkpoint(path)
        return {key: tensor.float() for key, tensor in stored.items()}, card
    if form != FORMAT:
        raise CheckpointError(
            f"{path.name} was written by a newer version of this program; update it "
            "or choose other weights."
        )
    try:
        return decompress(stored), card
    except (KeyError, ValueError) as error:
        raise _damaged(path) from error


def _card_of(path: Path, metadata: Mapping[str, str]) -> ModelCard | None:
    text = metadata.get(_CARD)
    if text is None:
        return None
    try:
        return ModelCard.model_validate_json(text)
    except ValidationError as error:
        raise CheckpointError(
            f"The model card in {path.name} cannot be read; update this program or "
            "choose other weights."
        ) from error


def _replace(path: Path, content: bytes) -> None:
    make_folders(path.parent)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        # mkstemp makes the file private; weights are shared like any other file.
        temporary.chmod(0o644)
        share(temporary)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _damaged(path: Path) -> CheckpointError:
    return CheckpointError(
        f"{path.name} is cut short or damaged; copy or download it again."
    )


def _no_checkpoint(path: Path) -> CheckpointError:
    return CheckpointError(
        f"{path.name} is no SAM 2 weights file; choose a .safetensors file of this "
        "program or a .pt file from Meta."
    )
