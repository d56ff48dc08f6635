"""Which frame stands beside the one in hand, read in a thread of its own.

An angiography run has early and late frames: leakage is what grows between them. The
other frame is the next or the previous of the list, and goes along when the grader
steps; or it is one that was chosen, and stays. Where a study knows patient and eye, a
frame of another patient or eye is passed over.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from napari_mae_sam2.annotate.latest import LatestWins, Outcome
from napari_mae_sam2.annotate.whose_frame import UNKNOWN, Owner, owner_of
from napari_mae_sam2.annotate.worklist import Case
from napari_mae_sam2.fa.display import PLAIN, Treatment, treated
from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.fa.reading import frame_name, read_frame
from napari_mae_sam2.model.protocol import Cancelled

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_mae_sam2.annotate.worklist import Worklist
    from napari_mae_sam2.fa.frame import Frame

NEXT, PREVIOUS = 1, -1
KEPT = 3
"""Frames that stay in memory, for stepping back and forth."""


class NothingToCompareError(PlainError):
    """No frame may stand beside the one in hand."""


@dataclass(frozen=True, slots=True, eq=False)
class Other:
    """A frame that can stand beside the one in hand.

    Attributes
    ----------
    name : str
        As the grader knows it.
    load : callable
        Reads or draws it; slow; raises PlainError where it cannot.
    case : Case, optional
        The case of the list that it is.
    """

    name: str
    load: Callable[[], Frame]
    case: Case | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """The other frame, ready to be shown.

    Attributes
    ----------
    name : str
        As the grader knows it.
    frame : Frame
        What was read.
    pixels : array of shape (H, W) or (H, W, 3)
        As they are to be shown.
    """

    name: str
    frame: Frame
    pixels: NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class _Wish:
    here: Case | None
    others: tuple[Other, ...]  # the first that can be of the same eye is shown
    treatment: Treatment


class Comparison:
    """Chooses and reads the other frame.

    Parameters
    ----------
    worklist : Worklist
        Whose neighbours are offered.
    post : callable
        Runs a function on the thread that owns all this.
    """

    changed = Signal(object)
    """Emits what to show (`Compared`), or None where nothing is to be shown."""
    warned = Signal(str)
    """Emits a sentence: why there is no other frame."""

    def __init__(
        self, worklist: Worklist, post: Callable[[Callable[[], None]], None]
    ) -> None:
        self._worklist = worklist
        self._choice: int | Other = NEXT
        self._is_on = False
        self._treatment = PLAIN
        self._frames: OrderedDict[object, Frame] = OrderedDict()
        self._worker = LatestWins[_Wish, Compared](
            self._read,
            lambda outcome: post(lambda: self._on_read(outcome)),
            "read frame to compare",
        )

    @property
    def is_on(self) -> bool:
        """True while another frame is wanted."""
        return self._is_on

    @property
    def choice(self) -> int | Other:
        """`NEXT`, `PREVIOUS`, or one frame that stays."""
        return self._choice

    def choose(self, choice: int | Case | Path) -> None:
        """Choose what stands beside the case in hand, and show it."""
        if isinstance(choice, int):
            self._choice = choice
        elif isinstance(choice, Case):
            self._choice = Other(choice.name, choice.load, choice)
        else:
            self._choice = Other(frame_name(choice), partial(read_frame, choice))
        self.turn(True)

    def turn(self, on: bool) -> None:
        """Show another frame, or none."""
        self._is_on = on
        self.refresh()

    def treat(self, treatment: Treatment) -> None:
        """Show it under the treatment of the frame in hand."""
        if treatment != self._treatment:
            self._treatment = treatment
            self.refresh()

    def refresh(self) -> None:
        """Follow the case in hand."""
        others = self._others() if self._is_on else ()
        if not others:
            self._worker.cancel()
            self.changed.emit(None)
        else:
            here = self._worklist.current
            self._worker.submit(_Wish(here, others, self._treatment))

    def close(self) -> None:
        """Stop the worker and wait for it."""
        self._worker.close()

    # --- inside ----------------------------------------------------------------

    def _others(self) -> tuple[Other, ...]:
        """Give the frames that may be shown, the one that is wanted first."""
        if isinstance(self._choice, Other):
            return (self._choice,)
        cases, index = self._worklist.cases, self._worklist.index
        if index < 0:
            return ()
        after, before = cases[index + 1 :], cases[:index][::-1]
        # At the end of the list its only neighbour is better than nothing.
        order = (*after, *before) if self._choice == NEXT else (*before, *after)
        if not order:
            self.warned.emit(
                "There is no other frame in the list: choose a file to compare with."
            )
            self._is_on = False
        return tuple(Other(case.name, case.load, case) for case in order)

    def _read(self, wish: _Wish, cancelled: Callable[[], bool]) -> Compared:
        here = UNKNOWN if wish.here is None else _owner(wish.here)
        for other in wish.others:
            if cancelled():
                raise Cancelled
            if here.is_known and self._is_anothers(other, wish, here):
                continue
            frame = self._load(other)
            return Compared(other.name, frame, treated(frame, wish.treatment))
        if len(wish.others) == 1:
            raise NothingToCompareError(
                f"{wish.others[0].name} is of another patient or eye: it is not shown "
                "beside this frame."
            )
        raise NothingToCompareError(
            "No other frame in the list is of this patient and eye."
        )

    def _is_anothers(self, other: Other, wish: _Wish, here: Owner) -> bool:
        case, study = other.case, wish.here.study if wish.here is not None else None
        if case is not None and (case.case_id or case.sha256):
            return _owner(case).is_another_than(here)
        where = case.study if case is not None else study
        if where is None:
            return False
        return owner_of(where, "", self._load(other).sha256).is_another_than(here)

    def _load(self, other: Other) -> Frame:
        # Only the worker's thread touches the frames that are kept.
        key = other.case or other
        frame = self._frames.get(key)
        if frame is None:
            frame = other.load()
            self._frames[key] = frame
        self._frames.move_to_end(key)
        while len(self._frames) > KEPT:
            self._frames.popitem(last=False)
        return frame

    def _on_read(self, outcome: Outcome[_Wish, Compared]) -> None:
        if not self._worker.is_current(outcome.generation) or not self._is_on:
            return
        if outcome.error is not None:
            name = outcome.request.others[0].name
            self.warned.emit(
                str(outcome.error)
                if isinstance(outcome.error, PlainError)
                else f"{name} cannot be compared: {outcome.error}."
            )
            # The next case may have another frame again.
            self._is_on = isinstance(outcome.error, NothingToCompareError)
        self.changed.emit(outcome.response)


def _owner(case: Case) -> Owner:
    return owner_of(case.study, case.case_id, case.sha256)


def fitted(
    shape: tuple[int, int], onto: tuple[int, int]
) -> tuple[float, tuple[float, float]]:
    """Lay a frame of another size over a frame, as large as it goes, middle on middle.

    Nothing is registered and nothing is distorted: rows and columns grow alike.

    Parameters
    ----------
    shape, onto : tuple of int
        (H, W) of the frame to lay down, and of the one below.

    Returns
    -------
    factor : float
        Pixels of the one below for each of its own.
    corner : tuple of float
        (row, column) below of the centre of its first pixel.
    """
    factor = min(onto[0] / shape[0], onto[1] / shape[1])
    row, column = (
        (below - 1) / 2 - factor * (side - 1) / 2
        for side, below in zip(shape, onto, strict=True)
    )
    return factor, (row, column)
