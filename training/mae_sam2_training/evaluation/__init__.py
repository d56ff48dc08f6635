"""Measuring a model on labelled frames: per frame, per lesion, and with what certainty.

`mae_sam2_training.evaluate` is the command that puts the parts together.
"""

from __future__ import annotations
