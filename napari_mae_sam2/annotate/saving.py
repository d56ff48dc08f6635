"""From a session to a revision of a study and back."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_mae_sam2.annotate.lesion_record import lesion_of, record_of
from napari_mae_sam2.fa.frame import pixel_sha256
from napari_mae_sam2.study.conflicts import InConflict, heads, label_of, standing
from napari_mae_sam2.study.files import StudyError
from napari_mae_sam2.study.kinds import STUDY_FILE

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from napari_mae_sam2.annotate.effort import Spent
    from napari_mae_sam2.annotate.label_place import LabelPlace
    from napari_mae_sam2.annotate.lesion import Lesion
    from napari_mae_sam2.annotate.pixel_change import Origin
    from napari_mae_sam2.annotate.session import CaseSession
    from napari_mae_sam2.fa.frame import Frame
    from napari_mae_sam2.study.folder import Study
    from napari_mae_sam2.study.records import (
        LesionRecord,
        ModelRecord,
        RevisionRecord,
        Status,
    )

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
    word : str or None
        What the grader answered; None for work that is only kept.
    shares : mapping of Origin to float
        Which part of all leakage comes from where.
    spent : Spent
        On the case so far.
    """

    frame: Frame
    labels: NDArray[np.uint16]
    lesions: tuple[Lesion, ...]
    edits: int
    word: Status | None
    shares: Mapping[Origin, float]
    spent: Spent

    @property
    def status(self) -> Status:
        """What the revision is to say: without an answer the case is in work."""
        return self.word or "in_work"


@dataclass(frozen=True, slots=True, eq=False)
class Saved:
    """Labels found in a study for a frame.

    Attributes
    ----------
    labels : uint16 array of shape (H, W)
        Lesion numbers.
    lesions : tuple of Lesion
        What is known of them.
    revision : str
        Its id.
    status : str
        What it says of the case.
    name : str
        What the study knows the frame by.
    """

    labels: NDArray[np.uint16]
    lesions: tuple[Lesion, ...]
    revision: str
    status: Status = "done"
    name: str = ""


def write(
    session: CaseSession,
    snapshot: Snapshot,
    study: Study,
    place: LabelPlace,
    grader: str,
    model: ModelRecord | None,
    is_its_own: bool = True,
) -> None:
    """Write a revision whose parent is the one that the grader saw before.

    Work that is kept and says what its parent says already makes no revision.

    Parameters
    ----------
    session, snapshot
        The case, and what to write of it.
    study : Study
        Where to.
    place : LabelPlace
        Of the case, in this study or in its own.
    grader : str
        Empty where nobody gave a code.
    model : ModelRecord, optional
        The model that answered the prompts.
    is_its_own : bool
        False for a study that only takes what the case's own does not.

    Raises
    ------
    StudyError
        If it could not be written.
    """
    saves = session.saves
    frame = place.own_frame(study, snapshot.frame)
    case = study.find_case(frame)
    there = [] if case is None else study.revision_ids(case.id)
    parent = saves.revision
    # A case without labels that was opened here: whoever saved one meanwhile was not
    # seen, and both stay.
    if parent not in there and not (parent is None and is_its_own):
        latest = None if case is None else _newest(study, case.id)
        parent = None if latest is None else latest.id
    lesions = [record_of(lesion) for lesion in snapshot.lesions]
    if case is not None and parent is not None and snapshot.word is None:
        before = study.revision(case.id, parent)
        if _says_the_same(before, snapshot, lesions):
            if is_its_own:
                saves.written(snapshot.edits, parent, before.status)
            return
    # Only an answer ends a conflict; work that is kept leaves every answer standing.
    chosen = saves.merges if snapshot.word is not None else ()
    merges = set(there).intersection(chosen) - {parent}
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
        lesions=lesions,
        model=model,
        status=snapshot.status,
        merges=sorted(merges),
        statistics=_statistics(snapshot, session.effort.reported),
    )
    if not is_its_own:
        return
    session.effort.reported = snapshot.spent
    saves.written(snapshot.edits, record.id, record.status)
    others = [one for one in _heads(study, record.case) if one.id != record.id]
    saves.parallel = tuple(dict.fromkeys(one.grader for one in others))


def _says_the_same(
    before: RevisionRecord, snapshot: Snapshot, lesions: list[LesionRecord]
) -> bool:
    return before.label_sha256 == pixel_sha256(snapshot.labels) and sorted(
        before.lesions, key=lambda one: one.id
    ) == sorted(lesions, key=lambda one: one.id)


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
    if case is None or revision is None:
        return None
    return Saved(
        study.load_labels(revision),
        tuple(lesion_of(record) for record in revision.lesions),
        revision.id,
        revision.status,
        case.name,
    )


def _newest(study: Study, case: str) -> RevisionRecord | None:
    """Give what a grader goes on from, of answers in conflict the last one."""
    try:
        return label_of(study, case)
    except InConflict:
        return standing(study, case)[-1]
