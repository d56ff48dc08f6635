"""What is wrong with a round, in one sentence."""

from __future__ import annotations

from napari_mae_sam2.fa.errors import PlainError


class RoundError(PlainError):
    """A round that cannot be begun, read or decided on, and what to do."""
