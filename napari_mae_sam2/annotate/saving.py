"""From a session to a revision of a study and back."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_mae_sam2.annotate.lesion_record import lesion_of, record_of
from napari_mae_sam2.study.conflicts import InConflict, heads, label_of, standing
from napari_mae_sam2.study.files import StudyError
from napari_mae_sam2.study.kinds import STUDY_FILE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from napari_mae_sam2.annotate.effort import Spent
    from napari_mae_sam2.annotate.label_place import LabelPlace
    from napari_mae_sam2.annotate.lesion import Lesion
    from napari_mae_sam2.annotate.pixel_change import Origin
    from napari_mae_sam2.annotate.session import CaseSession
    from napari_mae_sam2.fa.frame import Frame
    from napari_mae_sam2.study.folder import Study
    from napari_mae_sam2.study.records import ModelRecord, RevisionRecord

log = logging.getLogger(__name__)

UNNAMED = "unnamed"
"""Grader of a revision whose grader gave no code."""


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """A case as it stands at one moment, to be written while the grader goes on.

    Attributes
    ----------
    frame, labels, lesions
        What is written; labels are a copy, uint16 (H, W).
    edits : int
        How many changes it holds.
    study : int
        Which of the studies that the case was moved to it is meant for.
    shares : mapping of Origin to float
        Which part of all leakage comes from where.
    spent : Spent
        On the case so far.
    """

    frame: Frame
    labels: NDArray[np.uint16]
    lesions: tuple[Lesion, ...]
    edits: int
    study: int
    shares: Mapping[Origin, float]
    spent: Spent


@dataclass(frozen=True, slots=True, eq=False)
class Saved:
    """Labels found in a study for a frame."""

    labels: NDArray[np.uint16]
    lesions: tuple[Lesion, ...]
    revision: str


class Writer:
    """Writes revisions one after the other in a thread of its own.

    Parameters
    ----------
    post : callable
        Runs a function on the thread that owns the sessions.
    """

    def __init__(self, post: Callable[[Callable[[], None]], None]) -> None:
        self._post = post
        self._thread = ThreadPoolExecutor(1, "save labels")
        self._closed = False

    def save(
        self,
        session: CaseSession,
        place: LabelPlace,
        grader: str,
        model: ModelRecord | None,
        done: Callable[[Exception | None], None],
        first: Callable[[], None],
    ) -> None:
        """Write the session as it stands now; `done` learns how it went.

        `first` is called before, in the thread that writes.
        """
        snapshot = session.snapshot()

        def finish(error: Exception | None) -> None:
            session.saving_ended(snapshot.edits)
            done(error)

        def work() -> None:
            error: Exception | None = None
            try:
                first()
                _write(session, snapshot, place, grader, model)
            except Exception as raised:
                error = raised
            self._post(lambda: finish(error))

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
        snapshot, revision = session.snapshot(), session.saves.revision
        try:
            _write(session, snapshot, place, grader, model, is_its_own)
            if not is_its_own:
                session.saves.revision = revision
                session.saves.is_elsewhere = True
        finally:
            session.saving_ended(snapshot.edits)

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


def _write(
    session: CaseSession,
    snapshot: Snapshot,
    place: LabelPlace,
    grader: str,
    model: ModelRecord | None,
    is_its_own: bool = True,
) -> None:
    """Write a revision whose parent is the one that the grader saw before."""
    study = place.open(create=not place.case)
    saves = session.saves
    frame = place.own_frame(study, snapshot.frame)
    case = study.find_case(frame)
    there = [] if case is None else study.revision_ids(case.id)
    parent = saves.revision
    # A case without labels that was opened here: whoever saved one meanwhile was not
    # seen, and both stay. What is moved to another study corrects what lies there.
    opened_empty = parent is None and is_its_own and not saves.is_moved
    if parent not in there and not opened_empty:
        latest = None if case is None else _newest(study, case.id)
        parent = None if latest is None else latest.id
    merges = set(there).intersection(saves.merges) - {parent}
    if case is not None:
        # What a model proposed meanwhile is no answer that could be in conflict.
        merges |= {
            one.id
            for one in _heads(study, case.id)
            if one.status == "proposed" and one.id != parent
        }
    record = study.save_revision(
        frame,
        snapshot.labels,
        grader=grader or UNNAMED,
        parent=parent,
        lesions=[record_of(lesion) for lesion in snapshot.lesions],
        model=model,
        merges=sorted(merges),
        statistics=_statistics(snapshot, session.effort.reported),
    )
    session.effort.reported = snapshot.spent
    saves.written(snapshot.edits, snapshot.study, record.id)
    others = [one for one in _heads(study, record.case) if one.id != record.id]
    saves.parallel = tuple(dict.fromkeys(one.grader for one in others))


def _heads(study: Study, case: str) -> list[RevisionRecord]:
    try:
        return heads(study, case)
    except StudyError as error:
        # A damaged neighbour is for `verify` to name, and no reason to save nothing.
        log.warning("Parallel revisions were not looked for: %s", error)
        return []


def _statistics(snapshot: Snapshot, reported: Spent) -> dict[str, float]:
    spent = snapshot.spent.since(reported)
    shares = {
        f"share_{origin.name.lower()}": round(share, 6)
        for origin, share in snapshot.shares.items()
    }
    return {"seconds": round(spent.seconds, 1), "clicks": spent.clicks, **shares}


def find(frame: Frame, place: LabelPlace) -> Saved | None:
    """Read the newest labels of a frame, None where it has none yet.

    Raises
    ------
    StudyError
        If the study is damaged or of a newer version.
    """
    if not (place.folder / STUDY_FILE).exists():
        return None
    study = place.open()
    case = study.find_case(place.own_frame(study, frame))
    revision = None if case is None else _newest(study, case.id)
    if revision is None:
        return None
    return Saved(
        study.load_labels(revision),
        tuple(lesion_of(record) for record in revision.lesions),
        revision.id,
    )


def _newest(study: Study, case: str) -> RevisionRecord | None:
    """Give what a grader goes on from, of answers in conflict the last one."""
    try:
        return label_of(study, case)
    except InConflict:
        return standing(study, case)[-1]
