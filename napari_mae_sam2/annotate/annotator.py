"""Brings the grader's session and the model together, off the window's thread.

Encodes the frame in hand, keeps the clicks that come meanwhile, answers the latest
draft, and says what it is doing. Knows no window: results are handed to `post`,
which runs them on the thread that owns the session.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_mae_sam2.annotate.latest import LatestWins, Outcome
from napari_mae_sam2.fa.errors import PlainError

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_mae_sam2.annotate.draft import Draft
    from napari_mae_sam2.annotate.session import CaseSession
    from napari_mae_sam2.fa.frame import Frame
    from napari_mae_sam2.model.protocol import Embedding, Prediction, Predictor

log = logging.getLogger(__name__)

EMBEDDINGS_KEPT = 4
"""Cases whose embeddings stay in memory, about 16 MB each, for going back."""

SECONDS_TO_RETIRE = 20.0
"""How long closing waits for a model that still prepares a faster engine."""


class Readiness(Enum):
    """What the model is doing for the case in hand."""

    NO_MODEL = "no model"
    LOADING = "loading the model"
    NO_CASE = "no case"
    ENCODING = "reading the frame"
    CANCELLED = "stopped"
    FAILED = "failed"
    READY = "ready"


@dataclass(frozen=True, slots=True, eq=False)
class EncodeRequest:
    """Encode this frame with this model."""

    predictor: Predictor
    frame: Frame

    @property
    def key(self) -> tuple[str, str]:
        """What the embedding depends on: the weights and the pixels."""
        return self.predictor.fingerprint, self.frame.sha256


@dataclass(frozen=True, slots=True, eq=False)
class DecodeRequest:
    """Answer this draft on this embedding."""

    predictor: Predictor
    embedding: Embedding
    draft: Draft


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
        self._predictor: Predictor | None = None
        self._readiness = Readiness.NO_MODEL
        self._retiring: list[threading.Thread] = []
        self._embeddings: OrderedDict[tuple[str, str], Embedding] = OrderedDict()
        self._loader = LatestWins[str | None, "Predictor"](
            lambda choice, _cancelled: load(
                choice, lambda sentence: post(lambda: self.told.emit(sentence))
            ),
            lambda outcome: post(lambda: self._on_loaded(outcome)),
            "load model",
        )
        self._encoder = LatestWins[EncodeRequest, "Embedding"](
            lambda request, cancelled: request.predictor.encode(
                request.frame.pixels, cancelled
            ),
            lambda outcome: post(lambda: self._on_encoded(outcome)),
            "encode frame",
        )
        self._decoder = LatestWins[DecodeRequest, "Prediction"](
            lambda request, _cancelled: request.predictor.decode(
                request.embedding, request.draft.prompts()
            ),
            lambda outcome: post(lambda: self._on_decoded(outcome)),
            "decode prompts",
        )

    @property
    def predictor(self) -> Predictor | None:
        """The model in use; None until the first one is loaded."""
        return self._predictor

    @property
    def session(self) -> CaseSession | None:
        """The case in hand."""
        return self._session

    @property
    def readiness(self) -> Readiness:
        """What the model is doing."""
        return self._readiness

    def load_model(self, choice: str | None = None) -> None:
        """Load other weights; the old model stays in use until they are there.

        Parameters
        ----------
        choice : str, optional
            Path of a checkpoint; None for the default.
        """
        self._loader.submit(choice)
        if self._predictor is None:
            self._set_readiness(Readiness.LOADING)

    def open(self, session: CaseSession | None) -> None:
        """Take a case in hand, or none; what was under way for the last one stops."""
        if self._session is not None:
            self._session.draft_changed.disconnect(self._on_draft)
        self._encoder.cancel()
        self._decoder.cancel()
        self._session = session
        if session is not None:
            session.draft_changed.connect(self._on_draft)
        self._encode_if_needed()

    def cancel_encoding(self) -> None:
        """Stop encoding; the prompts stay, and `resume` goes on."""
        if self._readiness is Readiness.ENCODING:
            self._encoder.cancel()
            self._set_readiness(Readiness.CANCELLED)

    def resume(self) -> None:
        """Encode the case in hand after it was stopped or failed."""
        self._encode_if_needed()

    def close(self) -> None:
        """Stop every worker and wait for it."""
        self.open(None)
        for worker in (self._loader, self._encoder, self._decoder):
            if not worker.close():
                log.warning("A worker did not stop in time.")
        self._retire(self._predictor)
        for thread in self._retiring:
            thread.join(SECONDS_TO_RETIRE)

    # --- inside ----------------------------------------------------------------

    def _set_readiness(self, readiness: Readiness) -> None:
        if readiness is not self._readiness:
            self._readiness = readiness
            self.readiness_changed.emit(readiness)

    def _embedding(self) -> Embedding | None:
        if self._session is None or self._predictor is None:
            return None
        key = EncodeRequest(self._predictor, self._session.frame).key
        embedding = self._embeddings.get(key)
        if embedding is not None:
            self._embeddings.move_to_end(key)
        return embedding

    def _encode_if_needed(self) -> None:
        if self._predictor is None:
            return
        if self._session is None:
            self._set_readiness(Readiness.NO_CASE)
        elif self._embedding() is not None:
            self._set_readiness(Readiness.READY)
            self._on_draft(self._session.draft)
        else:
            self._set_readiness(Readiness.ENCODING)
            self._encoder.submit(EncodeRequest(self._predictor, self._session.frame))

    def _on_draft(self, draft: Draft) -> None:
        embedding = self._embedding()
        session, predictor = self._session, self._predictor
        if draft.is_empty or predictor is None or session is None:
            self._decoder.cancel()
        elif session.is_answered(predictor.fingerprint):
            return
        elif embedding is not None:
            self._decoder.submit(DecodeRequest(predictor, embedding, draft))
        elif self._readiness is not Readiness.ENCODING:
            # Stopped or failed before: a click says that the answer is wanted.
            self._encode_if_needed()

    def _on_loaded(self, outcome: Outcome[str | None, Predictor]) -> None:
        if not self._loader.is_current(outcome.generation):
            return
        if outcome.response is None:
            self._tell(outcome.error, "The model could not be loaded")
            if self._predictor is None:
                self._set_readiness(Readiness.NO_MODEL)
            return
        self._encoder.cancel()
        self._decoder.cancel()
        self._retire(self._predictor)
        self._predictor = outcome.response
        self.predictor_changed.emit(outcome.response)
        self._encode_if_needed()

    def _on_encoded(self, outcome: Outcome[EncodeRequest, Embedding]) -> None:
        if not self._encoder.is_current(outcome.generation):
            return
        if outcome.response is None:
            self._set_readiness(Readiness.FAILED)
            self._tell(outcome.error, "The frame could not be read by the model")
            return
        self._embeddings[outcome.request.key] = outcome.response
        while len(self._embeddings) > EMBEDDINGS_KEPT:
            self._embeddings.popitem(last=False)
        self._encode_if_needed()

    def _on_decoded(self, outcome: Outcome[DecodeRequest, Prediction]) -> None:
        if not self._decoder.is_current(outcome.generation) or self._session is None:
            return
        if outcome.response is None:
            self._tell(outcome.error, "The model could not answer")
            return
        request = outcome.request
        self._session.take_prediction(
            request.draft,
            outcome.response,
            request.predictor.name,
            request.predictor.fingerprint,
        )

    def _retire(self, predictor: Predictor | None) -> None:
        """Stop what a model does in the background, beside the window's thread."""
        if predictor is not None:
            thread = threading.Thread(target=predictor.close, daemon=True)
            thread.start()
            self._retiring = [t for t in self._retiring if t.is_alive()] + [thread]

    def _tell(self, error: Exception | None, what: str) -> None:
        if isinstance(error, PlainError):
            self.failed.emit(str(error))
            return
        log.error("%s", what, exc_info=error)
        self.failed.emit(f"{what}: {error}. Your work is kept.")
