"""Many wishes for a call are one call, and one that is due can be had at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from napari_mae_sam2._qt.soon import Soon

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


@pytest.fixture
def calls() -> list[int]:
    return []


@pytest.fixture
def soon(qtbot: QtBot, calls: list[int]) -> Soon:
    return Soon(lambda: calls.append(1), 20)


def test_many_wishes_are_one_call(qtbot: QtBot, soon: Soon, calls: list[int]) -> None:
    for said in range(5):
        soon(said, "whatever a signal says")
    assert not calls
    qtbot.waitUntil(lambda: bool(calls))
    qtbot.wait(60)
    assert len(calls) == 1
    soon()
    qtbot.waitUntil(lambda: len(calls) == 2)


def test_what_is_due_can_be_had_now(qtbot: QtBot, soon: Soon, calls: list[int]) -> None:
    soon.now()
    assert not calls
    soon()
    soon.now()
    assert len(calls) == 1
    qtbot.wait(60)
    assert len(calls) == 1


def test_what_was_stopped_never_comes(
    qtbot: QtBot, soon: Soon, calls: list[int]
) -> None:
    soon()
    soon.stop()
    qtbot.wait(60)
    assert not calls
