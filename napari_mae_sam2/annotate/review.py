"""What the model found without a prompt, lesion by lesion, until each is judged.

A review never changes: judging a patch makes a new one, so that undo brings the old
one back.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from napari_mae_sam2.annotate.patches import MOST, Patch, find_patches, in_order

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_mae_sam2.annotate.draft import Draft

__all__ = ["MOST", "Patch", "Review", "find_patches", "in_order"]


@dataclass(frozen=True, slots=True, eq=False)
class Review:
    """Patches that wait to be accepted, rejected or edited.

    Attributes
    ----------
    draft : Draft
        That asked for them.
    patches : tuple of Patch
        The ones not judged yet, in the order of `patches.in_order`.
    model, weights : str
        Name and fingerprint of the model that found them.
    at_least : float
        Patches with a lower score are not shown and not accepted together.
    index : int
        Position of the patch in hand.
    smallest : int
        Patches of fewer pixels are not shown and not accepted together.
    is_complete : bool
        False while the model still looks at further parts of the frame.
    seen : int
        How many patches the search had brought when this review was made; later ones
        are added where undo comes back to it.
    """

    draft: Draft
    patches: tuple[Patch, ...]
    model: str = ""
    weights: str = ""
    at_least: float = 0.0
    index: int = 0
    smallest: int = 0
    is_complete: bool = True
    seen: int = 0

    @property
    def shown(self) -> tuple[Patch, ...]:
        """The patches whose score and size suffice."""
        return tuple(
            each
            for each in self.patches
            if each.score >= self.at_least and each.mask.area >= self.smallest
        )

    @property
    def group(self) -> tuple[Patch, ...]:
        """The patches shown that lie close to the one in hand, and that one."""
        current = self.current
        if current is None:
            return ()
        if not current.group:
            return (current,)
        return tuple(each for each in self.shown if each.group == current.group)

    @property
    def current(self) -> Patch | None:
        """The patch in hand."""
        shown = self.shown
        return shown[min(self.index, len(shown) - 1)] if shown else None

    @property
    def position(self) -> int:
        """Where the patch in hand stands among those shown, from 1; 0 for none."""
        return min(self.index + 1, len(self.shown))

    def step(self, step: int) -> Review:
        """Take another patch in hand; behind the last comes the first."""
        count = len(self.shown)
        here = self.position - 1
        return replace(self, index=(here + step) % count) if count else self

    def showing(
        self, at_least: float | None = None, smallest: int | None = None
    ) -> Review:
        """Show the patches of this score and size; the one in hand stays if it can."""
        return self._keeping_hold(
            replace(
                self,
                at_least=self.at_least if at_least is None else at_least,
                smallest=self.smallest if smallest is None else smallest,
            )
        )

    def holding(self, patches: Iterable[Patch], seen: int, is_complete: bool) -> Review:
        """Hold other patches of the same search; the one in hand stays if it can."""
        return self._keeping_hold(
            replace(self, patches=tuple(patches), seen=seen, is_complete=is_complete)
        )

    def without(self, *judged: Patch) -> Review:
        """Leave out patches that were judged; the next one is in hand."""
        left = tuple(each for each in self.patches if each not in judged)
        return replace(self, patches=left, index=max(self.position - 1, 0))

    def _keeping_hold(self, changed: Review) -> Review:
        current, shown = self.current, changed.shown
        keys = [each.key for each in shown]
        index = 0
        if current is not None:
            known = current.key in keys
            index = keys.index(current.key) if known else min(self.index, len(keys) - 1)
        return replace(changed, index=max(index, 0))
