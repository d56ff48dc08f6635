"""Grades cases through the real window, with mouse and keys, and takes it all back.

Every case is proposed, judged patch by patch, edited, clicked, painted, erased, undone
to its start and redone. `benchmarks/bench_session.py` measures it on real frames; a
test checks the undo on small ones.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

if TYPE_CHECKING:
    from grader_hand import Grader, Place

During = Callable[[str, Callable[[], object]], object]
"""Does what a grader does, under the name of its kind."""


class UndoError(RuntimeError):
    """Undo or redo did not give exactly the labels that it should."""


class ScriptedSession:
    """A grader who does everything once in each case.

    Parameters
    ----------
    grader : Grader
        In front of a window with a list of frames that have no labels yet.
    during : callable
        Gets the kind of an action and the action, and does it; for measuring.
    """

    def __init__(
        self, grader: Grader, during: During = lambda _kind, act: act()
    ) -> None:
        self._grader = grader
        self._during = during

    def run(self) -> None:
        """Grade every case of the list, then go back through it and undo everything.

        Raises
        ------
        UndoError
            If undo to the start of a case does not give exactly the empty label, or
            redo not what was there.
        """
        count = len(self._grader.widget.desk.worklist.cases)
        for number in range(count):
            self.grade()
            self.there_and_back()
            self._during("save", self._save)
            if number < count - 1:
                self._during("next case", lambda: self._go(1))
        for number in reversed(range(count)):
            self.undo_to_the_start()
            if number:
                self._during("case before", lambda: self._go(-1))
        self._during("save", self._save)

    # --- one case --------------------------------------------------------------

    def grade(self) -> None:
        """Do everything once with the case in hand."""
        grader, during = self._grader, self._during
        during("propose", self._propose)
        if grader.session.is_reviewing:
            during("accept a patch", lambda: grader.press("A"))
        if grader.session.is_reviewing:
            during("reject a patch", lambda: grader.press("R"))
        if grader.session.is_reviewing:
            self._edit()
        if grader.session.review is not None:
            during("reject the others", lambda: grader.press("R", shift=True))
        place = self._bright_place()
        during("click", lambda: self._answered(lambda: grader.click(place)))
        away = self._dark_place()
        during(
            "refine",
            lambda: self._answered(lambda: grader.click(away, leakage=False)),
        )
        self._commit()
        self._paint("paint", "P", place)
        self._paint("erase", "E", place)
        during("back to clicking", lambda: grader.press("S"))

    def undo_to_the_start(self) -> None:
        """Undo until there is nothing left to undo.

        Raises
        ------
        UndoError
            If the label is not exactly empty then.
        """
        grader = self._grader
        while len(grader.session.history):
            self._during("undo", lambda: grader.press("Z"))
        session = grader.session
        grader.look()
        left = np.count_nonzero(session.labels)
        leakage = grader.widget.layers.leakage
        assert leakage is not None
        shown = np.count_nonzero(leakage.data)
        if left or shown or session.lesions or not session.draft.is_empty:
            raise UndoError(
                f"{session.frame.name} is not empty after undo to its start: {left} "
                f"pixels in the labels, {shown} shown, lesions {list(session.lesions)}"
                f", {len(session.draft.clicks)} clicks"
            )

    def there_and_back(self) -> None:
        """Undo to the start, and redo all of it.

        Raises
        ------
        UndoError
            If the label is not empty in between, or not as it was in the end.
        """
        grader = self._grader
        before = grader.session.labels.copy()
        self.undo_to_the_start()
        while grader.session.history.next_redo:
            self._during("redo", lambda: grader.press("Z", shift=True))
        if (grader.session.labels != before).any():
            name = grader.session.frame.name
            raise UndoError(f"redo did not bring back the labels of {name}")

    # --- inside ----------------------------------------------------------------

    def _propose(self) -> None:
        grader = self._grader
        if not grader.widget.layers.is_prompting:
            grader.press("S")
        grader.press("S")
        # Where nothing is found, the question is put away.
        grader.wait(
            lambda: grader.session.is_reviewing or grader.session.draft.is_empty,
            "an answer to all leakage",
        )

    def _edit(self) -> None:
        grader, during = self._grader, self._during
        review = grader.session.review
        assert review is not None
        assert review.current is not None
        middle = review.current.middle
        during("edit a patch", lambda: grader.press("E"))
        during(
            "click on an edited patch",
            lambda: self._answered(lambda: grader.click(middle)),
        )
        self._commit()

    def _commit(self) -> None:
        grader = self._grader
        before = len(grader.session.history)
        self._during("commit", lambda: grader.press("C"))
        if len(grader.session.history) == before:  # none of it is free
            self._during("reject the proposal", lambda: grader.press("R"))

    def _paint(self, kind: str, key: str, place: Place) -> None:
        grader = self._grader
        leakage = grader.widget.layers.leakage
        assert leakage is not None
        height, width = grader.session.frame.shape
        leakage.brush_size = max(4, height // 60)
        row, column = place
        across = column + (-1 if column > width / 2 else 1) * width / 10
        down = row + (-1 if row > height / 2 else 1) * height / 12
        self._during(f"{kind}: take the tool", lambda: grader.press(key))
        self._during(
            kind, lambda: grader.drag([(row, column), (row, across), (down, across)])
        )

    def _answered(self, act: Callable[[], object]) -> None:
        act()
        self._grader.wait_for_proposal()

    def _save(self) -> None:
        grader = self._grader
        grader.press("S", shift=True)
        grader.wait(lambda: grader.session.saves.is_saved, "the save")

    def _go(self, step: int) -> None:
        grader = self._grader
        wanted = grader.widget.desk.worklist.index + step
        grader.press("N", shift=step < 0)
        grader.wait(lambda: grader.widget.desk.worklist.index == wanted, "another case")
        grader.wait_until_ready()

    def _bright_place(self) -> Place:
        """Find the brightest place of the middle that belongs to no lesion."""
        return self._place(np.argmax, -np.inf)

    def _dark_place(self) -> Place:
        """Find the darkest place of the middle that belongs to no lesion."""
        return self._place(np.argmin, np.inf)

    def _place(self, choose: Callable[[np.ndarray], np.intp], never: float) -> Place:
        session = self._grader.session
        pixels = session.frame.pixels
        grey = pixels if pixels.ndim == 2 else pixels.mean(axis=2)
        smooth = ndimage.uniform_filter(grey.astype(np.float32), max(grey.shape) // 60)
        height, width = grey.shape
        free = np.zeros(grey.shape, bool)
        # What lies near the border of a frame may be letters.
        free[height // 4 : -(height // 4), width // 4 : -(width // 4)] = True
        smooth[~free | (session.labels > 0)] = never
        row, column = np.unravel_index(int(choose(smooth)), grey.shape)
        return float(row), float(column)
