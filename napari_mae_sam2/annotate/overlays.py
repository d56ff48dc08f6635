"""Which picture lies over the frame, and what must be asked for it.

With a draft in hand probability and uncertainty are of its answer, else of all leakage
of the frame. Nothing is shown that belongs to another case, model or draft.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_mae_sam2.annotate.latest import LatestWins, Outcome
from napari_mae_sam2.annotate.looking_again import LOOKS
from napari_mae_sam2.annotate.overlay_picture import (
    Kind,
    Picture,
    against_label,
    of_probability,
    of_uncertainty,
)
from napari_mae_sam2.annotate.whole_answers import WholeAnswers

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from napari_mae_sam2.annotate.annotator import Annotator
    from napari_mae_sam2.annotate.proposal import Proposal
    from napari_mae_sam2.annotate.session import CaseSession
    from napari_mae_sam2.model.protocol import Prediction

log = logging.getLogger(__name__)

ORDER = tuple(Kind)


@dataclass(frozen=True, slots=True, eq=False)
class _Wish:
    """What is to be drawn; only pixels that nobody changes meanwhile."""

    kind: Kind
    answers: tuple[tuple[Prediction, int], ...]
    label: NDArray[np.bool_] | None = None

    def draw(self) -> Picture:
        if self.label is not None:
            return against_label(self.answers[0][0], self.label)
        if self.kind is Kind.UNCERTAINTY:
            return of_uncertainty(self.answers)
        return of_probability(*self.answers[0])


class Overlays:
    """Chooses, asks and draws what lies over the frame.

    Parameters
    ----------
    annotator : Annotator
        Has the model and does its work.
    post : callable
        Runs a function on the thread that owns all this.
    """

    changed = Signal(object)
    """Emits what to show (`Picture`), or None."""
    said = Signal()
    """Kind, words or progress are others now."""
    failed = Signal(str)
    """Emits a sentence: why there is nothing to show."""

    def __init__(
        self, annotator: Annotator, post: Callable[[Callable[[], None]], None]
    ) -> None:
        self._annotator = annotator
        self._session: CaseSession | None = None
        self._kind = Kind.NONE
        self._words = ""
        self._done: float | None = None
        self._answers = WholeAnswers(annotator, post)
        self._answers.changed.connect(self.refresh)
        self._answers.progressed.connect(self._on_progress)
        self._answers.failed.connect(self._on_failed)
        annotator.predictor_changed.connect(self._on_model)
        self._worker = LatestWins[_Wish, Picture](
            lambda wish, _cancelled: wish.draw(),
            lambda outcome: post(lambda: self._on_drawn(outcome)),
            "draw overlay",
        )

    @property
    def kind(self) -> Kind:
        """What is wanted over the frame."""
        return self._kind

    @property
    def words(self) -> str:
        """What the picture is of, or what is waited for."""
        return self._words

    @property
    def done(self) -> float | None:
        """Which share of the model's work is done, 0 to 1; None where there is none."""
        return self._done

    def follow(self, session: CaseSession | None) -> None:
        """Follow another case, or none; what was under way is dropped."""
        self._session, self._done = session, None
        self._worker.cancel()
        self.changed.emit(None)
        self.refresh()

    def choose(self, kind: Kind) -> None:
        """Lay something else over the frame."""
        if kind is not self._kind:
            self._kind = kind
            self._worker.cancel()
            self.changed.emit(None)
            self.refresh()

    def step(self) -> None:
        """Go to the next kind, from the last one to none."""
        self.choose(ORDER[(ORDER.index(self._kind) + 1) % len(ORDER)])

    def refresh(self) -> None:
        """Draw anew what may have changed: draft, labels, answers."""
        session, predictor = self._session, self._annotator.predictor
        if session is None or self._kind is Kind.NONE:
            self._answers.want(0)
            self._say("" if self._kind is Kind.NONE else "Open a frame first.")
            return
        proposal = session.proposal
        if proposal is not None and self._kind is not Kind.AGAINST_LABEL:
            self._answers.want(0)
            self._submit(_Wish(self._kind, _of_draft(proposal, self._kind)))
            self._say("Of the draft in hand")
            return
        if predictor is None:
            self._say("The model is loading.")
            return
        looks = len(LOOKS) if self._kind is Kind.UNCERTAINTY else 1
        answers = self._answers.want(looks)
        if answers is None:
            again = self._done is not None
            self._say("The model looks at the frame…", self._done if again else 0.0)
            return
        label = None
        if self._kind is Kind.AGAINST_LABEL:
            label = session.labels > 0  # a copy, which the brush leaves alone
        self._submit(_Wish(self._kind, tuple((one, 0) for one in answers), label))
        self._say(f"All leakage, {predictor.name}")

    def close(self) -> None:
        """Stop the worker and wait for it."""
        self._annotator.predictor_changed.disconnect(self._on_model)
        self._session = None
        self._worker.close()

    # --- inside ----------------------------------------------------------------

    def _submit(self, wish: _Wish) -> None:
        self._worker.submit(wish)

    def _say(self, words: str, done: float | None = None) -> None:
        self._words, self._done = words, done
        self.said.emit()

    def _on_progress(self, done: float) -> None:
        self._say(self._words, done)

    def _on_failed(self, sentence: str) -> None:
        self.choose(Kind.NONE)
        self.failed.emit(sentence)

    def _on_model(self, _predictor: object) -> None:
        if self._kind is not Kind.NONE:
            self._worker.cancel()
            self.changed.emit(None)
            self.refresh()

    def _on_drawn(self, outcome: Outcome[_Wish, Picture]) -> None:
        if not self._worker.is_current(outcome.generation):
            return
        if outcome.response is None:
            log.error("drawing an overlay", exc_info=outcome.error)
            self._on_failed(f"The overlay cannot be drawn: {outcome.error}.")
            return
        self.changed.emit(outcome.response)


def _of_draft(proposal: Proposal, kind: Kind) -> tuple[tuple[Prediction, int], ...]:
    """Give the candidate that is looked at, or all of them."""
    if kind is Kind.PROBABILITY:
        return ((proposal.prediction, proposal.chosen),)
    return tuple((proposal.prediction, n) for n in range(proposal.candidates))
