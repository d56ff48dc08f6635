"""The console script napari-mae-sam2: each command checks, calls and prints.

What is heavy is imported inside the commands, so `--help` answers at once.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_mae_sam2.common.command_options import (
    AsJson,
    JsonProgress,
    OutFolder,
    StudyFolder,
    Weights,
    version_option,
)
from napari_mae_sam2.common.command_output import CommandOutput, report_error
from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.predict_cli import add_commands
from napari_mae_sam2.study_import_cli import study_app

if TYPE_CHECKING:
    from napari_mae_sam2.findings import Finding

BAD_INPUT = 2
"""Exit code for what the message explains; 1 says "done, but something is wrong"."""

app = typer.Typer(
    name="napari-mae-sam2",
    help="Click on a fluorescein angiogram, get the leakage, correct it. "
    "For research; no medical device.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.callback()(version_option("napari-mae-sam2"))
app.add_typer(study_app, name="study")


def main() -> None:
    """Run the console script; a `PlainError` is printed, and the exit code is 2."""
    # Names of frames are of every script, and a pipe may be of a smaller one.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        app()
    except PlainError as error:
        print(f"napari-mae-sam2: {error}", file=sys.stderr)
        if "--json-progress" in sys.argv:
            report_error(error)
        sys.exit(BAD_INPUT)


@app.command("open")
def open_window(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Frames, folders of frames, or a study; none for a drawn sample."
        ),
    ] = None,
) -> None:
    """Open napari with the leakage tools, on frames or on the cases of a study."""
    from napari_mae_sam2.doctor_window import find_display, find_opengl

    chosen = paths or []
    _check_that_one_opens(chosen)
    display = find_display()
    # Else Qt or napari would end the program with a core dump.
    if display.needed and not display.ok:
        raise PlainError(f"There is no display to open a window on. {display.advice}")
    if not display.ok and not (opengl := find_opengl()).ok:
        raise PlainError(f"The window needs OpenGL: {opengl.value}. {opengl.advice}")
    try:
        from napari_mae_sam2._qt.app import run
    except ImportError as error:
        raise PlainError(
            f"The window cannot be loaded ({error}): run napari-mae-sam2 doctor."
        ) from error
    run(chosen)


def _check_that_one_opens(paths: list[Path]) -> None:
    """Refuse here what would only open an empty window."""
    from napari_mae_sam2.fa.reading import list_frames, read_frame
    from napari_mae_sam2.study.folder import Study
    from napari_mae_sam2.study.spot import only_study_at

    errors: list[PlainError] = []
    for path in paths:
        if not path.exists():
            raise PlainError(
                f"{path} does not exist: give a frame, a folder of frames or a study."
            )
        try:
            study = only_study_at(path)
            if study is not None:
                Study.open(study.folder).case_ids()
            elif path.is_dir():
                list_frames(path)
            else:
                read_frame(path)
        except PlainError as error:
            errors.append(error)
        else:
            return  # the window names the others when it comes to them
    if errors:
        raise errors[0]


@app.command()
def doctor(
    as_json: AsJson = False,
    encoder: Annotated[
        str | None,
        typer.Option(
            help="Encode frames with this from now on: auto, torch, torch-bf16, "
            "openvino or openvino-bf16."
        ),
    ] = None,
) -> None:
    """Say what was found on this machine and what to do about what is wrong.

    The exit code is 1 where the window could not open.
    """
    from napari_mae_sam2.doctor import app_can_run, examine

    if encoder is not None:
        _set_encoder(encoder)
    findings = examine()
    can_run = app_can_run(findings)
    if as_json:
        _print_json(findings, can_run)
    else:
        _print_table(findings, can_run)
    raise typer.Exit(0 if can_run else 1)


def _set_encoder(name: str) -> None:
    from dataclasses import replace

    from napari_mae_sam2.model.engine_choice import NAMES
    from napari_mae_sam2.model.settings import read_settings, write_settings

    if name not in NAMES:
        raise PlainError(f"There is no encoder {name}: say one of {', '.join(NAMES)}.")
    write_settings(replace(read_settings(), encoder=name))


def _print_json(findings: list[Finding], can_run: bool) -> None:
    import json
    from dataclasses import asdict

    content = {"app_can_run": can_run, "findings": [asdict(f) for f in findings]}
    print(json.dumps(content, indent=1))


def _print_table(findings: list[Finding], can_run: bool) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, show_header=False, padding=(0, 1))
    table.add_column()
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")  # a path is worth nothing with its end cut off
    for finding in findings:
        bad = "[red]✗[/]" if finding.needed else "[yellow]![/]"
        mark = "[green]✓[/]" if finding.ok else bad
        table.add_row(mark, f"[bold]{finding.name}[/]", escape(finding.value))
        if finding.advice:
            table.add_row("", "", f"[cyan]→ {escape(finding.advice)}[/]")
    console = Console(highlight=False)
    console.print(table)
    if not can_run:
        console.print("\n[red]The window cannot open on this machine as it is.[/]")


@app.command()
def export(
    study: StudyFolder,
    out: OutFolder,
    json_progress: JsonProgress = False,
) -> None:
    """Write the newest labels of a study: COCO JSON, TIFF, PNG, JSON and a manifest.

    An earlier export in the folder is replaced as a whole. The exit code is 1 where a
    case had to be left out.
    """
    from napari_mae_sam2.study.folder import Study
    from napari_mae_sam2.study.study_export import export_study

    opened = Study.open(study)
    output = CommandOutput(json_progress=json_progress)
    with output.progress("export", "Exporting") as progress:
        done = export_study(opened, out, progress)
    output.result(
        f"{done.cases} cases with {done.lesions} lesions written to {out}",
        cases=done.cases,
        lesions=done.lesions,
        path=str(out),
        left_out=done.trouble,
    )
    output.exit_with(done.trouble)


@app.command()
def embed(
    paths: Annotated[
        list[Path], typer.Argument(help="Frames, folders and studies.", min=1)
    ],
    weights: Weights = None,
    json_progress: JsonProgress = False,
) -> None:
    """Encode frames now, so that they open at once later; goes on where it stopped.

    Cases of a study are encoded with the model that the study uses.

    The exit code is 1 where a frame could not be read, 130 where it was stopped.
    """
    from napari_mae_sam2.model.checkpoint import load_model
    from napari_mae_sam2.model.embedding_run import EmbeddingRun, list_all_frames
    from napari_mae_sam2.model.engines import equip
    from napari_mae_sam2.model.loading import load_default
    from napari_mae_sam2.predict.opening import weights_of_run

    chosen = weights_of_run(weights, None, paths)
    frames = list_all_frames(paths)
    output = CommandOutput(json_progress=json_progress)
    stopped = False
    with output.progress("embed", "Loading the model") as progress:
        default = chosen.is_default
        loaded = load_default(_warn) if default else load_model(chosen.path)
        predictor = equip(loaded)
        try:
            run = EmbeddingRun(predictor, frames)
            try:
                run.wait_for_engine()
                for done, name in enumerate(run.steps(), 1):
                    progress(done, len(frames), f"Encoding {name}")
            except KeyboardInterrupt:
                stopped = True
        finally:
            predictor.close()
    output.result(
        f"{chosen.tell(loaded)}\n"
        f"{run.made} of {len(frames)} frames encoded with {predictor.engine}, "
        f"{run.found} were encoded before: {run.folder}",
        status="cancelled" if stopped else "done",
        made=run.made,
        found=run.found,
        left_out=run.trouble,
        model=chosen.tell(loaded),
        path=str(run.folder),
    )
    if stopped:
        print("Stopped. Run the same command to continue.", file=sys.stderr)
        raise typer.Exit(130)
    output.exit_with(run.trouble)


def _warn(sentence: str) -> None:
    print(f"napari-mae-sam2: {sentence}", file=sys.stderr)


add_commands(app)  # behind those that everybody needs
