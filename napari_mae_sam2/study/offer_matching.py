"""Which case of a study each offered label is for."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from napari_mae_sam2.fa.matched_names import match_names, tell_matched
from napari_mae_sam2.fa.name_matching import folded, without_suffix
from napari_mae_sam2.study.case_names import case_matcher

if TYPE_CHECKING:
    from napari_mae_sam2.study.cases import Cases
    from napari_mae_sam2.study.offered_labels import Offer, Offers


class OfferMatching:
    """Finds the case of each offer, over all sources.

    Parameters
    ----------
    study : Study
        The study.
    trouble : list of str
        Gets a sentence for whatever finds no case.
    ignore_folders : bool
        Match by the names of files alone.
    """

    def __init__(self, study: Cases, trouble: list[str], ignore_folders: bool) -> None:
        self._matcher, self.records = case_matcher(
            study, lambda error: trouble.append(str(error))
        )
        self._ids = frozenset(map(folded, self.records))
        self._hashes: dict[str, list[str]] = {}
        for case, record in self.records.items():
            self._hashes.setdefault(record.frame_sha256, []).append(case)
        self._trouble = trouble
        self._ignore_folders = ignore_folders
        self._found: dict[str, list[Offer]] = {}

    def add(self, source: Offers) -> None:
        """Take the offers of one source."""
        named = []
        for offer in source.found:
            cases = self._hashes.get(offer.sha256, ())
            if len(cases) == 1:
                self._found.setdefault(cases[0], []).append(offer)
            else:
                named.append(offer)
        keys = [self._key(offer) for offer in named]
        matched = match_names(keys, self._matcher)
        for case, place in matched.used.items():
            self._found.setdefault(case, []).append(named[place])
        for case, places in matched.rivals.items():
            self._found.setdefault(case, []).extend(named[place] for place in places)
        matched.rivals.clear()  # they must say the same, which is seen to later
        said = tell_matched(
            matched, [one.name for one in named], source.where, self._show
        )
        if matched.unused and any("/" in keys[place] for place in matched.unused):
            said[-1] += " To match by file names alone, add --ignore-folders."
        self._trouble += said

    def offers(self) -> dict[str, list[Offer]]:
        """Give the offers for each case that count, in the order of the cases."""
        best = {}
        for case in self.records:
            found = self._found.get(case)
            if found:
                rank = max(one.rank for one in found)
                best[case] = [one for one in found if one.rank == rank]
        return best

    def _key(self, offer: Offer) -> str:
        last = PurePosixPath(offer.key.replace("\\", "/")).name
        # An id means one case in whatever folder the label lies.
        is_id = not self._ids.isdisjoint({folded(last), folded(without_suffix(last))})
        return last if self._ignore_folders or is_id else offer.key

    def _show(self, case: str) -> str:
        return f"{self.records[case].name} ({case})"
