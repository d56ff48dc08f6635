"""Taking into the log what it says nothing of: records of an earlier version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_mae_sam2.study.anchor import SEALED
from napari_mae_sam2.study.covered import COMPLETE, hash_of, records_in
from napari_mae_sam2.study.files import StudyError, read_json, to_json, write_file
from napari_mae_sam2.study.kinds import STUDY_FILE
from napari_mae_sam2.study.migration import migrate
from napari_mae_sam2.study.relabel import FIELDS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from napari_mae_sam2.study.folder import Study

TOGETHER = 500
"""Records that one event takes in."""


def seal(study: Study, accept: Sequence[Path] = (), *, grader: str = "") -> int:
    """Write the hashes of all records that the log does not know into it.

    From then on the log has to know every record.

    Parameters
    ----------
    study : Study
        An opened study; one of schema 1 is brought to the present one.
    accept : sequence of Path
        Records that were edited or put there on purpose, and count as they are now.
    grader : str
        Who says so, for the log.

    Returns
    -------
    int
        How many records were taken in.

    Raises
    ------
    StudyError
        If a record was edited and is not accepted, or the study cannot be written.
    """
    study.covered.refresh()
    known, records = study.covered.said(), list(records_in(study.folder))
    wanted = {one.resolve() for one in accept}
    strange = wanted - {path.resolve() for path in records}
    if strange:
        raise StudyError(
            f"{min(strange)} is no record of the study {study.folder}: give a file "
            "that “study verify” names."
        )
    found: dict[str, str] = {}
    for path in records:
        is_accepted = path.resolve() in wanted
        if path in known and not is_accepted:
            study.covered.check(path)
            continue
        if not is_accepted:
            _check_unknown(study, path)
        digest = hash_of(path.read_bytes())
        if known.get(path) != digest:
            found[path.relative_to(study.folder).as_posix()] = digest
    migrate(study, grader)
    names = sorted(found)
    for first in range(0, len(names), TOGETHER):
        part = {name: found[name] for name in names[first : first + TOGETHER]}
        study.log.write(SEALED, grader=grader, files=part)
    for path in records:
        name = path.relative_to(study.folder).as_posix()
        if path.resolve() in wanted and name in found and path.name == "case.json":
            _relabelled(study, path.parent.name, {name: found[name]}, grader)
    path = study.folder / STUDY_FILE
    content = read_json(path)
    if content.get(COMPLETE) is not True:
        write_file(path, to_json(content | {COMPLETE: True}))
    return len(found)


def _relabelled(study: Study, case: str, files: dict[str, str], grader: str) -> None:
    """Log what an accepted edit says of a case, as if it had been said in words."""
    record = study.case(case)
    after = {name: getattr(record, name) for name in (*FIELDS, "name", "path_hashes")}
    details = {"before": {}, "after": after}
    study.log.write(
        "relabelled", grader=grader, case=case, details=details, files=files
    )


def _check_unknown(study: Study, path: Path) -> None:
    """Refuse a record that was sealed and edited since, or put there by hand."""
    wrong = study.covered.doubt(path)
    if wrong is not None:
        raise StudyError(wrong)
