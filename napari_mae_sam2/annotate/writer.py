"""Writes labels in a thread of its own, one revision after the other."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from napari_mae_sam2.annotate.saving import write
from napari_mae_sam2.study.migration import study_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_mae_sam2.annotate.label_place import LabelPlace
    from napari_mae_sam2.annotate.session import CaseSession
    from napari_mae_sam2.study.known import KnownStudies
    from napari_mae_sam2.study.records import ModelRecord


class Writer:
    """Writes revisions one after the other in a thread of its own.

    Parameters
    ----------
    post : callable
        Runs a function on the thread that owns the sessions.
    known : KnownStudies
        Which study lies where.
    """

    def __init__(
        self, post: Callable[[Callable[[], None]], None], known: KnownStudies
    ) -> None:
        self._post = post
        self._known = known
        self._thread = ThreadPoolExecutor(1, "save labels")
        self._closed = False

    def save(
        self,
        session: CaseSession,
        place: LabelPlace,
        grader: str,
        model: ModelRecord | None,
        done: Callable[[Exception | None, str], None],
        first: Callable[[], None],
    ) -> None:
        """Write the session as it stands now.

        `done` learns how it went, and the id of the study; `first` is called before,
        in the thread that writes.
        """
        snapshot = session.snapshot()

        def finish(error: Exception | None, identity: str) -> None:
            session.saving_ended(snapshot)
            done(error, identity)

        def work() -> None:
            error: Exception | None = None
            identity = ""
            try:
                first()
                study = place.open_to_save(self._known)
                identity = study_id(study)
                write(session, snapshot, study, place, grader, model)
            except Exception as raised:
                error = raised
            self._post(lambda: finish(error, identity))

        if not self._closed:
            self._thread.submit(work)

    def save_here(
        self,
        session: CaseSession,
        place: LabelPlace,
        grader: str,
        model: ModelRecord | None,
        is_its_own: bool = True,
    ) -> None:
        """Write the session at once, in the thread that calls.

        Parameters
        ----------
        session, place, grader, model
            As for `save`.
        is_its_own : bool
            False for a study that only takes what the session's own does not: it is
            saved there again as soon as that is possible.

        Raises
        ------
        StudyError
            If it could not be written.
        """
        snapshot = session.snapshot()
        try:
            study = place.open_to_save(self._known)
            write(session, snapshot, study, place, grader, model, is_its_own)
            if not is_its_own:
                session.saves.written_elsewhere(snapshot.edits)
        finally:
            session.saving_ended(snapshot)

    def after(self, then: Callable[[], None]) -> None:
        """Go on with something once all that was to be saved so far is saved."""
        if not self._closed:
            self._thread.submit(lambda: self._post(then))

    def wait(self) -> None:
        """Wait until nothing is left to write."""
        if not self._closed:
            self._thread.submit(lambda: None).result()

    def close(self) -> None:
        """Write what is left to write, then stop."""
        self._closed = True
        self._thread.shutdown(wait=True)
