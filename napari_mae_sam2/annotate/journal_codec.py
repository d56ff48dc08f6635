"""Steps of a case as bytes, and back.

A record is a small .npz file: a header in JSON and the arrays that it speaks of. A
draft is written where it is first met and named by its place in that order later, so
that undo finds the very same one.
"""

from __future__ import annotations

import io
import json
from dataclasses import astuple
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_mae_sam2.annotate.draft import NOTHING, Box, Click, Draft
from napari_mae_sam2.annotate.history import Moment, Step
from napari_mae_sam2.annotate.journal_reviews import Arrays, Header, ReviewCodec
from napari_mae_sam2.annotate.lesion import Lesion
from napari_mae_sam2.annotate.pixel_change import PixelChange, region_of
from napari_mae_sam2.fa.close_up import CloseUp
from napari_mae_sam2.fa.placed_mask import PlacedMask

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from napari_mae_sam2.annotate.review import Review


def pack(header: Header, arrays: Arrays) -> bytes:
    """Put a header and arrays into one compressed record."""
    buffer = io.BytesIO()
    text = json.dumps(header).encode()
    contents: dict[str, Any] = {**arrays, "header": np.frombuffer(text, np.uint8)}
    np.savez_compressed(buffer, **contents)
    return buffer.getvalue()


def unpack(payload: bytes) -> tuple[Header, Arrays]:
    """Take a record apart; anything but a record raises ValueError or KeyError."""
    with np.load(io.BytesIO(payload), allow_pickle=False) as content:
        arrays = {name: content[name] for name in content.files}
    header = json.loads(arrays.pop("header").tobytes())
    if not isinstance(header, dict):
        raise ValueError("the header is no object")
    return header, arrays


