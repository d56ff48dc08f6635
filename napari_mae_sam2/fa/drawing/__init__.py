"""Drawn fluorescein angiograms and drawn leakage, with exact masks.

`draw_frame` draws a whole frame. The shapes of leakage and of its look-alikes are
kept here too, because the training package draws them into real frames.
"""

from napari_mae_sam2.fa.drawing.frame import SAMPLE_SEED, DrawnFrame, draw_frame
from napari_mae_sam2.fa.drawing.scene import KINDS

__all__ = ["KINDS", "SAMPLE_SEED", "DrawnFrame", "draw_frame"]
