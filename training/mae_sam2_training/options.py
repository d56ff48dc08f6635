"""What several commands of `mae-sam2-train` are asked for, and how it is called."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from napari_mae_sam2.common.command_options import (
    AsJson,
    Grader,
    JsonProgress,
    StudyFolder,
)

__all__ = [
    "Against",
    "AsJson",
    "Config",
    "Grader",
    "JsonProgress",
    "NewCheckpoint",
    "Report",
    "RunFolder",
    "Settings",
    "Source",
    "StudyFolder",
    "Weights",
    "recipe",
]

Source = Annotated[
    Path, typer.Argument(help="Study folder, or manifest in CSV (image,mask).")
]
NewCheckpoint = Annotated[
    Path, typer.Option("--out", help="The new checkpoint, *.safetensors.")
]
Report = Annotated[Path, typer.Option("--out", help="Folder for what is found.")]
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
    typer.Option(
        "--weights",
        help="Checkpoint to start from or to measure; by default the model in use in "
        "the study, or on this computer.",
    ),
]
Against = Annotated[
    Path | None, typer.Option(help="Second checkpoint to compare it with.")
]
RunFolder = Annotated[
    Path | None, typer.Option(help="Log and state; beside --out otherwise.")
]


def recipe(
    config: Path | None, settings: list[str] | None, json_progress: bool
) -> dict[str, Any]:
    """Give what every command with a recipe hands on, by the names of its function."""
    return {
        "config_file": config,
        "overrides": settings or (),
        "json_progress": json_progress,
    }