class Codec:
    """Encodes and decodes one file; remembers what was met in it."""

    def __init__(self) -> None:
        self._drafts: list[Draft] = [NOTHING]
        self._reviews = ReviewCodec()

    # --- to bytes --------------------------------------------------------------

    def record(self, kind: str, step: Step | None = None, **more: Any) -> bytes:
        """Encode a step, or that something happened without one."""
        header: Header = {"kind": kind, **more}
        arrays: Arrays = {}
        if step is not None:
            header["step"] = {
                "name": step.name,
                "before": self._moment(step.before, header, arrays),
                "after": self._moment(step.after, header, arrays),
            }
            if step.change is not None:
                arrays |= _pixels(step.change)
        return pack(header, arrays)

    def case(
        self,
        draft: Draft,
        lesions: Mapping[int, Lesion],
        labels: NDArray[np.uint16],
        origins: NDArray[np.uint8],
        review: Review | None = None,
        **more: Any,
    ) -> bytes:
        """Encode a case as it stands; its history follows in records of their own."""
        header: Header = {"kind": "case", **more}
        arrays: Arrays = {"labels": labels, "origins": origins}
        header["draft"] = self._name(draft, header, arrays)
        header["review"] = self._review(review, header, arrays)
        header["lesions"] = [
            self._lesion(lesion, header, arrays) for lesion in lesions.values()
        ]
        return pack(header, arrays)

    def _moment(self, moment: Moment, header: Header, arrays: Arrays) -> Header:
        return {
            "draft": self._name(moment.draft, header, arrays),
            "choice": moment.choice,
            "threshold": moment.threshold,
            "review": self._review(moment.review, header, arrays),
            "lesions": [
                {"number": number}
                if lesion is None
                else self._lesion(lesion, header, arrays)
                for number, lesion in moment.lesions.items()
            ],
        }

    def _lesion(self, lesion: Lesion, header: Header, arrays: Arrays) -> Header:
        draft = lesion.draft
        return {
            "number": lesion.number,
            "draft": None if draft is None else self._name(draft, header, arrays),
            "kind": lesion.kind,
            "model": lesion.model,
            "score": lesion.score,
            "source": lesion.source,
            "comment": lesion.comment,
        }

    def _review(
        self, review: Review | None, header: Header, arrays: Arrays
    ) -> int | None:
        def name(draft: Draft) -> int:
            return self._name(draft, header, arrays)

        return self._reviews.name(review, name, header, arrays)

    def _name(self, draft: Draft, header: Header, arrays: Arrays) -> int:
        for place, known in enumerate(self._drafts):
            if known is draft:
                return place
        place = len(self._drafts)
        self._drafts.append(draft)
        header.setdefault("drafts", []).append(
            {
                "clicks": [[c.row, c.column, c.positive] for c in draft.clicks],
                "boxes": [[b.top, b.left, b.bottom, b.right] for b in draft.boxes],
                "everything": draft.everything,
                "close_up": None if draft.close_up is None else astuple(draft.close_up),
                "replaces": draft.replaces,
                "as_it_was": draft.as_it_was,
                "seen": None if draft.seen is None else astuple(draft.seen),
            }
        )
        if draft.start is not None:
            header["drafts"][-1]["start"] = [draft.start.top, draft.start.left]
            arrays[f"start{place}"] = draft.start.mask
        if draft.earlier is not None:
            # Half precision: the model gives the same mask, in half the bytes.
            arrays[f"earlier{place}"] = draft.earlier.astype(np.float16)
        return place

    # --- and back --------------------------------------------------------------

    def meet(self, header: Header, arrays: Arrays) -> None:
        """Take note of the drafts and reviews of a record; once, in their order."""
        for said in header.get("drafts", ()):
            earlier = arrays.get(f"earlier{len(self._drafts)}")
            start = arrays.get(f"start{len(self._drafts)}")
            part, seen = said.get("close_up"), said.get("seen")
            self._drafts.append(
                Draft(
                    clicks=tuple(Click(*click) for click in said["clicks"]),
                    boxes=tuple(Box(*box) for box in said["boxes"]),
                    earlier=None if earlier is None else earlier.astype(np.float32),
                    everything=said["everything"],
                    start=None if start is None else _placed(said["start"], start),
                    close_up=None if part is None else CloseUp(*part),
                    replaces=said.get("replaces", 0),
                    as_it_was=said.get("as_it_was", False),
                    seen=None if seen is None else CloseUp(*seen),
                )
            )
        self._reviews.meet(header, arrays, self.draft)

    def draft(self, place: int) -> Draft:
        """Give a draft that was met before."""
        return self._drafts[place]

    def review(self, place: int | None) -> Review | None:
        """Give a review that was met before; None where none was in hand."""
        return self._reviews.review(place)

    def step(self, said: Header, arrays: Arrays, width: int) -> Step:
        """Decode a step of a frame so wide."""
        change = _change(arrays, width) if "where" in arrays else None
        before, after = self._side(said["before"]), self._side(said["after"])
        return Step(said["name"], before, after, change)

    def lesions(self, said: Sequence[Header]) -> dict[int, Lesion | None]:
        """Decode what is known of lesions, None where nothing is."""
        return {one["number"]: self._known(one) for one in said}

    def _side(self, said: Header) -> Moment:
        return Moment(
            self.draft(said["draft"]),
            said["choice"],
            self.lesions(said["lesions"]),
            self.review(said.get("review")),
            said.get("threshold", 0.0),
        )

    def _known(self, said: Header) -> Lesion | None:
        if len(said) == 1:
            return None
        place = said["draft"]
        return Lesion(**said | {"draft": None if place is None else self.draft(place)})


def _placed(corner: Sequence[int], mask: NDArray[Any]) -> PlacedMask:
    top, left = corner
    return PlacedMask(top, left, mask.astype(bool))


def _pixels(change: PixelChange) -> Arrays:
    return {
        # Steps from pixel to pixel compress far better than places.
        "where": np.diff(change.where, prepend=np.int32(0)),
        "before": change.before,
        "after": change.after,
        "origins_before": change.origins_before,
        "origins_after": change.origins_after,
    }


def _change(arrays: Arrays, width: int) -> PixelChange:
    where = np.cumsum(arrays["where"], dtype=np.int32)
    return PixelChange(
        region_of(where, width),
        where,
        arrays["before"],
        arrays["after"],
        arrays["origins_before"],
        arrays["origins_after"],
    )
