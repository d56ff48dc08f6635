"""Patches that wait to be judged as parts of a journal's records, and back.

A patch and a review are written where they are first met and named by their place in
that order later: judging the last of a thousand patches writes none of them again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_mae_sam2.annotate.review import Patch, Review
from napari_mae_sam2.fa.placed_mask import PlacedMask

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from napari_mae_sam2.annotate.draft import Draft

Header = dict[str, Any]
Arrays = dict[str, "NDArray[Any]"]


class ReviewCodec:
    """Encodes and decodes the reviews of one file; remembers what was met in it."""

    def __init__(self) -> None:
        self._reviews: list[Review] = []
        self._patches: list[Patch] = []
        self._place: dict[int, int] = {}  # of a patch, by its identity

    def name(
        self,
        review: Review | None,
        name_draft: Callable[[Draft], int],
        header: Header,
        arrays: Arrays,
    ) -> int | None:
        """Give the place of a review; it is written if it is new.

        Parameters
        ----------
        review : Review, optional
        name_draft : callable
            Gives the place of a draft.
        header, arrays
            Of the record that speaks of the review; added to.
        """
        if review is None:
            return None
        for place, known in enumerate(self._reviews):
            if known is review:
                return place
        for patch in review.patches:
            self._meet_patch(patch, header, arrays)
        self._reviews.append(review)
        header.setdefault("reviews", []).append(
            {
                "draft": name_draft(review.draft),
                "patches": [self._place[id(patch)] for patch in review.patches],
                "model": review.model,
                "weights": review.weights,
                "at_least": review.at_least,
                "index": review.index,
                "smallest": review.smallest,
                "complete": review.is_complete,
            }
        )
        return len(self._reviews) - 1

    def meet(
        self, header: Header, arrays: Arrays, draft: Callable[[int], Draft]
    ) -> None:
        """Take note of the reviews of a record, whose drafts were met already."""
        begin = 0
        for top, left, height, width, score, *group in header.get("patches", ()):
            length = -(-height * width // 8)
            packed = arrays["patches"][begin : begin + length]
            begin += length
            bits = np.unpackbits(packed, count=height * width).astype(bool)
            mask = PlacedMask(top, left, bits.reshape(height, width))
            self._note(Patch(mask, score, *group))
        for said in header.get("reviews", ()):
            self._reviews.append(
                Review(
                    draft(said["draft"]),
                    tuple(self._patches[place] for place in said["patches"]),
                    said["model"],
                    said["weights"],
                    said["at_least"],
                    said["index"],
                    # Journals of earlier versions do not have these.
                    said.get("smallest", 0),
                    said.get("complete", True),
                    len(said["patches"]),
                )
            )

    def review(self, place: int | None) -> Review | None:
        """Give a review that was met before."""
        return None if place is None else self._reviews[place]

    # --- inside ----------------------------------------------------------------

    def _meet_patch(self, patch: Patch, header: Header, arrays: Arrays) -> None:
        if id(patch) in self._place:
            return
        self._note(patch)
        mask = patch.mask
        header.setdefault("patches", []).append(
            [mask.top, mask.left, *mask.mask.shape, patch.score, patch.group]
        )
        packed = np.packbits(mask.mask)
        earlier = arrays.get("patches")
        arrays["patches"] = (
            packed if earlier is None else np.concatenate([earlier, packed])
        )

    def _note(self, patch: Patch) -> None:
        self._place[id(patch)] = len(self._patches)
        self._patches.append(patch)
