"""Measures the photographed field of the frame in hand, beside the grader's work."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import numpy as np
from psygnal import Signal

from napari_mae_sam2.annotate.latest import LatestWins, Outcome
from napari_mae_sam2.fa.field import field_mask

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_mae_sam2.fa.frame import Frame

log = logging.getLogger(__name__)


class FieldSize:
    """Knows how many pixels the field of a frame has.

    Parameters
    ----------
    post : callable
        Runs a function on the thread that asks, soon.
    """

    measured = Signal()

    def __init__(self, post: Callable[[Callable[[], None]], None]) -> None:
        self._sizes: dict[str, int] = {}
        self._worker = LatestWins["Frame", int](
            lambda frame, _cancelled: int(np.count_nonzero(field_mask(frame.pixels))),
            lambda outcome: post(lambda: self._on_measured(outcome)),
            "measure field",
        )

    def of(self, frame: Frame) -> int | None:
        """Give the size in pixels; None where it is being measured."""
        size = self._sizes.get(frame.sha256)
        if size is None:
            self._worker.submit(frame)
        return size

    def close(self) -> None:
        """Stop for good."""
        self._worker.close()

    def _on_measured(self, outcome: Outcome[Frame, int]) -> None:
        if outcome.response is None:
            log.warning("The field could not be measured", exc_info=outcome.error)
            return
        self._sizes[outcome.request.sha256] = outcome.response
        if self._worker.is_current(outcome.generation):
            self.measured.emit()
