"""The same run in several processes, each with a model of its own."""

from __future__ import annotations

import multiprocessing
import os
import signal
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.predict.results import Results
from napari_mae_sam2.predict.run import Outcome, PredictRun

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from napari_mae_sam2.predict.prompts_file import PromptBook
    from napari_mae_sam2.predict.sources import Source


@dataclass(frozen=True, slots=True)
class Setup:
    """What a process needs to make a `PredictRun`.

    Attributes
    ----------
    weights : Path or None
        None for the model in use.
    out : Path or None
        Folder of results, made already; None for the study's own, before it is known
        which model it is.
    prompts : Path or None
    batch : int
        Frames that are encoded together; 0 for what suits the device.
    processes : int
    study : Path or None
        Its queue gets every frame as proposed.
    unlabelled : bool
        Leave out what has a label in a study.
    heads : tuple of Path
        Files of classification heads, each of which tells something of every frame.
    """

    weights: Path | None
    out: Path | None
    prompts: Path | None
    batch: int
    processes: int
    study: Path | None = None
    unlabelled: bool = False
    heads: tuple[Path, ...] = ()


_run: PredictRun | None = None  # of this process, made once


def steps_in_processes(
    setup: Setup, sources: Sequence[Source], book: PromptBook
) -> Iterator[Outcome]:
    """Predict frames in several processes; yields as `PredictRun.steps` does.

    What was begun is finished when this is closed, what was not is dropped.

    Raises
    ------
    PlainError
        If one of the processes was ended, or as `PredictRun.steps` does.
    """
    batches = [
        sources[start : start + setup.batch]
        for start in range(0, len(sources), setup.batch)
    ]
    pool = ProcessPoolExecutor(
        setup.processes,
        # A forked process would inherit torch's threads in an unknown state.
        multiprocessing.get_context("spawn"),
        _start,
        (setup, book),
    )
    try:
        waiting = [pool.submit(_predict, batch) for batch in batches]
        for done in as_completed(waiting):
            yield from done.result()
    except BrokenProcessPool as error:
        raise PlainError(
            "A process that predicts was ended, which the system does when the memory "
            "is full: say fewer --processes and start the same command again, which "
            "goes on where it stopped."
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _start(setup: Setup, book: PromptBook) -> None:
    import torch

    from napari_mae_sam2.model.classifier import Classifier
    from napari_mae_sam2.predict.opening import (
        model_record,
        open_for_run,
        wait_until_ready,
    )
    from napari_mae_sam2.predict.proposals import Proposals

    global _run
    assert setup.out is not None  # the first process has chosen it
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process ends the others
    torch.set_num_threads(max(1, (os.cpu_count() or 1) // setup.processes))
    predictor = open_for_run(setup.weights)
    wait_until_ready(predictor)
    proposals = None
    if setup.study is not None:
        model = model_record(predictor)
        proposals = Proposals(setup.study, model, setup.unlabelled)
    _run = PredictRun(
        predictor,
        Results.open(setup.out),
        book,
        setup.batch,
        proposals,
        Classifier(predictor, setup.heads),
    )


def _predict(sources: Sequence[Source]) -> list[Outcome]:
    assert _run is not None  # the pool calls _start first
    return list(_run.steps(sources))
