"""Shows what a click would propose, before it is made.

Only the latest place is answered, by a worker of its own, and a click or any other
change of the prompts drops what is under way: the mouse never waits for it.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_mae_sam2.annotate.answering import Question, answer
from napari_mae_sam2.annotate.draft import Click
from napari_mae_sam2.annotate.latest import LatestWins, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_mae_sam2.annotate.annotator import Annotator
    from napari_mae_sam2.annotate.draft import Draft
    from napari_mae_sam2.annotate.session import CaseSession
    from napari_mae_sam2.fa.placed_mask import PlacedMask
    from napari_mae_sam2.model.protocol import Embedding

log = logging.getLogger(__name__)

Request = tuple[Question, "Embedding", float]


class Hover:
    """Answers the place under the mouse.

    Parameters
    ----------
    annotator : Annotator
        Knows the case, the model and what is encoded; a place is answered only where
        that needs no waiting.
    post : callable
        Runs a function on the thread that owns the session, soon.
    """

    changed = Signal(object)
    """Emits a PlacedMask, or None where there is nothing to show."""

    def __init__(
        self, annotator: Annotator, post: Callable[[Callable[[], None]], None]
    ) -> None:
        self._annotator = annotator
        self._session: CaseSession | None = None
        self._shown = False
        self._worker = LatestWins[Request, "PlacedMask"](
            lambda request, _cancelled: _preview(request),
            lambda outcome: post(lambda: self._on_answer(outcome)),
            "preview a click",
        )

    def open(self, session: CaseSession | None) -> None:
        """Follow another case, or none."""
        if self._session is not None:
            self._session.draft_changed.disconnect(self._on_draft)
        self._session = session
        if session is not None:
            session.draft_changed.connect(self._on_draft)
        self.leave()

    def at(self, row: float, column: float, positive: bool) -> None:
        """Say where the mouse is on the frame, and what a click would say."""
        session, predictor = self._session, self._annotator.predictor
        if session is None or predictor is None:
            return
        proposal, draft = session.proposal, session.draft
        patch = session.patch_at(row, column)
        if patch is not None:
            proposal = session.to_correct(patch)
            draft = proposal.draft
        answered = proposal is not None and proposal.draft is draft
        draft = draft.with_click(
            Click(row, column, positive),
            proposal.low_res if proposal is not None and answered else None,
            session.seen,
        )
        question = Question(predictor, session.frame, draft)
        embedding = self._annotator.shelf.get(question.sight)
        if embedding is None:
            self.leave()
        else:
            self._worker.submit((question, embedding, session.threshold))

    def leave(self) -> None:
        """Take note that the mouse is nowhere on the frame."""
        self._worker.cancel()
        if self._shown:
            self._shown = False
            self.changed.emit(None)

    def close(self) -> None:
        """Stop for good."""
        self.open(None)
        if not self._worker.close():
            log.warning("A preview did not stop in time.")

    def _on_draft(self, _draft: Draft) -> None:
        self.leave()

    def _on_answer(self, outcome: Outcome[Request, PlacedMask]) -> None:
        if not self._worker.is_current(outcome.generation):
            return
        if outcome.response is None:
            log.error("A preview failed", exc_info=outcome.error)
            return
        self._shown = True
        self.changed.emit(outcome.response)


def _preview(request: Request) -> PlacedMask:
    question, embedding, threshold = request
    return answer(question, embedding).prediction.mask(0, threshold)
