"""The error of data that cannot be trained on."""

from __future__ import annotations

from napari_mae_sam2.fa.errors import PlainError


class DataError(PlainError):
    """Data that cannot be used, in one sentence that names the file or the row."""
