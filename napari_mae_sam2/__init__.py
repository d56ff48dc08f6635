"""Leakage annotation on fluorescein angiograms with MAE-SAM2.

Holds the version and the names of the public interface, which are imported when they
are first used: importing the package costs nothing, no numpy, no torch, no Qt.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from napari_mae_sam2.api import (
        Frame,
        PlainError,
        Predictor,
        RevisionRecord,
        Segmentation,
        Study,
        export_study,
        frame_from_array,
        read_frame,
        sample_frame,
        save_revision,
    )

__all__ = [
    "Frame",
    "PlainError",
    "Predictor",
    "RevisionRecord",
    "Segmentation",
    "Study",
    "export_study",
    "frame_from_array",
    "read_frame",
    "sample_frame",
    "save_revision",
]


def __getattr__(name: str) -> Any:
    """Import a name of the public interface."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from napari_mae_sam2 import api

    return getattr(api, name)


def __dir__() -> list[str]:
    """List the names of the public interface, imported or not."""
    return sorted({*globals(), *__all__})
