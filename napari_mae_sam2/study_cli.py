"""`napari-mae-sam2 study`: make, fill and correct a study folder.

Like `cli`, each command checks, calls and prints, and imports what is heavy inside.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from napari_mae_sam2.common.command_options import (
    AsJson,
    Grader,
    JsonProgress,
    StudyFolder,
    own_code,
)
from napari_mae_sam2.common.command_output import CommandOutput
from napari_mae_sam2.fa.errors import PlainError

if TYPE_CHECKING:
    from napari_mae_sam2.study.tables import AboutTable

study_app = typer.Typer(
    help="Make, fill, list, check and correct a study folder.", no_args_is_help=True
)

Table = Annotated[
    Path | None,
    typer.Option(
        help="CSV with a column file or case and any of patient, eye, visit, phase; "
        "parted by commas, semicolons or tabs."
    ),
]
Patient = Annotated[str | None, typer.Option(help="Pseudonym, never a name.")]
Eye = Annotated[str | None, typer.Option(help="right or left; OD and OS will do.")]
Visit = Annotated[str | None, typer.Option(help="Such as baseline or month-06.")]
Phase = Annotated[str | None, typer.Option(help="Such as early or late.")]


@study_app.command()
def init(
    study: StudyFolder,
    shared: Annotated[
        bool,
        typer.Option(
            "--shared", help="Let all accounts of the folder's group write there."
        ),
    ] = False,
    group: Annotated[
        str | None,
        typer.Option(help="Group to share with; the folder's own by default."),
    ] = None,
    grader: Grader = "",
    as_json: AsJson = False,
) -> None:
    """Make a study folder, or bring an earlier one to the present format.

    --shared also works on an existing study. See docs/shared-folders.md.
    """
    from napari_mae_sam2.common.shared_folders import group_id, share_tree
    from napari_mae_sam2.study.folder import Study
    from napari_mae_sam2.study.kinds import STUDY_FILE
    from napari_mae_sam2.study.migration import migrate

    if group is not None:
        group_id(group)  # a group that does not exist is said before anything is made
    if not (study / STUDY_FILE).exists():
        Study.create(study)
        done, sentence = "created", f"Created study {study}."
    elif migrate(Study.open(study), own_code(grader)):
        done = "upgraded"
        sentence = f"Upgraded {study} to the current format; nothing in it was lost."
    else:
        done, sentence = "known", f"{study} is already a study in the current format."
    name, others = "", 0
    if shared or group is not None:
        name, others = share_tree(study, group)
        sentence += f" All members of the group {name} may read and change it."
    output = CommandOutput(as_json=as_json)
    output.result(sentence, done=done, path=str(study), group=name)
    if others:
        output.exit_with(
            [
                f"{count(others, 'file')} in {study} belong to other accounts and "
                "cannot be shared by yours: have their owners or an administrator run "
                "the same command."
            ],
            "",
        )


@study_app.command()
def add(
    study: StudyFolder,
    paths: Annotated[
        list[Path], typer.Argument(help="Frames and folders of frames.", min=1)
    ],
    patient: Patient = None,
    eye: Eye = None,
    visit: Visit = None,
    phase: Phase = None,
    table: Table = None,
    reference: Annotated[
        bool,
        typer.Option("--reference", help="Copy no pixels: remember file and hash."),
    ] = False,
    grader: Grader = "",
    json_progress: JsonProgress = False,
) -> None:
    """Add frames as cases, as copies of their pixels without anything else.

    The exit code is 1 where a frame could not be added or a row of the table was not
    used; the other frames are added all the same.
    """
    from napari_mae_sam2.study.adding import add_files, frame_files
    from napari_mae_sam2.study.folder import Study
    from napari_mae_sam2.study.migration import migrate
    from napari_mae_sam2.study.tables import AboutTable

    opened = Study.open(study)
    about = about_of(patient, eye, visit, phase)
    said = None if table is None else AboutTable.read(table)
    files = frame_files(paths)
    rows = None if said is None else said.for_files(files)
    if reference:
        migrate(opened, own_code(grader))
    output = CommandOutput(json_progress=json_progress)
    with output.progress("add", "Adding frames") as progress:
        done = add_files(
            opened,
            progress.over(files),
            about,
            rows,
            reference=reference,
            grader=own_code(grader),
        )
    trouble = [*(rows.trouble if rows else ()), *done.trouble]
    output.result(
        f"{count(done.added, 'case')} added to {study}, {done.known} known before",
        added=done.added,
        known=done.known,
        left_out=trouble,
    )
    _note(said)
    output.exit_with(trouble, "")


@study_app.command()
def relabel(
    study: StudyFolder,
    cases: Annotated[list[str] | None, typer.Argument(help="Ids of cases.")] = None,
    patient: Patient = None,
    eye: Eye = None,
    visit: Visit = None,
    phase: Phase = None,
    table: Table = None,
    grader: Grader = "",
    as_json: AsJson = False,
) -> None:
    """Correct patient, eye, visit or phase of cases; "" clears a value.

    Takes the same table as add; an empty cell changes nothing. The exit code is 1 where
    a case could not be corrected or a row of the table was not used.
    """
    from napari_mae_sam2.study.folder import Study
    from napari_mae_sam2.study.migration import migrate
    from napari_mae_sam2.study.relabel import parse_about
    from napari_mae_sam2.study.relabel import relabel as correct
    from napari_mae_sam2.study.tables import AboutTable, Rows

    opened = Study.open(study)
    about = parse_about(
        {
            name: value
            for name, value in about_of(patient, eye, visit, phase).items()
            if value is not None
        }
    )
    said = None if table is None else AboutTable.read(table)
    rows = Rows() if said is None else said.for_cases(opened)
    wanted = rows.by_case
    wanted |= {case: wanted.get(case, {}) | about for case in cases or ()}
    if said is None and not any(wanted.values()):
        raise PlainError(
            "Say which cases and what about them: ids and --patient, --eye, --visit "
            "or --phase, or a --table."
        )
    migrate(opened, own_code(grader))
    changed, trouble = 0, rows.trouble
    for case, row in wanted.items():
        try:
            before = opened.case(case)
            changed += correct(opened, case, row, grader=own_code(grader)) != before
        except PlainError as error:
            trouble.append(str(error))
    CommandOutput(as_json=as_json).result(
        f"{count(changed, 'case')} corrected", corrected=changed, left_out=trouble
    )
    _note(said)
    CommandOutput.exit_with(trouble, "")


def count(number: int, what: str) -> str:
    """Write a number of things."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def about_of(
    patient: str | None, eye: str | None, visit: str | None, phase: str | None
) -> dict[str, Any]:
    """Give what options say about a case, by field."""
    return {"patient": patient, "eye": eye, "visit": visit, "phase": phase}


def _note(table: AboutTable | None) -> None:
    for sentence in () if table is None else table.notes():
        print(f"napari-mae-sam2: {sentence}", file=sys.stderr)
