"""Bringing labels from elsewhere into a study, as revisions whose grader is "import".

Nothing is saved over an answer: what a grader said stands, and a label that differs is
left out, or saved beside it for somebody to choose.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.fa.frame import pixel_sha256
from napari_mae_sam2.study.conflicts import heads, standing
from napari_mae_sam2.study.event_log import last_words
from napari_mae_sam2.study.files import StudyError
from napari_mae_sam2.study.offer_matching import OfferMatching
from napari_mae_sam2.study.offered_labels import SOURCE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari_mae_sam2.study.event_log import Event
    from napari_mae_sam2.study.folder import Study
    from napari_mae_sam2.study.offered_labels import Offer, Offers, ReadLabel
    from napari_mae_sam2.study.records import CaseRecord, RevisionRecord, Status

What = Literal["new", "again", "beside", "same", "answered", "unreadable"]

SAVED: Final[tuple[What, ...]] = ("new", "again", "beside")
"""What leads to a revision: for a case without an answer, for one whose answer was
imported, and beside a grader's answer."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What becomes of one offered label.

    Attributes
    ----------
    name : str
        What it was called.
    case : str
        Id of its case.
    what : str
        One of `What`.
    lesions, pixels : int
        How many it holds.
    grader : str
        Whose answer the case has.
    """

    name: str
    case: str
    what: What
    lesions: int = 0
    pixels: int = 0
    grader: str = ""


@dataclass(slots=True)
class Imported:
    """What an import came to.

    Attributes
    ----------
    taken : list of Taken
        All labels that found their case.
    trouble : list of str
        One sentence for whatever was left out.
    """

    taken: list[Taken] = field(default_factory=list)
    trouble: list[str] = field(default_factory=list)

    @property
    def saved(self) -> int:
        """How many revisions were saved, or would be."""
        return sum(one.what in SAVED for one in self.taken)


def import_labels(
    study: Study,
    sources: Sequence[Offers],
    *,
    dry_run: bool = False,
    keep_both: bool = False,
    ignore_folders: bool = False,
    status: Status = "done",
    progress: Callable[[int, int], None] | None = None,
) -> Imported:
    """Save offered labels as revisions of the cases that they are for.

    Parameters
    ----------
    study : Study
        The study.
    sources : sequence of Offers
        From `offered_labels` and `coco_reading`.
    dry_run : bool
        Read and match everything, and save nothing.
    keep_both : bool
        Save a label beside a grader's answer that differs, as a second answer: the
        case is in conflict then, until somebody chooses.
    ignore_folders : bool
        Match by the names of files alone.
    status : str
        Of the revisions; only done and needs_review count as answers.
    progress : callable, optional
        Told how many of how many labels are done.

    Returns
    -------
    Imported

    Raises
    ------
    StudyError
        If the study cannot be read, or a revision not be written: then those before it
        are there, and the same call goes on with the rest.
    """
    done = Imported()
    matched = OfferMatching(study, done.trouble, ignore_folders)
    for source in sources:
        done.trouble += source.trouble
        matched.add(source)
    words = last_words(study.log, lambda error: done.trouble.append(str(error)))
    todo = matched.offers()
    for number, (case, offers) in enumerate(todo.items(), start=1):
        one = _Case(study, matched.records[case], words.get(case))
        try:
            taken, save = one.take(offers, done.trouble, keep_both, status)
        except PlainError as error:
            done.trouble.append(f"{offers[0].name}: {error}")
            done.taken.append(Taken(offers[0].name, case, "unreadable"))
        else:
            if save is not None and not dry_run:
                save()
            done.taken.append(taken)
        if progress is not None:
            progress(number, len(todo))
    return done


class _Case:
    """One case that is offered a label."""

    def __init__(self, study: Study, record: CaseRecord, word: Event | None) -> None:
        self._study = study
        self._record = record
        self._word = word

    def take(
        self,
        offers: Sequence[Offer],
        trouble: list[str],
        keep_both: bool,
        status: Status,
    ) -> tuple[Taken, Callable[[], object] | None]:
        """Say what becomes of what is offered, and give what saves it."""
        read = self._read(offers)
        name, case = offers[0].name, self._record.id
        trouble += [f"{name}: {note}." for note in read.notes]
        sha256 = pixel_sha256(read.labels)
        answers = self._answers()
        graders = " and ".join(dict.fromkeys(one.grader for one in answers))
        what: What = "new"
        if any(one.label_sha256 == sha256 for one in answers):
            what = "same"
        elif self._is_refused():
            trouble.append(
                f"{name} was left out: a grader said that {case} cannot be graded."
            )
            what = "answered"
        elif answers and all(one.grader == SOURCE for one in answers):
            what = "again"
        elif answers and keep_both:
            what = "beside"
        elif answers:
            trouble.append(
                f"{name} was left out: {case} has an answer by {graders}, which stays. "
                "To have both compared, add --keep-both."
            )
            what = "answered"
        pixels = int(np.count_nonzero(read.labels))
        taken = Taken(name, case, what, len(read.lesions), pixels, graders)
        if what not in SAVED:
            return taken, None
        return taken, self._saving(read, what, answers, status)

    def _read(self, offers: Sequence[Offer]) -> ReadLabel:
        shape = self._record.shape
        first, *others = [one.read(shape) for one in offers]
        for offer, other in zip(offers[1:], others, strict=True):
            if (first.labels != other.labels).any():
                raise StudyError(
                    f"{offer.name} is for the same case, {self._record.id}, but "
                    "differs: keep the right one."
                )
        return first

    def _answers(self) -> list[RevisionRecord]:
        """Give what people said; what a model proposed is no answer."""
        if not self._study.revision_ids(self._record.id):
            return []
        found = standing(self._study, self._record.id)
        return [one for one in found if one.status != "proposed"]

    def _is_refused(self) -> bool:
        word = self._word
        return (
            word is not None
            and word.event == "status"
            and word.details.get("status") == "cannot_grade"
        )

    def _saving(
        self,
        read: ReadLabel,
        what: What,
        answers: Sequence[RevisionRecord],
        status: Status,
    ) -> Callable[[], object]:
        case = self._record.id
        there = heads(self._study, case) if self._study.revision_ids(case) else []
        proposed = [one.id for one in there if one.status == "proposed"]
        parents = [one.id for one in answers] if what == "again" else []
        if what == "new":
            parents, proposed = proposed, []
        return partial(
            self._study.save_revision,
            self._study.load_frame(case),
            read.labels,
            grader=SOURCE,
            parent=parents[-1] if parents else None,
            merges=[*parents[:-1], *proposed],
            lesions=read.lesions,
            status=status,
        )
