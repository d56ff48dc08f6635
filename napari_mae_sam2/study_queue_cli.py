"""The queue of a study from the shell: assign, resolve, judge, read again, agree.

Hooked into `napari-mae-sam2 study`; imports what is heavy inside, like `cli`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_mae_sam2.common.command_options import (
    AsJson,
    Grader,
    StudyFolder,
    need_code,
    own_code,
)
from napari_mae_sam2.common.command_output import CommandOutput
from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.study_cli import count
from napari_mae_sam2.study_verify_cli import study_app

__all__ = ["study_app"]

if TYPE_CHECKING:
    from napari_mae_sam2.study.folder import Study
    from napari_mae_sam2.study.index import Index
    from napari_mae_sam2.study.index_query import Item


@study_app.command()
def assign(
    study: StudyFolder,
    cases: Annotated[list[str], typer.Argument(help="Ids of cases.", min=1)],
    to: Annotated[
        str, typer.Option(help="Grader to assign them to; empty for anybody.")
    ],
    grader: Grader = "",
    as_json: AsJson = False,
) -> None:
    """Assign cases to one grader: nobody else is offered them."""
    opened, index = _open(study)
    items = [_item(index, case) for case in cases]
    for item in items:
        opened.log.write(
            "assign",
            grader=own_code(grader),
            case=item.case,
            details={"to": to or None},
        )
    index.close()
    CommandOutput(as_json=as_json).result(
        f"{count(len(items), 'case')} assigned to {to or 'anybody'}",
        cases=[item.case for item in items],
        to=to or None,
    )


@study_app.command()
def verdicts(
    study: StudyFolder,
    file: Annotated[Path, typer.Argument(help="What the page of qa saved.")],
    predictions: Annotated[
        Path | None,
        typer.Option(help="The folder the page shows; those in the study without."),
    ] = None,
    grader: Annotated[
        str,
        typer.Option(
            "--grader", metavar="CODE", help="Who looked; as the page says by default."
        ),
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Take the verdicts of a page of predictions into the queue.

    Accepted answers become finished labels, those to fix proposals, rejected ones
    leave the case open; cases that are answered already stay as they are. The exit
    code is 1 where one was left out.
    """
    from napari_mae_sam2.predict.results import Results
    from napari_mae_sam2.qa.verdicts import read_verdicts, results_about, take_in
    from napari_mae_sam2.study.folder import Study

    opened, said = Study.open(study), read_verdicts(file)
    results = Results.open(predictions) if predictions else results_about(said, study)
    done = take_in(opened, results, said, grader)
    output = CommandOutput(as_json=as_json)
    output.result(
        f"{done.accepted} accepted, {done.to_fix} to fix, {done.rejected} rejected: "
        f"{study}",
        accepted=done.accepted,
        to_fix=done.to_fix,
        rejected=done.rejected,
        left_out=done.trouble,
    )
    output.exit_with(done.trouble)


@study_app.command()
def resolve(
    study: StudyFolder,
    case: Annotated[str, typer.Argument(help="A case with two answers.")],
    revision: Annotated[
        str | None, typer.Argument(help="The revision to keep; none to list them.")
    ] = None,
    grader: Grader = "",
    as_json: AsJson = False,
) -> None:
    """List the answers to a case, or choose the one that is its label.

    The others stay in the study.
    """
    from napari_mae_sam2.study.queue import Queue

    if revision is not None:
        grader = need_code(grader)
    opened, index = _open(study)
    item = _item(index, case)
    output = CommandOutput(as_json=as_json)
    if revision is None:
        records = [opened.revision(case, head) for head in item.heads]
        output.result(
            "\n".join(
                f"{one.id}  {one.grader}  {one.time}  "
                f"{count(len(one.lesions), 'lesion')}"
                for one in records
            ),
            answers=[
                {"revision": one.id, "grader": one.grader, "time": one.time}
                | {"lesions": len(one.lesions)}
                for one in records
            ],
        )
    else:
        saved = Queue(opened, index, grader).resolve(item, revision)
        output.result(
            f"{saved.id} is now the label of {case}, as in {revision}",
            case=case,
            revision=saved.id,
        )
    index.close()


@study_app.command()
def reread(
    study: StudyFolder,
    share: Annotated[float, typer.Option(help="Of the answered cases, 0 to 1.")] = 0.1,
    second: Annotated[
        list[str] | None,
        typer.Option(help="A grader for second readings; give at least two."),
    ] = None,
    repeat: Annotated[
        list[str] | None, typer.Option(help="A grader who reads own cases again.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the draw.")] = 0,
    grader: Grader = "",
    as_json: AsJson = False,
) -> None:
    """Draw cases to be read once more, blinded, by others or by the same grader."""
    import sys
    import time

    from napari_mae_sam2.study.rereading import draw_repeats, draw_seconds, plan

    if not second and not repeat:
        raise PlainError("Say who reads again: --second A --second B, or --repeat A.")
    opened, index = _open(study)
    items = index.items(now=time.time(), limit=sys.maxsize)
    index.close()
    planned = draw_seconds(items, second, share, seed) if second else []
    for one in repeat or ():
        planned += draw_repeats(items, one, share, seed)
    plan(opened, planned, grader=own_code(grader))
    CommandOutput(as_json=as_json).result(
        f"{count(len(planned), 'reading')} put into the queue", readings=len(planned)
    )


@study_app.command()
def agreement(
    study: StudyFolder,
    summary: Annotated[
        bool, typer.Option("--summary", help="One row for each two graders.")
    ] = False,
) -> None:
    """Print, as CSV, how well each blinded reading agrees with the first one.

    A reading that found no label to give, such as "cannot grade", is left out. The
    summary holds mean Dice, the mean difference of the areas with its 95 % limits
    of agreement (Bland and Altman), and their ICC(2,1).
    """
    import csv
    import math
    import sys

    from napari_mae_sam2.study.agreement import agreements, count_planned, summarise
    from napari_mae_sam2.study.folder import Study

    rows = csv.writer(sys.stdout, lineterminator="\n")
    opened = Study.open(study)
    found = list(agreements(opened))
    planned = count_planned(opened)
    print(f"{len(found)} of {planned} blinded readings have a label", file=sys.stderr)
    if summary:
        heading = "kind,first,again,cases,dice,difference_pixels,low,high,icc"
        rows.writerow(heading.split(","))
        for two in summarise(found):
            areas = [two.bias, two.low, two.high]
            written = ["" if math.isnan(one) else f"{one:.1f}" for one in areas]
            icc = "" if math.isnan(two.icc) else f"{two.icc:.4f}"
            rows.writerow(
                [two.kind, *two.graders, two.cases, f"{two.dice:.4f}", *written, icc]
            )
        return
    heading = "case,kind,first,again,first_pixels,again_pixels,difference_pixels,dice"
    rows.writerow(heading.split(","))
    for one in found:
        said = [one.case, one.kind, *one.graders, *one.areas, one.difference]
        rows.writerow([*said, f"{one.dice:.4f}"])


def _open(folder: StudyFolder) -> tuple[Study, Index]:
    from napari_mae_sam2.model.folders import index_folder
    from napari_mae_sam2.study.folder import Study
    from napari_mae_sam2.study.index import Index

    opened = Study.open(folder)
    index = Index.open(opened, index_folder())
    index.refresh()
    return opened, index


def _item(index: Index, case: str) -> Item:
    import time

    found = index.item(case, now=time.time())
    if found is None:
        raise PlainError(f"The study holds no case {case}: see the list.")
    return found
