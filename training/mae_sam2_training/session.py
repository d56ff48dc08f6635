"""A simulated session at the window: asked, answered, corrected, and learnt from.

The module here holds SAM 2 and gives the loss of a batch of such sessions. It asks in
every way in which a grader can, and each answer is trained as it will be used: see
`choose_answer` for which mask token answers what.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import mse_loss

from mae_sam2_training.clicks import first_click, loose_box, next_click, rough_mask
from mae_sam2_training.losses import LossConfig, MaskLoss, true_iou
from napari_mae_sam2.model.candidates import preferred_token
from napari_mae_sam2.model.forward import (
    Features,
    PromptBatch,
    decode_prompts,
    encode_images,
)
from napari_mae_sam2.model.transform import to_model_xy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from sam2.modeling.sam2_base import SAM2Base

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
    """

    name: str
    shape: tuple[int, int]
    seen: Features | Tensor
    target: Tensor
    kind: Kind
    corrections: int = 0
    seed: tuple[int, ...] | None = None


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
class _Talk:
    """What was said so far in one session."""

    sample: Sample
    features: Features
    target: Tensor
    wanted: NDArray[np.bool_]
    rng: np.random.Generator | None
    xy: list[NDArray[np.float32]] = field(default_factory=list)
    labels: list[int] = field(default_factory=list)
    mask: Tensor | None = None
    over: bool = False

    @property
    def is_single_click(self) -> bool:
        return self.labels == [1] and self.mask is None


