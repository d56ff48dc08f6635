"""Tables of the paper: what pre-training, loss and number of labels each change.

`mae_sam2_training.ablate` is the command that puts the parts together.
"""

from __future__ import annotations
