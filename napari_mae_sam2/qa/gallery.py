"""The gallery: predictions in the order of the page, filtered, judged with its words.

Knows no window; `_qt.gallery_widget` shows it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from psygnal import Signal

from napari_mae_sam2.qa.verdicts import Verdict, Verdicts, Word
from napari_mae_sam2.study.records import now

if TYPE_CHECKING:
    from collections.abc import Sequence, Set

    from napari_mae_sam2.predict.results import Results
    from napari_mae_sam2.qa.ranking import Ranked

Which = Literal["", "look", "open", "accept", "reject", "fix"]
"""Which frames: all, to look at, without a verdict, or with this one."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be seen of the gallery.

    Attributes
    ----------
    reason : str
        One of the reasons for a look; empty for any or none.
    which : str
        See `Which`; "look" means a reason and no verdict yet.
    text : str
        Part of the name, in any case.
    """

    reason: str = ""
    which: Which = ""
    text: str = ""


class Gallery:
    """All predictions of a folder, which of them are shown, and what was said of them.

    What is shown stays as it is while one judges, as on the page; the filters are
    applied anew where one of them changes.
    """

    reset = Signal(bool)
    """Other frames are shown; True where there are more of the same run."""
    judged = Signal(int)
    """The verdict on the frame at this place changed."""
    moved = Signal(int)
    """The frame at this place is in hand now."""

    def __init__(self) -> None:
        self.results: Results | None = None
        self._ranked: Sequence[Ranked] = ()
        self._shown: list[int] = []
        self._said: dict[str, Verdict] = {}
        self.wanted = Wanted()
        self.place = -1
        """Which of those shown is in hand; -1 for none."""

    # --- what there is to see ----------------------------------------------------

    @property
    def total(self) -> int:
        """How many frames there are."""
        return len(self._ranked)

    def __len__(self) -> int:
        """Count those that are shown."""
        return len(self._shown)

    def __getitem__(self, place: int) -> Ranked:
        """Give the frame at a place among those shown."""
        return self._ranked[self._shown[place]]

    @property
    def in_hand(self) -> Ranked | None:
        """The frame in hand."""
        return self[self.place] if 0 <= self.place < len(self) else None

    def verdict(self, one: Ranked) -> Word | None:
        """Give what was said of a frame."""
        said = self._said.get(one.record.id)
        return None if said is None else said.verdict

    def reasons(self) -> list[tuple[str, int]]:
        """Give all reasons and how many frames have them, the most frequent first."""
        return Counter(
            reason for one in self._ranked for reason in one.attention.reasons
        ).most_common()

    def counts(self) -> Counter[Word]:
        """Count the verdicts."""
        return Counter(one.verdict for one in self._said.values())

    def verdicts(self, reviewer: str) -> Verdicts:
        """Give all that was said, as it is written to a file."""
        assert self.results is not None  # without frames there is nothing to say
        return Verdicts(
            fingerprint=self.results.model.fingerprint,
            reviewer=reviewer,
            verdicts=list(self._said.values()),
        )

    # --- what one does -----------------------------------------------------------

    def show(
        self, results: Results | None, ranked: Sequence[Ranked] = (),
        said: Verdicts | None = None,
    ) -> None:  # fmt: skip
        """Show other predictions, and what was said of them; none without results.

        Of a folder that is shown already, what is seen stays: the frame in hand, those
        that were judged since the filters were set and, without `said`, the verdicts.
        """
        is_same = self.is_of(results)
        stay = {self[n].record.id for n in range(len(self))} if is_same else set()
        kept, before = self.in_hand if is_same else None, dict(self._said)
        records = [one.record for one in self._ranked]
        is_grown = records != [one.record for one in ranked]
        self.results, self._ranked = results, ranked
        if said is not None or not is_same:
            self._said = {}
        if said is not None:
            self._take(said)
        if is_same and not is_grown and self._said == before:
            return
        reasons = {reason for reason, _ in self.reasons()}
        if self.wanted.reason not in reasons:
            self.wanted = replace(self.wanted, reason="")
        self._filter(kept, stay)

    def is_of(self, results: Results | None) -> bool:
        """Tell whether these predictions are shown."""
        mine = self.results
        if mine is None or results is None:
            return mine is results
        return (mine.folder, mine.model) == (results.folder, results.model)

    def take(self, said: Verdicts) -> int:
        """Take over verdicts on these answers; returns how many of them are known."""
        taken = self._take(said)
        self._filter(self.in_hand)
        return taken

    def want(self, wanted: Wanted) -> None:
        """See other frames of it."""
        self.wanted = wanted
        self._filter(self.in_hand)

    def move(self, place: int) -> None:
        """Take the frame at a place in hand."""
        if place != self.place and -1 <= place < len(self):
            self.place = place
            self.moved.emit(place)

    def judge(self, word: Word) -> None:
        """Say something of the frame in hand and go on; once more takes it back."""
        one, place = self.in_hand, self.place
        if one is None:
            return
        name = one.record.id
        if self.verdict(one) == word:
            del self._said[name]
            self.judged.emit(place)
            return
        self._said[name] = Verdict(
            id=name, frame_sha256=one.record.frame_sha256, verdict=word, time=now()
        )
        self.judged.emit(place)
        self.move(min(place + 1, len(self) - 1))

    def next_worst(self) -> bool:
        """Go to the next without a verdict, from the start again behind the end.

        Returns
        -------
        bool
            False where there is none.
        """
        count = len(self)
        for step in range(1, count + 1):
            place = (self.place + step) % count
            if self.verdict(self[place]) is None:
                self.move(place)
                return True
        return False

    # --- inside --------------------------------------------------------------------

    def _take(self, said: Verdicts) -> int:
        frames = {one.record.id: one.record.frame_sha256 for one in self._ranked}
        known = [one for one in said.verdicts if frames.get(one.id) == one.frame_sha256]
        self._said |= {one.id: one for one in known}
        return len(known)

    def _filter(self, kept: Ranked | None, stay: Set[str] = frozenset()) -> None:
        self._shown = [
            place
            for place, one in enumerate(self._ranked)
            if one.record.id in stay or self._fits(one)
        ]
        self.place = -1
        if kept is not None:
            name = kept.record.id
            places = (n for n in range(len(self)) if self[n].record.id == name)
            self.place = next(places, -1)
        self.reset.emit(bool(stay))

    def _fits(self, one: Ranked) -> bool:
        reason, which, text = self.wanted.reason, self.wanted.which, self.wanted.text
        if reason and reason not in one.attention.reasons:
            return False
        if text and text.casefold() not in one.record.name.casefold():
            return False
        verdict = self.verdict(one)
        if which == "look":
            return verdict is None and bool(one.attention.reasons)
        return not which or (verdict or "open") == which
