"""Labels of whole frames (phase, gradability, diagnosis) from pooled features.

`mae_sam2_training.classify` is the command that puts the parts together.
"""

from __future__ import annotations
