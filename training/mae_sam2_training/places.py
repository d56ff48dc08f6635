"""Where a command may write, asked before it starts to work for hours."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mae_sam2_training.engine.faults import RunError

if TYPE_CHECKING:
    from pathlib import Path


def place_of_checkpoint(out: Path, run_folder: Path | None) -> Path:
    """Check where a new checkpoint is to lie, and give the folder of its run.

    Parameters
    ----------
    out : Path
        The new checkpoint.
    run_folder : Path, optional
        Where the run keeps its log and state; beside `out` otherwise.

    Raises
    ------
    RunError
        If `out` has not the ending of a checkpoint or is a folder, or if either place
        cannot be written to.
    """
    if out.suffix != ".safetensors":
        raise RunError(f"{out} must end in .safetensors: change the name after --out.")
    if out.is_dir():
        raise RunError(f"{out} is a folder: give --out the name of a file.")
    folder = run_folder or out.with_suffix(".run")
    if folder.exists() and not folder.is_dir():
        raise RunError(
            f"{folder} is a file: give --run-folder the name of a folder, or choose "
            "another name after --out."
        )
    _check_writable(out.parent, "--out")
    _check_writable(folder, "--run-folder")
    return folder


def check_report_folder(out: Path) -> None:
    """Check where a report is to lie.

    Raises
    ------
    RunError
        If it is a file or cannot be written to.
    """
    if out.exists() and not out.is_dir():
        raise RunError(f"{out} is a file: give --out the name of a folder.")
    _check_writable(out, "--out")


def _check_writable(folder: Path, option: str) -> None:
    """Look at the folder, or at the nearest one above it that exists."""
    there = next(
        place for place in (folder, *folder.absolute().parents) if place.exists()
    )
    if not there.is_dir():
        raise RunError(f"{there} is a file and no folder: give {option} another path.")
    if not os.access(there, os.W_OK | os.X_OK):
        raise RunError(
            f"{there} cannot be written to: give {option} another path, or ask for the "
            "right to write there."
        )
