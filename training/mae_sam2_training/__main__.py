"""The command line `mae-sam2-train`, the same as `python -m mae_sam2_training`.

Thin: every command imports its own module when it is called. `options` holds what
several commands are asked for, `exits` how they end.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mae_sam2_training.exits import exit_code
from mae_sam2_training.options import (
    Against,
    Config,
    JsonProgress,
    NewCheckpoint,
    Report,
    RunFolder,
    Settings,
    Source,
    Weights,
    recipe,
)
from mae_sam2_training.rounds.cli import add_commands
from napari_mae_sam2.common.command_options import version_option

if TYPE_CHECKING:
    from collections.abc import Sequence

app = typer.Typer(
    name="mae-sam2-train",
    help="Train MAE-SAM2 on fluorescein angiograms.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


app.callback()(version_option("mae-sam2-train"))


@app.command()
def finetune(
    source: Source,
    out: NewCheckpoint,
    config: Config = None,
    settings: Settings = None,
    weights: Weights = None,
    run_folder: RunFolder = None,
    json_progress: JsonProgress = False,
) -> None:
    """Fine-tune on labelled frames; the same command again continues a run that ended.

    Ctrl-C and SIGTERM end it between two steps with its state saved.
    """
    from mae_sam2_training.finetune import finetune as run

    run(
        source,
        out,
        weights=weights,
        run_folder=run_folder,
        **recipe(config, settings, json_progress),
    )


@app.command()
def pretrain(
    out: NewCheckpoint,
    data: Annotated[
        list[str] | None,
        typer.Argument(
            help="Folders of frames, studies or manifests, beside the recipe's; "
            "@WEIGHT at the end to mix."
        ),
    ] = None,
    config: Config = None,
    settings: Settings = None,
    weights: Weights = None,
    run_folder: RunFolder = None,
    json_progress: JsonProgress = False,
) -> None:
    """Pre-train the encoder as a masked autoencoder on frames without labels."""
    from mae_sam2_training.pretrain import pretrain as run

    run(
        data or (),
        out,
        weights=weights,
        run_folder=run_folder,
        **recipe(config, settings, json_progress),
    )


@app.command()
def synthesize(
    out: Annotated[Path, typer.Option("--out", help="New folder for the set.")],
    count: Annotated[int, typer.Option(help="How many frames.")] = 100,
    frames: Annotated[
        Path | None,
        typer.Option(help="Folder of real frames to draw into; whole ones otherwise."),
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed draws the same.")] = 0,
    size: Annotated[int, typer.Option(help="Longer side in pixels.")] = 512,
    contrast: Annotated[
        tuple[float, float],
        typer.Option(
            metavar="LOW HIGH",
            help="Mean height of leaks in real frames, in grey levels of 255.",
        ),
    ] = (10.0, 110.0),
    json_progress: JsonProgress = False,
) -> None:
    """Draw frames with exact masks: whole ones, or leakage drawn into real frames."""
    from mae_sam2_training.engine.telling import telling
    from mae_sam2_training.synthesis.dataset import synthesize as run
    from napari_mae_sam2.fa.reading import list_frames

    with telling(out, json_progress) as reporter:
        manifest = run(
            out,
            count,
            seed=seed,
            frames=None if frames is None else list_frames(frames),
            size=size,
            contrast=contrast,
            progress=lambda done, total: reporter.report(
                "draw", done=done, total=total
            ),
        )
        reporter.report("saved", path=str(manifest))


@app.command()
def evaluate(
    source: Source,
    out: Report,
    weights: Weights = None,
    against: Against = None,
    negatives: Annotated[
        Path | None, typer.Option(help="Folder of frames known to show no leakage.")
    ] = None,
    config: Config = None,
    settings: Settings = None,
    json_progress: JsonProgress = False,
) -> None:
    """Measure a model on labelled frames: report in HTML, CSV and JSON."""
    from mae_sam2_training.evaluate import evaluate as run

    run(
        source,
        out,
        weights=weights,
        against=against,
        negatives=negatives,
        **recipe(config, settings, json_progress),
    )


@app.command()
def classify(
    source: Annotated[
        Path, typer.Argument(help="Study folder, or manifest in CSV (image,label).")
    ],
    out: Report,
    label: Annotated[
        str | None,
        typer.Option(
            help="What to learn. Of a study: phase, eye, visit, gradability or another "
            "field of its cases; of a manifest: a column, label by default."
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(help="What the head tells, for predictions; --label otherwise."),
    ] = None,
    weights: Weights = None,
    against: Against = None,
    config: Config = None,
    settings: Settings = None,
    json_progress: JsonProgress = False,
) -> None:
    """Learn labels of whole frames: phase, gradability, diagnosis."""
    from mae_sam2_training.classify import classify as run

    run(
        source,
        out,
        label=label,
        name=name,
        weights=weights,
        against=against,
        **recipe(config, settings, json_progress),
    )


@app.command()
def ablate(
    source: Source,
    out: Report,
    config: Annotated[
        Path, typer.Option("--config", help="Recipe in YAML: encoders, losses, labels.")
    ],
    settings: Settings = None,
    json_progress: JsonProgress = False,
) -> None:
    """Fine-tune and measure encoders x losses x labels; finished runs are skipped."""
    from mae_sam2_training.ablate import ablate as run

    run(
        source,
        out,
        **recipe(config, settings, json_progress),
    )


add_commands(app)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and end the process with its exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        The command line without the program's name; `sys.argv` otherwise.
    """
    for stream in (sys.stdout, sys.stderr):  # names of frames are of every script
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    given = list(sys.argv[1:] if arguments is None else arguments)

    def command() -> object:
        return app(given, prog_name="mae-sam2-train", standalone_mode=False)

    sys.exit(exit_code(command, "--json-progress" in given))


if __name__ == "__main__":
    main()
