"""Fine-tuning as the loop takes it: what is asked in each step, and how it is seen."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from mae_sam2_training.data.errors import DataError
from mae_sam2_training.engine.schedule import parameter_groups
from mae_sam2_training.talk import Batch, Kind, Sample, hard
from mae_sam2_training.trained_weights import rate_of
from mae_sam2_training.views import Shown, coverage

if TYPE_CHECKING:
    from torch import Tensor, nn

    from mae_sam2_training.engine.loop import Tally
    from mae_sam2_training.engine.run import Run
    from mae_sam2_training.finetune_config import FinetuneConfig
    from mae_sam2_training.session import Session
    from mae_sam2_training.views import Gallery

KINDS: tuple[Kind, ...] = ("all", "click", "box", "mask")


class FinetuneTask:
    """Simulated sessions on the views of the training frames.

    Parameters
    ----------
    session : Session
        Holds the model.
    training, held_out : Gallery
        Views to train on, and frames to look at.
    config : FinetuneConfig
        The recipe.
    run : Run
        Its precision is used for looking, too.
    """

    def __init__(
        self,
        session: Session,
        training: Gallery,
        held_out: Gallery,
        config: FinetuneConfig,
        run: Run,
    ) -> None:
        self._session = session
        self._training = training
        self._held_out = held_out
        self._config = config
        self._run = run

    @property
    def module(self) -> Session:
        """What is trained."""
        return self._session

    def groups(self) -> list[dict[str, Any]]:
        """Parameter groups: the encoder learns more slowly than the decoder."""
        return parameter_groups(
            self._session.named_parameters(),
            self._config.loop,
            rate_of(self._session.model, self._config.train),
        )

    def batch(self, step: int, rank: int, world: int) -> Batch:
        """Give the sessions of one process in a step; those on a view stand together.

        A share that runs evenly through 0 to 1 over a batch says what is asked, so that
        each batch has every kind of prompt in proportion to its weight.
        """
        seed, size = self._config.run.seed, self._config.loop.batch
        per_view = self._config.prompts.per_view
        views = size // per_view
        together = np.random.default_rng((seed, step))
        side = self._draw_side(together)
        corrections = int(together.integers(self._config.prompts.corrections + 1))
        offset = together.random()
        samples = []
        for view in range(rank, views, world):
            shown = self._shown(step * views + view, (seed, 2, step, view), side)
            for turn in range(per_view):
                # views differ in what they are asked, not only sessions of one view
                share = (view + views * turn + offset) / size
                hand = (seed, 3, step, view * per_view + turn)
                samples.append(self._sample(shown, share, corrections, hand))
        return Batch(samples)

    def describe(self, batch: Batch) -> str:
        """Name the frames of a batch."""
        return ", ".join(sorted({sample.name for sample in batch.samples}))

    def _draw_side(self, rng: np.random.Generator) -> int | None:
        """Draw the side of the encoder's input; None for the model's own."""
        sides = self._config.train.sides
        if not sides or self._config.train.what == "decoder":
            return None
        return int(rng.choice(sides))

    def _shown(self, number: int, seed: tuple[int, ...], side: int | None) -> Shown:
        """Give the view with a running number through all epochs.

        Where not every leak is labelled, a view without a labelled one says nothing;
        the next view is taken then.
        """
        count = len(self._training)
        epoch, place = divmod(number, count)
        first = (self._config.run.seed, 1, epoch)
        order = np.random.default_rng(first).permutation(count)
        for further in range(count):
            rng = np.random.default_rng((*seed, further))
            shown = self._training.show(
                int(order[(place + further) % count]), rng, side
            )
            if shown.complete or shown.lesions.any():
                return shown
        raise DataError(
            "No frame is fully labelled and no view of the others shows a labelled "
            "lesion: train on some frames that are."
        )

    def _sample(
        self, shown: Shown, share: float, corrections: int, hand: tuple[int, ...]
    ) -> Sample:
        """Ask for something of a view."""
        prompts = self._config.prompts
        weights = np.array([getattr(prompts, kind) for kind in KINDS]).cumsum()
        kind = KINDS[int(np.searchsorted(weights / weights[-1], share, side="right"))]
        lesions = np.unique(shown.lesions[shown.lesions > 0])
        if kind == "all" and not shown.complete:
            kind = "click"  # what else leaks here is not known
        if shown.boxed:
            kind = "box"
        if kind == "all" or not len(lesions):
            # nothing is corrected here: a click would ask for one lesion
            return self._ask(shown, shown.lesions > 0, "all", 0, None)
        wanted = shown.lesions == np.random.default_rng((*hand, 1)).choice(lesions)
        return self._ask(shown, wanted, kind, corrections, hand)

    def _ask(
        self,
        shown: Shown,
        wanted: np.ndarray[Any, np.dtype[np.bool_]],
        kind: Kind,
        corrections: int,
        seed: tuple[int, ...] | None,
    ) -> Sample:
        side = shown.side // 4
        target = coverage(wanted, side)
        unsure = None
        if shown.unsure is not None:
            # a pixel that is leakage by a half and unsure by a half stays leakage
            unsure = (coverage(shown.unsure, side) > 0.5) & (target <= 0)
        return Sample(
            shown.name, shown.shape, shown.seen, target, kind, corrections, seed, unsure
        )

    def validate(self, module: nn.Module, rank: int, world: int) -> dict[str, Tally]:
        """Look at held-out frames with the ideal grader, at low resolution.

        Gives `dice` (and the same as `score`): the mean over frames of the mean of
        what follows, as far as a frame has it; `dice_prompt_free` over frames, and
        `dice_1_click` and so on over lesions. `lesions_found` is the share of all
        lesions that were found without a click.
        """
        validation = self._config.validation
        frames = min(len(self._held_out), validation.frames)
        clicks = sorted({1, validation.clicks})
        if not frames:
            return {}
        found: dict[str, list[float]] = {"dice": [], "dice_prompt_free": []}
        found["lesions_found"] = []
        found |= {_clicked(n): [] for n in clicks}
        for index in range(rank, frames, world):
            free, hits, curves = self._look(index)
            found["dice_prompt_free"].append(free)
            found["lesions_found"] += hits
            means = [free]
            for n in clicks if curves else ():
                values = [curve[min(n, len(curve)) - 1] for curve in curves]
                found[_clicked(n)] += values
                means.append(float(np.mean(values)))
            found["dice"].append(float(np.mean(means)))
        tallies = {k: (float(np.sum(v)), float(len(v))) for k, v in found.items()}
        return {**tallies, "score": tallies["dice"]}

    def _look(self, index: int) -> tuple[float, list[float], list[list[float]]]:
        """Look at a frame.

        Gives its Dice without a click, 1 for each lesion that was found so and 0 for
        each that was not, and the Dice after each click on its largest lesions.
        """
        shown = self._held_out.show(index, np.random.default_rng(index))
        with self._run.fabric.autocast():
            if isinstance(shown.seen, torch.Tensor):
                seen = self._session.encode([shown.seen])[0]
                shown = replace(shown, seen=seen)
            asked = self._ask(shown, shown.lesions > 0, "all", 0, None)
            answer = (self._session.answers(asked)[0] > 0).cpu()
            if asked.unsure is not None:
                answer &= ~asked.unsure
            free = dice(answer, torch.from_numpy(hard(asked.target)))
            sizes = np.bincount(shown.lesions.ravel())[1:]
            hits = [
                self._is_found(answer.numpy(), shown.lesions == n + 1)
                for n in np.flatnonzero(sizes)
            ]
            largest = np.argsort(-sizes, kind="stable") + 1
            clicks = self._config.validation.clicks
            curves = [
                self._dice(
                    self._ask(shown, shown.lesions == n, "click", clicks - 1, None)
                )
                for n in largest[: self._config.validation.lesions]
                if sizes[n - 1]
            ]
        return free, hits, curves

    def _is_found(
        self,
        answer: np.ndarray[Any, np.dtype[np.bool_]],
        lesion: np.ndarray[Any, np.dtype[np.bool_]],
    ) -> float:
        """Give 1 where enough of a lesion is in the answer, 0 where it is not."""
        wanted = hard(coverage(lesion, answer.shape[-1]))
        share = self._config.validation.overlap
        return float((answer & wanted).sum() >= share * wanted.sum())

    def _dice(self, sample: Sample) -> list[float]:
        wanted = torch.from_numpy(hard(sample.target))
        counted = torch.ones_like(wanted) if sample.unsure is None else ~sample.unsure
        return [
            dice((answer > 0).cpu() & counted, wanted)
            for answer in self._session.answers(sample)
        ]


def dice(predicted: Tensor, wanted: Tensor) -> float:
    """Dice of two bool masks of one shape; 1 where both are empty."""
    both = float((predicted & wanted).sum())
    areas = float(predicted.sum() + wanted.sum())
    return 2 * both / areas if areas else 1.0


def _clicked(n: int) -> str:
    return f"dice_{n}_click" if n == 1 else f"dice_{n}_clicks"
