"""Parallel revisions of a case: what two graders saved without seeing each other's."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_mae_sam2.study.folder import Study
    from napari_mae_sam2.study.records import RevisionRecord


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
