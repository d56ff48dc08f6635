"""A conflict as a reviewer sees it: who answered what, and where answers differ.

Pictures are worked out in a worker's thread, so that looking from one answer to the
other costs the window nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_mae_sam2.annotate.latest import LatestWins
from napari_mae_sam2.annotate.lesion_record import lesion_of
from napari_mae_sam2.annotate.local_time import when
from napari_mae_sam2.annotate.pixel_change import Origin
from napari_mae_sam2.study.conflicts import standing
from napari_mae_sam2.study.kinds import STUDY_FILE

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from napari_mae_sam2.annotate.label_place import LabelPlace
    from napari_mae_sam2.annotate.latest import Outcome
    from napari_mae_sam2.annotate.lesion import Lesion
    from napari_mae_sam2.annotate.session import CaseSession
    from napari_mae_sam2.fa.frame import Frame

ONLY_THIS, ONLY_OTHERS = 1, 2
"""Values of the pixels of a difference; 0 where all answers agree."""


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """One of the parallel revisions of a case.

    Attributes
    ----------
    revision, grader : str
        Its id, and who saved it.
    time : str
        ISO 8601.
    labels : uint16 array of shape (H, W)
        Lesion numbers.
    lesions : tuple of Lesion
        What is known of them.
    area : int
        Leakage in pixels.
    difference : uint8 array of shape (H, W)
        Where it differs from the others: `ONLY_THIS` or `ONLY_OTHERS`.
    dice : float
        Its agreement with the other answer, with the least like it of several; 1
        where both say that there is no leakage.
    """

    revision: str
    grader: str
    time: str
    labels: NDArray[np.uint16]
    lesions: tuple[Lesion, ...]
    area: int
    difference: NDArray[np.uint8]
    dice: float

    def when(self) -> str:
        """Say when it was saved, in the time of this computer."""
        return when(self.time)

    def differs(self) -> tuple[int, int]:
        """Count the pixels that it alone, and that only others call leakage."""
        counts = np.bincount(self.difference.ravel(), minlength=3)
        return int(counts[ONLY_THIS]), int(counts[ONLY_OTHERS])


@dataclass(frozen=True, slots=True, eq=False)
class Conflict:
    """Answers to one case that nobody has chosen between.

    Attributes
    ----------
    answers : tuple of Answer
        At least two; the one that counts as the label until somebody chooses first.
    """

    answers: tuple[Answer, ...]

    @property
    def revisions(self) -> tuple[str, ...]:
        """The ids of all answers."""
        return tuple(answer.revision for answer in self.answers)

    def graded(self, what: str = "this") -> str:
        """Say who graded a case, such as "ben and anna graded this"."""
        names = list(dict.fromkeys(answer.grader for answer in self.answers))
        if len(names) == 1:
            return f"{names[0]} graded {what} twice"
        return f"{', '.join(names[:-1])} and {names[-1]} graded {what}"


def read_conflict(place: LabelPlace, frame: Frame) -> Conflict | None:
    """Read the parallel answers to a case.

    Parameters
    ----------
    place : LabelPlace
        Where its labels lie; there is a study.
    frame : Frame
        The frame of the case.

    Returns
    -------
    Conflict or None
        None where there is none.

    Raises
    ------
    StudyError
        If a record or a label is damaged.
    """
    study = place.open()
    case = study.find_case(place.own_frame(study, frame))
    found = [] if case is None else standing(study, case.id)
    if len(found) < 2:
        return None
    found.reverse()
    labels = [study.load_labels(one) for one in found]
    masks = [one > 0 for one in labels]
    answers = []
    for i, one in enumerate(found):
        others = [mask for j, mask in enumerate(masks) if j != i]
        anywhere = np.logical_or.reduce(others)
        difference = np.zeros(frame.shape, np.uint8)
        difference[masks[i] & ~np.logical_and.reduce(others)] = ONLY_THIS
        difference[~masks[i] & anywhere] = ONLY_OTHERS
        answers.append(
            Answer(
                revision=one.id,
                grader=one.grader,
                time=one.time,
                labels=labels[i],
                lesions=tuple(lesion_of(record) for record in one.lesions),
                area=int(masks[i].sum()),
                difference=difference,
                dice=min(_dice(masks[i], other) for other in others),
            )
        )
    return Conflict(tuple(answers))


def take_over(session: CaseSession, conflict: Conflict, answer: Answer) -> None:
    """Put an answer into the labels, one step of undo; the next save ends the conflict.

    Parameters
    ----------
    session : CaseSession
        The case.
    conflict : Conflict
        Whose answers stay, and are named by the revision that comes next.
    answer : Answer
        The one to go on with.
    """
    session.painted()
    rows, columns = np.nonzero(session.labels != answer.labels)
    if rows.size:
        region = (
            slice(int(rows.min()), int(rows.max()) + 1),
            slice(int(columns.min()), int(columns.max()) + 1),
        )
        session.edit(
            f"take the answer of {answer.grader}",
            answer.labels[region],
            region=region,
            origin=Origin.EARLIER,
            lesions=answer.lesions,
        )
    saves = session.saves
    saves.merges = tuple(one for one in conflict.revisions if one != answer.revision)
    saves.revision = answer.revision


class Conflicts:
    """Looks for the conflict of a case in a thread of its own.

    Parameters
    ----------
    deliver : callable
        Gets the session and its `Conflict` or None; called by `post`.
    post : callable
        Runs a function on the thread that owns the window.
    """

    def __init__(
        self,
        deliver: Callable[[CaseSession, Conflict | None], None],
        post: Callable[[Callable[[], None]], None],
    ) -> None:
        self._deliver = deliver
        self._post = post
        self._worker = LatestWins[
            tuple["CaseSession", "LabelPlace"], "Conflict | None"
        ](
            lambda wish, _cancelled: _look(*wish),
            lambda outcome: post(lambda: self._on_end(outcome)),
            "look for conflicts",
        )

    def look(self, session: CaseSession, place: LabelPlace) -> None:
        """Look whether a case has parallel answers where its labels lie."""
        self._worker.submit((session, place))

    def stop(self) -> None:
        """Want nothing any more of what was asked for."""
        self._worker.cancel()

    def close(self) -> None:
        """Stop for good."""
        self._worker.close()

    def _on_end(
        self, outcome: Outcome[tuple[CaseSession, LabelPlace], Conflict | None]
    ) -> None:
        # One that cannot be read is no conflict here: opening the case says so.
        if self._worker.is_current(outcome.generation):
            self._deliver(outcome.request[0], outcome.response)


def _look(session: CaseSession, place: LabelPlace) -> Conflict | None:
    if not (place.folder / STUDY_FILE).exists():
        return None
    return read_conflict(place, session.frame)


def _dice(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    both, total = int(np.sum(one & other)), int(one.sum() + other.sum())
    return 2 * both / total if total else 1.0
