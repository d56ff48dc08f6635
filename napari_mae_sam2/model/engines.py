"""From loaded weights to a predictor with the engine and cache of this machine."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

import torch

from napari_mae_sam2.model.decoder import Decoder, TorchDecoder
from napari_mae_sam2.model.embedding_cache import EmbeddingCache
from napari_mae_sam2.model.encoder import Encoder, TorchEncoder
from napari_mae_sam2.model.engine_choice import (
    Engine,
    choose_engine,
    look_at_machine,
    read_wish,
)
from napari_mae_sam2.model.folders import cache_folder
from napari_mae_sam2.model.openvino_conversion import Part, find_or_convert
from napari_mae_sam2.model.openvino_decoder import OpenVinoDecoder
from napari_mae_sam2.model.openvino_encoder import OpenVinoEncoder
from napari_mae_sam2.model.openvino_export import ENCODER
from napari_mae_sam2.model.predictor import Sam2Predictor, choose_device
from napari_mae_sam2.model.prepared import PreparedDecoder, PreparedEncoder
from napari_mae_sam2.model.protocol import Cancelled
from napari_mae_sam2.model.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_mae_sam2.model.checkpoint import LoadedModel

log = logging.getLogger(__name__)

_GB: Final = 10**9
_ASK_EVERY: Final = 0.1  # s between two questions whether to go on


def equip(loaded: LoadedModel) -> Sam2Predictor:
    """Make a predictor with the engine that suits the machine, and a cache.

    Where that engine must be prepared first, PyTorch serves until then; the
    predictor's `close` stops the preparation.
    """
    device = choose_device()
    chosen = choose_engine(look_at_machine(device), read_wish())
    if chosen.refused:
        log.warning("Frames are encoded with %s, %s.", chosen.engine, chosen.why)
    encoder = open_encoder(loaded, chosen.engine, device)
    decoder = open_decoder(loaded, chosen.engine, encoder, device)
    return Sam2Predictor(loaded, device, encoder, open_cache(), decoder)


def open_encoder(
    loaded: LoadedModel, engine: Engine, device: torch.device | str = "cpu"
) -> Encoder:
    """Open the encoder of a model on an engine.

    Parameters
    ----------
    loaded : LoadedModel
        Its model is moved to the device.
    engine : Engine
        OpenVINO is prepared in the background while PyTorch serves.
    device : device or str
        For PyTorch; OpenVINO is always on the processor.
    """
    model = loaded.model.to(device)
    if not engine.is_openvino:
        return TorchEncoder(model, engine.precision)
    native = look_at_machine(model.device).bf16
    first = TorchEncoder(model, engine.precision if native else "float32")
    # Taken out here, so that the thread keeps nothing of the model alive.
    weights, fingerprint = loaded.path, loaded.encoder_fingerprint
    image_size = int(model.image_size)
    threads = torch.get_num_threads()

    def prepare(stopped: Callable[[], bool]) -> Encoder:
        part: Part = "encoder" if engine.precision == "float32" else "encoder-bf16"
        converted = find_or_convert(part, weights, fingerprint, image_size, stopped)
        return OpenVinoEncoder(converted / ENCODER, engine.precision, threads)

    return PreparedEncoder(first, prepare, str(engine), engine.precision)


def open_decoder(
    loaded: LoadedModel,
    engine: Engine,
    encoder: Encoder,
    device: torch.device | str = "cpu",
) -> Decoder:
    """Open the decoder of a model on an engine; see `open_encoder`.

    Always in float32. It is prepared once the encoder is, which takes longer and is
    missed more.
    """
    model = loaded.model.to(device)
    first = TorchDecoder(model)
    if not engine.is_openvino or model.device.type != "cpu":
        return first
    weights, fingerprint = loaded.path, loaded.fingerprint
    image_size = int(model.image_size)
    threads = torch.get_num_threads()
    encoder_is_there = (
        encoder.wait if isinstance(encoder, PreparedEncoder) else lambda _seconds: True
    )

    def prepare(stopped: Callable[[], bool]) -> Decoder:
        while not encoder_is_there(_ASK_EVERY):
            if stopped():
                raise Cancelled
        converted = find_or_convert(
            "decoder", weights, fingerprint, image_size, stopped
        )
        return OpenVinoDecoder(converted, threads, first)

    return PreparedDecoder(first, prepare, "OpenVINO float32")


def open_cache() -> EmbeddingCache | None:
    """Open the cache of embeddings; None where the settings give it no room."""
    limit = int(read_settings().embedding_cache_gb * _GB)
    return EmbeddingCache(cache_folder() / "embeddings", limit) if limit else None
