"""Parallel revisions of a case: what two graders saved without seeing each other's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_mae_sam2.study.files import StudyError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_mae_sam2.study.folder import Study
    from napari_mae_sam2.study.records import RevisionRecord


class InConflict(StudyError):
    """A case has parallel answers, and nobody has said which one is its label.

    Parameters
    ----------
    case : str
        Its id.
    graders : sequence of str
        Who answered.
    """

    def __init__(self, case: str, graders: Sequence[str]) -> None:
        self.case = case
        self.graders = tuple(dict.fromkeys(graders))
        how = "answered it" if len(self.graders) > 1 else "answered it twice"
        super().__init__(
            f"The case {case} is in conflict ({' and '.join(self.graders)} {how} side "
            "by side): open it and choose a label, or use “study resolve”."
        )


def label_of(study: Study, case: str) -> RevisionRecord | None:
    """Give the revision that is the label of a case.

    Only answers can be in conflict. What a model proposed beside one, by a program that
    had not seen it, or what somebody has in work beside one, takes no answer's place.

    Returns
    -------
    RevisionRecord or None
        None where the case has no revision yet.

    Raises
    ------
    InConflict
        If several answers stand side by side.
    StudyError
        If the newest record is damaged.
    """
    latest = study.latest_revision(case)
    if latest is None or len(study.revision_ids(case)) == 1:
        return latest
    try:
        answers = standing(study, case)
    except StudyError:
        return latest  # a damaged earlier one is for `verify` to name
    if len(answers) > 1 and answers[-1].status not in ("proposed", "in_work"):
        raise InConflict(case, [one.grader for one in answers])
    return answers[-1]


def standing(study: Study, case: str) -> list[RevisionRecord]:
    """Give the revisions one of which is the label of a case.

    As `heads`, but without work beside an answer, and without what a model proposed
    beside a grader's.
    """
    found = heads(study, case)
    work = [one for one in found if one.status != "proposed"]
    return [one for one in work if one.status != "in_work"] or work or found


def heads(study: Study, case: str) -> list[RevisionRecord]:
    """Give the revisions of a case that none corrects and none was chosen over.

    Parameters
    ----------
    study : Study
        The study, or a reading.
    case : str
        Id of the case.

    Returns
    -------
    list of RevisionRecord
        The one that counts as the label last; more than one are a conflict.

    Raises
    ------
    StudyError
        If a record is damaged.
    """
    records = [study.revision(case, name) for name in study.revision_ids(case)]
    replaced = {name for one in records for name in (one.parent, *one.merges)}
    found = [one for one in records if one.id not in replaced]
    return sorted(found, key=lambda one: (one.number, one.time, one.id))
