"""The encoder on OpenVINO: about twice as fast as PyTorch on a processor.

Runs what `napari_mae_sam2.model.openvino_conversion` has converted.
"""

from __future__ import annotations

import sys
import threading
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch

from napari_mae_sam2.model.forward import Features
from napari_mae_sam2.model.protocol import Cancelled

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_mae_sam2.model.encoder import Precision

_ASK_EVERY: Final = 20  # ms between two questions whether to go on
_TELEMETRY: Final = "openvino_telemetry"
_importing = threading.Lock()
_compiling = threading.Lock()


def import_openvino() -> Any:
    """Import OpenVINO without its telemetry.

    Importing it reports the fact to Intel by way of Google, which is nobody's
    business where patients are concerned: without the package that does it, OpenVINO
    falls back to reporting nothing.
    """
    with _importing:
        if "openvino" in sys.modules:
            return sys.modules["openvino"]
        before = sys.modules.get(_TELEMETRY)
        sys.modules[_TELEMETRY] = None  # type: ignore[assignment]
        try:
            import openvino
        finally:
            if before is None:
                del sys.modules[_TELEMETRY]
            else:
                sys.modules[_TELEMETRY] = before
        return openvino


@cache
def _core() -> Any:
    """Give the one core of this process, which lives as long as it does.

    The last core to go takes OpenVINO's plugin out of memory, whose own threads end
    when they like.
    """
    return import_openvino().Core()


def compile_network(path: Path, threads: int) -> Any:
    """Make a converted network ready to run on the processor; takes a second or two.

    Parameters
    ----------
    path : Path
        The XML file of a conversion.
    threads : int
        How many of OpenVINO's own threads work on an answer.
    """
    settings = {
        "PERFORMANCE_HINT": "LATENCY",
        # What is to be bf16 says so itself; the rest must not become it.
        "INFERENCE_PRECISION_HINT": "f32",
        "INFERENCE_NUM_THREADS": threads,
        # A round may be training beside it: threads go where there is room.
        "ENABLE_CPU_PINNING": False,
    }
    # Encoder and decoder are prepared in threads of their own; one after the other.
    with _compiling:
        core = _core()
        return core.compile_model(core.read_model(path), "CPU", settings)


class OpenVinoEncoder:
    """A converted encoder, on the processor.

    Compiling takes a second or two. Several threads may share one; their frames are
    encoded one after the other.

    Parameters
    ----------
    converted : Path
        The XML file of a conversion.
    precision : {"float32", "bf16"}
        What it was converted for.
    threads : int
        How many of OpenVINO's own threads work on a frame.
    """

    def __init__(self, converted: Path, precision: Precision, threads: int) -> None:
        self._precision: Precision = precision
        self._compiled = compile_network(converted, threads)

    @property
    def name(self) -> str:
        """What it runs on."""
        return f"OpenVINO {self._precision} on cpu"

    @property
    def precision(self) -> Precision:
        """What it computes in."""
        return self._precision

    def encode(
        self, images: torch.Tensor, cancelled: Callable[[], bool] | None = None
    ) -> Features:
        """Encode images of shape (B, 3, S, S), one after the other.

        Raises
        ------
        Cancelled
            Within a few hundredths of a second of `cancelled` answering True.
        """
        each = [self._encode_one(image, cancelled) for image in images.split(1)]
        embedding, fine, middle = (
            torch.cat(parts) for parts in zip(*each, strict=True)
        )
        return Features(embedding, (fine, middle))

    def close(self) -> None:
        """Do nothing: it has nothing in the background."""

    def _encode_one(
        self, image: torch.Tensor, cancelled: Callable[[], bool] | None
    ) -> list[torch.Tensor]:
        if cancelled is not None and cancelled():
            raise Cancelled
        values: NDArray[np.float32] = np.ascontiguousarray(image.cpu().numpy())
        request = self._compiled.create_infer_request()
        request.start_async({0: values}, share_inputs=True)
        while not request.wait_for(_ASK_EVERY):
            if cancelled is not None and cancelled():
                request.cancel()
                with suppress(RuntimeError):  # it says that it was cancelled
                    request.wait()
                raise Cancelled
        # Copied, because the request's own memory goes with the request.
        return [
            torch.from_numpy(request.get_output_tensor(i).data.astype(np.float32))
            for i in range(3)
        ]
