"""Predict many frames, look at them on one page.

Hooked into `cli`; each command checks, calls and prints, and imports what is heavy
inside.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from napari_mae_sam2.common.command_options import (
    JsonProgress,
    Weights,
)
from napari_mae_sam2.common.command_output import CommandOutput
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
    weights: Weights = None,
    prompts: Annotated[
        Path | None,
        typer.Option(help="JSON or table with prompts of frames; all leakage without."),
    ] = None,
    classify: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="HEAD",
            help="A head of mae-sam2-train classify: adds what it tells of each frame, "
            "such as its phase; may be given several times.",
        ),
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
    json_progress: JsonProgress = False,
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
    setup = Setup(
        weights,
        out,
        prompts,
        batch,
        processes,
        propose,
        unlabelled,
        heads=tuple(classify or ()),
    )
    report = JsonReport() if json_progress else BarReport()
    raise typer.Exit(predict_folder(setup, inputs, report))


def qa(
    predictions: Annotated[
        Path,
        typer.Argument(
            help="A folder that predict wrote; of a study, those of its model in use."
        ),
    ],
    out: Annotated[Path, typer.Option("--out", help="The page, such as qa.html.")],
    against: Annotated[
        Path | None, typer.Option(help="Predictions of another model to compare with.")
    ] = None,
    labels: Annotated[
        Path | None, typer.Option(help="A study or a folder of masks to compare with.")
    ] = None,
    json_progress: JsonProgress = False,
) -> None:
    """Make one page to look at predictions, those that need a look first.

    The exit code is 1 where a frame had to be left out.
    """
    from napari_mae_sam2.predict.opening import predictions_in
    from napari_mae_sam2.qa.page import Inputs, write_page

    output = CommandOutput(json_progress=json_progress)
    with output.progress("draw", "Drawing the page") as progress:
        shown = predictions_in(predictions)
        done = write_page(out, Inputs(shown, against, labels), progress)
    output.result(
        f"{done.frames} frames in {out}: open it in a browser",
        frames=done.frames,
        path=str(out),
        left_out=done.trouble,
    )
    output.exit_with(done.trouble)
