from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch

from napari_mae_sam2.model.candidates import order_candidates, preferred_token

if TYPE_CHECKING:
    from sam2.modeling.sam2_base import SAM2Base

SCORES = torch.tensor([0.1, 0.5, 0.9, 0.7])


@pytest.fixture
def logits() -> torch.Tensor:
    """Four different masks that hold well at their threshold."""
    logits = torch.full((4, 16, 16), -5.0)
    for token in range(4):
        logits[token, : 4 * token + 2] = 5.0
    return logits


def test_one_click_is_answered_by_the_multimask_tokens_by_score(
    fresh_model: SAM2Base, logits: torch.Tensor
) -> None:
    assert order_candidates(fresh_model, logits, SCORES, single_click=True) == [2, 3, 1]


def test_other_prompts_are_answered_by_the_single_mask_token(
    fresh_model: SAM2Base, logits: torch.Tensor
) -> None:
    assert order_candidates(fresh_model, logits, SCORES, single_click=False) == [
        0,
        2,
        3,
    ]


def test_a_candidate_that_looks_the_same_comes_last(
    fresh_model: SAM2Base, logits: torch.Tensor
) -> None:
    logits[2] = logits[0] * 2
    assert order_candidates(fresh_model, logits, SCORES, single_click=False) == [
        0,
        3,
        1,
    ]


def test_an_unstable_single_mask_gives_way_to_the_best_candidate(
    fresh_model: SAM2Base, logits: torch.Tensor
) -> None:
    logits[0, :2, :8] = 0.01
    assert order_candidates(fresh_model, logits, SCORES, single_click=False) == [
        2,
        3,
        1,
    ]


def test_an_empty_mask_is_stable(fresh_model: SAM2Base, logits: torch.Tensor) -> None:
    logits[0] = -5.0
    batch = torch.stack([logits, logits])
    assert preferred_token(fresh_model, batch, SCORES.expand(2, 4)).tolist() == [0, 0]


def test_the_choice_equals_sam2s_own(fresh_model: SAM2Base) -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(64, 4, 8, 8, generator=generator) * 2
    logits[::2] = logits[::2].sign() * 5
    scores = torch.rand(64, 4, generator=generator)

    token = preferred_token(fresh_model, logits, scores)

    decoder = fresh_model.sam_mask_decoder
    expected, _ = decoder._dynamic_multimask_via_stability(logits, scores)
    assert torch.equal(logits[torch.arange(64), token], expected[:, 0])
    assert 0 < int((token == 0).sum()) < 64
