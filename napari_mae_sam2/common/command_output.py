"""What a command prints: progress, its result, and what was left out.

People get a bar on standard error and a sentence on standard output. Programs get one
JSON object (`--json`) or JSON lines (`--json-progress`, see docs/progress.md), and
nothing else on standard output.
"""

from __future__ import annotations

import json
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

import typer

from napari_mae_sam2.common.json_lines import REPORTED, JsonLines, finite, is_reported

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

T = TypeVar("T")


class Progress:
    """Shows how far a command is.

    Parameters
    ----------
    show : callable
        Takes how many are done, how many there are, and what it does now.
    words : str
        What it does where nothing else is said.
    """

    def __init__(self, show: Callable[[int, int, str], None], words: str) -> None:
        self._show = show
        self._words = words

    def __call__(self, done: int, total: int, doing: str = "") -> None:
        """Show that `done` of `total` are done."""
        self._show(done, total, doing or self._words)

    def over(self, things: Sequence[T]) -> Iterator[T]:
        """Give one after the other, and show how many are done."""
        for done, thing in enumerate(things):
            self(done, len(things))
            yield thing
        self(len(things), len(things))


class CommandOutput:
    """Prints for people, or for programs.

    Parameters
    ----------
    as_json : bool
        Print the result as one JSON object.
    json_progress : bool
        Print events as JSON lines; the result is the last one.
    """

    def __init__(self, *, as_json: bool = False, json_progress: bool = False) -> None:
        self._as_json = as_json
        self._lines = JsonLines() if json_progress else None

    @contextmanager
    def progress(self, event: str, words: str) -> Iterator[Progress]:
        """Show progress while the block runs.

        Parameters
        ----------
        event : str
            Name of the JSON lines, such as "export".
        words : str
            What stands beside the bar, such as "Exporting".

        Yields
        ------
        Progress
            To be called with how many are done and how many there are.
        """
        if self._lines is None:
            from rich.console import Console
            from rich.markup import escape
            from rich.progress import Progress as Bar

            console = Console(stderr=True)
            off = not console.is_terminal  # else a file gets an empty line
            with Bar(console=console, transient=True, disable=off) as bar:
                task = bar.add_task(words, total=None)

                def show(done: int, total: int, doing: str) -> None:
                    text = escape(doing)
                    bar.update(task, completed=done, total=total, description=text)

                yield Progress(show, words)
            return
        lines, began = self._lines, time.monotonic()

        def report(done: int, total: int, _doing: str) -> None:
            pace = (time.monotonic() - began) / done if done else None
            left = None if pace is None else pace * (total - done)
            lines.report(event, done=done, total=total, eta_s=left)

        lines.report("start", message=words)
        try:
            yield Progress(report, words)
        except KeyboardInterrupt:
            lines.report("end", status="cancelled")
            raise
        except Exception as error:
            lines.report("error", message=str(error) or type(error).__name__)
            lines.report("end", status="failed")
            error.add_note(REPORTED)
            raise

    def result(self, sentence: str, **values: object) -> None:
        """Print the result: the sentence for people, the values for programs."""
        if self._lines is not None:
            self._lines.report("end", **({"status": "done"} | values))
        elif self._as_json:
            print(json.dumps(finite(values), indent=1))
        else:
            print(sentence)

    @staticmethod
    def exit_with(trouble: Sequence[str], prefix: str = "left out: ") -> None:
        """Name what was left out on standard error; the exit code is then 1."""
        for sentence in trouble:
            print(f"napari-mae-sam2: {prefix}{sentence}", file=sys.stderr)
        if trouble:
            raise typer.Exit(1)


def report_error(error: BaseException) -> None:
    """Print an error as JSON lines, unless a run has done so."""
    if is_reported(error):
        return
    lines = JsonLines()
    lines.report("error", message=str(error))
    lines.report("end", status="failed")
