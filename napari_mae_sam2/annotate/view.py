"""What the grader looks at, and whether it is looked at closely."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from napari_mae_sam2.annotate.looking import LEAST_SEEN, choose_close_up

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_mae_sam2.fa.close_up import CloseUp


class _Wish(Enum):
    """What the grader said about close-ups."""

    NOTHING = "where it is worth it"
    THIS = "of this view"
    NONE = "none"


class View:
    """The visible part of the frame in hand, and the close-up chosen for it."""

    def __init__(self) -> None:
        self.seen: CloseUp | None = None
        """The part of the frame in the window, None where that is unknown."""
        self.close_up: CloseUp | None = None
        """The part to be encoded by itself, None where the whole frame serves."""
        self._wish = _Wish.NOTHING
        self._avoided: set[CloseUp] = set()

    @property
    def is_off(self) -> bool:
        """True where the grader wants no close-ups."""
        return self._wish is _Wish.NONE

    def leave(self) -> None:
        """Forget the frame; that no close-ups are wanted is remembered."""
        self.seen = self.close_up = None
        self._avoided.clear()
        if self._wish is _Wish.THIS:
            self._wish = _Wish.NOTHING

    def toggle(self, is_on: bool) -> None:
        """Look closely at what is seen now; or at nothing, until asked again."""
        self._wish = _Wish.NONE if is_on else _Wish.THIS

    def gives_up(self) -> bool:
        """Tell whether a close-up was asked for where there is none; forget it then."""
        if self._wish is not _Wish.THIS or self.close_up is not None:
            return False
        self._wish = _Wish.NOTHING
        return True

    def avoid(self, close_up: CloseUp) -> None:
        """Take note that a part cannot be encoded: it may be all black."""
        self._avoided.add(close_up)

    def choose(
        self, shape: tuple[int, int], image_size: int, known: Iterable[CloseUp]
    ) -> None:
        """Choose the close-up for what is seen of a frame.

        Parameters
        ----------
        shape : (int, int)
            (H, W) of the frame.
        image_size : int
            Side of the encoder's input.
        known : iterable of CloseUp
            Parts of the frame that need not be encoded any more.
        """
        asked = self._wish is _Wish.THIS
        current = self.close_up
        if self.seen is None or self._wish is _Wish.NONE:
            self.close_up = None
            return
        kept = () if current is None else (current,)
        self.close_up = choose_close_up(
            self.seen, shape, image_size, (*kept, *known), asked
        )
        if self.close_up in self._avoided:
            self.close_up = None
        if asked and current is not None and current.share_of(self.seen) < LEAST_SEEN:
            # It was asked for one view, and the grader looks elsewhere now.
            self._wish = _Wish.NOTHING
            self.choose(shape, image_size, known)
