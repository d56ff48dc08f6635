"""Does it fit? Asked before a run starts rather than answered by a crash."""

from __future__ import annotations

from pathlib import Path

import torch

from mae_sam2_training.engine.faults import RunError

GIB = 2**30
GIB_PER_IMAGE = 5.0
"""Of an encoder of tiny at 1024 pixels whose gradient is wanted: reckoned from its
activations, not measured."""
CONTROL_GROUP = Path("/sys/fs/cgroup")


def available_bytes(device: torch.device) -> int | None:
    """Memory that a run may use on a device, in bytes; None where nobody can say."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    limits = [
        limit
        for limit in (_meminfo_available(), _control_group_free())
        if limit is not None
    ]
    return min(limits, default=None)


def check_memory(
    need: int, device: torch.device, advice: str, processes: int = 1
) -> None:
    """Refuse a run that would not fit.

    Parameters
    ----------
    need : int
        Estimate in bytes of what each process will use on top of what it does.
    device : torch.device
        Where it computes.
    advice : str
        What would make it smaller, as the end of a sentence.
    processes : int
        Processes of the run on this machine: on a CPU they share its memory, while
        every GPU has its own.

    Raises
    ------
    RunError
        If less than `need` is available.
    """
    if device.type == "cpu":
        need *= processes
    have = available_bytes(device)
    if have is not None and need > have:
        raise RunError(
            f"This run needs about {need / GIB:.1f} GiB of memory and "
            f"{have / GIB:.1f} GiB are free: {advice}."
        )


def _meminfo_available() -> int | None:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    for line in lines:
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return None


def _control_group_free() -> int | None:
    """Free memory under a container's limit (control groups, version 2).

    Files that were read count as used until somebody wants the memory: they are
    counted as free, or a container that has read its frames would seem full.
    """
    try:
        limit = (CONTROL_GROUP / "memory.max").read_text(encoding="ascii").strip()
        used = int((CONTROL_GROUP / "memory.current").read_text(encoding="ascii"))
        lines = (CONTROL_GROUP / "memory.stat").read_text(encoding="ascii").split("\n")
    except OSError:
        return None
    if limit == "max":
        return None
    counts = dict(line.split() for line in lines if line)
    return max(0, int(limit) - used + int(counts.get("inactive_file", 0)))
