"""What the model says of all leakage of the case in hand, seen in one way or several.

Asked for in the background, after all that a click needs, and kept for some cases.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from functools import partial
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_mae_sam2.annotate.looking_again import LOOKS, all_leakage
from napari_mae_sam2.annotate.work_queue import Task
from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.model.protocol import Cancelled

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_mae_sam2.annotate.annotator import Annotator
    from napari_mae_sam2.fa.frame import Frame
    from napari_mae_sam2.model.protocol import Prediction, Predictor

    Asked = tuple[str, str]

log = logging.getLogger(__name__)

CASES = 6
"""Whose answers stay in memory: 0.3 MB a look, 3 MB of an ultra-widefield frame."""


class WholeAnswers:
    """Answers to the frame in hand, without a prompt.

    Parameters
    ----------
    annotator : Annotator
        Does the work; has the case and the model.
    post : callable
        Runs a function on the thread that owns all this.
    """

    changed = Signal()
    """One more answer is there."""
    progressed = Signal(float)
    """Emits which share of what is wanted is done, 0 to 1."""
    failed = Signal(str)
    """Emits a sentence: why there is no answer."""

    def __init__(
        self, annotator: Annotator, post: Callable[[Callable[[], None]], None]
    ) -> None:
        self._annotator = annotator
        self._post = post
        self._wanted = 0
        self._asked: Asked | None = None
        self._kept: OrderedDict[Asked, dict[int, Prediction]] = OrderedDict()

    def want(self, looks: int) -> tuple[Prediction, ...] | None:
        """Say how many looks at the case in hand are wanted; 0 stops the work.

        Parameters
        ----------
        looks : int
            The first so many of `LOOKS`.

        Returns
        -------
        tuple of Prediction or None
            The answers, None where some are still to come; `changed` tells of them.
        """
        self._wanted = looks
        session, predictor = self._annotator.session, self._annotator.predictor
        if not looks or session is None or predictor is None:
            self._stop()
            return None
        asked = predictor.fingerprint, session.frame.sha256
        known = self._known(asked)
        missing = [index for index in range(looks) if index not in known]
        if not missing:
            self._stop()
            return tuple(known[index] for index in range(looks))
        self._asked = asked
        self._annotator.do_besides(
            [
                Task(
                    ("whole", *asked, index),
                    partial(self._look, index, asked, predictor, session.frame),
                )
                for index in missing
            ]
        )
        return None

    def _stop(self) -> None:
        if self._asked is not None:
            self._asked = None
            self._annotator.do_besides([])

    def _known(self, asked: Asked) -> dict[int, Prediction]:
        known = self._kept.setdefault(asked, {})
        self._kept.move_to_end(asked)
        while len(self._kept) > CASES:
            self._kept.popitem(last=False)
        return known

    def _look(
        self,
        index: int,
        asked: Asked,
        predictor: Predictor,
        frame: Frame,
        cancelled: Callable[[], bool],
    ) -> None:
        # In the annotator's worker.
        def progress(done: int, total: int) -> None:
            self._post(lambda: self._tell(asked, index + done / total))

        try:
            found = all_leakage(
                LOOKS[index],
                predictor,
                frame,
                self._annotator.shelf,
                cancelled,
                progress,
            )
        except Cancelled:
            raise
        except Exception as error:
            self._post(partial(self._on_error, asked, frame.name, error))
        else:
            self._post(lambda: self._take(asked, index, found))

    def _tell(self, asked: Asked, done: float) -> None:
        if asked == self._asked and self._wanted:
            self.progressed.emit(min(done / self._wanted, 1.0))

    def _take(self, asked: Asked, index: int, found: Prediction) -> None:
        if asked in self._kept:
            self._kept[asked][index] = found
        if asked == self._asked:
            self._tell(asked, index + 1)
            self.changed.emit()

    def _on_error(self, asked: Asked, name: str, error: Exception) -> None:
        if asked != self._asked:
            return
        self.want(0)
        if isinstance(error, PlainError):
            self.failed.emit(str(error))
        else:
            log.error("The model could not look at a frame again", exc_info=error)
            self.failed.emit(f"The model cannot answer on {name}: {error}.")
