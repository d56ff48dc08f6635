from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_mae_sam2.study.queue_state import CaseState, Happened, fold

MINUTE = 60.0


def _did(event: str, grader: str, minute: float = 0, **details: Any) -> Happened:
    return Happened(event, grader, details, minute * MINUTE)


def _saved(
    revision: str,
    grader: str,
    minute: float = 0,
    parent: str | None = None,
    **more: Any,
) -> Happened:
    about = {"revision": revision, "parent": parent, "status": "done"} | more
    return _did("saved", grader, minute, **about)


def test_nothing_happened() -> None:
    assert fold([]) == CaseState(status="new")


def test_the_last_word_counts() -> None:
    events = [
        _saved("0001-a", "anna", 1, status="proposed"),
        _saved("0002-b", "ben", 2, parent="0001-a", seconds=30),
        _did("status", "carla", 3, status="cannot_grade"),
        _saved("0003-c", "anna", 9, parent="0002-b", seconds=12.5),
    ]
    states = [fold(events[: i + 1]) for i in range(4)]
    assert [state.status for state in states] == [
        "proposed", "done", "cannot_grade", "done",
    ]  # fmt: skip
    assert [state.grader for state in states] == ["", "ben", "carla", "anna"]
    assert states[3].heads == ("0003-c",)
    assert (states[3].seconds, states[3].answered) == (42.5, 9 * MINUTE)


def test_a_claim_holds_until_it_ends_is_given_back_or_answered() -> None:
    claim = _did("claim", "anna", 0, minutes=30)
    assert fold([claim]).holder(29.9 * MINUTE) == "anna"
    assert fold([claim]).holder(30 * MINUTE) == ""
    assert fold([claim, _did("release", "anna", 1)]).holder(2 * MINUTE) == ""
    assert fold([claim, _did("release", "ben", 1)]).holder(2 * MINUTE) == "anna"
    assert fold([claim, _saved("0001-a", "anna", 1)]).holder(2 * MINUTE) == ""
    assert fold([claim, _saved("0001-a", "ben", 1)]).holder(2 * MINUTE) == "anna"
    again = _did("claim", "anna", 20, minutes=30)
    assert fold([claim, again]).holder(45 * MINUTE) == "anna"


def test_who_comes_second_waits_for_the_end() -> None:
    first = _did("claim", "anna", 0, minutes=30)
    early, late = (_did("claim", "ben", minute, minutes=30) for minute in (10, 31))
    assert fold([first, early]).holder(11 * MINUTE) == "anna"
    assert fold([first, early]).holder(31 * MINUTE) == ""
    assert fold([first, late]).holder(32 * MINUTE) == "ben"


@pytest.mark.parametrize("minutes", [1e9, "for ever", None])
def test_no_claim_is_for_ever(minutes: Any) -> None:
    state = fold([_did("claim", "anna", minutes=minutes)])
    assert state.holder(24 * 60 * MINUTE) == ""


def test_parallel_revisions_wait_for_review() -> None:
    base = _saved("0001-a", "anna")
    one = _saved("0002-b", "anna", parent="0001-a")
    two = _saved("0002-c", "ben", parent="0001-a")
    assert fold([base, one, two]).status == "needs_review"
    assert fold([base, one, two]).heads == ("0002-b", "0002-c")
    chosen = _saved("0003-d", "carla", parent="0002-c", merges=["0002-b"])
    assert fold([base, one, two, chosen]).status == "done"
    assert fold([base, one, two, chosen]).heads == ("0003-d",)
    # Seen in another order, as on a slow drive, it comes to the same revisions.
    assert fold([chosen, two, one, base]).heads == ("0003-d",)


def test_a_proposal_beside_an_answer_takes_neither_its_place_nor_its_word() -> None:
    answer = _saved("0001-a", "anna")
    late = _saved("0001-b", "model", 1, status="proposed")
    said = _did("status", "model", 2, status="proposed", fingerprint="f")
    for events in ([answer, late, said], [late, answer, said], [late, said, answer]):
        state = fold(events)
        assert (state.status, state.heads, state.grader) == (
            "done",
            ("0001-a",),
            "anna",
        )
    # Until somebody answers it is the label; a lead may ask for the case again.
    assert fold([late, said]).heads == ("0001-b",)
    assert fold([answer, _did("status", "lead", 3, status="proposed")]).status == (
        "proposed"
    )
    again = _saved("0002-c", "lead", 3, parent="0001-a", status="proposed")
    assert fold([answer, again]).status == "proposed"


def test_what_is_not_known_changes_nothing() -> None:
    events = [_saved("0001-a", "anna"), _did("assign", "anna", to="ben")]
    strange = [
        _did("promoted", "anna"),
        _did("status", "anna", status="perfect"),
        _did("assign", "anna", to="ben"),
    ]
    assert fold(events + strange) == fold(events)


_EVENTS = st.builds(
    Happened,
    st.sampled_from(["saved", "status", "claim", "release", "assign", "reading", "?"]),
    st.sampled_from(["a", "b"]),
    st.dictionaries(
        st.sampled_from(
            ["revision", "parent", "merges", "status", "seconds", "minutes", "to"]
        ),
        st.none() | st.integers() | st.text(max_size=4) | st.lists(st.text(max_size=3))
        | st.sampled_from(["done", "new", "0001-a", "0002-b"]),
    ),
    st.floats(0, 1e10),
)  # fmt: skip


@given(st.lists(_EVENTS, max_size=8))
def test_whatever_a_file_says_is_understood_somehow(events: list[Happened]) -> None:
    state = fold(events)
    assert state.holder(2e10) == ""
    assert len(set(state.heads)) == len(state.heads)
