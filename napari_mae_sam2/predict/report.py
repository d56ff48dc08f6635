"""How a run of predict tells how it goes: a bar for people, JSON lines for programs."""

from __future__ import annotations

import sys
import time
from collections import Counter
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from napari_mae_sam2.common.json_lines import JsonLines

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from napari_mae_sam2.predict.run import Outcome


@dataclass(slots=True)
class Done:
    """What a run came to.

    Attributes
    ----------
    total : int
        Frames that were asked for.
    counts : Counter of str
        How many frames were "made", "found", "classified", "trouble" or "labelled".
    trouble : list of str
        One sentence for each frame that was left out.
    engine : str
        What encoded them.
    model : str
        A sentence: which model it was, and why that one.
    folder, table : Path or None
        Where the results are.
    stopped : bool
        True where it was ended before the last frame.
    """

    total: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    trouble: list[str] = field(default_factory=list)
    engine: str = ""
    model: str = ""
    folder: Path | None = None
    table: Path | None = None
    stopped: bool = False

    def take(self, outcome: Outcome) -> None:
        """Count what became of a frame."""
        self.counts[outcome.what] += 1
        if outcome.sentence:
            self.trouble.append(outcome.sentence)


class Report(Protocol):
    """Hears of a run as it goes."""

    def doing(self, words: str) -> AbstractContextManager[object]:
        """Say what takes a while before the first frame."""
        ...

    def model(self, sentence: str) -> None:
        """Say which model predicts."""
        ...

    def frames(self, total: int) -> AbstractContextManager[object]:
        """Begin with the frames."""
        ...

    def frame(self, outcome: Outcome, done: Done) -> None:
        """Say what became of a frame; `done` counts it already."""
        ...

    def failed(self, sentence: str) -> None:
        """Say why nothing more comes; the same sentence is raised."""
        ...

    def end(self, done: Done) -> None:
        """Say what it came to."""
        ...


class BarReport:
    """A bar on standard error, the summary on standard output."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._bar: Progress | None = None

    def doing(self, words: str) -> AbstractContextManager[object]:
        """Turn something round beside the words."""
        return self._console.status(words)

    def model(self, sentence: str) -> None:
        """Print it at once: a wrong model is not worth waiting for."""
        print(sentence, flush=True)

    @contextmanager
    def frames(self, total: int) -> Iterator[None]:
        """Show the bar as long as this is open."""
        columns = (
            TextColumn("{task.description}", markup=False),
            *(BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()),
        )
        with Progress(*columns, console=self._console, transient=True) as bar:
            bar.add_task("Predicting", total=total)
            self._bar = bar
            yield

    def frame(self, outcome: Outcome, done: Done) -> None:
        """Move the bar on."""
        assert self._bar is not None  # frames was called
        task = self._bar.tasks[0].id
        self._bar.update(task, advance=1, description=f"Predicting {outcome.name}")

    def failed(self, sentence: str) -> None:
        """Say nothing: the console script prints what is raised."""

    def end(self, done: Done) -> None:
        """Print the summary, and what was left out."""
        classified = done.counts["classified"]
        before = done.counts["found"] + classified
        print(
            f"{done.counts['made']} of {done.total} frames predicted with "
            f"{done.engine}, {before} were predicted before"
            + (f" ({classified} of them classified now)" if classified else "")
            + f": {done.table}"
        )
        for sentence in done.trouble:
            print(f"napari-mae-sam2: left out: {sentence}", file=sys.stderr)
        if done.stopped:
            print("Stopped. Run the same command to continue.", file=sys.stderr)


class JsonReport:
    """One JSON object a line on standard output; see `docs/progress.md`."""

    def __init__(self) -> None:
        self._lines = JsonLines()
        self._began = time.monotonic()

    def doing(self, words: str) -> AbstractContextManager[object]:
        """Say it in a line."""
        self._lines.report("start", message=words)
        return nullcontext()

    def model(self, sentence: str) -> None:
        """Say it in a line."""
        self._lines.report("note", message=sentence)

    def frames(self, total: int) -> AbstractContextManager[object]:
        """Say how many there are."""
        self._began = time.monotonic()
        self._lines.report("start", total=total)
        return nullcontext()

    def frame(self, outcome: Outcome, done: Done) -> None:
        """Say how far it is."""
        count = done.counts.total()
        # What was there already takes no time, and tells nothing of what is to come.
        slow = count - done.counts["found"]
        left = None
        if slow:
            each = (time.monotonic() - self._began) / slow
            left = round(each * (done.total - count), 1)
        self._lines.report(
            "predict",
            **{"done": count, "total": done.total, "eta_s": left},
            **{"name": outcome.name, "what": outcome.what},
        )

    def failed(self, sentence: str) -> None:
        """Say why."""
        self._lines.report("error", message=sentence)
        self._lines.report("end", status="failed")

    def end(self, done: Done) -> None:
        """Say what it came to."""
        self._lines.report(
            "end",
            status="cancelled" if done.stopped else "done",
            made=done.counts["made"],
            found=done.counts["found"] + done.counts["classified"],
            classified=done.counts["classified"],
            left_out=done.trouble,
            model=done.model,
            path=None if done.folder is None else str(done.folder),
        )
