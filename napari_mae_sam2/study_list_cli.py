"""`napari-mae-sam2 study list`: the cases of a study, filtered and sorted.

Hooked into `napari-mae-sam2 study`; imports what is heavy inside, like `cli`.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from napari_mae_sam2.common.command_options import AsJson, StudyFolder
from napari_mae_sam2.common.command_output import CommandOutput
from napari_mae_sam2.study_cli import (
    Eye,
    Patient,
    Phase,
    Visit,
    about_of,
    count,
    study_app,
)

__all__ = ["study_app"]

if TYPE_CHECKING:
    from napari_mae_sam2.predict.told_cases import ToldCases
    from napari_mae_sam2.study.index_query import Item


@study_app.command("list")
def list_cases(
    study: StudyFolder,
    status: Annotated[
        list[str] | None,
        typer.Option(
            help="new, proposed, in_work, done, needs_review or cannot_grade; "
            "may be given several times."
        ),
    ] = None,
    patient: Patient = None,
    eye: Eye = None,
    visit: Visit = None,
    phase: Phase = None,
    grader: Annotated[str | None, typer.Option(help="Who answered last.")] = None,
    assigned: Annotated[str | None, typer.Option(help="Assigned grader.")] = None,
    text: Annotated[str, typer.Option(help="Part of the name or patient.")] = "",
    told: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=CLASS",
            help="What predict --classify told, such as phase=late; what a grader "
            "said goes first. May be given several times.",
        ),
    ] = None,
    conflicts: Annotated[
        bool, typer.Option("--conflicts", help="With parallel revisions only.")
    ] = False,
    sort: Annotated[
        str,
        typer.Option(help="name, patient, status, grader, answered, added or seconds."),
    ] = "name",
    descending: Annotated[bool, typer.Option("--descending")] = False,
    limit: Annotated[int, typer.Option(min=1, help="List no more than these.")] = 200,
    anew: Annotated[
        bool, typer.Option("--anew", help="Make the index of this study anew.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List cases with their status, and how many there are of each.

    The exit code is 1 where a record could not be read.
    """
    import json
    import time
    from dataclasses import asdict, replace

    from napari_mae_sam2.model.folders import index_folder
    from napari_mae_sam2.predict.told_cases import ToldCases, Wanted
    from napari_mae_sam2.study.folder import Study
    from napari_mae_sam2.study.index import Index
    from napari_mae_sam2.study.index_query import EVERYTHING, Filter, check_order
    from napari_mae_sam2.study.queue_state import check_status
    from napari_mae_sam2.study.relabel import parse_about
    from napari_mae_sam2.study.status_words import counted

    conditions = [Wanted.parse(one) for one in told or ()]
    wanted = Filter(
        statuses=tuple(check_status(one) for one in status or ()),
        **parse_about(about_of(patient, eye, visit, phase)),
        grader=grader,
        assigned=assigned,
        text=text,
        conflict=conflicts,
        first_readings=True,
        cases=None,
    )
    order = check_order(sort)
    index = Index.open(Study.open(study), index_folder(), anew=anew)
    index.refresh()
    now = time.time()
    known = ToldCases(study) if conditions or as_json else None
    if known is not None and conditions:
        every = index.items(EVERYTHING, now=now, limit=sys.maxsize)
        wanted = replace(wanted, cases=known.matching(every, conditions))
    items = index.items(
        wanted, now=now, order=order, descending=descending, limit=limit
    )
    counts = {name: n for name, n in index.counts(wanted, now=now).items() if n}
    index.close()
    if known is not None and as_json:
        cases = [asdict(item) | {"told": known.as_json(item.case)} for item in items]
        print(json.dumps({"counts": counts, "cases": cases}, indent=1))
    else:
        _print_items(items, known, [one.name for one in conditions])
        total = sum(counts.values())
        print(
            f"{count(total, 'case')}: {counted(counts)}" if total else "No such case."
        )
        if total > len(items):
            print(f"These are the first {len(items)}: see --limit.")
    CommandOutput.exit_with(index.troubles, "")


def _print_items(items: list[Item], told: ToldCases | None, names: list[str]) -> None:
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table as Grid

    from napari_mae_sam2.study.status_words import mark_of, words_of

    if not items:
        return
    grid = Grid(box=box.SIMPLE)
    for title in ("case", "patient", "eye", "visit", "phase", "status", "grader"):
        grid.add_column(title, overflow="fold")
    for name in dict.fromkeys(names):
        grid.add_column(f"{name} (model)", overflow="fold")
    for item in items:
        status = (
            f"{mark_of(item.status, item.heads)} {words_of(item.status, item.heads)}"
        )
        who = item.claimed_by or item.grader or item.assigned
        row = [item.case, item.patient, item.eye, item.visit, item.phase, status, who]
        if told is not None:
            row += [told.words(item.case, name) for name in dict.fromkeys(names)]
        grid.add_row(*(escape(value) for value in row))
    # A pipe has no width: an id that was broken there would be of no use to programs.
    width = None if sys.stdout.isatty() else 10_000
    Console(highlight=False, width=width).print(grid)
