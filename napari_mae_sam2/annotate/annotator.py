"""Brings the grader's session and the model together, off the window's thread.

Encodes the frame in hand and what is looked at closely, keeps the clicks that come
meanwhile, answers the latest draft, and says what it is doing. Knows no window:
results are handed to `post`, which runs them on the thread that owns the session.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_mae_sam2.annotate.answering import Answer, Question, answer, sight_of
from napari_mae_sam2.annotate.latest import LatestWins, Outcome
from napari_mae_sam2.annotate.looking import part_in_view
from napari_mae_sam2.annotate.model_in_use import ModelInUse
from napari_mae_sam2.annotate.readiness import Readiness, readiness_of
from napari_mae_sam2.annotate.shelf import Shelf, Sight
from napari_mae_sam2.annotate.view import View
from napari_mae_sam2.annotate.work_queue import Done, Task, WorkQueue
from napari_mae_sam2.annotate.work_wanted import search_key, work_wanted
from napari_mae_sam2.fa.errors import PlainError

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_mae_sam2.annotate.draft import Draft
    from napari_mae_sam2.annotate.review import Patch
    from napari_mae_sam2.annotate.session import CaseSession
    from napari_mae_sam2.fa.close_up import CloseUp
    from napari_mae_sam2.model.protocol import Embedding, Predictor

__all__ = ["Annotator", "Readiness"]

log = logging.getLogger(__name__)

MEMORY = 250 * 10**6
"""Bytes of embeddings that stay in memory, 17 MB each at 1024, for going back."""


class Annotator:
    """Answers the drafts of the session in hand.

    Parameters
    ----------
    post : callable
        Runs a function on the thread that owns the session, soon. Called from
        worker threads.
    load : callable
        Makes a predictor from what the grader chose; slow, called in a worker
        thread; raises PlainError with a sentence for the grader. Its second argument
        takes sentences on the way, such as the progress of a download.
    """

    readiness_changed = Signal(Readiness)
    predictor_changed = Signal(object)
    close_up_changed = Signal()
    """What is looked at closely changed, or is ready now; see `close_up`."""
    progressed = Signal(int, int)
    """How many parts of a long answer are done, and how many there are."""
    failed = Signal(str)
    """Emits one sentence for the grader: what went wrong."""
    told = Signal(str)
    """Emits one sentence for the grader: what is going on."""

    def __init__(
        self,
        post: Callable[[Callable[[], None]], None],
        load: Callable[[str | None, Callable[[str], None]], Predictor],
    ) -> None:
        self._post = post
        self._session: CaseSession | None = None
        self._readiness = Readiness.NO_MODEL
        self._halted: Readiness | None = None
        self._shown: tuple[CloseUp | None, bool] = (None, False)
        self._besides: list[Task] = []
        self._later: list[Task] = []
        self._asked: tuple[Draft, Predictor] | None = None
        self.shelf = Shelf(MEMORY)
        self.view = View()
        """What the grader looks at."""
        self._model = ModelInUse(
            post, load, self._on_model, self.told.emit, self._on_no_model
        )
        self._queue = WorkQueue(
            lambda done: post(lambda: self._on_done(done)), "encode frames"
        )
        self._decoder = LatestWins[tuple[Question, "Embedding"], Answer](
            lambda request, _cancelled: self._decode(*request),
            lambda outcome: post(lambda: self._on_decoded(outcome)),
            "decode prompts",
        )

    @property
    def predictor(self) -> Predictor | None:
        """The model in use; None until the first one is loaded."""
        return self._model.predictor

    @property
    def session(self) -> CaseSession | None:
        """The case in hand."""
        return self._session

    @property
    def readiness(self) -> Readiness:
        """What the model is doing."""
        return self._readiness

    @property
    def close_up(self) -> tuple[CloseUp | None, bool]:
        """What is looked at closely, and whether it can be clicked on at once."""
        return self._shown

    def load_model(self, choice: str | None = None) -> None:
        """Load other weights; the old model stays in use until they are there.

        Parameters
        ----------
        choice : str, optional
            Path of a checkpoint; None for the default.
        """
        self._model.load(choice)
        if self.predictor is None:
            self._set_readiness(Readiness.LOADING)

    def open(self, session: CaseSession | None) -> None:
        """Take a case in hand, or none; what was under way for the last one stops."""
        if self._session is not None:
            self._session.draft_changed.disconnect(self._on_draft)
        self._ask_nothing()
        self._session = session
        self._besides = []
        self._halted = None
        self.view.leave()
        if session is not None:
            session.draft_changed.connect(self._on_draft)
        self._go_on()

    def look_at(self, seen: CloseUp | None) -> None:
        """Take note of what the grader sees of the frame; None where it is unknown."""
        self.view.seen = seen
        self._go_on()

    def toggle_close_up(self) -> None:
        """Look closely at what is seen now, or no longer."""
        self.view.toggle(self._shown[0] is not None)
        self._go_on()
        if self.predictor is not None and self.view.gives_up():
            self.told.emit("Zoom in: what you see then is read at full resolution.")

    def part_in_view(self) -> CloseUp | None:
        """Return what to ask about where all leakage in view is meant; None for all."""
        session, predictor = self._session, self.predictor
        if session is None or predictor is None or self.view.seen is None:
            return None
        return part_in_view(self.view.seen, session.frame.shape, predictor.image_size)

    def do_besides(self, tasks: list[Task]) -> None:
        """Do this for the case in hand, after all that its clicks need."""
        self._besides = tasks
        self._go_on()

    def read_ahead(self, tasks: list[Task]) -> None:
        """Do this where nothing is to be done for the case in hand."""
        self._later = tasks
        self._go_on()

    def cancel_encoding(self) -> None:
        """Stop encoding; the prompts stay, and `resume` goes on."""
        if self._readiness is Readiness.SEARCHING and self._session is not None:
            self._session.reject()
        elif self._readiness in (Readiness.ENCODING, Readiness.CLOSE_UP):
            self._halted = Readiness.CANCELLED
            self._go_on()

    def resume(self) -> None:
        """Encode the case in hand after it was stopped or failed."""
        self._halted = None
        self._go_on()

    def close(self) -> None:
        """Stop every worker and wait for it."""
        self._later = []
        self.open(None)
        for worker in (self._queue, self._decoder):
            if not worker.close():
                log.warning("A worker did not stop in time.")
        self._model.close()

    # --- what is wanted --------------------------------------------------------

    def _go_on(self) -> None:
        """Say anew what is to be done, after anything has changed."""
        session, predictor = self._session, self.predictor
        if predictor is None:
            return
        tasks: list[Task] = []
        readiness = Readiness.NO_CASE
        if session is not None:
            readiness = self._halted or Readiness.READY
            self._choose_close_up(session, predictor)
            if self._halted is None:
                sight = sight_of(predictor, session.frame, None)
                question = self._question()
                tasks = work_wanted(
                    self.shelf,
                    predictor,
                    session.frame,
                    question,
                    (session.draft.close_up, self.view.close_up),
                    self._progress,
                    self._found,
                )
                readiness = readiness_of(self.shelf, question, sight)
        self._show_close_up()
        stopped = self._halted is Readiness.CANCELLED
        self._queue.want(tasks if stopped else [*tasks, *self._besides, *self._later])
        self._set_readiness(readiness)
        if readiness is Readiness.READY:
            self._ask()

    def _question(self) -> Question | None:
        """Return what the grader waits to have answered."""
        session, predictor = self._session, self.predictor
        if (
            session is None
            or predictor is None
            or session.draft.is_empty
            or session.is_answered(predictor.fingerprint)
        ):
            return None
        return Question(predictor, session.frame, session.draft)

    def _choose_close_up(self, session: CaseSession, predictor: Predictor) -> None:
        known = self.shelf.close_ups(predictor.fingerprint, session.frame.sha256)
        self.view.choose(session.frame.shape, predictor.image_size, known)
        session.seen = self.view.close_up

    def _show_close_up(self) -> None:
        close_up, ready = self.view.close_up, False
        if self._session is None or self.predictor is None:
            close_up = None
        else:
            sight = sight_of(self.predictor, self._session.frame, close_up)
            ready = close_up is not None and self.shelf.holds(sight)
        if (close_up, ready) != self._shown:
            self._shown = close_up, ready
            self.close_up_changed.emit()

    # --- answers ---------------------------------------------------------------

    def _on_draft(self, draft: Draft) -> None:
        if self._asked is not None and self._asked[0] is not draft:
            self._ask_nothing()
        if not draft.is_empty:
            # Stopped or failed before: a click says that the answer is wanted.
            self._halted = None
        self._go_on()

    def _ask(self) -> None:
        question = self._question()
        if question is None or self._asked == (question.draft, question.predictor):
            return  # nothing to ask, or asked already
        embedding = self.shelf.get(question.sight)
        if embedding is not None:
            self._asked = question.draft, question.predictor
            self._decoder.submit((question, embedding))

    def _ask_nothing(self) -> None:
        self._asked = None
        self._decoder.cancel()

    def _decode(self, question: Question, embedding: Embedding) -> Answer:
        # Whatever is encoded meanwhile gives way: this is what the grader waits for.
        self._queue.pause()
        try:
            return answer(question, embedding)
        finally:
            self._queue.go_on()

    def _on_decoded(self, outcome: Outcome[tuple[Question, Embedding], Answer]) -> None:
        if not self._decoder.is_current(outcome.generation) or self._session is None:
            return
        if outcome.response is None:
            self._tell(outcome.error, "The model could not answer")
            return
        self._take(outcome.response)

    def _take(self, given: Answer) -> None:
        asked = given.question
        if self._session is None:
            return
        taken = self._session.take_prediction(
            asked.draft,
            given.prediction,
            asked.predictor.name,
            asked.predictor.fingerprint,
            given.patches,
        )
        if taken and asked.draft.everything and self._session.review is None:
            found = "No new leakage" if given.patches else "No leakage"
            self.told.emit(f"{found} found by the model")

    # --- inside ----------------------------------------------------------------

    def _set_readiness(self, readiness: Readiness) -> None:
        if readiness is not self._readiness:
            self._readiness = readiness
            self.readiness_changed.emit(readiness)

    def _progress(self, done: int, total: int) -> None:
        self._post(lambda: self.progressed.emit(done, total))

    def _found(self, question: Question, patches: tuple[Patch, ...]) -> None:
        # In the worker's thread.
        def take() -> None:
            if self._session is not None and patches:
                predictor = question.predictor
                self._session.take_found(
                    question.draft, patches, predictor.name, predictor.fingerprint
                )

        self._post(take)

    def _on_model(self, predictor: Predictor) -> None:
        self._ask_nothing()
        self._halted = None
        self.predictor_changed.emit(predictor)
        self._go_on()

    def _on_no_model(self, error: Exception | None) -> None:
        self._tell(error, "The model could not be loaded")
        if self.predictor is None:
            self._set_readiness(Readiness.NO_MODEL)

    def _on_done(self, done: Done) -> None:
        if done.error is not None:
            self._on_error(done)
        elif isinstance(done.result, Answer):
            self._take(done.result)
        self._go_on()

    def _on_error(self, done: Done) -> None:
        session, question = self._session, self._question()
        if session is None or not (
            done.key.frame == session.frame.sha256
            if isinstance(done.key, Sight)
            else question is not None and done.key == search_key(question)
        ):
            # Of another case, or read ahead: nobody waits for it.
            log.info("A frame was not read: %s", done.error)
            return
        if isinstance(done.key, Sight) and done.key.close_up is not None:
            self.view.avoid(done.key.close_up)
            if question is None or question.sight != done.key:
                log.info("A close-up was not read: %s", done.error)
                return
        self._halted = Readiness.FAILED
        self._tell(done.error, "The frame could not be read by the model")

    def _tell(self, error: Exception | None, what: str) -> None:
        if isinstance(error, PlainError):
            self.failed.emit(str(error))
            return
        log.error("%s", what, exc_info=error)
        self.failed.emit(f"{what}: {error}. Your work is kept.")
