from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from mae_sam2_training.rounds import helping
from mae_sam2_training.rounds.errors import RoundError
from mae_sam2_training.rounds.helping import CALL, WORK, called_to, calling, is_first

if TYPE_CHECKING:
    from pathlib import Path


SLURM = {"SLURM_NTASKS": "4", "SLURM_NTASKS_PER_NODE": "4", "SLURM_JOB_NAME": "a"}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(helping, "EVERY", 0.02)


@pytest.mark.parametrize(
    ("started", "first"),
    [
        ({}, True),
        ({"NODE_RANK": "0", "LOCAL_RANK": "0"}, True),
        ({"NODE_RANK": "1"}, False),
        ({"LOCAL_RANK": "1"}, False),
        ({"RANK": "0", "TORCHELASTIC_RUN_ID": "a", "LOCAL_RANK": "0"}, True),
        ({"RANK": "2", "TORCHELASTIC_RUN_ID": "a", "LOCAL_RANK": "0"}, False),
        (SLURM | {"SLURM_PROCID": "3"}, False),
        (SLURM | {"SLURM_PROCID": "0"}, True),
        (SLURM | {"SLURM_NTASKS": "1"}, True),  # by hand, in what salloc gave
    ],
)
def test_who_is_first(
    started: dict[str, str], first: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in started.items():
        monkeypatch.setenv(name, value)
    if "RANK" in started:  # torch asks these, too
        for name in ("WORLD_SIZE", "GROUP_RANK", "LOCAL_WORLD_SIZE"):
            monkeypatch.setenv(name, "4")
    assert is_first() is first


def test_a_start_that_fabric_does_not_know_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SLURM_NTASKS", "4")
    with pytest.raises(RoundError, match=r"cannot be used: .*ntasks=4.*\.$"):
        is_first()


def test_only_a_call_that_is_renewed_counts(tmp_path: Path) -> None:
    (tmp_path / CALL).write_text("{}")
    with pytest.raises(RoundError, match="did not begin within"):
        called_to(tmp_path, patience=0.2)
    with calling(tmp_path):
        assert os.environ.pop(WORK) == str(tmp_path)
        assert called_to(tmp_path, patience=20) == tmp_path
        os.environ[WORK] = "elsewhere"
        assert str(called_to(tmp_path)) == "elsewhere"
    assert WORK not in os.environ
