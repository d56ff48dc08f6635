from __future__ import annotations

import pytest

from napari_mae_sam2.fa.matched_names import match_names, tell_matched
from napari_mae_sam2.fa.name_matching import NameMatcher


def matcher(*paths: str) -> NameMatcher[str]:
    made: NameMatcher[str] = NameMatcher()
    for path in paths:
        made.add(path, path)
    return made


@pytest.mark.parametrize(
    ("name", "means"),
    [
        ("a.png", ["/d/P1/a.png"]),
        ("a", ["/d/P1/a.png"]),
        ("A.PNG", ["/d/P1/a.png"]),
        (" a.png ", ["/d/P1/a.png"]),
        ("./P1/a.png", ["/d/P1/a.png"]),
        ("P1\\a.png", ["/d/P1/a.png"]),
        ("p1/A", ["/d/P1/a.png"]),
        ("/d/P1/a.png", ["/d/P1/a.png"]),
        ("d/x/../P1/a.png", ["/d/P1/a.png"]),
        ("a.jpg", []),
        ("P2/a.png", []),
        ("1/a.png", []),  # a folder is whole or not meant
        ("/e/d/P1/a.png", []),
        ("b", []),
        ("", []),
        ("..", []),
        ("\u00e9t\u00e9.tif", ["/d/e\u0301te\u0301.ome.tif"]),
        ("\u00c9T\u00c9", ["/d/e\u0301te\u0301.ome.tif"]),
        ("STRASSE.png", ["/d/stra\u00dfe.png"]),
        ("v1.2", ["/d/v1.2.png"]),
        ("v1", []),
    ],
)
def test_what_a_name_means(name: str, means: list[str]) -> None:
    known = matcher(
        "/d/P1/a.png", "/d/e\u0301te\u0301.ome.tif", "/d/stra\u00dfe.png", "/d/v1.2.png"
    )
    if name == "\u00e9t\u00e9.tif":
        # the whole suffix of an OME-TIFF is part of the file's name
        assert known.find(name) == []
        name = "\u00e9t\u00e9.ome.tif"
    assert known.find(name) == means


def test_a_name_of_several_frames_means_none_and_folders_tell_them_apart() -> None:
    known = matcher("/d/P1/OD_late.png", "/d/P2/OD_late.png", "/d/P2/od_LATE.tif")
    assert known.is_ambiguous("OD_late.png")
    assert known.is_ambiguous("P2/OD_late")  # two suffixes
    assert not known.is_ambiguous("P2/OD_late.png")
    names = [
        "od_late.PNG",
        "p1/od_late",
        "none.png",
        "P2/OD_late.png",
        "P2/od_late.png",
    ]
    matched = match_names(names, known)
    assert matched.used == {"/d/P1/OD_late.png": 1}
    assert matched.unused == [2]
    assert matched.ambiguous == {0: ["/d/P1/OD_late.png", "/d/P2/OD_late.png"]}
    assert matched.rivals == {"/d/P2/OD_late.png": [3, 4]}
    assert not matched.is_clean
    first, second, third = tell_matched(matched, names, "t.csv", str)
    assert "od_late.PNG fits /d/P1/OD_late.png and /d/P2/OD_late.png" in first
    assert "P2/OD_late.png and P2/od_late.png both mean" in second
    assert "1 entry fits no frame and had no effect: none.png." in third


def test_capitals_decide_where_nothing_else_can() -> None:
    known = matcher("/d/a.png", "/d/A.png")
    assert known.find("A.png") == ["/d/A.png"]
    assert known.find("a") == ["/d/a.png"]
    far = matcher("/d/P1/a.png", "/d/P2/A.png")
    assert far.is_ambiguous("a.png")  # folders can tell these apart


def test_pages_of_one_file_are_no_ambiguity() -> None:
    known: NameMatcher[int] = NameMatcher()
    for page in (1, 2, 3):
        known.add(page, "/d/run.tif", page=page, same="/d/run.tif")
    known.add(9, "/d/odd page 2.png")
    assert known.find("run.tif") == [1, 2, 3]
    assert not known.is_ambiguous("run.tif")
    assert known.find("run page 2") == known.find("d/run.tif page 2") == [2]
    assert known.find("run page 4") == []
    assert known.find("odd page 2") == [9]


def test_long_lists_of_unused_names_are_cut() -> None:
    names = [f"n{i}.png" for i in range(60)]
    (said,) = tell_matched(match_names(names, matcher("/a.png")), names, "t.csv", str)
    assert "60 entries fit no frame" in said
    assert said.endswith("n49.png, and 10 more.")
