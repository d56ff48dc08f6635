"""The loop of every run: step, look, keep the best, stop early, resume exactly.

A batch is a function of the step alone, so nothing random has to be saved: a run
that was killed continues from its last saved state with the steps it would have made.
"""

from __future__ import annotations

import math
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import torch
from torch.utils.data import DataLoader, Dataset

from mae_sam2_training.engine.faults import RunError
from mae_sam2_training.engine.progress import Clock
from mae_sam2_training.engine.records import Records
from mae_sam2_training.engine.schedule import rate_share
from mae_sam2_training.engine.stopping import Stopped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor, nn

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
    if resume:
        state = run.load_state()
        load_trainable(task.module, state["weights"])
        optimizer.load_state_dict(state["optimizer"])
        at = _Progress(**state["progress"])
    records = Records(run.folder, at.step) if run.is_first else None
    clock = Clock(at.step, loop.steps)

    def save() -> None:
        if records is not None:
            records.flush()
            run.save_state(
                {
                    "weights": trainable(task.module),
                    "optimizer": optimizer.state_dict(),
                    "progress": {
                        name: getattr(at, name) for name in _Progress.__slots__
                    },
                }
            )

    def look() -> None:
        metrics = _validate(task, module, run)
        better = not metrics or at.best is None or metrics["score"] > at.best["score"]
        at.stale = 0 if better else at.stale + 1
        if better:
            at.best, at.best_step = metrics, at.step
            run.save_best(trainable(task.module))
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

    batches: Iterator[Any] = iter(())
    try:
        if at.step == 0:
            look()  # the parent's own score: training must beat it to be kept
        if not ended():
            batches = _batches(task, loop, settings, run, at.step)
        while not ended():
            batch = next(batches)
            for group in optimizer.param_groups:
                group["lr"] = group["peak"] * rate_share(at.step, loop)
            module.train()
            loss, metrics = module(batch)
            value = _mean(run, loss.detach())
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
            stopping = _stopping(run)
            if stopping or ended() or at.step % loop.save_every == 0:
                save()
            if stopping:
                raise Stopped(stopping)
    finally:
        # An error keeps this frame alive, and its workers, which are deaf to signals.
        del batches
        if records is not None:
            records.close()
    fabric.barrier()
    load_trainable(task.module, run.load_best())
    return Fitted(dict(at.best or {}), at.best_step, at.step)


def trainable(module: nn.Module) -> dict[str, Tensor]:
    """Give a copy on the CPU of the parameters that are trained."""
    return {
        name: parameter.detach().to("cpu", copy=True)
        for name, parameter in module.named_parameters()
        if parameter.requires_grad
    }


def load_trainable(module: nn.Module, weights: dict[str, Tensor]) -> None:
    """Put back what `trainable` gave."""
    parameters = dict(module.named_parameters())
    with torch.no_grad():
        for name, weight in weights.items():
            parameters[name].copy_(weight)


class _Steps(Dataset[Any]):
    """The batches of the steps, one after the other, for workers to prepare."""

    def __init__(self, task: Task[Any], rank: int, world: int) -> None:
        self._task, self._rank, self._world = task, rank, world

    def __getitem__(self, step: int) -> object:
        return self._task.batch(step, self._rank, self._world)


def _batches(
    task: Task[Batch], loop: LoopConfig, settings: RunConfig, run: Run, start: int
) -> Iterator[Batch]:
    fabric = run.fabric
    loader: DataLoader[Batch] = DataLoader(
        _Steps(task, fabric.global_rank, fabric.world_size),
        batch_size=None,
        sampler=range(start, loop.steps),
        num_workers=settings.workers,
        collate_fn=_as_it_is,
        worker_init_fn=_ignore_signals,
    )
    return iter(loader)


def _as_it_is(batch: Batch) -> Batch:
    return batch


def _ignore_signals(worker: int) -> None:
    """Leave Ctrl-C and a cluster's SIGTERM to the loop.

    Both may come to every process of the run at once; a worker that dies of them makes
    the loop fail before it has saved its state. A worker whose loop is gone ends by
    itself.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


def _validate(task: Task[Any], module: nn.Module, run: Run) -> dict[str, float]:
    fabric = run.fabric
    module.eval()
    with torch.no_grad():
        tallies = task.validate(module, fabric.global_rank, fabric.world_size)
    if not tallies:
        return {}
    table = torch.tensor(list(tallies.values()), dtype=torch.float64)  # [metric, 2]
    if fabric.world_size > 1:
        table = fabric.all_reduce(table.to(run.device), reduce_op="sum").cpu()
    return {
        name: float(total / count) if count else math.nan
        for name, (total, count) in zip(tallies, table, strict=True)
    }


def _mean(run: Run, loss: Tensor) -> float:
    if run.fabric.world_size > 1:
        loss = run.fabric.all_reduce(loss, reduce_op="mean")
    return float(loss)


def _stopping(run: Run) -> int:
    """Give the signal that any process got, or 0; all learn of it together."""
    signum = run.stop.signum
    if run.fabric.world_size > 1:
        signums = run.fabric.all_reduce(
            torch.tensor(float(signum), device=run.device), reduce_op="max"
        )
        signum = int(signums)
    return signum
