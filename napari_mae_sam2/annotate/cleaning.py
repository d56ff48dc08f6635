"""Cleans lesions up beside the window's thread, each clean-up one undo step.

Orders are carried out one after the other, as they were given. Where the grader edits
the labels meanwhile, the clean-up is done once more on what is there now, so that
nothing that was painted is lost.
"""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_mae_sam2.annotate.latest import LatestWins, Outcome
from napari_mae_sam2.annotate.pixel_change import (
    Origin,
    positions_of_difference,
    region_of,
)
from napari_mae_sam2.fa.clean_lesions import Cleaned, CleanUp, clean
from napari_mae_sam2.fa.errors import PlainError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from napari_mae_sam2.annotate.lesion import Lesion
    from napari_mae_sam2.annotate.pixel_change import Region
    from napari_mae_sam2.annotate.session import CaseSession

log = logging.getLogger(__name__)


class NoLesionError(PlainError):
    """There is nothing to clean up."""


@dataclass(frozen=True, slots=True)
class Order:
    """What the grader wants.

    Attributes
    ----------
    what : CleanUp
    number : int or None
        The lesion; None for all there are.
    size : float
        In pixels; see `napari_mae_sam2.fa.clean_lesions.clean`.
    """

    what: CleanUp
    number: int | None
    size: float


@dataclass(frozen=True, slots=True, eq=False)
class CleanRequest:
    """An order on the labels as they were when so many edits had been made."""

    order: Order
    session: CaseSession
    labels: NDArray[np.uint16]
    numbers: tuple[int, ...]
    free_numbers: range
    edits: int


@dataclass(frozen=True, slots=True, eq=False)
class CleanResponse:
    """The new pixels of the rectangle that changed; None where nothing did."""

    region: Region | None
    pixels: NDArray[np.uint16]
    cut_from: Mapping[int, int]
    joined: Mapping[int, int]


class Cleaner:
    """Carries out the orders for the case in hand.

    Parameters
    ----------
    post : callable
        Runs a function on the thread that owns the session, soon.
    """

    busy_changed = Signal(bool)
    done = Signal(object, bool)
    """Emits the Order, and whether anything changed."""
    failed = Signal(str)
    """Emits one sentence for the grader."""

    def __init__(self, post: Callable[[Callable[[], None]], None]) -> None:
        self._session: CaseSession | None = None
        self._waiting: deque[Order] = deque()
        self._running: Order | None = None
        self._worker = LatestWins[CleanRequest, CleanResponse](
            _carry_out, lambda outcome: post(lambda: self._on_done(outcome)), "clean up"
        )

    @property
    def is_busy(self) -> bool:
        """True while an order is carried out."""
        return self._running is not None

    def open(self, session: CaseSession | None) -> None:
        """Take a case in hand, or none; orders for the one before are dropped."""
        self.cancel()
        self._session = session

    def do(self, order: Order) -> None:
        """Carry out an order, after those that were given before.

        Raises
        ------
        NoLesionError
            If there is no such lesion, or none at all.
        """
        session = self._session
        if session is None:
            raise NoLesionError("Open a frame first.")
        session.painted()
        numbers = session.lesion_numbers()
        if not numbers:
            raise NoLesionError(
                "There is no lesion to clean up yet; commit or paint one first."
            )
        if order.number is not None and order.number not in numbers:
            raise NoLesionError(
                "Pick a lesion first (L, then click on it), or choose all lesions."
            )
        self._waiting.append(order)
        if not self.is_busy:
            self._next()

    def cancel(self) -> None:
        """Drop every order that is not done yet; the labels stay as they are."""
        self._waiting.clear()
        self._worker.cancel()
        self._set_running(None)

    def close(self) -> None:
        """Stop for good."""
        self.cancel()
        self._session = None
        if not self._worker.close():
            log.warning("A clean-up did not stop in time.")

    # --- inside ----------------------------------------------------------------

    def _next(self) -> None:
        self._set_running(self._waiting.popleft() if self._waiting else None)
        self._submit()

    def _submit(self) -> None:
        session, order = self._session, self._running
        if session is None or order is None:
            return
        session.painted()
        everything = tuple(session.lesion_numbers())
        self._worker.submit(
            CleanRequest(
                order,
                session,
                session.labels.copy(),
                everything if order.number is None else (order.number,),
                session.free_numbers(),
                session.saves.edits,
            )
        )

    def _on_done(self, outcome: Outcome[CleanRequest, CleanResponse]) -> None:
        request, response = outcome.request, outcome.response
        if not self._worker.is_current(outcome.generation):
            return
        if response is None:
            self._waiting.clear()
            self._set_running(None)
            self._tell(outcome.error)
            return
        session = request.session
        session.painted()
        if session.saves.edits != request.edits:
            self._submit()
            return
        changed = response.region is not None and session.edit(
            request.order.what.value,
            response.pixels,
            region=response.region,
            origin=Origin.CLEAN_UP,
            lesions=_described(session, response),
        )
        # The next one first: who hears of this one sees whether there is more.
        self._next()
        self.done.emit(request.order, changed)

    def _set_running(self, order: Order | None) -> None:
        was, self._running = self.is_busy, order
        if was != self.is_busy:
            self.busy_changed.emit(self.is_busy)

    def _tell(self, error: Exception | None) -> None:
        if isinstance(error, PlainError):
            self.failed.emit(str(error))
            return
        log.error("A clean-up failed", exc_info=error)
        self.failed.emit(f"The clean-up failed: {error}. Nothing was changed.")


def _carry_out(request: CleanRequest, cancelled: Callable[[], bool]) -> CleanResponse:
    cleaned: Cleaned = clean(
        request.order.what,
        request.labels,
        request.numbers,
        request.order.size,
        request.session.frame.pixels,
        request.free_numbers,
        cancelled,
    )
    where = positions_of_difference(request.labels, cleaned.labels)
    region = region_of(where, request.labels.shape[1]) if len(where) else None
    pixels = cleaned.labels[region] if region is not None else cleaned.labels[:0]
    return CleanResponse(region, pixels.copy(), cleaned.cut_from, cleaned.joined)


def _described(session: CaseSession, response: CleanResponse) -> list[Lesion]:
    """Say of new lesions what was known of the one they were cut from, and so on."""
    known: dict[int, Lesion] = {}
    for new, old in response.cut_from.items():
        # The prompts made the whole; opened again they would do so for the piece.
        known[new] = replace(session.lesion(old), number=new, draft=None)
    for gone, number in response.joined.items():
        into, from_ = known.get(number, session.lesion(number)), session.lesion(gone)
        comments = dict.fromkeys(c for c in (into.comment, from_.comment) if c)
        known[number] = replace(
            into, kind=into.kind or from_.kind, comment="; ".join(comments)
        )
    return list(known.values())
