"""`napari-mae-sam2 predict`: the run with a progress bar and a summary."""

from __future__ import annotations

import sys
from collections import Counter
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from napari_mae_sam2.predict.opening import (
    model_record,
    open_for_run,
    wait_until_ready,
)
from napari_mae_sam2.predict.processes import Setup, steps_in_processes
from napari_mae_sam2.predict.prompts_file import PromptBook
from napari_mae_sam2.predict.results import Results
from napari_mae_sam2.predict.run import PredictRun
from napari_mae_sam2.predict.sources import list_sources

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from napari_mae_sam2.predict.run import Outcome
    from napari_mae_sam2.predict.sources import Source

STOPPED: Final = 130
"""Exit code of a run that was ended with Ctrl-C."""


def predict_folder(setup: Setup, inputs: Sequence[Path]) -> int:
    """Predict and say what became of it.

    Returns
    -------
    int
        Exit code: 0 all done, 1 a frame was left out, `STOPPED`.

    Raises
    ------
    PlainError
        If the inputs, the prompts, the model or the folder cannot be used.
    """
    sources = list_sources(inputs)
    if setup.prompts is not None:
        PromptBook.read(setup.prompts)  # before the model, which takes longer
    console = Console(stderr=True, highlight=False)
    columns = (
        TextColumn("{task.description}", markup=False),
        *(BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()),
    )
    counts: Counter[str] = Counter()
    trouble: list[str] = []
    stopped = False
    run = _Run(setup, console)
    try:
        with Progress(*columns, console=console, transient=True) as bar:
            task = bar.add_task("Predicting", total=len(sources))
            for outcome in run.steps(sources):
                counts[outcome.what] += 1
                if outcome.sentence:
                    trouble.append(outcome.sentence)
                bar.update(task, advance=1, description=f"Predicting {outcome.name}")
    except KeyboardInterrupt:
        stopped = True
    finally:
        run.close()
    table = run.results.write_table()
    print(
        f"{counts['made']} of {len(sources)} frames predicted with {run.engine}, "
        f"{counts['found']} were there already: {table}"
    )
    for sentence in trouble:
        print(f"napari-mae-sam2: left out: {sentence}", file=sys.stderr)
    if stopped:
        print("Stopped. The same command goes on from here.", file=sys.stderr)
        return STOPPED
    return 1 if trouble else 0


class _Run:
    """One process or several, whichever was asked for."""

    def __init__(self, setup: Setup, console: Console) -> None:
        with console.status("Loading the model"):
            self._predictor = open_for_run(setup.weights)
        try:
            self.results = Results.create(setup.out, model_record(self._predictor))
            with console.status(f"Preparing the encoder: {self._predictor.engine}"):
                # Here also for several processes: they find it prepared.
                wait_until_ready(self._predictor)
        except BaseException:
            self._predictor.close()
            raise
        self.engine = self._predictor.engine
        self._setup = setup

    def steps(self, sources: Sequence[Source]) -> Iterator[Outcome]:
        setup = self._setup
        if setup.processes > 1:
            return steps_in_processes(setup, sources)
        book = PromptBook.read(setup.prompts) if setup.prompts else PromptBook()
        run = PredictRun(self._predictor, self.results, book, setup.batch)
        return run.steps(sources)

    def close(self) -> None:
        self._predictor.close()
