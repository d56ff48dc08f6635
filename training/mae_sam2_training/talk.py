"""What a simulated grader says of a view: the first prompt, clicks, a mask fed back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from torch import Tensor

from mae_sam2_training.clicks import first_click, loose_box, next_click, rough_mask
from napari_mae_sam2.model.forward import Features, PromptBatch
from napari_mae_sam2.model.transform import to_model_xy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

Kind = Literal["all", "click", "box", "mask"]
LOGIT_LIMIT = 32.0
"""Logits are cut here before they are fed back, as the predictor does."""


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """One session: a view, what is wanted of it, and how it is asked for.

    Attributes
    ----------
    name : str
        Of the frame, for messages.
    shape : (int, int)
        (H, W) of the view in pixels.
    seen : Features of a batch of one, or float tensor of shape (1, 3, S, S)
        The view's embedding, or the encoder's input.
    target : float tensor of shape (S/4, S/4)
        Share of each low-resolution pixel that is wanted; all 0 is a valid answer.
    kind : {"all", "click", "box", "mask"}
        The first prompt; "all" is none.
    corrections : int
        Clicks after it.
    seed : tuple of int, optional
        Of the grader's hand; without it the ideal grader clicks.
    unsure : bool tensor of shape (S/4, S/4), optional
        Where no answer is right or wrong: no loss, no click.
    """

    name: str
    shape: tuple[int, int]
    seen: Features | Tensor
    target: Tensor
    kind: Kind
    corrections: int = 0
    seed: tuple[int, ...] | None = None
    unsure: Tensor | None = None


class Batch:
    """The sessions of one step.

    Neither a list nor a dataclass: Fabric takes those apart to convert the tensors in
    them, and the targets must stay in full precision.

    Parameters
    ----------
    samples : list of Sample
        At least one; sessions on one view share its `seen`.
    """

    def __init__(self, samples: list[Sample]) -> None:
        self.samples = samples


@dataclass(slots=True)
class Talk:
    """What was said so far in one session.

    Attributes
    ----------
    sample : Sample
    features : Features
        Of its view, a batch of one.
    target : float tensor of shape (S/4, S/4)
        The sample's, on the device of the model.
    wanted : bool array of shape (S/4, S/4)
        The target cut in two.
    rng : Generator, optional
        The grader's hand; None for the ideal grader.
    xy : list of float32 array of shape (2,)
        Points in pixels of the encoder's input.
    labels : list of int
        One for each point, as SAM has them.
    mask : float tensor of shape (1, 1, S/4, S/4), optional
        Logits that go with the next prompt.
    over : bool
        Whether nothing is left to say.
    """

    sample: Sample
    features: Features
    target: Tensor
    wanted: NDArray[np.bool_]
    rng: np.random.Generator | None
    xy: list[NDArray[np.float32]] = field(default_factory=list)
    labels: list[int] = field(default_factory=list)
    mask: Tensor | None = None
    over: bool = False

    def judged(self, logits: Tensor) -> Tensor:
        """Give logits of shape (..., S/4, S/4) as they count: unsure areas do not.

        There the answer is made a sure no, which is what the target says, so neither a
        loss nor an overlap nor a click comes from them.
        """
        if self.sample.unsure is None:
            return logits
        return logits.masked_fill(self.sample.unsure.to(logits.device), -LOGIT_LIMIT)

    @property
    def is_prompt_free(self) -> bool:
        """True where nothing was said, so all leakage is meant."""
        return not self.labels and self.mask is None

    @property
    def is_single_click(self) -> bool:
        """True where one click was all that was said."""
        return self.labels == [1] and self.mask is None


def correct(talk: Talk, answer: Tensor) -> None:
    """Say one click more, or that nothing is left to say."""
    predicted = (talk.judged(answer) > 0).cpu().numpy()
    click = next_click(talk.wanted, predicted, talk.rng)
    if click is None:
        talk.over = True
        return
    row, column, label = click
    _say(talk, [(row, column)], [label], side_of(talk))
    talk.mask = answer.clamp(-LOGIT_LIMIT, LOGIT_LIMIT)[None, None]


def hard(target: Tensor) -> NDArray[np.bool_]:
    """Cut a soft target in two; a lesion below half a pixel keeps its best pixels."""
    level = min(0.5, float(target.max()) / 2)
    wanted: NDArray[np.bool_] = (target > level).cpu().numpy()
    return wanted


def first_prompt(talk: Talk, side: int) -> None:
    """Say what the sample begins with, on an encoder's input of so many pixels."""
    kind = talk.sample.kind
    if kind == "click":
        _say(talk, [first_click(talk.wanted, talk.rng)], [1], side)
    elif kind == "box":
        top, left, bottom, right = loose_box(talk.wanted, talk.rng)
        _say(talk, [(top, left), (bottom, right)], [2, 3], side)
    elif kind == "mask":
        rng = talk.rng or np.random.default_rng(0)
        rough = torch.from_numpy(rough_mask(talk.wanted, rng))
        talk.mask = rough[None, None].to(talk.target.device)


def side_of(talk: Talk) -> int:
    """Side of the encoder's input, four times that of the low-resolution masks."""
    return 4 * talk.target.shape[-1]


def _say(
    talk: Talk, cells: list[tuple[int, int]], labels: list[int], side: int
) -> None:
    """Click somewhere in low-resolution pixels, as one does in the view's own."""
    within = 0.5 if talk.rng is None else talk.rng.random((len(cells), 2))
    grid = np.array(talk.wanted.shape)
    pixels = (np.array(cells) + within) * (np.array(talk.sample.shape) / grid) - 0.5
    talk.xy.extend(to_model_xy(pixels, talk.sample.shape, side))
    talk.labels.extend(labels)


def prompts_of(group: Sequence[Talk]) -> PromptBatch:
    """Give what was said in sessions that have as many points and as much of a mask."""
    device = group[0].target.device
    xy = labels = mask = None
    if group[0].labels:
        xy = torch.from_numpy(np.stack([np.stack(talk.xy) for talk in group]))
        labels = torch.tensor([talk.labels for talk in group], dtype=torch.int32)
        xy, labels = xy.to(device), labels.to(device)
    if group[0].mask is not None:
        mask = torch.cat([talk.mask for talk in group if talk.mask is not None])
    return PromptBatch(xy, labels, mask)
