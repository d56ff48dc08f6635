"""Synthetic training data: leakage with exact masks, in real or drawn frames."""

from mae_sam2_training.synthesis.backgrounds import clean_frames, leak_score
from mae_sam2_training.synthesis.painting import Drawn, draw_into
from mae_sam2_training.synthesis.surveying import survey

__all__ = ["Drawn", "clean_frames", "draw_into", "leak_score", "survey"]
