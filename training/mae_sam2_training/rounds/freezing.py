"""From a study as it is now to a record that says exactly what a round is."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mae_sam2_training.rounds.errors import RoundError
from mae_sam2_training.rounds.frozen_test import (
    group_of,
    read_frozen_test,
    sides_before,
    trained_frames,
)
from mae_sam2_training.rounds.places import machine_code
from mae_sam2_training.rounds.records import (
    Member,
    ModelUsed,
    RoundRecord,
    Side,
    code_version,
)
from mae_sam2_training.rounds.sides import assign_sides
from napari_mae_sam2.study.files import StudyError
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.trained_labels import in_review_words, trained_statuses

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mae_sam2_training.rounds.config import RoundConfig
    from mae_sam2_training.rounds.folder import Rounds
    from mae_sam2_training.rounds.frozen_test import FrozenTest
    from napari_mae_sam2.study.conflicts import InConflict
    from napari_mae_sam2.study.folder import Labelled
    from napari_mae_sam2.study.records import Status


MOST_DAMAGED = 0.25
"""Share of the labelled cases; where more cannot be read it is the drive, not they."""
FEW_DAMAGED = 2
"""So many are left out of a small study, too."""


@dataclass(frozen=True, slots=True)
class Divided:
    """The labels of a round and their sides.

    Attributes
    ----------
    labelled : list of Labelled
        In the order of the study.
    sides : dict of str to {"train", "val", "test"}
        By patient.
    reserved : FrozenTest or None
        The test set that was reserved, if any.
    in_conflict : list of str
        Cases that were left out because nobody has chosen between their answers.
    damaged : list of str
        One sentence for each case that was left out because it cannot be read.
    in_review : list of str
        Cases that were left out because they wait for a review.
    """

    labelled: list[Labelled]
    sides: dict[str, Side]
    reserved: FrozenTest | None
    in_conflict: list[str]
    damaged: list[str]
    in_review: list[str]

    @property
    def leaking_tests(self) -> int:
        """Count the test cases whose label has a lesion."""
        return sum(
            self.side(one) == "test" and bool(one.revision.lesions)
            for one in self.labelled
        )

    def side(self, one: Labelled) -> Side:
        """Give the side of a label."""
        return self.sides[group_of(one.case)]


def freeze(
    rounds: Rounds, config: RoundConfig, base: ModelUsed, in_use: ModelUsed
) -> RoundRecord:
    """Freeze a round of all labels that are finished now, readable and in no conflict.

    What is damaged is left out and named, except in a test set that was reserved: that
    one never changes.

    Parameters
    ----------
    rounds : Rounds
        Of the study.
    config : RoundConfig
        Its recipe.
    base, in_use : ModelUsed
        The weights it may start from.

    Returns
    -------
    RoundRecord
        As it was written.

    Raises
    ------
    StudyError
        If a record, frame or label of a reserved test case, or of all there is to train
        on, is damaged or has changed since it was saved.
    RoundError
        If there is nothing to train on, or too much of it cannot be read.
    """
    study = Study.open(rounds.study)
    divided = divide(rounds, config)
    members, damaged = _readable(study, divided)
    code = code_version()
    return rounds.freeze(
        lambda number: RoundRecord(
            number=number,
            code_sha256=code,
            machine=machine_code(),
            start=config.start,
            base=base,
            in_use=in_use,
            seed=config.finetune.run.seed,
            config=config.model_dump(mode="json"),
            reserved=divided.reserved is not None,
            members=members,
            in_conflict=divided.in_conflict,
            damaged=damaged,
            in_review=divided.in_review,
            leaking_tests=divided.leaking_tests,
        )
    )


def _readable(study: Study, divided: Divided) -> tuple[list[Member], list[str]]:
    """Read every frame and label: members of the round, and what was left out."""
    members, damaged, first = [], list(divided.damaged), None
    for one in divided.labelled:
        side = divided.side(one)
        try:
            study.load_frame(one.case.id)  # both check their hashes
            study.load_labels(one.revision)
        except StudyError as error:
            if side == "test" and divided.reserved is not None:
                raise
            damaged.append(_sentence(error, study))
            first = first or error
        else:
            members.append(_member(study, one, side))
    if first is not None and not any(member.side == "train" for member in members):
        raise first
    total = len(members) + len(damaged)
    if len(damaged) > max(FEW_DAMAGED, MOST_DAMAGED * total):
        raise RoundError(
            f"{len(damaged)} of {total} labelled cases cannot be read, too many for a "
            f"round. The first: {damaged[0]}"
        )
    return members, damaged


def _sentence(error: StudyError, study: Study) -> str:
    """Say what is damaged, without where the study lies on this computer."""
    return str(error).replace(f"{study.folder}{os.sep}", "")


def divide(rounds: Rounds, config: RoundConfig) -> Divided:
    """Say who would train, steer and test in a round of now.

    Parameters
    ----------
    rounds : Rounds
        Of the study.
    config : RoundConfig
        Its recipe.

    Raises
    ------
    StudyError
        If the record of a reserved case is damaged, or those of all others.
    RoundError
        If there is nothing to train on.
    """
    reserved, kept = read_frozen_test(rounds.study), None
    study = Study.open(rounds.study)
    conflicts: list[InConflict] = []
    damaged: list[StudyError] = []
    in_review: list[str] = []

    def leave_out(case: str, error: StudyError) -> None:
        if reserved is not None and case in reserved.cases:
            raise error
        damaged.append(error)

    def look_aside(case: str, status: Status) -> None:
        if status == "needs_review":
            in_review.append(case)

    used = list(
        study.labelled(
            trained_statuses(study.folder),
            on_conflict=conflicts.append,
            on_unreadable=leave_out,
            on_other=look_aside,
        )
    )
    if reserved is not None:
        kept = reserved.groups_now(study)
        used = [one for one in used if _is_of_use(one, reserved, kept)]
    sides = assign_sides(
        {group_of(one.case) for one in used},
        sides_before(rounds),
        kept,
        test=config.test,
        val=config.finetune.data.validation,
        seed=config.finetune.run.seed,
    )
    if reserved is None:
        used = _apart(used, sides, trained_frames(rounds))
    if all(sides[group_of(one.case)] != "train" for one in used):
        if left_out := [*conflicts, *damaged]:
            raise left_out[0]
        if in_review:
            raise RoundError(
                f"Nothing of the study {study.folder.name} can train yet. "
                f"{in_review_words(in_review)} Answer them first."
            )
        raise RoundError(
            f"The study {rounds.study.name} has no labelled case to train on yet: "
            "commit and save a lesion, or an empty label, first."
        )
    return Divided(
        used,
        sides,
        reserved,
        [one.case for one in conflicts],
        [_sentence(one, study) for one in damaged],
        in_review,
    )


def _apart(
    used: list[Labelled], sides: Mapping[str, Side], trained: frozenset[str]
) -> list[Labelled]:
    """Leave out frames that would test and train at once, or tested and trained before.

    One frame may be two cases of two patients: earlier versions made them of one file
    under two names.
    """

    def tests(one: Labelled) -> bool:
        return sides[group_of(one.case)] == "test"

    used = [o for o in used if not (tests(o) and o.case.frame_sha256 in trained)]
    tested = {one.case.frame_sha256 for one in used if tests(one)}
    return [o for o in used if tests(o) or o.case.frame_sha256 not in tested]


def _is_of_use(one: Labelled, reserved: FrozenTest, kept: frozenset[str]) -> bool:
    """Leave out new cases of a patient who tests: the test set never changes."""
    if not reserved.keeps(one.case, kept):
        return True
    wanted = reserved.cases.get(one.case.id)
    if wanted is not None and wanted != one.case.frame_sha256:
        raise StudyError(
            f"The frame of the test case {one.case.id} is no longer the one that was "
            "reserved (its hash changed): restore it from a backup."
        )
    return wanted is not None


def _member(study: Study, one: Labelled, side: Side) -> Member:
    revision = one.revision
    history = []
    for name in study.revision_ids(one.case.id):
        if int(name.partition("-")[0]) <= revision.number:
            with suppress(StudyError):  # a damaged earlier one only costs its clicks
                history.append(study.revision(one.case.id, name))
    return Member(
        case=one.case.id,
        revision=revision.id,
        side=side,
        group=group_of(one.case),
        frame_sha256=revision.frame_sha256,
        label_sha256=revision.label_sha256,
        clicks=_total([r.statistics.get("clicks") for r in history]),
        seconds=_total([r.statistics.get("seconds") for r in history]),
    )


def _total(values: list[float | None]) -> float | None:
    """Add up what was counted; None where nothing was."""
    counted = [value for value in values if value is not None]
    return sum(counted) if counted else None
