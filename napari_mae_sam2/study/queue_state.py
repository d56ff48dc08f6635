"""Where a case stands, from what happened to it; pure, without disk or clock.

Events come in the order of the log. Each has a moment `at` on the reader's clock: its
own time, but not before the reader last looked nor after the reader saw it, so that
no grader's wrong clock holds a case for ever or for no time at all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, get_args

from napari_mae_sam2.study.files import StudyError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

QueueStatus = Literal[
    "new", "proposed", "in_work", "done", "needs_review", "cannot_grade"
]
STATUSES: tuple[QueueStatus, ...] = get_args(QueueStatus)

ANSWERS: tuple[QueueStatus, ...] = ("done", "needs_review", "cannot_grade")
"""What a grader says when finished with a case."""

CLAIM_MINUTES = 30.0
"""How long a case is kept for whoever claimed it, unless they claim it again."""

MOST_MINUTES = 24 * 60.0


@dataclass(frozen=True, slots=True)
class Happened:
    """An event of one case, or of one blinded reading of it.

    Attributes
    ----------
    event, grader : str
        What was done, and by whom.
    details : mapping
        As in the log.
    at : float
        When, in seconds since 1970; see the module.
    """

    event: str
    grader: str
    details: Mapping[str, Any]
    at: float


@dataclass(frozen=True, slots=True)
class CaseState:
    """Where a case stands.

    Attributes
    ----------
    status : str
        What was said last; "needs_review" where parallel revisions are not resolved.
    grader : str
        Who answered last.
    assigned : str
        Whom it is assigned to; empty for anybody.
    claimed_by : str
        Who has it in work; holds until `claimed_until`, in seconds since 1970.
    heads : tuple of str
        Revisions that none corrects, without what a model proposed beside an answer;
        more than one are a conflict.
    seconds : float
        Time on task over all its revisions.
    answered : float
        When it was answered last; 0 for never.
    """

    status: QueueStatus = "new"
    grader: str = ""
    assigned: str = ""
    claimed_by: str = ""
    claimed_until: float = 0.0
    heads: tuple[str, ...] = ()
    seconds: float = 0.0
    answered: float = 0.0

    def holder(self, now: float) -> str:
        """Say who has the case in work now; empty for nobody."""
        return self.claimed_by if now < self.claimed_until else ""


def fold(events: Iterable[Happened]) -> CaseState:
    """Come from the events of a case to where it stands.

    An event that is not known, or says what cannot be, changes nothing: a later
    version may have written it.

    Parameters
    ----------
    events : iterable of Happened
        In the order of the log.

    Returns
    -------
    CaseState
        The same for whoever has seen the same events.
    """
    state = CaseState()
    revisions = _Revisions()
    for one in events:
        if one.event == "saved":
            state = _saved(state, one, revisions)
        elif one.event == "status":
            status = one.details.get("status")
            # A model has no say where a grader has spoken already.
            is_by_model = status == "proposed" and "fingerprint" in one.details
            if not (is_by_model and state.status in ANSWERS):
                state = _answered(state, one, status)
        elif one.event == "claim":
            state = _claimed(state, one)
        elif one.event == "release" and one.grader == state.claimed_by:
            state = replace(state, claimed_by="", claimed_until=0.0)
        elif one.event in ("assign", "reading"):
            state = replace(state, assigned=_text(one.details.get("to")))
    if len(state.heads) > 1:
        return replace(state, status="needs_review")
    return state


def check_status(name: str) -> QueueStatus:
    """Give the status of that name; `StudyError` where there is none."""
    for status in STATUSES:
        if status == name:
            return status
    raise StudyError(f"There is no status {name}: say one of {', '.join(STATUSES)}.")


class _Revisions:
    """What was saved so far, in the order of the log."""

    def __init__(self) -> None:
        self._saved: dict[str, object] = {}  # id to status
        self._replaced: set[str] = set()

    def add(self, details: Mapping[str, Any]) -> str:
        merges = details.get("merges")
        before = [details.get("parent"), *(merges if isinstance(merges, list) else [])]
        self._replaced.update(name for name in before if isinstance(name, str))
        revision = _text(details.get("revision"))
        if revision:
            self._saved.setdefault(revision, details.get("status"))
        return revision

    @property
    def standing(self) -> tuple[str, ...]:
        """As `conflicts.standing`, which reads the revisions themselves."""
        heads = [name for name in self._saved if name not in self._replaced]
        work = [name for name in heads if self._saved[name] != "proposed"]
        answers = [name for name in work if self._saved[name] != "in_work"]
        return tuple(answers or work or heads)


def _saved(state: CaseState, one: Happened, revisions: _Revisions) -> CaseState:
    revision = revisions.add(one.details)
    standing = revisions.standing
    seconds = one.details.get("seconds")
    spent = float(seconds) if isinstance(seconds, int | float) else 0.0
    status = one.details.get("status")
    # Work or a proposal beside an answer says nothing of the case.
    if not revision or revision in standing:
        state = _answered(state, one, status)
    return replace(state, heads=standing, seconds=state.seconds + spent)


def _answered(state: CaseState, one: Happened, status: object) -> CaseState:
    if status not in STATUSES:
        return state
    state = replace(state, status=status)
    if status not in ANSWERS:
        return state
    state = replace(state, grader=one.grader, answered=one.at)
    if one.grader == state.claimed_by:
        return replace(state, claimed_by="", claimed_until=0.0)
    return state


def _claimed(state: CaseState, one: Happened) -> CaseState:
    holder = state.holder(one.at)
    if holder not in ("", one.grader):
        return state  # came second
    said = one.details.get("minutes")
    minutes = float(said) if isinstance(said, int | float) else CLAIM_MINUTES
    until = one.at + 60 * min(max(minutes, 0.0), MOST_MINUTES)
    return replace(state, claimed_by=one.grader, claimed_until=until)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
