"""The command line `mae-sam2-train`, the same as `python -m mae_sam2_training`.

Thin: every command imports its own module when it is called. Exit codes: 0 done,
2 wrong input (one sentence on stderr), 130 or 143 ended by a signal and resumable.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_mae_sam2.fa.errors import PlainError

if TYPE_CHECKING:
    from collections.abc import Sequence

app = typer.Typer(
    name="mae-sam2-train",
    help="Train MAE-SAM2 on fluorescein angiograms.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Config = Annotated[
    Path | None, typer.Option("--config", help="Recipe in YAML; defaults otherwise.")
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="SECTION.KEY=VALUE",
        help="Change one setting of the recipe, for example loop.steps=200.",
    ),
]
Weights = Annotated[
    Path | None,
    typer.Option(help="Checkpoint to start from; the one in use otherwise."),
]
RunFolder = Annotated[
    Path | None, typer.Option(help="Log and state; beside --out otherwise.")
]
JsonProgress = Annotated[
    bool,
    typer.Option(
        "--json-progress", help="Tell progress as JSON lines on stdout, for programs."
    ),
]


@app.callback()
def _commands() -> None:
    """Train MAE-SAM2 on fluorescein angiograms."""


@app.command()
def finetune(
    source: Annotated[
        Path, typer.Argument(help="Study folder, or manifest in CSV (image,mask).")
    ],
    out: Annotated[
        Path, typer.Option("--out", help="The new checkpoint, *.safetensors.")
    ],
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
        config_file=config,
        overrides=settings or (),
        weights=weights,
        run_folder=run_folder,
        json_progress=json_progress,
    )


@app.command()
def pretrain(
    data: Annotated[
        list[str],
        typer.Argument(
            help="Folders of frames, studies or manifests; @WEIGHT at the end to mix."
        ),
    ],
    out: Annotated[
        Path, typer.Option("--out", help="The new checkpoint, *.safetensors.")
    ],
    config: Config = None,
    settings: Settings = None,
    weights: Weights = None,
    run_folder: RunFolder = None,
    json_progress: JsonProgress = False,
) -> None:
    """Pre-train the encoder as a masked autoencoder on frames without labels."""
    from mae_sam2_training.pretrain import pretrain as run

    run(
        data,
        out,
        config_file=config,
        overrides=settings or (),
        weights=weights,
        run_folder=run_folder,
        json_progress=json_progress,
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
    json_progress: JsonProgress = False,
) -> None:
    """Draw frames with exact masks: whole ones, or leakage drawn into real frames."""
    from mae_sam2_training.engine.progress import drawing
    from mae_sam2_training.synthesis.dataset import synthesize as run
    from napari_mae_sam2.fa.reading import list_frames

    with drawing(json_progress) as progress:
        run(
            out,
            count,
            seed=seed,
            frames=None if frames is None else list_frames(frames),
            size=size,
            progress=progress,
        )


@app.command()
def evaluate(
    source: Annotated[
        Path, typer.Argument(help="Study folder, or manifest in CSV (image,mask).")
    ],
    out: Annotated[Path, typer.Option("--out", help="Folder for the report.")],
    weights: Annotated[
        Path | None, typer.Option(help="Checkpoint to measure; the one in use else.")
    ] = None,
    against: Annotated[
        Path | None, typer.Option(help="Second checkpoint to compare it with.")
    ] = None,
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
        config_file=config,
        overrides=settings or (),
        json_progress=json_progress,
    )


@app.command()
def classify(
    manifest: Annotated[Path, typer.Argument(help="Manifest in CSV (image,label).")],
    out: Annotated[Path, typer.Option("--out", help="Folder for head and metrics.")],
    weights: Annotated[
        Path | None,
        typer.Option(help="Checkpoint of the encoder; the one in use else."),
    ] = None,
    against: Annotated[
        Path | None, typer.Option(help="Second checkpoint to compare it with.")
    ] = None,
    config: Config = None,
    settings: Settings = None,
    json_progress: JsonProgress = False,
) -> None:
    """Learn labels of whole frames: phase, gradability, diagnosis."""
    from mae_sam2_training.classify import classify as run

    run(
        manifest,
        out,
        weights=weights,
        against=against,
        config_file=config,
        overrides=settings or (),
        json_progress=json_progress,
    )


@app.command()
def ablate(
    source: Annotated[
        Path, typer.Argument(help="Study folder, or manifest in CSV (image,mask).")
    ],
    out: Annotated[Path, typer.Option("--out", help="Folder for cells and tables.")],
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
        config_file=config,
        overrides=settings or (),
        json_progress=json_progress,
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and end the process with its exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        The command line without the program's name; `sys.argv` otherwise.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    sys.exit(_code(given))


def _code(arguments: list[str]) -> int:
    """Run a command and give its exit code."""
    import click

    try:
        result = app(arguments, prog_name="mae-sam2-train", standalone_mode=False)
    except PlainError as error:
        _tell(error, "--json-progress" in arguments)
        return 2
    except click.exceptions.Abort:
        return 130
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except Exception as error:
        code = getattr(error, "exit_code", None)  # Stopped; torch is not loaded here
        if isinstance(code, int):
            return code
        raise
    return result if isinstance(result, int) else 0


def _tell(error: PlainError, as_json: bool) -> None:
    """Say the sentence once, in the first process alone."""
    if os.environ.get("LOCAL_RANK", "0") != "0":
        return
    sys.stderr.write(f"{error}\n")
    if as_json and not getattr(error, "__notes__", None):
        for event in (
            {"event": "error", "message": str(error)},
            {"event": "end", "status": "failed"},
        ):
            sys.stdout.write(json.dumps(event) + "\n")


if __name__ == "__main__":
    main()
