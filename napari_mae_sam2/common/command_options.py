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
        help="Your code as a grader, for the log of the study.",
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


def need_code(grader: str) -> str:
    """Give the grader's code without blanks around it.

    Raises
    ------
    PlainError
        If there is none.
    """
    code = grader.strip()
    if not code:
        raise PlainError("Say who you are: --grader CODE.")
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
