"""Does a grader have blinded readings to answer: then nothing may show others' labels.

All labels of test cases are kept back, not only those to be read once more: else what
is missing would tell a repeated case from a new one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_mae_sam2.annotate.latest import LatestWins, Outcome
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.index import Index
from napari_mae_sam2.study.kinds import STUDY_FILE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HIDDEN = "Labels are hidden until your blinded readings are answered."


class Blinding:
    """Asks the index of a study.

    Parameters
    ----------
    post : callable
        Runs a function on the thread that owns this.
    place : Path
        Folder of the indexes of this computer.
    """

    def __init__(self, post: Callable[[Callable[[], None]], None], place: Path) -> None:
        self._place = place
        self._then: Callable[[bool], None] = lambda _is_blinded: None
        self._asker = LatestWins[tuple["Path", str], bool](
            lambda wish, _cancelled: self.holds(*wish),
            lambda outcome: post(lambda: self._answer(outcome)),
            "ask for blinded readings",
        )

    def holds(self, study: Path, grader: str) -> bool:
        """Tell whether a grader must see no labels now; slow, for a worker's thread.

        Raises
        ------
        StudyError
            If the study cannot be read.
        """
        if not (study / STUDY_FILE).is_file():
            return False
        index = Index.open(Study.open(study), self._place)
        try:
            index.refresh()
            return index.is_to_read(grader)
        finally:
            index.close()

    def ask(self, study: Path, grader: str, then: Callable[[bool], None]) -> None:
        """Tell it later; where it cannot be known, labels stay hidden."""
        self._then = then
        self._asker.submit((study, grader))

    def close(self) -> None:
        """Answer no more."""
        self._asker.close()

    def _answer(self, outcome: Outcome[tuple[Path, str], bool]) -> None:
        if self._asker.is_current(outcome.generation):
            self._then(outcome.response is not False)
