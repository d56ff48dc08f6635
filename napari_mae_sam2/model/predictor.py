"""The promptable model as the rest of the program sees it: numpy in, numpy out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn.functional import interpolate

from napari_mae_sam2.fa.frame import pixel_sha256
from napari_mae_sam2.fa.pixels import check_pixels
from napari_mae_sam2.model.candidates import (
    MULTI,
    order_candidates,
    preferred_token,
    prompt_free_answers,
)
from napari_mae_sam2.model.decoder import Decoder, TorchDecoder
from napari_mae_sam2.model.embedding import FrameEmbedding
from napari_mae_sam2.model.embedding_cache import EmbeddingCache, EmbeddingKey
from napari_mae_sam2.model.encoder import Encoder, TorchEncoder
from napari_mae_sam2.model.preprocess import to_input
from napari_mae_sam2.model.prompting import to_batches
from napari_mae_sam2.model.protocol import (
    LOW_RES_SIDE,
    Cancelled,
    Embedding,
    Prediction,
    Prompts,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray
    from sam2.modeling.sam2_base import SAM2Base

    from napari_mae_sam2.model.checkpoint import LoadedModel
    from napari_mae_sam2.model.forward import Features

# Logits are held to this before they are given back as a prompt, as in SAM 2.
_LOGIT_LIMIT = 32.0


def choose_device() -> torch.device:
    """Return CUDA where there is one, else the CPU.

    Apple's MPS must be asked for by name: PyTorch 2.7 pools Hiera's queries wrongly
    there.
    """
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


class Sam2Predictor:
    """Answers prompts on frames with one set of weights.

    Encoding and decoding keep nothing between calls, so several threads may share
    one predictor; `set_image` and `predict` are the same for scripts, with the last
    image remembered.

    Parameters
    ----------
    loaded : LoadedModel
        From `napari_mae_sam2.model.checkpoint.load_model`; its model is moved to
        the device.
    device : str or torch.device, optional
        `choose_device()` by default.
    encoder : Encoder, optional
        Another engine for the encoder; the model's own by default.
    cache : EmbeddingCache, optional
        Asked before a frame is encoded, and given what was encoded; none by default.
    decoder : Decoder, optional
        Another engine for the decoder; the model's own by default.
    """

    def __init__(
        self,
        loaded: LoadedModel,
        device: str | torch.device | None = None,
        encoder: Encoder | None = None,
        cache: EmbeddingCache | None = None,
        decoder: Decoder | None = None,
    ) -> None:
        self._loaded = loaded
        self._device = torch.device(device) if device else choose_device()
        self._model = loaded.model.to(self._device)
        self.encoder: Encoder = encoder or TorchEncoder(self._model)
        self.decoder: Decoder = decoder or TorchDecoder(self._model)
        self.cache = cache
        self._current: FrameEmbedding | None = None

    @property
    def name(self) -> str:
        """Short name of the model and its round."""
        return self._loaded.card.title

    @property
    def round(self) -> int:
        """Training round of the weights."""
        return self._loaded.card.round

    @property
    def fingerprint(self) -> str:
        """Hash of the weights."""
        return self._loaded.fingerprint

    @property
    def encoder_fingerprint(self) -> str:
        """Hash of the weights that embeddings depend on."""
        return self._loaded.encoder_fingerprint

    @property
    def model(self) -> SAM2Base:
        """The model itself, on its device."""
        return self._model

    @property
    def image_size(self) -> int:
        """Side in pixels of the square that the encoder sees."""
        return int(self._model.image_size)

    @property
    def device(self) -> torch.device:
        """Where the decoder runs."""
        return self._device

    @property
    def engine(self) -> str:
        """What encodes now, for people; it may change while a better one prepares."""
        return self.encoder.name

    def close(self) -> None:
        """Stop what the engines do in the background, and wait for it.

        The predictor goes on working with what it has.
        """
        self.decoder.close()
        self.encoder.close()

    def encode(
        self,
        pixels: NDArray[np.generic],
        cancelled: Callable[[], bool] | None = None,
        *,
        keep: bool = True,
    ) -> FrameEmbedding:
        """Encode a frame; slow.

        Parameters
        ----------
        pixels : array of shape (H, W), (H, W, 3) or (H, W, 4)
            uint8, uint16 or float.
        cancelled : callable, optional
            Asked before every layer; answering True stops the encoding.
        keep : bool
            False adds nothing to the cache.

        Raises
        ------
        FrameError
            If the pixels cannot be a frame.
        Cancelled
            If `cancelled` answered True.
        """
        if cancelled is not None and cancelled():
            raise Cancelled
        check_pixels(pixels, "The frame")
        features = self._cached(pixels)
        if features is None:
            images = to_input(pixels, self.image_size)
            features = self.encoder.encode(images, cancelled)
            if keep and self.cache is not None:
                features = self.cache.put(self._keys(pixels)[0], features)
        height, width = pixels.shape[:2]
        return FrameEmbedding(
            features.to(self._device),
            (height, width),
            self.image_size,
            self.encoder_fingerprint,
        )

    def encode_many(
        self, frames: Sequence[NDArray[np.generic]]
    ) -> list[FrameEmbedding]:
        """Encode frames in one batch; takes from the cache, but adds nothing to it.

        Parameters
        ----------
        frames : sequence of arrays
            Each as for `encode`; their sizes may differ.

        Raises
        ------
        FrameError
            If the pixels of one cannot be a frame.
        """
        features = [self._cached(pixels) for pixels in frames]
        missing = [i for i, found in enumerate(features) if found is None]
        if missing:
            images = [to_input(frames[i], self.image_size) for i in missing]
            batch = self.encoder.encode(torch.cat(images))
            for i, one in zip(missing, batch.split(), strict=True):
                features[i] = one
        return [
            FrameEmbedding(
                one.to(self._device),
                (pixels.shape[0], pixels.shape[1]),
                self.image_size,
                self.encoder_fingerprint,
            )
            for one, pixels in zip(features, frames, strict=True)
            if one is not None
        ]

    def is_stored(self, pixels: NDArray[np.generic]) -> bool:
        """Tell whether the cache on the disk holds a frame's embedding, undamaged."""
        cache = self.cache
        return cache is not None and any(map(cache.is_stored, self._keys(pixels)))

    def decode(self, embedding: Embedding, prompts: Prompts) -> Prediction:
        """Answer prompts on an encoded frame; fast.

        One click gives the three multimask candidates, the best score first. Other
        prompts give the single mask first and two alternatives. Several boxes are
        answered each on its own and put together in one candidate, which has the
        larger logit of every pixel and the mean of their scores by area.

        Parameters
        ----------
        embedding : Embedding
            From `encode` of a predictor with the same encoder weights.
        prompts : Prompts
            Empty prompts ask for all leakage in the frame.

        Raises
        ------
        ValueError
            If the embedding was made by another encoder.
        """
        own = self._checked(embedding)
        answers = self._answer(own, prompts)
        if len(prompts.boxes) > 1:
            logits, scores = _merged([self._preferred(*answer) for answer in answers])
        else:
            single_click = (
                len(prompts.points) == 1
                and not len(prompts.boxes)
                and prompts.mask is None
            )
            ((all_logits, all_scores),) = answers
            first = None
            if prompts.is_empty:
                all_logits, first = prompt_free_answers(self._model, all_logits)
            order = order_candidates(
                self._model, all_logits[0], all_scores[0], single_click, first
            )
            logits, scores = all_logits[0, order], all_scores[0, order]
        return _to_prediction(logits, scores, own.shape)

    def reference_answer(
        self, embedding: Embedding, prompts: Prompts, multimask: bool
    ) -> Prediction:
        """Answer as SAM 2's own image predictor does, for checks against it.

        Parameters
        ----------
        embedding : Embedding
            From `encode`.
        prompts : Prompts
            With one box at most.
        multimask : bool
            Three candidates in the order of their tokens, or the single mask.
        """
        own = self._checked(embedding)
        ((logits, scores),) = self._answer(own, prompts)
        if multimask:
            return _to_prediction(logits[0, MULTI], scores[0, MULTI], own.shape)
        return _to_prediction(*self._preferred(logits, scores), own.shape)

    def set_image(
        self, pixels: NDArray[np.generic], cancelled: Callable[[], bool] | None = None
    ) -> FrameEmbedding:
        """Encode a frame and remember it for `predict`; see `encode`."""
        self._current = self.encode(pixels, cancelled)
        return self._current

    def predict(self, prompts: Prompts | None = None) -> Prediction:
        """Answer prompts on the frame of `set_image`; see `decode`.

        Raises
        ------
        RuntimeError
            If no image was set.
        """
        if self._current is None:
            raise RuntimeError("set_image must come before predict")
        return self.decode(self._current, prompts or Prompts())

    def _cached(self, pixels: NDArray[np.generic]) -> Features | None:
        if self.cache is None:
            return None
        found = map(self.cache.get, self._keys(pixels))
        return next((features for features in found if features is not None), None)

    def _keys(self, pixels: NDArray[np.generic]) -> list[EmbeddingKey]:
        """Keys of what serves as a frame's embedding, the one to be written first."""
        own = self.encoder.precision
        sha256 = pixel_sha256(pixels)
        return [
            EmbeddingKey(sha256, self.encoder_fingerprint, self.image_size, precision)
            # What is more exact than need be serves as well.
            for precision in dict.fromkeys((own, "float32"))
        ]

    def _checked(self, embedding: Embedding) -> FrameEmbedding:
        if not isinstance(embedding, FrameEmbedding) or (
            embedding.encoder_fingerprint,
            embedding.image_size,
        ) != (self.encoder_fingerprint, self.image_size):
            raise ValueError("the embedding was made by another encoder")
        return embedding

    def _answer(
        self, embedding: FrameEmbedding, prompts: Prompts
    ) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """Return logits (B, 4, S/4, S/4) and scores (B, 4) of every batch."""
        batches = to_batches(prompts, embedding.shape, embedding.image_size)
        return [self.decoder.answer(embedding.features, batch) for batch in batches]

    def _preferred(
        self, logits: torch.Tensor, scores: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return logits (B, h, w) and scores (B,) of each prompt's preferred token."""
        token = preferred_token(self._model, logits, scores)
        rows = torch.arange(len(token), device=token.device)
        return logits[rows, token], scores[rows, token]


def _merged(
    answers: list[tuple[torch.Tensor, torch.Tensor]],
) -> tuple[torch.Tensor, torch.Tensor]:
    """Put the answers to several boxes together in one candidate."""
    logits = torch.cat([logits for logits, _ in answers])  # [K, h, w]
    scores = torch.cat([scores for _, scores in answers])  # [K]
    # One pixel more for each, so that a box without leakage counts a little.
    areas = (logits > 0).sum(dim=(1, 2)) + 1.0
    score = (scores * areas).sum() / areas.sum()
    return logits.amax(dim=0, keepdim=True), score[None]


def _to_prediction(
    logits: torch.Tensor, scores: torch.Tensor, shape: tuple[int, int]
) -> Prediction:
    """Hand over logits of shape (C, h, w) on a frame."""
    grid = logits.float()
    low = grid[None]  # [1, C, h, w]
    if low.shape[-1] != LOW_RES_SIDE:
        side = (LOW_RES_SIDE, LOW_RES_SIDE)
        low = interpolate(
            low, side, mode="bilinear", align_corners=False, antialias=True
        )
    low = low.clamp(-_LOGIT_LIMIT, _LOGIT_LIMIT)
    return Prediction(
        grid=grid.cpu().numpy(),
        scores=scores.float().cpu().numpy(),
        low_res=low[0].cpu().numpy(),
        shape=shape,
    )
