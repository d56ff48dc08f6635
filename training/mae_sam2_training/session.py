"""A simulated session at the window: asked, answered, corrected, and learnt from.

The module here holds SAM 2 and gives the loss of a batch of such sessions. It asks in
every way in which a grader can, and each answer is trained as it will be used: see
`choose_answer` for which mask token answers what.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import mse_loss

from mae_sam2_training.losses import LossConfig, MaskLoss, true_iou
from mae_sam2_training.sides import set_side
from mae_sam2_training.talk import (
    Batch,
    Sample,
    Talk,
    correct,
    first_prompt,
    hard,
    prompts_of,
    side_of,
)
from napari_mae_sam2.model.candidates import (
    SINGLE,
    preferred_token,
    prompt_free_answers,
)
from napari_mae_sam2.model.card import PromptFree
from napari_mae_sam2.model.forward import Features, decode_prompts, encode_images

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sam2.modeling.sam2_base import SAM2Base


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
                judged = talk.judged(logits)
                losses[id(talk)].append(self._loss(talk, judged, scores))
                best = self._choose(talk, logits, scores)
                best = best.detach().float()
                overlaps[id(talk)].append(
                    float(true_iou(talk.judged(best), talk.target))
                )
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
            best = self._choose(talk, logits, scores)
            given.append(best.float())
            if turn < sample.corrections:
                correct(talk, given[-1])
        return given

    def _begin(self, batch: Sequence[Sample]) -> list[Talk]:
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
            talk = Talk(sample, features, target, hard(sample.target), rng)
            first_prompt(talk, side_of(talk))
            talks.append(talk)
        return talks

    def encode(self, images: list[Tensor]) -> list[Features]:
        """Encode inputs of shape (1, 3, S, S) in one batch."""
        device = next(self.model.parameters()).device
        set_side(self.model, images[0].shape[-1])
        together = encode_images(self.model, torch.cat(images).to(device))
        fine, middle = together.high_res
        return [
            Features(one[None], (fine[i : i + 1], middle[i : i + 1]))
            for i, one in enumerate(together.embedding)
        ]

    def _answers(self, talks: Sequence[Talk]) -> list[tuple[Talk, Tensor, Tensor]]:
        """Decode together what has as many points and as much of a mask.

        Only those: padding would show the decoder tokens that it never meets at the
        window.
        """
        groups: dict[tuple[int, int, bool], list[Talk]] = defaultdict(list)
        for talk in talks:
            kind = side_of(talk), len(talk.labels), talk.mask is not None
            groups[kind].append(talk)
        answers = []
        for (side, _, _), group in groups.items():
            set_side(self.model, side)
            features = Features(
                torch.cat([talk.features.embedding for talk in group]),
                (
                    torch.cat([talk.features.high_res[0] for talk in group]),
                    torch.cat([talk.features.high_res[1] for talk in group]),
                ),
            )
            logits, scores = decode_prompts(self.model, features, prompts_of(group))
            if group[0].is_prompt_free:
                logits, _ = prompt_free_answers(self.model, logits)
            answers += [(talk, logits[i], scores[i]) for i, talk in enumerate(group)]
        return answers

    def _choose(self, talk: Talk, logits: Tensor, scores: Tensor) -> Tensor:
        """Give the answer that the window would show first."""
        token = self._prompt_free_token()
        if talk.is_prompt_free and token is not None:
            return logits[token]
        return choose_answer(self.model, logits, scores, talk.is_single_click)

    def _prompt_free_token(self) -> int | None:
        """Give the token that answers without a prompt, if the card names one."""
        said = getattr(self.model, "prompt_free", PromptFree())
        return None if said == PromptFree() else said.token

    def _loss(self, talk: Talk, logits: Tensor, scores: Tensor) -> Tensor:
        """Give the loss of one answer: the token alone, best of three, expected IoU."""
        each = self.mask_loss(logits, talk.target.expand_as(logits))  # [4]
        truth = true_iou(logits.detach(), talk.target)  # [4]
        token = self._prompt_free_token() if talk.is_prompt_free else None
        loss: Tensor = each[SINGLE if token is None else token] + each[1:].min()
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


def _ready(features: Features, device: torch.device) -> Features:
    fine, middle = features.high_res
    return Features(
        features.embedding.to(device).float(),
        (fine.to(device).float(), middle.to(device).float()),
    )
