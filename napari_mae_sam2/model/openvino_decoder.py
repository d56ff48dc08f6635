"""The decoder on OpenVINO: an answer is one call, which leaves Python alone.

PyTorch's decoder is some hundred small steps, and each must have Python's lock, which
the window holds while it draws: a click was answered in 40 ms by itself and in 200 ms
in the window. `benchmarks/bench_window.py` measures it.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from napari_mae_sam2.model.openvino_encoder import compile_network
from napari_mae_sam2.model.openvino_export import POINTS, POINTS_ON_MASK

if TYPE_CHECKING:
    from pathlib import Path

    from napari_mae_sam2.model.decoder import Decoder
    from napari_mae_sam2.model.forward import Features, PromptBatch


class OpenVinoDecoder:
    """A converted decoder, on the processor.

    Several threads may share one; their prompts are answered one after the other.

    Parameters
    ----------
    converted : Path
        The folder of a conversion.
    threads : int
        How many of OpenVINO's own threads work on an answer.
    rest : Decoder
        Answers what was not converted: no point at all, and several boxes at once.
    """

    def __init__(self, converted: Path, threads: int, rest: Decoder) -> None:
        self._points, self._on_mask = (
            compile_network(converted / name, threads).create_infer_request()
            for name in (POINTS, POINTS_ON_MASK)
        )
        self._rest = rest
        self._turn = threading.Lock()

    @property
    def name(self) -> str:
        """What it runs on."""
        return "OpenVINO float32 on cpu"

    def answer(
        self, features: Features, prompts: PromptBatch
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Answer B prompts on one image; see `forward.decode_prompts`."""
        xy, labels, mask = prompts.xy, prompts.labels, prompts.mask
        if xy is None or labels is None or len(xy) != 1:
            return self._rest.answer(features, prompts)
        given = [features.embedding, *features.high_res, xy, labels]
        if mask is not None:
            given.append(mask)
        values = [np.ascontiguousarray(value.cpu().numpy()) for value in given]
        request = self._points if mask is None else self._on_mask
        with self._turn:
            return _run(request, values)

    def close(self) -> None:
        """Do nothing: it has nothing in the background."""


def _run(request: Any, values: list[np.ndarray]) -> tuple[torch.Tensor, torch.Tensor]:
    request.infer(values, share_inputs=True)
    # Copied, because the next answer goes to the same memory.
    logits, scores = (
        torch.from_numpy(request.get_output_tensor(i).data.astype(np.float32))
        for i in range(2)
    )
    return logits, scores
