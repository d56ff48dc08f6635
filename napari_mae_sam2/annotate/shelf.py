"""Embeddings in memory, the ones used longest ago going first.

Shared by the thread that encodes and the one that answers.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_mae_sam2.fa.close_up import CloseUp
    from napari_mae_sam2.model.protocol import Embedding


@dataclass(frozen=True, slots=True)
class Sight:
    """What was encoded: a frame, or a part of it, by one model.

    Attributes
    ----------
    weights : str
        Fingerprint of the model.
    frame : str
        Hash of the frame's pixels.
    close_up : CloseUp, optional
        The part; None for the whole frame.
    """

    weights: str
    frame: str
    close_up: CloseUp | None = None


class Shelf:
    """Embeddings by what was encoded.

    Parameters
    ----------
    limit : int
        Bytes that they may take together; the last one stays in any case.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._embeddings: OrderedDict[Sight, Embedding] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, sight: Sight) -> Embedding | None:
        """Return an embedding, None where it is not here."""
        with self._lock:
            embedding = self._embeddings.get(sight)
            if embedding is not None:
                self._embeddings.move_to_end(sight)
            return embedding

    def put(self, sight: Sight, embedding: Embedding) -> None:
        """Keep an embedding, and let the oldest go where there is no room."""
        with self._lock:
            self._embeddings[sight] = embedding
            self._embeddings.move_to_end(sight)
            taken = sum(each.nbytes for each in self._embeddings.values())
            while taken > self._limit and len(self._embeddings) > 1:
                _, oldest = self._embeddings.popitem(last=False)
                taken -= oldest.nbytes

    def holds(self, sight: Sight) -> bool:
        """Tell whether an embedding is here, without using it."""
        with self._lock:
            return sight in self._embeddings

    def close_ups(self, weights: str, frame: str) -> list[CloseUp]:
        """Return the parts of a frame that were encoded, the latest first."""
        with self._lock:
            return [
                sight.close_up
                for sight in reversed(self._embeddings)
                if sight.close_up is not None
                and (sight.weights, sight.frame) == (weights, frame)
            ]
