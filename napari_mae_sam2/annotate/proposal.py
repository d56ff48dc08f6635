"""The model's answer to a draft, and which of its candidates the grader looks at."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from napari_mae_sam2.annotate.draft import Draft
    from napari_mae_sam2.fa.placed_mask import PlacedMask
    from napari_mae_sam2.model.protocol import Prediction


@dataclass(frozen=True, slots=True, eq=False)
class Proposal:
    """A mask that waits to be committed, refined or rejected."""

    draft: Draft
    prediction: Prediction
    chosen: int = 0
    model: str = ""
    """Name of the model that made it, for the record."""
    weights: str = ""
    """Fingerprint of its weights."""
    threshold: float = 0.0
    """Logit above which a pixel is proposed."""

    @property
    def candidates(self) -> int:
        """How many masks there are to choose from."""
        return len(self.prediction.grid)

    @property
    def score(self) -> float:
        """The IoU with the true lesion that the model expects, 0 to 1."""
        return float(self.prediction.scores[self.chosen])

    @property
    def low_res(self) -> NDArray[np.float32]:
        """Logits (256, 256) that the next click builds on."""
        chosen: NDArray[np.float32] = self.prediction.low_res[self.chosen]
        return chosen

    def mask(self) -> NDArray[np.bool_]:
        """Return the pixels (H, W) that the chosen candidate calls leakage."""
        return self.placed().on(self.prediction.shape)

    def placed(self) -> PlacedMask:
        """Return the same pixels without the frame around them; fast."""
        return self.prediction.mask(self.chosen, self.threshold)

    def choosing(self, candidate: int) -> Proposal:
        """Look at another candidate, counted from 0."""
        return replace(self, chosen=candidate)

    def cut_at(self, threshold: float) -> Proposal:
        """Propose the pixels whose logits are above a threshold."""
        return replace(self, threshold=threshold)
