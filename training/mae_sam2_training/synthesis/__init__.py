"""Synthetic training data: leakage with exact masks, in real or drawn frames."""

from mae_sam2_training.synthesis.backgrounds import clean_frames, leak_score
from mae_sam2_training.synthesis.dataset import SynthesisError, synthesize
from mae_sam2_training.synthesis.drawn_frame import Drawn
from mae_sam2_training.synthesis.late import draw_late
from mae_sam2_training.synthesis.painting import draw_into
from mae_sam2_training.synthesis.sheet import contact_sheet
from mae_sam2_training.synthesis.surveying import survey

__all__ = [
    "Drawn",
    "SynthesisError",
    "clean_frames",
    "contact_sheet",
    "draw_into",
    "draw_late",
    "leak_score",
    "survey",
    "synthesize",
]
