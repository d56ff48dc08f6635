"""A set of test cases that is reserved once and never changes."""

from __future__ import annotations

import os
import uuid
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from mae_sam2_training.rounds.errors import RoundError
from mae_sam2_training.rounds.folder import Rounds
from mae_sam2_training.rounds.sides import assign_sides
from napari_mae_sam2.study.covered import Covered
from napari_mae_sam2.study.files import (
    TEMPORARY,
    StudyError,
    read_json,
    to_json,
    write_error,
    write_file,
)
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.records import RECORD_SCHEMA, SOFTWARE, check_schema, now
from napari_mae_sam2.study.seals import sealed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mae_sam2_training.rounds.records import Side
    from napari_mae_sam2.study.records import CaseRecord

FILE = "frozen_test.json"


@dataclass(frozen=True)
class FrozenTest:
    """The reserved set.

    Attributes
    ----------
    cases : dict of str to str
        Hash of the frame of each case.
    groups : frozenset of str
        Their patients when they were reserved, none of whom is ever trained on.
    """

    cases: dict[str, str]
    groups: frozenset[str]

    def groups_now(self, study: Study) -> frozenset[str]:
        """Give its patients also as the study names them now.

        The patient of a reserved case may be corrected afterwards, and the case tests
        all the same.

        Raises
        ------
        StudyError
            If a reserved case is missing or its record damaged.
        """
        return self.groups | {group_of(study.case(case)) for case in self.cases}

    def keeps(self, case: CaseRecord, groups: frozenset[str]) -> bool:
        """Tell whether a case must not be trained on.

        Parameters
        ----------
        case : CaseRecord
            Any case of the study.
        groups : frozenset of str
            From `groups_now`. A reserved frame is kept under another patient, too:
            earlier versions made several cases of one frame.
        """
        return group_of(case) in groups or case.frame_sha256 in self._frames

    @cached_property
    def _frames(self) -> frozenset[str]:
        return frozenset(self.cases.values())


def group_of(case: CaseRecord) -> str:
    """Say what must not be divided: the patient, or a frame whose patient is unknown.

    By its pixels: a file that was copied under another name is another case.
    """
    if case.patient:
        return f"patient {case.patient}"
    return f"frame {case.frame_sha256[:12]}"


def read_frozen_test(study: Path) -> FrozenTest | None:
    """Read the reserved set of a study; None where none was reserved.

    Raises
    ------
    StudyError
        If the file is damaged, of a newer schema, or not the one that was reserved.
    """
    path = study / "rounds" / FILE
    covered = Covered(study)
    if not path.exists():
        covered.check(path)  # it may have been taken away
        return None
    content = read_json(path)
    check_schema(content, path)
    covered.check(path)
    try:
        cases = {str(one["case"]): str(one["frame_sha256"]) for one in content["cases"]}
        return FrozenTest(cases, frozenset(map(str, content["groups"])))
    except (KeyError, TypeError) as error:
        raise StudyError(
            f"{path} is no valid test set: restore it from a backup."
        ) from error


def reserve(
    folder: Path, *, share: float = 0.2, seed: int = 0, cases: Sequence[str] = ()
) -> FrozenTest:
    """Reserve a test set, once for all rounds of a study.

    Parameters
    ----------
    folder : Path
        The study; its cases need not be labelled yet.
    share : float
        Share of the patients, of those who were never trained on.
    seed : int
        Decides which.
    cases : sequence of str
        Ids of the cases to reserve instead; their patients are never trained on.

    Raises
    ------
    RoundError
        If a set is reserved already, or a patient was trained on before.
    StudyError
        If the study cannot be read or written.
    """
    study = Study.open(folder)
    path = folder / "rounds" / FILE
    if path.exists():
        raise RoundError(_twice(folder))
    before, seen_frames = sides_before(Rounds(folder)), trained_frames(Rounds(folder))
    records = [study.case(case) for case in study.case_ids()]
    if cases:
        unknown = set(cases) - {record.id for record in records}
        if unknown:
            raise RoundError(f"The study has no case {sorted(unknown)[0]}.")
        chosen = [record for record in records if record.id in set(cases)]
    else:
        trained = {g for g, side in before.items() if side != "test"}
        trained |= {group_of(r) for r in records if r.frame_sha256 in seen_frames}
        free = {group_of(record) for record in records} - trained
        sides = assign_sides(free, {}, None, test=share, val=0.0, seed=seed)
        chosen = [r for r in records if sides.get(group_of(r)) == "test"]
    if not chosen:
        raise RoundError(
            "Nothing can be reserved: at least two patients are needed who were not "
            "trained on yet."
        )
    groups = frozenset(map(group_of, chosen))
    seen = sorted(group for group in groups if before.get(group, "test") != "test")
    seen += [one.id for one in chosen if one.frame_sha256 in seen_frames]
    if seen:
        raise RoundError(
            f"Images of {seen[0]} were trained on in an earlier round and cannot "
            "test: leave them out."
        )
    found = FrozenTest({r.id: r.frame_sha256 for r in chosen}, groups)
    content = {
        "schema": RECORD_SCHEMA,
        "created": now(),
        "software": SOFTWARE,
        "seed": seed,
        "groups": sorted(groups),
        "cases": [{"case": c, "frame_sha256": h} for c, h in found.cases.items()],
    }
    _write_once(path, to_json(sealed(content)), folder)
    Rounds(folder).note("reserved", path, cases=len(found.cases))
    return found


def sides_before(rounds: Rounds) -> dict[str, Side]:
    """Give the side of every patient in earlier rounds; trained on counts for ever.

    Where the patient of a case was corrected since, its side counts for both names:
    else a frame that was trained on could test under the new one.
    """
    study = Study(rounds.study)
    sides: dict[str, Side] = {}
    for number in rounds.numbers():
        for member in rounds.read(number).members:
            groups = {member.group}
            if study.case_folder(member.case).exists():
                with suppress(StudyError):  # damaged, and so in no round from now on
                    groups.add(group_of(study.case(member.case)))
            for group in groups:
                if sides.get(group, "test") == "test":
                    sides[group] = member.side
    return sides


def trained_frames(rounds: Rounds) -> frozenset[str]:
    """Give the hashes of all frames that earlier rounds did not only test on."""
    return frozenset(
        member.frame_sha256
        for number in rounds.numbers()
        for member in rounds.read(number).members
        if member.side != "test"
    )


def _write_once(path: Path, content: bytes, folder: Path) -> None:
    """Write a file that must not be there: of two who do so at once, one wins."""
    # random: two computers may well run processes of one number
    temporary = path.parent / f"{TEMPORARY}{uuid.uuid4().hex[:8]}-{path.name}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(temporary, content)
    except (OSError, StudyError) as error:
        cause = error if isinstance(error, OSError) else error.__cause__
        assert isinstance(cause, OSError)
        raise write_error(path, cause) from error
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise RoundError(_twice(folder)) from None
    except OSError:  # a drive without links: the rest of the way is not watched
        try:
            os.replace(temporary, path)
        except OSError as error:
            raise write_error(path, error) from error
    finally:
        temporary.unlink(missing_ok=True)


def _twice(folder: Path) -> str:
    return (
        f"The study {folder.name} has a reserved test set already, which never "
        "changes: go on with it."
    )
