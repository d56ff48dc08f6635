"""Labels that nobody has chosen between: left out of what uses labels, and named."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest

from napari_mae_sam2.study.conflicts import InConflict
from napari_mae_sam2.study.study_export import export_study

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np

    from napari_mae_sam2.fa.frame import Frame
    from napari_mae_sam2.study.folder import Study
    from napari_mae_sam2.study.records import RevisionRecord


@pytest.fixture
def parallel(
    study: Study, make_frame: Callable[..., Frame], labels: np.ndarray
) -> tuple[RevisionRecord, RevisionRecord]:
    """Two answers to one case, of which the later one has more revisions behind it."""
    plain, torn = make_frame("plain", 0), make_frame("torn", 1)
    study.save_revision(plain, labels, grader="anna", parent=None)
    first = study.save_revision(torn, labels, grader="anna", parent=None)
    other = study.save_revision(torn, labels * 2, grader="ben", parent=None)
    return first, study.save_revision(torn, labels, grader="ben", parent=other.id)


def test_a_case_in_conflict_is_left_out_and_named(
    study: Study, parallel: tuple[RevisionRecord, RevisionRecord], tmp_path: Path
) -> None:
    case = parallel[0].case
    with pytest.raises(InConflict, match="anna and ben answered it"):
        list(study.labelled())
    told: list[InConflict] = []
    found = list(study.labelled(on_conflict=told.append))
    assert [one.case.name for one in found] == ["plain"]
    assert [(one.case, one.graders) for one in told] == [(case, ("anna", "ben"))]
    done = export_study(study, tmp_path / "out")
    assert done.cases == 1
    assert done.trouble == [str(told[0])]
    with (tmp_path / "out" / "manifest.csv").open() as file:
        assert all(case not in row["image"] for row in csv.DictReader(file))


def test_neither_a_choice_nor_a_late_proposal_leaves_a_label_out(
    study: Study,
    parallel: tuple[RevisionRecord, RevisionRecord],
    make_frame: Callable[..., Frame],
    labels: np.ndarray,
) -> None:
    one, other = parallel
    torn = make_frame("torn", 1)
    chosen = study.save_revision(
        torn, labels, grader="carla", parent=one.id, merges=[other.id]
    )
    study.save_revision(
        torn, labels, grader="model", parent=one.id, status="proposed"
    )  # beside the answer, by a program that did not see it
    assert [found.revision.id for found in study.labelled()][1:] == [chosen.id]


def test_a_conflict_with_oneself_is_said_so(
    study: Study, make_frame: Callable[..., Frame], labels: np.ndarray
) -> None:
    for _computer in range(2):
        study.save_revision(make_frame(), labels, grader="anna", parent=None)
    with pytest.raises(InConflict, match=r"\(anna answered it twice side by side\)"):
        list(study.labelled())


def test_a_damaged_earlier_revision_costs_no_label(
    study: Study,
    make_frame: Callable[..., Frame],
    labels: np.ndarray,
) -> None:
    frame = make_frame()
    first = study.save_revision(frame, labels, grader="anna", parent=None)
    second = study.save_revision(frame, labels, grader="anna", parent=first.id)
    last = study.save_revision(frame, labels, grader="anna", parent=second.id)
    path = study.revision_folder(second.case, second.id) / "revision.json"
    path.write_bytes(path.read_bytes()[:20])
    assert [found.revision.id for found in study.labelled()] == [last.id]
