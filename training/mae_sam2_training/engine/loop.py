"""The loop of every run: step, look, keep the best, stop early, resume exactly.

A batch is a function of the step alone, so nothing random has to be saved: a run
that was killed continues from its last saved state with the steps it would have made.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import torch

from mae_sam2_training.engine.batches import batches_from
from mae_sam2_training.engine.faults import RunError
from mae_sam2_training.engine.progress import Clock
from mae_sam2_training.engine.records import Records
from mae_sam2_training.engine.schedule import rate_share
from mae_sam2_training.engine.stopping import Stopped
from mae_sam2_training.engine.together import added_up, mean_of, signal_to
from mae_sam2_training.engine.weights import load_trainable, trainable

if TYPE_CHECKING:
    from collections.abc import Generator

    from torch import nn

    from mae_sam2_training.config import LoopConfig, RunConfig
    from mae_sam2_training.engine.run import Run

Batch = TypeVar("Batch")
Tally = tuple[float, float]
"""Sum and count of a metric, so that processes can be added up."""


class Task(Protocol[Batch]):
    """What a kind of run gives the loop."""

    @property
    def module(self) -> nn.Module:
        """`module(batch)` gives the mean loss over the batch and metrics to log.

        Only the parameters that require a gradient are trained and saved.
        """

    def groups(self) -> list[dict[str, Any]]:
        """Parameter groups for AdamW, see `schedule.parameter_groups`."""

    def batch(self, step: int, rank: int, world: int) -> Batch:
        """Share of one process of the batch of a step; a function of these alone."""

    def describe(self, batch: Batch) -> str:
        """Names of what is in the batch, for the message of a lost run."""

    def validate(self, module: nn.Module, rank: int, world: int) -> dict[str, Tally]:
        """Share of one process of the held-out metrics, the same keys in each.

        Parameters
        ----------
        module : nn.Module
            The trained module, in eval mode and without gradients.
        rank, world : int
            Which share.

        Returns
        -------
        dict
            Sum and count per metric. The metric `score` decides which weights are
            the best: higher is better. Empty where nothing is held out: then the
            last weights are kept.
        """


@dataclass(frozen=True, slots=True)
class Fitted:
    """How a run ended; the best weights are in the module.

    Attributes
    ----------
    metrics : dict of str to float
        Held-out metrics of the best weights.
    best_step : int
        Steps after which they were reached.
    steps : int
        Steps made in all.
    """

    metrics: dict[str, float]
    best_step: int
    steps: int


@dataclass(slots=True)
class _Progress:
    """What a state holds beside weights and moments."""

    step: int = 0
    best_step: int = 0
    best: dict[str, float] | None = None
    stale: int = 0


def fit(
    task: Task[Batch], loop: LoopConfig, settings: RunConfig, run: Run, *, resume: bool
) -> Fitted:
    """Train until the steps are made or nothing gets better.

    Parameters
    ----------
    task : Task
        What to train on what.
    loop : LoopConfig
        How long and how fast.
    settings : RunConfig
        Workers that prepare batches.
    run : Run
        Folder, processes, log.
    resume : bool
        Continue from the folder's state.

    Raises
    ------
    Stopped
        If a signal came; the state is saved.
    RunError
        If the loss is no number any more.
    """
    fabric = run.fabric
    optimizer = torch.optim.AdamW(task.groups(), betas=loop.betas)
    module, optimizer = fabric.setup(task.module, optimizer)
    at = _Progress()
    best: dict[str, torch.Tensor] = {}

    def take(state: dict[str, Any]) -> None:
        nonlocal at, best
        at, best = _restore(task.module, optimizer, run, state)

    if resume and run.load_state(take) is not None:
        run.mend_best(best)
    records = Records(run.folder, at.step) if run.is_first else None
    clock = Clock(at.step, loop.steps)

    def save() -> None:
        if records is not None:
            records.flush()
            run.save_state(
                {
                    "weights": trainable(task.module),
                    "best": best,
                    "optimizer": optimizer.state_dict(),
                    "precision": fabric.strategy.precision.state_dict(),
                    "progress": {
                        name: getattr(at, name) for name in _Progress.__slots__
                    },
                }
            )

    def look() -> None:
        nonlocal best
        module.eval()
        with torch.no_grad():
            tallies = task.validate(module, fabric.global_rank, fabric.world_size)
        metrics = added_up(run, tallies)
        better = not metrics or at.best is None or metrics["score"] > at.best["score"]
        at.stale = 0 if better else at.stale + 1
        if better:
            at.best, at.best_step = metrics, at.step
            best = trainable(task.module)
            run.save_best(best)
        if not metrics:
            return
        if records is not None:
            records.write(at.step, {f"val/{k}": v for k, v in metrics.items()})
        run.reporter.report(
            "validate", step=at.step, total=loop.steps, best=better, **metrics
        )

    def ended() -> bool:
        return at.step >= loop.steps or bool(
            loop.patience and at.stale >= loop.patience
        )

    batches: Generator[Any] | None = None
    try:
        if at.step == 0:
            look()  # the parent's own score: training must beat it to be kept
        batches = batches_from(task, range(at.step, loop.steps), settings, run)
        while not ended():
            batch = next(batches)
            for group in optimizer.param_groups:
                group["lr"] = group["peak"] * rate_share(at.step, loop)
            module.train()
            loss, metrics = module(batch)
            value = mean_of(run, loss.detach())
            if not math.isfinite(value):
                raise RunError(
                    f"The loss is no longer a number at step {at.step + 1} "
                    f"({task.describe(batch)}): lower loop.learning_rate, or look at "
                    "these frames; nothing was saved over."
                )
            optimizer.zero_grad(set_to_none=True)
            fabric.backward(loss)
            if loop.clip:
                fabric.clip_gradients(
                    module, optimizer, max_norm=loop.clip, error_if_nonfinite=False
                )
            optimizer.step()
            at.step += 1
            rate = optimizer.param_groups[0]["lr"]
            if records is not None:
                logged = {f"train/{name}": v for name, v in metrics.items()}
                records.write(
                    at.step, {"train/loss": value, "train/learning_rate": rate} | logged
                )
            run.reporter.report(
                "step",
                step=at.step,
                total=loop.steps,
                loss=value,
                learning_rate=rate,
                eta_s=clock.seconds_left(at.step),
                **metrics,
            )
            if at.step % loop.validate_every == 0 or at.step == loop.steps:
                look()
            stopping = signal_to(run)
            if stopping or ended() or at.step % loop.save_every == 0:
                save()
            if stopping:
                raise Stopped(stopping)
    finally:
        # An error keeps this frame alive, and its workers, which are deaf to signals.
        if batches is not None:
            batches.close()
        if records is not None:
            records.close()
    fabric.barrier()
    load_trainable(task.module, best)
    return Fitted(dict(at.best or {}), at.best_step, at.step)


def _restore(
    module: nn.Module, optimizer: Any, run: Run, state: dict[str, Any]
) -> tuple[_Progress, dict[str, torch.Tensor]]:
    """Put a state back; gives how far it is, and the best weights so far.

    Raises
    ------
    RunError
        If it is of other weights, or something is missing from it.
    """
    try:
        # states of earlier versions leave the best weights to a file of their own
        best = state["best"] if "best" in state else run.load_best()
        at = _Progress(**state["progress"])
        wanted = {name: one.shape for name, one in trainable(module).items()}
        for weights in (state["weights"], best):
            if {name: one.shape for name, one in weights.items()} != wanted:
                raise RunError("It holds the weights of another model.")
        optimizer.load_state_dict(state["optimizer"])
        run.fabric.strategy.precision.load_state_dict(state.get("precision", {}))
        load_trainable(module, state["weights"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RunError("It is not what this run has written.") from error
    return at, best
