"""A predictor, frames and an event loop for tests that need no network and no Qt."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_mae_sam2.fa.frame import Frame, pixel_sha256
from napari_mae_sam2.model.protocol import Cancelled, Prediction, Prompts

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class GreyEmbedding:
    pixels: np.ndarray

    @property
    def shape(self) -> tuple[int, int]:
        return self.pixels.shape

    @property
    def nbytes(self) -> int:
        return self.pixels.nbytes


class GreyPredictor:
    """A predictor without a network: a click finds pixels of about its grey level."""

    round = 0
    engine = "grey levels"
    image_size = 1024

    def __init__(self, name: str = "grey", hold: threading.Event | None = None) -> None:
        self.name = name
        self.fingerprint = f"weights of {name}"
        self.encoded: list[str] = []
        self.asked: list[Prompts] = []
        self._hold = hold
        self.stopped = 0
        self.started = threading.Event()
        self.closed = False

    def close(self) -> None:
        self.closed = True

    def encode(
        self,
        pixels: np.ndarray,
        cancelled: Callable[[], bool] | None = None,
        *,
        keep: bool = True,
    ) -> GreyEmbedding:
        self.started.set()
        while self._hold is not None and not self._hold.wait(0.005):
            if cancelled is not None and cancelled():
                self.stopped += 1
                raise Cancelled
        self.encoded.append(pixel_sha256(pixels))
        return GreyEmbedding(pixels.astype(np.float32))

    def decode(self, embedding: GreyEmbedding, prompts: Prompts) -> Prediction:
        self.asked.append(prompts)
        grey = embedding.pixels
        if prompts.is_empty:
            logits = grey - 128
        else:
            logits = np.full(grey.shape, -1.0, np.float32)
            for (row, column), label in zip(
                prompts.points, prompts.labels, strict=True
            ):
                same = np.abs(grey - grey[int(row), int(column)]) < 10
                logits[same] = 1.0 if label else -1.0
            for top, left, bottom, right in prompts.boxes.astype(int):
                logits[top : bottom + 1, left : right + 1] = 1.0
        candidates = np.stack([logits, logits + 0.5, np.full_like(logits, -1)])
        low = np.full((3, 256, 256), 10 * len(self.asked), np.float32)
        low += np.arange(3, dtype=np.float32)[:, None, None]
        return Prediction(candidates, np.array([0.9, 0.5, 0.1], np.float32), low)


def make_frame(name: str = "frame", seed: int = 0) -> Frame:
    """A dark frame with two bright patches, 200 at the top left, 160 at the right."""
    pixels = np.full((60, 80), 20 + seed, np.uint8)
    pixels[5:15, 5:20] = 200
    pixels[30:50, 50:70] = 160
    return Frame(pixels, name, None, pixel_sha256(pixels))


class Inbox:
    """Stands for the GUI thread: posted functions run when the test says so."""

    def __init__(self) -> None:
        self._functions: list[Callable[[], None]] = []
        self._arrived = threading.Condition()

    def post(self, function: Callable[[], None]) -> None:
        with self._arrived:
            self._functions.append(function)
            self._arrived.notify_all()

    def run_until(self, done: Callable[[], bool], seconds: float = 20.0) -> None:
        for _ in range(int(seconds / 0.02)):
            with self._arrived:
                self._arrived.wait_for(lambda: bool(self._functions), 0.02)
                functions, self._functions = self._functions, []
            for function in functions:
                function()
            if done():
                return
        raise AssertionError("what was waited for did not come")
