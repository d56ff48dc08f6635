"""The options that both command lines share, each written once.

An option means the same wherever it stands: `--grader` is who acts, `--weights` which
model, `--out` where the result goes, `--json` prints the result for programs, and
`--json-progress` reports progress for programs.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_mae_sam2 import __version__
from napari_mae_sam2.fa.errors import PlainError

if TYPE_CHECKING:
    from collections.abc import Callable

StudyFolder = Annotated[Path, typer.Argument(help="A study folder.")]
Grader = Annotated[
    str,
    typer.Option(
        "--grader",
        metavar="CODE",
        help="Your grader code, for the log; by default the one entered in the window.",
    ),
]
Weights = Annotated[
    Path | None,
    typer.Option(
        "--weights",
        help="Checkpoint to use; by default the model in use in the study, or on this "
        "computer.",
    ),
]
OutFolder = Annotated[Path, typer.Option("--out", help="Folder to write into.")]
AsJson = Annotated[
    bool, typer.Option("--json", help="Print the result as JSON, for programs.")
]
JsonProgress = Annotated[
    bool,
    typer.Option(
        "--json-progress",
        help="Print progress and result as JSON lines, for programs.",
    ),
]


def own_code(grader: str) -> str:
    """Give the grader's code, or else the one that the window remembers, if any."""
    from napari_mae_sam2.model.folders import config_folder
    from napari_mae_sam2.study.preferences import GRADER, WINDOW_FILE, Preferences

    remembered = Preferences(config_folder() / WINDOW_FILE).text(GRADER, "")
    return grader.strip() or remembered.strip()


def need_code(grader: str) -> str:
    """Give the grader's code, as `own_code`.

    Raises
    ------
    PlainError
        If there is none.
    """
    code = own_code(grader)
    if not code:
        raise PlainError(
            "Say who you are with --grader CODE, or enter your code once in the window."
        )
    return code


def version_option(program: str) -> Callable[..., None]:
    """Make the callback that gives a program its `--version`."""

    def show(asked: bool) -> None:
        if asked:
            print(f"{program} {__version__}")
            raise typer.Exit

    # A default and not an annotation: typer cannot look up what is local here.
    option = typer.Option(
        False,
        "--version",
        callback=show,
        is_eager=True,
        help="Print the version and exit.",
    )

    def options(version: bool = option) -> None:
        """Take the options that stand before any command."""

    return options
