from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pytest

from mae_sam2_training.rounds.simulated_grader import (
    Effort,
    GraderConfig,
    from_nothing,
    from_proposals,
    strokes_needed,
)

if TYPE_CHECKING:
    from napari_mae_sam2.model.protocol import Prompts

CONFIG = GraderConfig(enough=0.9, stroke=50, strokes=0)


class Answer:
    """A mask, as a model gives one."""

    low_res = np.zeros((1, 256, 256), np.float32)

    def __init__(self, mask: np.ndarray) -> None:
        self._mask = mask

    @property
    def logits(self) -> np.ndarray:
        return np.where(self._mask, 4.0, -4.0)[None]

    def mask(self) -> Answer:
        return self

    def on(self, shape: tuple[int, int]) -> np.ndarray:
        assert self._mask.shape == shape
        return self._mask


@dataclass
class Oracle:
    """Proposes what it is told to, and answers clicks after some of them rightly."""

    lesions: np.ndarray
    proposal: np.ndarray
    clicks: int = 1
    prompts: list[Prompts] = field(default_factory=list)

    def decode(self, embedding: object, prompts: Prompts) -> Answer:
        if prompts.is_empty:
            return Answer(self.proposal)
        self.prompts.append(prompts)
        row, column = prompts.points[0].astype(int)
        lesion = self.lesions == self.lesions[row, column]
        return Answer(lesion if len(prompts.points) >= self.clicks else lesion & False)


def two_lesions() -> np.ndarray:
    lesions = np.zeros((64, 64), np.uint16)
    lesions[5:25, 5:25] = 1
    lesions[40:60, 30:50] = 2
    return lesions


def test_a_perfect_proposal_takes_one_press() -> None:
    lesions = two_lesions()
    oracle = Oracle(lesions, lesions > 0)
    assert from_proposals(oracle, None, lesions, CONFIG) == Effort(decisions=1)  # type: ignore[arg-type]
    assert from_nothing(oracle, None, lesions, CONFIG) == Effort(clicks=2)  # type: ignore[arg-type]


def test_wrong_patches_are_rejected_and_missed_lesions_clicked() -> None:
    lesions = two_lesions()
    proposal = lesions == 1
    proposal[5:12, 45:60] = True
    proposal[62, 2:5] = True  # too small to be shown
    oracle = Oracle(lesions, proposal, clicks=3)
    effort = from_proposals(oracle, None, lesions, CONFIG)  # type: ignore[arg-type]
    assert effort == Effort(decisions=2, clicks=3)
    assert effort.total == 5
    assert from_nothing(oracle, None, lesions, CONFIG).total == 6  # type: ignore[arg-type]


def test_a_patch_that_lacks_a_part_is_edited_and_not_begun_anew() -> None:
    lesions = two_lesions()
    proposal = lesions > 0
    proposal[5:15, 5:25] = False  # half of the first lesion
    oracle = Oracle(lesions, proposal, clicks=1)
    effort = from_proposals(oracle, None, lesions, CONFIG)  # type: ignore[arg-type]
    assert effort == Effort(decisions=2, clicks=1)
    (prompts,) = oracle.prompts
    assert prompts.labels.tolist() == [1]
    assert 5 <= prompts.points[0, 0] < 15  # into what is missing
    assert prompts.mask is not None
    patch = np.kron(proposal & (lesions == 1), np.ones((4, 4), bool))
    assert ((prompts.mask > 0) == patch).all()
    from_nothing(oracle, None, lesions, CONFIG)  # type: ignore[arg-type]
    assert oracle.prompts[1].mask is None


def test_what_clicks_do_not_bring_is_painted() -> None:
    lesions = two_lesions()
    oracle = Oracle(lesions, lesions < 0, clicks=99)
    effort = from_nothing(oracle, None, lesions, CONFIG)  # type: ignore[arg-type]
    # nothing came of the first click: 400 pixels each, 50 to a stroke
    assert effort == Effort(clicks=2, strokes=16)
    assert max(len(said.points) for said in oracle.prompts) == CONFIG.clicks
    easy = CONFIG.model_copy(update={"strokes": 8})
    assert from_nothing(oracle, None, lesions, easy) == Effort(strokes=16)  # type: ignore[arg-type]


def test_an_empty_frame_takes_nothing_from_nothing() -> None:
    lesions = np.zeros((64, 64), np.uint16)
    called = two_lesions() == 1
    oracle = Oracle(lesions, called)
    assert from_nothing(oracle, None, lesions, CONFIG) == Effort()  # type: ignore[arg-type]
    assert from_proposals(oracle, None, lesions, CONFIG) == Effort(decisions=2)  # type: ignore[arg-type]


def test_strokes_mend_the_largest_error_until_it_is_good_enough() -> None:
    wanted = two_lesions() == 1
    assert strokes_needed(wanted, wanted, CONFIG) == 0
    current = wanted.copy()
    current[5:25, 5:15] = False  # 200 pixels are missing
    assert strokes_needed(current, wanted, CONFIG) == 4
    current[0, 60] = True  # and one is too many, which nobody minds
    assert strokes_needed(current, wanted, CONFIG) == 4
    current[30:60, 30:60] = True  # 900 too many
    assert strokes_needed(current, wanted, CONFIG) == 22
    assert strokes_needed(wanted & False, wanted, CONFIG) == 8


def test_effort_adds_up() -> None:
    assert Effort(1, 2, 3) + Effort(4, 5, 6) == Effort(5, 7, 9)
    assert Effort(1, 2, 3).total == 6
    with pytest.raises(ValueError, match="less than or equal"):
        GraderConfig(enough=1.2)
