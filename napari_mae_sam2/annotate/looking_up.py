"""Looks frames up in their study by their pixels, while the grader works.

What a study says of a frame, by its name alone, might be said of another one.
"""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from napari_mae_sam2.annotate.finding import frame_hash
from napari_mae_sam2.annotate.latest import LatestWins
from napari_mae_sam2.model.protocol import Cancelled
from napari_mae_sam2.study.kinds import STUDY_FILE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from napari_mae_sam2.annotate.worklist import Case

PAUSE = 0.02
"""Seconds between two frames: whatever the grader asks for comes first."""

TOGETHER = 25
"""So many frames are told at once."""


class LookingUp:
    """Reads the frames of a list one after the other, and says which they are.

    Parameters
    ----------
    post : callable
        Runs a function on the thread that owns the list.
    tell : callable
        Called there whenever some were looked up.
    """

    def __init__(
        self, post: Callable[[Callable[[], None]], None], tell: Callable[[], None]
    ) -> None:
        self._post = post
        self._tell = tell
        self._worker = LatestWins[tuple["Case", ...], None](
            self._work, lambda _outcome: None, "look frames up"
        )

    def look_up(self, cases: Iterable[Case]) -> None:
        """Look up every file among these cases that nobody has looked up."""
        wanted = tuple(
            case
            for case in cases
            if case.path is not None and not case.page and not case.sha256
        )
        if wanted:
            self._worker.submit(wanted)
        else:
            self._worker.cancel()

    def close(self) -> None:
        """Stop, and wait for it."""
        self._worker.close()

    def _work(self, cases: tuple[Case, ...], cancelled: Callable[[], bool]) -> None:
        found: list[tuple[Case, str]] = []
        for case in cases:
            if cancelled():
                raise Cancelled
            if case.path is not None and (case.study / STUDY_FILE).is_file():
                found.append((case, frame_hash(case.path)))
                time.sleep(PAUSE)
            if len(found) >= TOGETHER:
                self._post(partial(self._take, found))
                found = []
        if found:
            self._post(partial(self._take, found))

    def _take(self, found: list[tuple[Case, str]]) -> None:
        for case, sha256 in found:
            case.sha256 = case.sha256 or sha256
        self._tell()
