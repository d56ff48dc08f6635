"""Checking a study from the shell: `verify` and `seal`.

Hooked into `napari-mae-sam2 study`; imports what is heavy inside, like `cli`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_mae_sam2.common.command_options import (
    AsJson,
    Grader,
    JsonProgress,
    StudyFolder,
)
from napari_mae_sam2.common.command_output import CommandOutput
from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.study_cli import count
from napari_mae_sam2.study_list_cli import study_app

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
            help="Print one hash for the whole state of a study, to be kept "
            "elsewhere; with a hash, check that the study is still that state, or has "
            "only grown since.",
        ),
    ] = False,
    as_json: AsJson = False,
    json_progress: JsonProgress = False,
) -> None:
    """Check every hash, link and record, and name each file that was edited.

    The exit code is 1 where something is wrong.
    """
    from napari_mae_sam2.study.folder import Study
    from napari_mae_sam2.study.verify import verify as check

    folder, wanted = _split(study, anchor)
    opened = Study.open(folder)
    output = CommandOutput(as_json=as_json, json_progress=json_progress)
    wrong, notes = list[str](), list[str]()
    for_people = not (as_json or json_progress)
    with output.progress("verify", "Verifying") as progress:
        for sentence in check(opened, progress, notes):
            wrong.append(sentence)
            if for_people:
                print(sentence, flush=True)
    for note in notes if for_people else ():
        print(f"Note: {note}")
    cases = len(opened.case_ids())
    things = "thing is" if len(wrong) == 1 else "things are"
    said = f"{folder} is whole: {count(cases, 'case')}."
    about: dict[str, object] = {"cases": cases, "wrong": wrong, "notes": notes}
    has_matched = True
    if wrong:
        said = f"{len(wrong)} {things} wrong with {folder}."
    elif anchor:
        sentence, has_matched, now = _anchor(opened, wanted)
        said = f"{said}\n{sentence}"
        about |= {"anchor": now, "matches": has_matched}
    output.result(said, **about)
    if wrong or not has_matched:
        raise typer.Exit(1)


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
    as_json: AsJson = False,
) -> None:
    """Put the hash of every record into the log that an earlier version left out."""
    from napari_mae_sam2.study.folder import Study
    from napari_mae_sam2.study.sealing import seal as take_in

    done = take_in(Study.open(study), accept or (), grader=grader)
    sentence = f"The log of {study} took in {count(done, 'record')}."
    CommandOutput(as_json=as_json).result(sentence, sealed=done)


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


def _anchor(study: Study, wanted: str | None) -> tuple[str, bool, str]:
    """Say which anchor a study has, or whether it fits the one that was given."""
    from napari_mae_sam2.study.anchor import anchors

    states = anchors(study)
    now = next(states)
    if wanted is None:
        sentence = f"Anchor after {count(now.events, 'event')}: {now.sha256}"
        return sentence, True, now.sha256
    if now.sha256 == wanted:
        sentence = "The study is exactly as it was when the anchor was made."
        return sentence, True, now.sha256
    for one in states:
        if one.sha256 == wanted:
            sentence = (
                f"The anchor is the study's of {one.time}: nothing of that time was "
                f"changed, and {count(now.events - one.events, 'event')} came since."
            )
            return sentence, True, now.sha256
    sentence = (
        "The anchor is of no state of this study: records and log were written anew "
        "since, or study.json was edited, or the anchor is of another study."
    )
    return sentence, False, now.sha256