class Session(nn.Module):
    """SAM 2 in conversation with simulated graders.

    Parameters
    ----------
    model : SAM2Base
        Trained in place, where its parameters require a gradient.
    config : LossConfig
        The loss of an answer.
    """

    def __init__(self, model: SAM2Base, config: LossConfig) -> None:
        super().__init__()
        self.model = model
        self.mask_loss = MaskLoss(config)
        self._score_weight = config.score

    def forward(self, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Hold sessions and give their loss.

        Every answer of a session counts alike, and every session of the batch.

        Returns
        -------
        tuple of tensor and dict
            The mean loss, and the mean IoU of the first and of the last answers.
        """
        losses: dict[int, list[Tensor]] = defaultdict(list)
        overlaps: dict[int, list[float]] = defaultdict(list)
        talks = self._begin(batch.samples)
        for turn in range(1 + max(sample.corrections for sample in batch.samples)):
            speaking = [
                talk
                for talk in talks
                if not talk.over and turn <= talk.sample.corrections
            ]
            for talk, logits, scores in self._answers(speaking):
                losses[id(talk)].append(self._loss(logits, scores, talk.target))
                best = choose_answer(self.model, logits, scores, talk.is_single_click)
                best = best.detach().float()
                overlaps[id(talk)].append(float(true_iou(best, talk.target)))
                if turn < talk.sample.corrections:
                    correct(talk, best)
        each = [torch.stack(losses[id(talk)]).mean() for talk in talks]
        first = float(np.mean([overlaps[id(talk)][0] for talk in talks]))
        last = float(np.mean([overlaps[id(talk)][-1] for talk in talks]))
        return torch.stack(each).mean(), {"iou_first": first, "iou_last": last}

    @torch.no_grad()
    def answers(self, sample: Sample) -> list[Tensor]:
        """Hold one session and give the logits of its answers in turn.

        Fewer than one more than the corrections where nothing was left to correct.

        Returns
        -------
        list of float tensors of shape (S/4, S/4)
        """
        (talk,) = self._begin([sample])
        given: list[Tensor] = []
        for turn in range(1 + sample.corrections):
            if talk.over:
                break
            ((_, logits, scores),) = self._answers([talk])
            best = choose_answer(self.model, logits, scores, talk.is_single_click)
            given.append(best.float())
            if turn < sample.corrections:
                correct(talk, given[-1])
        return given

    def _begin(self, batch: Sequence[Sample]) -> list[_Talk]:
        # Several sessions may be about one view, which is encoded once.
        images = {id(s.seen): s.seen for s in batch if isinstance(s.seen, Tensor)}
        encoded = self.encode(list(images.values())) if images else []
        found = dict(zip(images, encoded, strict=True))
        device = next(self.model.parameters()).device
        talks = []
        for sample in batch:
            seen = sample.seen
            features = (
                found[id(seen)] if isinstance(seen, Tensor) else _ready(seen, device)
            )
            target = sample.target.to(device)
            rng = None if sample.seed is None else np.random.default_rng(sample.seed)
            talk = _Talk(sample, features, target, hard(sample.target), rng)
            _first_prompt(talk, self.model.image_size)
            talks.append(talk)
        return talks

    def encode(self, images: list[Tensor]) -> list[Features]:
        """Encode inputs of shape (1, 3, S, S) in one batch."""
        device = next(self.model.parameters()).device
        together = encode_images(self.model, torch.cat(images).to(device))
        fine, middle = together.high_res
        return [
            Features(one[None], (fine[i : i + 1], middle[i : i + 1]))
            for i, one in enumerate(together.embedding)
        ]

    def _answers(self, talks: Sequence[_Talk]) -> list[tuple[_Talk, Tensor, Tensor]]:
        """Decode together what has as many points and as much of a mask.

        Only those: padding would show the decoder tokens that it never meets at the
        window.
        """
        groups: dict[tuple[int, bool], list[_Talk]] = defaultdict(list)
        for talk in talks:
            groups[len(talk.labels), talk.mask is not None].append(talk)
        answers = []
        for group in groups.values():
            features = Features(
                torch.cat([talk.features.embedding for talk in group]),
                (
                    torch.cat([talk.features.high_res[0] for talk in group]),
                    torch.cat([talk.features.high_res[1] for talk in group]),
                ),
            )
            logits, scores = decode_prompts(self.model, features, _prompts(group))
            answers += [(talk, logits[i], scores[i]) for i, talk in enumerate(group)]
        return answers

    def _loss(self, logits: Tensor, scores: Tensor, target: Tensor) -> Tensor:
        """Give the loss of one answer: single token, best of three, expected IoU."""
        each = self.mask_loss(logits, target.expand_as(logits))  # [4]
        truth = true_iou(logits.detach(), target)  # [4]
        loss: Tensor = each[0] + each[1:].min()
        return loss + self._score_weight * mse_loss(scores.float(), truth)


def choose_answer(
    model: SAM2Base, logits: Tensor, scores: Tensor, single_click: bool
) -> Tensor:
    """Give the answer that the window would show first.

    Parameters
    ----------
    model : SAM2Base
        Knows when the single-mask token's answer is not stable.
    logits : tensor of shape (4, H, W)
        Of the single-mask token and the three others.
    scores : tensor of shape (4,)
        Expected IoU of each.
    single_click : bool
        True where one positive click was all that was said: the best of the three
        answers then, and the single-mask token otherwise.

    Returns
    -------
    tensor of shape (H, W)
    """
    if single_click:
        return logits[1 + int(scores[1:].argmax())]
    return logits[int(preferred_token(model, logits[None], scores[None])[0])]


def correct(talk: _Talk, answer: Tensor) -> None:
    """Say one click more, or that nothing is left to say."""
    predicted = (answer > 0).cpu().numpy()
    click = next_click(talk.wanted, predicted, talk.rng)
    if click is None:
        talk.over = True
        return
    row, column, label = click
    _say(talk, [(row, column)], [label], _side(talk))
    talk.mask = answer.clamp(-LOGIT_LIMIT, LOGIT_LIMIT)[None, None]


def hard(target: Tensor) -> NDArray[np.bool_]:
    """Cut a soft target in two; a lesion below half a pixel keeps its best pixels."""
    level = min(0.5, float(target.max()) / 2)
    wanted: NDArray[np.bool_] = (target > level).cpu().numpy()
    return wanted


def _first_prompt(talk: _Talk, side: int) -> None:
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


def _side(talk: _Talk) -> int:
    """Side of the encoder's input, four times that of the low-resolution masks."""
    return 4 * talk.target.shape[-1]


def _say(
    talk: _Talk, cells: list[tuple[int, int]], labels: list[int], side: int
) -> None:
    """Click somewhere in low-resolution pixels, as one does in the view's own."""
    within = 0.5 if talk.rng is None else talk.rng.random((len(cells), 2))
    grid = np.array(talk.wanted.shape)
    pixels = (np.array(cells) + within) * (np.array(talk.sample.shape) / grid) - 0.5
    talk.xy.extend(to_model_xy(pixels, talk.sample.shape, side))
    talk.labels.extend(labels)


def _prompts(group: Sequence[_Talk]) -> PromptBatch:
    device = group[0].target.device
    xy = labels = mask = None
    if group[0].labels:
        xy = torch.from_numpy(np.stack([np.stack(talk.xy) for talk in group]))
        labels = torch.tensor([talk.labels for talk in group], dtype=torch.int32)
        xy, labels = xy.to(device), labels.to(device)
    if group[0].mask is not None:
        mask = torch.cat([talk.mask for talk in group if talk.mask is not None])
    return PromptBatch(xy, labels, mask)


def _ready(features: Features, device: torch.device) -> Features:
    fine, middle = features.high_res
    return Features(
        features.embedding.to(device).float(),
        (fine.to(device).float(), middle.to(device).float()),
    )
