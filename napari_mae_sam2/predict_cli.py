"""Predict many frames, look at them on one page.

Hooked into `cli`; each command checks, calls and prints, and imports what is heavy
inside.
"""

from __future__ import annotations

import sys
from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import Annotated

import typer

from napari_mae_sam2.fa.errors import PlainError


def add_commands(app: typer.Typer) -> None:
    """Add the commands to the program."""
    for command in (predict, qa):
        app.command()(command)


def predict(
    inputs: Annotated[
        list[Path], typer.Argument(help="Frames, folders and studies.", min=1)
    ],
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder to write into.")
    ] = None,
    propose: Annotated[
        Path | None,
        typer.Option(help="A study: its queue gets the answers as proposals."),
    ] = None,
    unlabelled: Annotated[
        bool,
        typer.Option("--unlabelled", help="Leave out what has a label in the study."),
    ] = False,
    model: Annotated[
        Path | None, typer.Option(help="Weights; the model in use by default.")
    ] = None,
    prompts: Annotated[
        Path | None,
        typer.Option(help="JSON with the prompts of each frame; all leakage without."),
    ] = None,
    batch: Annotated[
        int,
        typer.Option(
            min=0, help="Frames that are encoded together; 0: as suits the device."
        ),
    ] = 0,
    processes: Annotated[
        int, typer.Option(min=1, help="Each has a model of its own.")
    ] = 1,
    json_progress: Annotated[
        bool, typer.Option(help="Print one JSON object per line, for programs.")
    ] = False,
) -> None:
    """Find the leakage of many frames; goes on where it stopped.

    Writes labels, probabilities, previews and one table; with --propose alone into
    the study itself. The exit code is 1 where a frame had to be left out, 130 where
    it was stopped.
    """
    from napari_mae_sam2.predict.command import predict_folder
    from napari_mae_sam2.predict.processes import Setup
    from napari_mae_sam2.predict.report import BarReport, JsonReport

    if out is None and propose is None:
        raise PlainError("Say where to write: --out FOLDER, or --propose STUDY.")
    setup = Setup(model, out, prompts, batch, processes, propose, unlabelled)
    report = JsonReport() if json_progress else BarReport()
    raise typer.Exit(predict_folder(setup, inputs, report))


def qa(
    predictions: Annotated[Path, typer.Argument(help="A folder that predict wrote.")],
    out: Annotated[Path, typer.Option("--out", help="The page, such as qa.html.")],
    against: Annotated[
        Path | None, typer.Option(help="Predictions of another model to compare with.")
    ] = None,
    labels: Annotated[
        Path | None, typer.Option(help="A study or a folder of masks to compare with.")
    ] = None,
) -> None:
    """Make one page to look at predictions, what deserves a look first.

    The exit code is 1 where a frame had to be left out.
    """
    from rich.progress import Progress

    from napari_mae_sam2.qa.page import Inputs, write_page

    with Progress(transient=True) as bar:
        task = bar.add_task("Drawing", total=None)
        done = write_page(
            out,
            Inputs(predictions, against, labels),
            lambda i, n: bar.update(task, completed=i, total=n),
        )
    print(f"{done.frames} frames in {out}: open it in a browser")
    leave_with(done.trouble)


def leave_with(trouble: list[str]) -> None:
    """Name what was left out; the exit code is then 1."""
    for sentence in trouble:
        print(f"napari-mae-sam2: left out: {sentence}", file=sys.stderr)
    if trouble:
        raise typer.Exit(1)
