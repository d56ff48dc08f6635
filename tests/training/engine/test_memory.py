from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch

from mae_sam2_training.engine import memory
from mae_sam2_training.engine.faults import RunError
from mae_sam2_training.engine.memory import GIB, available_bytes, check_memory

if TYPE_CHECKING:
    from pathlib import Path

CPU = torch.device("cpu")


@pytest.fixture
def container(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A container with 4 GiB of which 3 are used, half of them by files once read."""
    (tmp_path / "memory.max").write_text(f"{4 * GIB}\n")
    (tmp_path / "memory.current").write_text(f"{3 * GIB}\n")
    stat = f"anon {GIB}\ninactive_file {3 * GIB // 2}\n"
    (tmp_path / "memory.stat").write_text(stat)
    monkeypatch.setattr(memory, "CONTROL_GROUP", tmp_path)
    monkeypatch.setattr(memory, "_meminfo_available", lambda: 100 * GIB)
    return tmp_path


def test_files_that_were_read_count_as_free(container: Path) -> None:
    assert available_bytes(CPU) == 5 * GIB // 2


def test_without_a_limit_the_machine_counts(container: Path) -> None:
    (container / "memory.max").write_text("max\n")
    assert available_bytes(CPU) == 100 * GIB


def test_processes_share_the_memory_of_a_cpu(container: Path) -> None:
    check_memory(2 * GIB, CPU, "buy more")
    with pytest.raises(
        RunError, match=r"about 4\.0 GiB .* 2\.5 GiB are free: buy more"
    ):
        check_memory(2 * GIB, CPU, "buy more", processes=2)
