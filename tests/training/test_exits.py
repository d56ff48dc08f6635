from __future__ import annotations

import errno
import json
import os
import signal
import time
from typing import TYPE_CHECKING

import pytest

from mae_sam2_training.__main__ import main
from mae_sam2_training.engine.stopping import Stopped
from mae_sam2_training.engine.telling import telling
from mae_sam2_training.exits import exit_code
from napari_mae_sam2.fa.errors import PlainError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def listening() -> Iterator[None]:
    """Hear Ctrl-C also where the tests were started in the background, deaf to it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def raising(error: BaseException) -> object:
    raise error


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (PlainError("No such frame."), "No such frame."),
        (MemoryError(), "The memory is full"),
        (OSError(errno.ENOSPC, "no", "a.csv"), "The disk that holds a.csv is full"),
        (IsADirectoryError(errno.EISDIR, "is", "a"), "a cannot be used (is a dir"),
    ],
)
def test_a_fault_is_one_sentence_for_people_and_programs(
    error: BaseException, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(lambda: raising(error), as_json=True) == 2
    printed = capsys.readouterr()
    assert printed.err.startswith(sentence)
    assert printed.err.count("\n") == 1
    told, end = (json.loads(line) for line in printed.out.splitlines())
    assert sentence in told["message"]
    assert end == {"event": "end", "status": "failed"}


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_before_a_run_began_is_told_too(
    signum: signal.Signals, capsys: pytest.CaptureFixture[str]
) -> None:
    def command() -> None:
        os.kill(os.getpid(), signum)
        time.sleep(10)

    assert exit_code(command, as_json=True) == 128 + signum
    assert json.loads(capsys.readouterr().out) == {
        "event": "end",
        "status": "cancelled",
    }


def test_a_slip_of_ours_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        exit_code(lambda: 1 / 0, as_json=False)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["finetune", "--out", "x.safetensors"], "Missing argument"),
        (["finetune", "a.csv", "--out", "x", "--bogus"], "No such option"),
        (["train"], "No such command"),
        (["synthesize", "--out", "x", "--contrast", "5"], "--contrast"),
    ],
)
def test_a_command_that_cannot_be_read_says_why(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    ("signum", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)]
)
@pytest.mark.parametrize("resumable", [True, False])
def test_a_signal_ends_what_is_no_training(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    signum: signal.Signals,
    code: int,
    resumable: bool,
) -> None:
    before = signal.getsignal(signal.SIGTERM)

    def command() -> None:
        with telling(tmp_path, True, resumable=resumable):
            try:
                os.kill(os.getpid(), signum)
                time.sleep(10)
            except Exception:  # as a decoder of foreign bytes does
                pytest.fail("the signal was taken for a fault")

    assert exit_code(command, as_json=True) == code
    assert signal.getsignal(signal.SIGTERM) == before
    end = {"event": "end", "status": "cancelled"}
    assert json.loads(capsys.readouterr().out) == end | (
        {} if resumable else {"resumable": False}
    )
    with pytest.raises(Stopped):
        command()
