"""Asks the grader for files and folders."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtWidgets import QFileDialog

from napari_mae_sam2.fa.odd_names import found_on_disk
from napari_mae_sam2.fa.reading import FRAME_SUFFIXES

if TYPE_CHECKING:
    from qtpy.QtWidgets import QWidget

IMAGES = (
    f"Frames ({' '.join(f'*{s} *{s.upper()}' for s in FRAME_SUFFIXES)});;All files (*)"
)
VERDICTS = "Verdicts (*.json);;All files (*)"
MODELS = "Checkpoints (*.safetensors *.pt);;All files (*)"


def ask_folder(parent: QWidget, title: str) -> Path | None:
    """Ask for a folder; None where the grader thinks better of it."""
    folder = QFileDialog.getExistingDirectory(parent, title)
    return found_on_disk(Path(folder)) if folder else None


def ask_frames(parent: QWidget, title: str = "Open frames") -> list[Path]:
    """Ask for image files; empty where the grader thinks better of it."""
    files, _ = QFileDialog.getOpenFileNames(parent, title, "", IMAGES)
    return [found_on_disk(Path(file)) for file in files]


def ask_frame(parent: QWidget, title: str) -> Path | None:
    """Ask for one image file; None where the grader thinks better of it."""
    file, _ = QFileDialog.getOpenFileName(parent, title, "", IMAGES)
    return found_on_disk(Path(file)) if file else None


def ask_verdicts(parent: QWidget) -> Path | None:
    """Ask for a file of verdicts; None where the grader thinks better of it."""
    file, _ = QFileDialog.getOpenFileName(parent, "Import a review", "", VERDICTS)
    return found_on_disk(Path(file)) if file else None


def ask_table(parent: QWidget) -> Path | None:
    """Ask for a table; None where the grader thinks better of it."""
    kinds = "Tables (*.csv *.tsv *.txt);;All files (*)"
    title = "Table about the frames"
    file, _ = QFileDialog.getOpenFileName(parent, title, "", kinds)
    return found_on_disk(Path(file)) if file else None


def ask_new_csv(parent: QWidget, title: str, name: str) -> Path | None:
    """Ask where to write a CSV file; None where the grader thinks better of it."""
    file, _ = QFileDialog.getSaveFileName(parent, title, name, "Tables (*.csv)")
    if not file:
        return None
    path = found_on_disk(Path(file))
    return path if path.suffix else path.with_suffix(".csv")


def ask_model(parent: QWidget) -> str:
    """Ask for a checkpoint; empty where the grader thinks better of it."""
    file, _ = QFileDialog.getOpenFileName(parent, "Use a checkpoint", "", MODELS)
    return str(file)
