"""Two versions of a case in the same place, one after the other: A and B.

What differs jumps to the eye. Nothing of it reaches the labels.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_mae_sam2.annotate.answering import sight_of
from napari_mae_sam2.annotate.latest import LatestWins, Outcome
from napari_mae_sam2.annotate.versions import (
    IN_HAND,
    IN_USE,
    Setting,
    Source,
    Version,
    VersionReader,
    list_versions,
)
from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.fa.overlap import Overlap
from napari_mae_sam2.model.tiles import needs_tiles

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from napari_mae_sam2.annotate.annotator import Annotator
    from napari_mae_sam2.annotate.label_place import LabelPlace
    from napari_mae_sam2.annotate.session import CaseSession
    from napari_mae_sam2.model.protocol import Predictor

    Pair = tuple[Version, Version]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class _Wish:
    setting: Setting
    chosen: tuple[Version | None, Version | None]
    """None where the newest that fits is wanted."""


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    offered: tuple[Version, ...]
    chosen: Pair
    masks: tuple[NDArray[np.bool_], NDArray[np.bool_]]
    overlap: Overlap


class Flicker:
    """Chooses and reads two versions, and says which of them is seen.

    Parameters
    ----------
    annotator : Annotator
        Has the model in use, and what it has read.
    open_model : callable
        Makes a predictor of a checkpoint; slow, called in a worker's thread.
    post : callable
        Runs a function on the thread that owns all this.
    """

    changed = Signal()
    """What is seen, or what can be chosen, is another now."""
    warned = Signal(str)
    """Emits a sentence: why there is nothing to compare."""

    def __init__(
        self,
        annotator: Annotator,
        open_model: Callable[[Path], Predictor],
        post: Callable[[Callable[[], None]], None],
    ) -> None:
        self._annotator = annotator
        self._session: CaseSession | None = None
        self._place: LabelPlace | None = None
        self._wanted: list[Version | None] = [None, None]
        self._added: list[Version] = []
        self._listed: tuple[Version, ...] = ()
        self._found: _Found | None = None
        self.is_on = False
        """True while A or B is seen in the place of the lesions."""
        self.side = 0
        """0 while A is seen, 1 while B is."""
        self._reader = VersionReader(annotator.shelf, open_model)
        self._worker = LatestWins[_Wish, _Found](
            self._read, lambda outcome: post(lambda: self._on_read(outcome)), "read A B"
        )
        annotator.readiness_changed.connect(self._on_read_by_model)
        annotator.predictor_changed.connect(self._on_model)

    @property
    def offered(self) -> tuple[Version, ...]:
        """What can be chosen for this case."""
        every = (IN_HAND, IN_USE, *self._listed, *self._added)
        return tuple(dict.fromkeys(every))

    @property
    def chosen(self) -> tuple[Version, Version]:
        """A and B."""
        if self._found is not None:
            return self._found.chosen
        return self._wanted[0] or IN_USE, self._wanted[1] or IN_HAND

    @property
    def masks(self) -> tuple[NDArray[np.bool_], ...]:
        """Where A and B say leakage, (H, W) each; nothing until they are there."""
        return () if self._found is None else self._found.masks

    @property
    def overlap(self) -> Overlap | None:
        """How far A and B agree."""
        return None if self._found is None else self._found.overlap

    def follow(self, session: CaseSession | None, place: LabelPlace | None) -> None:
        """Compare the same of another case, or nothing."""
        self._session, self._place, self._found = session, place, None
        self._listed = ()
        # Saved labels are of one case; models and folders know the next one too.
        self._wanted = [
            None if one is not None and one.source is Source.REVISION else one
            for one in self._wanted
        ]
        if session is None:
            self.is_on = False
        self._ask()
        self.changed.emit()

    def turn(self, on: bool) -> None:
        """Show A in the place of the lesions, or the lesions again."""
        if on != self.is_on and (self._session is not None or not on):
            self.is_on, self.side = on, 0
            self._found = None  # the labels may have changed since
            self._ask()
            self.changed.emit()

    def swap(self) -> None:
        """Show B in the place of A, or A in the place of B; A at first."""
        if not self.is_on:
            self.turn(True)
        else:
            self.side = 1 - self.side
            self.changed.emit()

    def choose(self, side: int, version: Version) -> None:
        """Choose A (0) or B (1)."""
        if self._found is not None:
            self._wanted = [*self._found.chosen]
        self._wanted[side] = version
        if version.source in (Source.PREDICTIONS, Source.CHECKPOINT):
            self._added = list(dict.fromkeys([*self._added, version]))
        if self.is_on:
            self._ask()
        else:
            self.turn(True)
        self.side = side
        self.changed.emit()

    def close(self) -> None:
        """Stop the worker and wait for it."""
        self._annotator.readiness_changed.disconnect(self._on_read_by_model)
        self._annotator.predictor_changed.disconnect(self._on_model)
        self._session = None
        if self._worker.close():
            self._reader.close()

    # --- inside ----------------------------------------------------------------

    def _ask(self) -> None:
        session, place = self._session, self._place
        if not self.is_on or session is None or place is None or self._must_wait():
            self._worker.cancel()
            return
        setting = Setting(
            place, session.frame, session.labels > 0, self._annotator.predictor
        )
        self._worker.submit(_Wish(setting, (self._wanted[0], self._wanted[1])))

    def _must_wait(self) -> bool:
        """Tell whether the frame is being read by the model: not twice at once."""
        session, predictor = self._session, self._annotator.predictor
        if session is None or predictor is None or IN_USE not in self._wanted:
            return False
        if needs_tiles(session.frame.shape, predictor.image_size):
            return False
        sight = sight_of(predictor, session.frame, None)
        return not self._annotator.shelf.holds(sight)

    def _read(self, wish: _Wish, cancelled: Callable[[], bool]) -> _Found:
        offered = list_versions(wish.setting.place, wish.setting.frame)
        saved = [one for one in offered if one.source is Source.REVISION]
        first = wish.chosen[0] or (saved[0] if saved else IN_USE)
        second = wish.chosen[1] or IN_HAND
        one, other = (
            self._reader.read(version, wish.setting, cancelled)
            for version in (first, second)
        )
        return _Found(
            tuple(offered), (first, second), (one, other), Overlap.of(one, other)
        )

    def _on_read(self, outcome: Outcome[_Wish, _Found]) -> None:
        if not self._worker.is_current(outcome.generation) or not self.is_on:
            return
        if outcome.response is not None:
            self._found = outcome.response
            self._listed = outcome.response.offered
            self.changed.emit()
            return
        refused = outcome.request.chosen
        self._added = [one for one in self._added if one not in refused]
        self._wanted = [None, None]
        self.turn(False)
        if isinstance(outcome.error, PlainError):
            self.warned.emit(str(outcome.error))
        else:
            log.error("reading versions", exc_info=outcome.error)
            self.warned.emit(f"The versions cannot be compared: {outcome.error}.")

    def _on_read_by_model(self, _readiness: object) -> None:
        if self.is_on and self._found is None:
            self._ask()

    def _on_model(self, _predictor: object) -> None:
        if self.is_on:
            self._ask()
