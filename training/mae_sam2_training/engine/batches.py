"""The batches of a run, made in the loop or ahead of it by worker processes.

What is wrong with a batch comes out of a worker as one sentence, and no worker outlives
the loop, however that ends.
"""

from __future__ import annotations

import multiprocessing
import signal
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from torch.utils.data import DataLoader, Dataset

from mae_sam2_training.engine.faults import LOST_WORKER, RunError, plainly
from napari_mae_sam2.fa.errors import PlainError

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from mae_sam2_training.config import RunConfig
    from mae_sam2_training.engine.run import Run


class Batches(Protocol):
    """What gives the batches of the steps."""

    def batch(self, step: int, rank: int, world: int) -> Any:
        """Share of one process of the batch of a step; a function of these alone."""


def batches_from(
    task: Batches, steps: range, settings: RunConfig, run: Run
) -> Generator[Any]:
    """Give the batches of some steps, one after the other.

    Close the generator in the end: an error keeps the caller's frame alive, and the
    workers with it.

    Parameters
    ----------
    task : Batches
        Asked for each batch, in a worker where there are some.
    steps : range
        Which ones.
    settings : RunConfig
        How many workers.
    run : Run
        This process and its folder.

    Raises
    ------
    RunError
        If a batch cannot be made; the sentence is the one of what went wrong.
    """
    workers = settings.workers
    # a task holds what cannot be sent to a process that starts from nothing
    if workers and "fork" not in multiprocessing.get_all_start_methods():
        workers = 0
        run.reporter.report(
            "note",
            message="This system cannot copy a process, so batches are prepared in the "
            "training loop.",
        )
    loader: DataLoader[Any] = DataLoader(
        _Steps(task, run.folder, run.fabric.global_rank, run.fabric.world_size),
        batch_size=None,
        sampler=steps,
        num_workers=workers,
        multiprocessing_context="fork" if workers else None,
        collate_fn=_as_it_is,
        worker_init_fn=_ignore_signals,
    )
    iterator = iter(loader)
    try:
        for batch in iterator:
            if isinstance(batch, _Lost):
                raise RunError(batch.sentence)
            yield batch
    except BaseException as error:
        # frames of the loader would keep its workers alive as long as the error lives
        traceback.clear_frames(error.__traceback__)
        if isinstance(error, ConnectionError | EOFError):
            # what is left of a batch on its way from a worker that was ended
            raise RunError(LOST_WORKER) from error
        raise
    finally:
        del iterator


@dataclass(frozen=True, slots=True)
class _Lost:
    """Stands for a batch that a worker could not make.

    The loader would raise the error again with the worker's traceback for a message.
    """

    sentence: str


class _Steps(Dataset[Any]):
    """The batches of the steps, for workers to prepare."""

    def __init__(self, task: Batches, folder: Path, rank: int, world: int) -> None:
        self._task, self._folder = task, folder
        self._rank, self._world = rank, world

    def __getitem__(self, step: int) -> object:
        try:
            with plainly(self._folder):
                return self._task.batch(step, self._rank, self._world)
        except PlainError as error:
            return _Lost(str(error))


def _as_it_is(batch: object) -> object:
    return batch


def _ignore_signals(worker: int) -> None:
    """Leave Ctrl-C and a cluster's SIGTERM to the loop.

    Both may come to every process of the run at once; a worker that dies of them makes
    the loop fail before it has saved its state. A worker whose loop is gone ends by
    itself.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
