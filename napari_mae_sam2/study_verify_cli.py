"""Checking a study from the shell: `verify` and `seal`.

Hooked into `napari-mae-sam2 study`; imports what is heavy inside, like `cli`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.study_cli import Grader, StudyFolder, count, study_app

__all__ = ["study_app"]

if TYPE_CHECKING:
    from napari_mae_sam2.study.folder import Study

_HASH = re.compile(r"[0-9A-Fa-f]{64}")


@study_app.command()
def verify(
    study: Annotated[
        list[str],
        typer.Argument(help="A study folder; after --anchor also the hash.", min=1),
    ],
    anchor: Annotated[
        bool,
        typer.Option(
            "--anchor",
            help="Print one hash for the whole state of a study that is whole, to be "
            "kept elsewhere; with a hash, check that the study still is that state, "
            "or has only grown since.",
        ),
    ] = False,
) -> None:
    """Check every hash, link and record, and name each file that was edited.

    The exit code is 1 where something is wrong.
    """
    from rich.console import Console
    from rich.progress import Progress

    from napari_mae_sam2.study.folder import Study
    from napari_mae_sam2.study.verify import verify as check

    folder, given = _split(study, anchor)
    opened = Study.open(folder)
    found, notes = 0, list[str]()
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Checking", total=None)
        for sentence in check(
            opened, lambda i, n: bar.update(task, completed=i, total=n), notes
        ):
            found += 1
            print(sentence, flush=True)
    for note in notes:
        print(f"Note: {note}")
    if found:
        things = "thing is" if found == 1 else "things are"
        print(f"{found} {things} wrong with {folder}.")
        raise typer.Exit(1)
    print(f"{folder} is whole: {count(len(opened.case_ids()), 'case')}.")
    if anchor:
        _anchor(opened, given)


@study_app.command()
def seal(
    study: StudyFolder,
    accept: Annotated[
        list[Path] | None,
        typer.Option(
            help="A file that was edited on purpose and counts as it is now; may be "
            "given several times."
        ),
    ] = None,
    grader: Grader = "",
) -> None:
    """Put the hash of every record into the log that an earlier version left out."""
    from napari_mae_sam2.study.folder import Study
    from napari_mae_sam2.study.sealing import seal as take_in

    done = take_in(Study.open(study), accept or (), grader=grader)
    print(f"{count(done, 'record')} of {study} taken into the log.")


def _split(given: list[str], anchor: bool) -> tuple[Path, str | None]:
    """Tell the study folder from a hash, in either order."""
    hashes = [one for one in given if _HASH.fullmatch(one) and not Path(one).exists()]
    folders = [one for one in given if one not in hashes]
    if hashes and not anchor:
        raise PlainError("Give a hash after --anchor.")
    if len(folders) != 1 or len(hashes) > 1:
        wrong = folders[1] if len(folders) > 1 else (hashes or [""])[-1]
        raise PlainError(
            f"“{wrong}” is neither the study folder nor a hash of 64 digits: write "
            "“study verify STUDY --anchor HASH”."
        )
    return Path(folders[0]), hashes[0].lower() if hashes else None


def _anchor(study: Study, wanted: str | None) -> None:
    """Print the anchor of a study that is whole, or find the one that was given."""
    from napari_mae_sam2.study.anchor import anchors

    states = anchors(study)
    if wanted is None:
        now = next(states)
        print(f"Anchor after {count(now.events, 'event')}: {now.sha256}")
        return
    newest = None
    for one in states:
        newest = newest or one
        if one.sha256 != wanted:
            continue
        if one is newest:
            print("The study is exactly as it was when the anchor was made.")
        else:
            since = count(newest.events - one.events, "event")
            print(
                f"The anchor is the study's of {one.time}: nothing of that time was "
                f"changed, and {since} came since."
            )
        return
    print(
        "The anchor is of no state of this study: its log or its records were written "
        "anew since, or study.json was edited, or the anchor is of another study."
    )
    raise typer.Exit(1)
