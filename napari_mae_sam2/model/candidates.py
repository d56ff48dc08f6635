"""Which of the four mask tokens answers, and which others can be cycled to.

A single click may mean a small lesion or a large one, so the three multimask tokens
answer it. Everything else (several prompts, a box, a mask, nothing at all) is
answered by the single-mask token, unless its mask hardly holds at its threshold: then
the best of the three takes its place, as in the reference predictor. A model's card may
say which token answers where nothing was said at all, and from which logit on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import torch

from napari_mae_sam2.model.card import PromptFree

if TYPE_CHECKING:
    from sam2.modeling.sam2_base import SAM2Base

SINGLE: Final = 0
MULTI: Final = (1, 2, 3)

ALIKE: Final = 0.95
"""Masks with a higher IoU look the same, so cycling to them would show nothing."""


def preferred_token(
    model: SAM2Base, logits: torch.Tensor, scores: torch.Tensor
) -> torch.Tensor:
    """Choose the token that answers when one mask is wanted.

    Parameters
    ----------
    model : SAM2Base
        Knows the thresholds of stability.
    logits : tensor of shape (B, 4, h, w)
    scores : tensor of shape (B, 4)

    Returns
    -------
    int tensor of shape (B,)
        0 for the single-mask token, 1 to 3 for the multimask ones.
    """
    decoder = model.sam_mask_decoder
    best = scores[:, 1:].argmax(dim=-1) + 1  # [B]
    margin = decoder.dynamic_multimask_stability_delta
    single = logits[:, SINGLE].flatten(1)  # [B, h * w]
    sure = (single > margin).sum(dim=-1).float()
    possible = (single > -margin).sum(dim=-1).float()
    # An empty mask is a stable answer too.
    stability = torch.where(possible > 0, sure / possible, 1.0)
    stable = stability >= decoder.dynamic_multimask_stability_thresh
    return torch.where(stable, SINGLE, best)


def prompt_free_answers(
    model: SAM2Base, logits: torch.Tensor
) -> tuple[torch.Tensor, int | None]:
    """Bring answers without a prompt to the cut-off 0 of all other answers.

    Parameters
    ----------
    model : SAM2Base
        As loaded.
    logits : tensor of shape (..., 4, h, w)

    Returns
    -------
    tuple of tensor of shape (..., 4, h, w) and int or None
        The logits, those of the token that answers shifted and scaled, and that token;
        None where the card says nothing, and `preferred_token` decides.
    """
    said: PromptFree = getattr(model, "prompt_free", PromptFree())
    if said == PromptFree():
        return logits, None
    shifted = (logits - said.cutoff) / said.temperature
    answers = torch.arange(logits.shape[-3], device=logits.device) == said.token
    return torch.where(answers[:, None, None], shifted, logits), said.token


def order_candidates(
    model: SAM2Base,
    logits: torch.Tensor,
    scores: torch.Tensor,
    single_click: bool,
    first: int | None = None,
) -> list[int]:
    """Order the tokens that a grader may cycle through, the preferred one first.

    Parameters
    ----------
    model : SAM2Base
    logits : tensor of shape (4, h, w)
    scores : tensor of shape (4,)
    single_click : bool
        Whether the prompt was one click and nothing else.
    first : int, optional
        The preferred token, where it is known already.

    Returns
    -------
    list of three int
        Tokens. After the preferred one come those that look different from it, by
        falling score, before those that look the same.
    """
    by_score = sorted(MULTI, key=lambda token: -float(scores[token]))
    if single_click:
        return by_score
    if first is None:
        first = int(preferred_token(model, logits[None], scores[None])[0])
    others = [token for token in by_score if token != first]
    others.sort(key=lambda token: _iou(logits[first], logits[token]) > ALIKE)
    return [first, *others][:3]


def _iou(one: torch.Tensor, other: torch.Tensor) -> float:
    one, other = one > 0, other > 0
    union = int((one | other).sum())
    return int((one & other).sum()) / union if union else 1.0
