"""Many written names and the frames they mean: what is used, and what is reported."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Sequence

    from napari_mae_sam2.fa.name_matching import NameMatcher

T = TypeVar("T", bound="Hashable")


@dataclass(slots=True)
class Matched(Generic[T]):
    """What names came to; names are given by their place in the list.

    Attributes
    ----------
    used : dict
        The name of each frame that exactly one name means.
    unused : list of int
        Names that fit no frame.
    ambiguous : dict
        Names that fit several frames, and these frames.
    rivals : dict
        Frames that several names mean, and these names; none of them is used for it.
    """

    used: dict[T, int] = field(default_factory=dict)
    unused: list[int] = field(default_factory=list)
    ambiguous: dict[int, list[T]] = field(default_factory=dict)
    rivals: dict[T, list[int]] = field(default_factory=dict)

    @property
    def is_clean(self) -> bool:
        """Whether every name means one frame, and no frame has two."""
        return not (self.unused or self.ambiguous or self.rivals)


def match_names(names: Sequence[str], matcher: NameMatcher[T]) -> Matched[T]:
    """Find out which frame each of many names means.

    Parameters
    ----------
    names : sequence of str
        As somebody wrote them.
    matcher : NameMatcher
        Knows the frames.
    """
    claims: dict[T, list[int]] = {}
    result: Matched[T] = Matched()
    for place, name in enumerate(names):
        found = matcher.find(name)
        if not found:
            result.unused.append(place)
        elif matcher.is_ambiguous(name):
            result.ambiguous[place] = found
        else:
            for target in found:
                claims.setdefault(target, []).append(place)
    for target, places in claims.items():
        if len(places) == 1:
            result.used[target] = places[0]
        else:
            result.rivals[target] = places
    return result


def tell_matched(
    matched: Matched[T],
    names: Sequence[str],
    where: str,
    show: Callable[[T], str],
    *,
    most: int = 50,
) -> list[str]:
    """Say in sentences which names were not used, and why.

    Parameters
    ----------
    matched : Matched
        From `match_names`.
    names : sequence of str
        The same names, as the sentences show them.
    where : str
        What they stand in: "about.csv".
    show : callable
        How a sentence names a frame.
    most : int
        How many names that fit nothing are listed.
    """
    said = []
    for place, targets in matched.ambiguous.items():
        said.append(
            f"{where}: {names[place]} fits {_listed(targets, show)}, so it was used "
            "for none of them: add the folder in front, or use the case's ID."
        )
    for target, places in matched.rivals.items():
        named = _and([names[place] for place in places])
        said.append(
            f"{where}: {named} all mean {show(target)}, so none of them was used: keep "
            "one."
            if len(places) > 2
            else f"{where}: {named} both mean {show(target)}, so neither was used: "
            "keep one."
        )
    if matched.unused:
        shown = [names[place] for place in matched.unused[:most]]
        more = len(matched.unused) - len(shown)
        tail = f", and {more} more" if more else ""
        many = len(matched.unused)
        entries = "1 entry fits" if many == 1 else f"{many} entries fit"
        said.append(
            f"{where}: {entries} no frame and had no effect: {', '.join(shown)}{tail}."
        )
    return said


def _listed(targets: Sequence[T], show: Callable[[T], str]) -> str:
    shown = list(map(show, targets[:4]))
    more = len(targets) - len(shown)
    return f"{', '.join(shown)} and {more} more" if more else _and(shown)


def _and(words: Iterable[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last
