"""npe2 sample data: a drawn angiogram, so that everybody can click at once."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from napari_mae_sam2.fa.drawing import draw_frame
from napari_mae_sam2.fa.frame import Frame, pixel_sha256

if TYPE_CHECKING:
    from napari.types import LayerData

_SEED = 0


@cache
def sample_frame() -> Frame:
    """Draw the late-phase frame with leakage that the sample menu offers.

    Returns
    -------
    Frame
        1024 x 1024, 8-bit grey; the same on every call and every machine.
    """
    pixels = draw_frame(seed=_SEED, phase="late").pixels
    return Frame(pixels, "drawn FA frame", None, pixel_sha256(pixels))


def drawn_frame() -> list[LayerData]:
    """Give the sample frame as a napari layer."""
    frame = sample_frame()
    about: dict[str, Any] = {
        "name": frame.name,
        "contrast_limits": (0, 255),
        "metadata": {"fa_frame": frame, "path": "", "sha256": frame.sha256},
    }
    return [(frame.pixels.copy(), about, "image")]
