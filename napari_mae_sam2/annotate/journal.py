"""Writes down what happens to one case, so that nothing is lost with the program.

Steps are written as they are taken: a killed program loses what happened since the
last step alone. Writing happens in a thread of its own; steps never change, so that
they may be read there while the grader goes on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from napari_mae_sam2.annotate.journal_codec import Codec

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from napari_mae_sam2.annotate.draft import Draft
    from napari_mae_sam2.annotate.history import Step
    from napari_mae_sam2.annotate.lesion import Lesion
    from napari_mae_sam2.annotate.proposal import Proposal
    from napari_mae_sam2.annotate.review import Review
    from napari_mae_sam2.annotate.session import CaseSession
    from napari_mae_sam2.study.record_log import RecordLog


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """A whole case at one moment; nothing of it changes any more."""

    labels: NDArray[np.uint16]
    origins: NDArray[np.uint8]
    lesions: dict[int, Lesion]
    draft: Draft
    review: Review | None
    done: tuple[Step, ...]
    undone: tuple[Step, ...]
    facts: dict[str, Any]


class JournalFile:
    """The journal of a case on disk; used by the thread that writes.

    Parameters
    ----------
    log : RecordLog
        Where it lies.
    codec : Codec, optional
        The one that read it; None for a file that is begun anew.
    release : callable
        Lets go of the file, for other windows.
    """

    def __init__(
        self, log: RecordLog, codec: Codec | None, release: Callable[[], None]
    ) -> None:
        self._log = log
        self._codec = codec
        self.release = release

    @property
    def is_begun(self) -> bool:
        """True where steps can be added; else the case has to be written whole."""
        return self._codec is not None

    def begin(self, case: Standing) -> None:
        """Write a case whole, in place of what was there."""
        codec = Codec()
        self._codec = None  # until it is there
        records = [
            codec.case(
                case.draft,
                case.lesions,
                case.labels,
                case.origins,
                case.review,
                **case.facts,
            )
        ]
        records += [codec.record("past", step) for step in case.done]
        records += [codec.record("future", step) for step in case.undone]
        self._log.begin(records)
        self._codec = codec

    def add(self, kind: str, step: Step | None, facts: dict[str, Any]) -> None:
        """Add what happened.

        Raises
        ------
        StudyError
            If it could not be written; then the case has to be written whole.
        """
        if self._codec is None:
            return
        codec, self._codec = self._codec, None
        self._log.append([codec.record(kind, step, **facts)])
        self._codec = codec

    def forget(self) -> None:
        """Write the case whole with the next step, in place of what is there."""
        self._codec = None

    def remove(self) -> None:
        """Delete it."""
        self._log.path.unlink(missing_ok=True)


class Journal:
    """Follows a session and hands what happens to the thread that writes.

    Parameters
    ----------
    session : CaseSession
        The case.
    whose : callable
        Says which study and folder it belongs to; called in the thread that writes.
    file : JournalFile, optional
        The journal that the session came back from; None where there is none yet.
    claim : callable
        Finds a free place for a new one; called in the thread that writes.
    submit : callable
        Runs a function in that thread, after those submitted before.
    """

    def __init__(
        self,
        session: CaseSession,
        whose: Callable[[], dict[str, Any]],
        file: JournalFile | None,
        claim: Callable[[], JournalFile],
        submit: Callable[[Callable[[], None]], None],
    ) -> None:
        self._session = session
        self._whose = whose
        self._file = file
        self._claim = claim
        self._submit = submit
        self._saved = _saved(session)
        self._looks = (session.choice, session.threshold)
        self._written = 0
        self._begun = file is not None and file.is_begun
        session.stepped.connect(self._on_step)
        session.history_changed.connect(self._on_saves)
        session.proposal_changed.connect(self._on_looks)

    def close(self, remove: bool = False) -> None:
        """Stop following; what happened so far is still written, or is removed."""
        self._session.stepped.disconnect(self._on_step)
        self._session.history_changed.disconnect(self._on_saves)
        self._session.proposal_changed.disconnect(self._on_looks)
        self._submit(lambda: self._let_go(remove))

    def write_whole(self) -> None:
        """Write the case as it stands, as after a failed write."""
        self._begun = True
        case = self._standing()

        def work() -> None:
            try:
                if self._file is None:
                    self._file = self._claim()
                self._file.begin(replace(case, facts=case.facts | self._whose()))
            except Exception:
                self._begun = False
                raise

        self._submit(work)

    # --- inside ----------------------------------------------------------------

    def _on_step(self, way: str, step: Step) -> None:
        self._write(way, step if way == "did" else None)

    def _on_saves(self) -> None:
        saves, saved = self._session.saves, _saved(self._session)
        # An answer that could not be written is kept here, also of an untouched case.
        is_refused = saves.word is not None and not saves.is_under_way
        if saved != self._saved or (is_refused and not self._begun):
            self._saved = saved
            if self._begun or is_refused:
                self._write("saved", None)

    def _on_looks(self, proposal: Proposal | None) -> None:
        looks = (self._session.choice, self._session.threshold)
        if proposal is not None and looks != self._looks:
            self._write("looked", None)

    def _write(self, kind: str, step: Step | None) -> None:
        self._looks = (self._session.choice, self._session.threshold)
        self._written += 1
        number = self._written
        if not self._begun:
            # The step is in the history already: the case as a whole holds it.
            self.write_whole()
            return
        facts = self._facts()

        def work() -> None:
            if self._file is None:
                return  # it could not be begun, and will be with the next step
            if kind == "looked" and number != self._written:
                return  # a slider is dragged, and what comes next says it, too
            try:
                self._file.add(kind, step, facts)
            except Exception:
                self._begun = False
                raise

        self._submit(work)

    def _facts(self) -> dict[str, Any]:
        saves, effort = self._session.saves, self._session.effort
        return {
            "spent": [effort.spent.seconds, effort.spent.clicks],
            "reported": [effort.reported.seconds, effort.reported.clicks],
            "edits": saves.edits,
            "saved": saves.saved,
            "revision": saves.revision,
            "status": saves.status,
            "word": saves.word,
            "choice": self._session.choice,
            "threshold": self._session.threshold,
        }

    def _standing(self) -> Standing:
        session = self._session
        return Standing(
            # Paint of a stroke under way comes with its own step.
            session.image.noted.copy(),
            session.image.origins.copy(),
            dict(session.lesions),
            session.draft,
            session.review,
            session.history.done,
            session.history.undone,
            self._facts() | {"frame": session.frame.sha256},
        )

    def _let_go(self, remove: bool) -> None:
        if self._file is not None:
            if remove:
                self._file.remove()
            self._file.release()


def _saved(session: CaseSession) -> tuple[object, ...]:
    saves = session.saves
    return saves.saved, saves.revision, saves.status, saves.word
