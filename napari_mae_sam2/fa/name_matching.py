"""Which frame a written name means: one rule for tables, prompts, masks, manifests.

A name means a frame if it is the end of the frame's path: the file's name alone, or
with as many folders in front as it takes. The file's suffix may be left out. Names are
compared in one Unicode form (NFC) and without regard to upper and lower case, and
backslashes separate folders as slashes do. A name that fits several frames is used for
none of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Generic, TypeVar
from unicodedata import normalize

from napari_mae_sam2.fa.reading import FRAME_SUFFIXES, comparable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Hashable, Iterator

T = TypeVar("T", bound="Hashable")

Parts = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ends:
    """What is known of the path of a frame where the path itself is not.

    Attributes
    ----------
    keys : collection of str
        One for each end of the path, such as hashes.
    key_of : callable
        Gives the key of the parts of a name; one function for many frames.
    """

    keys: Collection[str]
    key_of: Callable[[Parts], str]


_PAGE = re.compile(r"(.+) page ([1-9][0-9]*)", re.DOTALL | re.IGNORECASE)


def folded(name: str) -> str:
    """Give the form in which two names are compared."""
    return normalize("NFC", comparable(name).casefold())


def path_parts(name: str) -> Parts:
    """Split a name into its folders and its file, in the form for comparing.

    "." and ".." are resolved as far as the name itself tells where they lead.
    """
    return tuple(map(folded, _split(name)))


def without_suffix(name: str) -> str:
    """Take the suffix of a frame's file off a name, and the ".ome" of an OME-TIFF."""
    suffix = PurePath(name).suffix.lower()
    stem = name[: -len(suffix)] if suffix in FRAME_SUFFIXES else name
    return stem[:-4] if stem.lower().endswith(".ome") and len(stem) > 4 else stem


def without_page(name: str) -> tuple[str, int]:
    """Split "NAME page 2" into the name of a file and a page; 1 where it has none."""
    paged = _PAGE.fullmatch(name.strip())
    return (paged[1], int(paged[2])) if paged else (name, 1)


def _split(name: str) -> list[str]:
    parts: list[str] = []
    for part in comparable(name.strip()).replace("\\", "/").split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return parts


@dataclass(frozen=True, slots=True)
class _Name(Generic[T]):
    """One way to name one frame."""

    target: T
    parts: Parts
    exact: Parts
    page: int
    by_page: bool
    same: Hashable
    ends: Ends | None


class NameMatcher(Generic[T]):
    """Finds the frames that a written name fits.

    What a frame is here, a path, a source or the id of a case, is up to the caller.
    """

    def __init__(self) -> None:
        # By the last part, by the last two, and by a key of `Ends`: of 100,000 frames
        # that are all called "late.png", a name with its folder must find one at once.
        self._known: dict[Hashable, list[_Name[T]]] = {}
        self._key_of: dict[Callable[[Parts], str], None] = {}
        self._answers: dict[str, list[_Name[T]]] = {}

    def add(
        self,
        target: T,
        name: str,
        *,
        page: int = 1,
        by_page: bool = False,
        same: Hashable = None,
        ends: Ends | None = None,
    ) -> None:
        """Say how a frame may be named; call it again for another name of it.

        Parameters
        ----------
        target : hashable
            The frame.
        name : str
            Its path, or as much of it as is known.
        page : int
            Which picture of the file it is, from 1; "NAME page 2" means that alone.
        by_page : bool
            Whether only a name that gives the page means it.
        same : hashable, optional
            Frames with the same value do not make a name ambiguous: pages of one file.
        ends : Ends, optional
            What is known of the path where the path itself is not: a name fits that
            fits `name` in its last part, and whose key is one of these. Without it
            `name` decides.
        """
        parts = path_parts(name)
        if not parts:
            return
        group = ("target", target) if same is None else ("same", same)
        one = _Name(target, parts, tuple(_split(name)), page, by_page, group, ends)
        self._answers.clear()
        if ends is not None:
            self._key_of[ends.key_of] = None
            for key in ends.keys:
                self._known.setdefault((ends.key_of, key), []).append(one)
            return
        for last in {parts[-1], without_suffix(parts[-1])}:
            self._known.setdefault(last, []).append(one)
            if len(parts) > 1:
                self._known.setdefault((parts[-2], last), []).append(one)

    def find(self, name: str) -> list[T]:
        """Give the frames that a name fits, each once."""
        return list(dict.fromkeys(one.target for one in self._fitting(name)))

    def is_ambiguous(self, name: str) -> bool:
        """Whether a name fits frames that are not pages of one file."""
        return len({one.same for one in self._fitting(name)}) > 1

    def _fitting(self, name: str) -> list[_Name[T]]:
        found = self._answers.get(name)
        if found is None:
            found = self._answers[name] = self._look_up(name)
        return found

    def _look_up(self, name: str) -> list[_Name[T]]:
        found = [(one, name) for one in self._fits(name) if not one.by_page]
        file, page = without_page(name)
        if file != name:
            found += [(one, file) for one in self._fits(file) if one.page == page]
        if len({one.same for one, _ in found}) > 1:
            # Files of one folder whose names differ in capitals alone can be told
            # apart in no other way than by how they are written.
            if len({one.parts for one, _ in found}) == 1:
                exact = [(one, by) for one, by in found if _is_end(_split(by), one)]
                found = exact or found
        return [one for one, _ in found]

    def _fits(self, name: str) -> list[_Name[T]]:
        parts = path_parts(name)
        if not parts:
            return []
        *folders, last = parts
        stem = without_suffix(last)
        found: dict[int, _Name[T]] = {}
        for one in self._candidates(parts, (last, stem)):
            full = one.parts[-1]
            # Either may lack its suffix; two suffixes that differ are two files.
            if full not in (last, stem) and without_suffix(full) != last:
                continue
            above = one.parts[:-1]
            if one.ends is not None or (
                len(folders) <= len(above)
                and (not folders or above[-len(folders) :] == tuple(folders))
            ):
                found[id(one)] = one
        return list(found.values())

    def _candidates(self, parts: Parts, lasts: tuple[str, str]) -> Iterator[_Name[T]]:
        """Give the names among which those are that fit, and few others."""
        for last in lasts:
            yield from self._known.get((parts[-2], last) if parts[1:] else last, ())
        for key_of in self._key_of:
            yield from self._known.get((key_of, key_of(parts)), ())


def _is_end(parts: list[str], one: _Name[T]) -> bool:
    """Whether parts, as they are written, end the path of a frame as it is written."""
    *folders, last = parts
    *above, full = one.exact
    return last in (full, without_suffix(full)) and (
        not folders or above[-len(folders) :] == folders
    )
