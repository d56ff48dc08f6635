"""Many frames of one name: each name with its folder finds its frame at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_mae_sam2.fa.matched_names import match_names
from napari_mae_sam2.fa.name_matching import Ends, NameMatcher

if TYPE_CHECKING:
    import pytest

    from napari_mae_sam2.fa.name_matching import Parts

MANY = 2000


def looked_at(matcher: NameMatcher[str], monkeypatch: pytest.MonkeyPatch) -> list[int]:
    counts: list[int] = []
    candidates = matcher._candidates

    def counted(parts: Parts, lasts: tuple[str, str]):  # type: ignore[no-untyped-def]
        found = list(candidates(parts, lasts))
        counts.append(len(found))
        return iter(found)

    monkeypatch.setattr(matcher, "_candidates", counted)
    return counts


def test_paths_are_told_apart_by_their_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    matcher: NameMatcher[str] = NameMatcher()
    for number in range(MANY):
        matcher.add(f"case {number}", f"/d/P{number}/OD_late.png")
    counts = looked_at(matcher, monkeypatch)
    found = match_names([f"p{number}/OD_late" for number in range(MANY)], matcher)
    assert found.is_clean
    assert found.used == {f"case {number}": number for number in range(MANY)}
    assert max(counts) < 5


def test_hashed_paths_are_told_apart_by_their_folder(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def key_of(parts: Parts) -> str:
        return "|".join(parts[-2:])

    matcher: NameMatcher[str] = NameMatcher()
    for number in range(MANY):
        keys = ("od_late", f"p{number}|od_late")
        matcher.add(f"case {number}", "OD_late", ends=Ends(keys, key_of))
    counts = looked_at(matcher, monkeypatch)
    found = match_names([f"P{number}/OD_late" for number in range(MANY)], matcher)
    assert found.is_clean
    assert found.used == {f"case {number}": number for number in range(MANY)}
    assert max(counts) < 5
    assert matcher.find("Q1/OD_late") == []
    assert matcher.is_ambiguous("OD_late")


def test_a_frame_that_is_added_later_is_found_by_a_name_asked_for_before() -> None:
    matcher: NameMatcher[str] = NameMatcher()
    assert matcher.find("a.png") == []
    matcher.add("case", "/d/a.png")
    assert matcher.find("a.png") == ["case"]
