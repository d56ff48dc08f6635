"""`napari-mae-sam2 predict`: the whole run, from what was asked for to a summary."""

from __future__ import annotations

import signal
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from napari_mae_sam2.common.json_lines import REPORTED
from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.model.classifier import Classifier
from napari_mae_sam2.predict.left_out import write_left_out
from napari_mae_sam2.predict.opening import (
    model_record,
    open_for_run,
    wait_until_ready,
    weights_of_run,
)
from napari_mae_sam2.predict.processes import Setup, steps_in_processes
from napari_mae_sam2.predict.prompts_file import PromptBook
from napari_mae_sam2.predict.proposals import Proposals
from napari_mae_sam2.predict.report import Done
from napari_mae_sam2.predict.results import Results
from napari_mae_sam2.predict.run import BATCH, PredictRun
from napari_mae_sam2.predict.sources import list_sources
from napari_mae_sam2.predict.stored import results_folder
from napari_mae_sam2.predict.table import COLUMNS
from napari_mae_sam2.predict.told import check_told

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence, Set
    from pathlib import Path

    from napari_mae_sam2.predict.report import Report
    from napari_mae_sam2.predict.run import Outcome
    from napari_mae_sam2.predict.sources import Source

STOPPED: Final = 130
"""Exit code of a run that was ended with Ctrl-C or by its parent."""


def predict_folder(setup: Setup, inputs: Sequence[Path], report: Report) -> int:
    """Predict and say what became of it.

    Returns
    -------
    int
        Exit code: 0 all done, 1 a frame was left out, `STOPPED`.

    Raises
    ------
    PlainError
        If the inputs, the prompts, the model or a folder cannot be used.
    """
    # Who started it ends it as Ctrl-C does: what was begun is finished.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        done = _predict(setup, inputs, report)
    except PlainError as error:
        report.failed(str(error))
        error.add_note(REPORTED)
        raise
    finally:
        signal.signal(signal.SIGTERM, before)
    report.end(done)
    if done.stopped:
        return STOPPED
    return 1 if done.trouble else 0


def _predict(setup: Setup, inputs: Sequence[Path], report: Report) -> Done:
    done = Done()
    run: _Run | None = None
    try:
        sources = list_sources(inputs, setup.unlabelled)
        done.total = len(sources)
        # Before the model, which takes longer.
        book = PromptBook.read(setup.prompts) if setup.prompts else PromptBook()
        book.match(list_sources(inputs) if setup.unlabelled else sources)
        chosen = weights_of_run(setup.weights, setup.study, inputs)
        if not chosen.is_default:
            setup = replace(setup, weights=chosen.path)
        run = _Run(setup, book, report)
        done.model = chosen.sentence(run.model.name, run.model.fingerprint)
        report.model(done.model)
        done.engine, done.folder = run.engine, run.results.folder
        with report.frames(len(sources)):
            used: set[str] = set()
            for outcome in run.steps(sources):
                used.add(outcome.entry)
                done.take(outcome)
                report.frame(outcome, done)
        if setup.unlabelled:
            used |= _entries_left_out(book, inputs, set(sources), used)
        done.trouble += book.trouble + book.unused(used)
    except KeyboardInterrupt:
        done.stopped = True
    finally:
        if run is not None:
            run.close()
    if run is not None:
        done.table = run.results.write_table(done.trouble)
        write_left_out(run.results.folder, done.trouble)
    return done


def _entries_left_out(
    book: PromptBook, inputs: Sequence[Path], asked: Set[Source], used: Set[str]
) -> set[str]:
    """Give the entries that are about cases with a label, which was not asked for."""
    found: set[str] = set()
    with suppress(PlainError):  # the inputs are gone: what was predicted stays
        for source in list_sources(inputs):
            if not book.unused(used | found):
                break
            if source not in asked:
                with suppress(PlainError):  # a damaged frame; its entry will be named
                    found.add(book.entry_of(source, source.load()))
    return found


class _Run:
    """One process or several, whichever was asked for."""

    def __init__(self, setup: Setup, book: PromptBook, report: Report) -> None:
        with report.doing("Loading the model"):
            self._predictor = open_for_run(setup.weights)
        try:
            # Before anything is written: a head of another encoder stops the run.
            self._classifier = Classifier(self._predictor, setup.heads)
            for name in self._classifier.heads:
                check_told(name, COLUMNS)
            self.model = model = model_record(self._predictor)
            if setup.out is None:
                assert setup.study is not None  # the console script asks for one
                out = results_folder(setup.study, model.fingerprint)
            else:
                out = setup.out
            if setup.study is not None:
                self._proposals: Proposals | None = Proposals(
                    setup.study, model, setup.unlabelled
                )
            else:
                self._proposals = None
            self.results = Results.create(out, model)
            with report.doing(f"Preparing the encoder: {self._predictor.engine}"):
                # Here also for several processes: they find it prepared.
                wait_until_ready(self._predictor)
        except BaseException:
            self._predictor.close()
            raise
        self.engine = self._predictor.engine
        batch = setup.batch or (1 if self._predictor.device.type == "cpu" else BATCH)
        self._setup = replace(setup, out=out, batch=batch)
        self._book = book

    def steps(self, sources: Sequence[Source]) -> Iterator[Outcome]:
        setup = self._setup
        if setup.processes > 1:
            return steps_in_processes(setup, sources, self._book)
        run = PredictRun(
            self._predictor,
            self.results,
            self._book,
            setup.batch,
            self._proposals,
            self._classifier,
        )
        return run.steps(sources)

    def close(self) -> None:
        self._predictor.close()
