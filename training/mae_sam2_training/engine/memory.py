"""Does it fit? Asked before a run starts rather than answered by a crash."""

from __future__ import annotations

from pathlib import Path

import torch

from mae_sam2_training.engine.faults import RunError

GIB = 2**30


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


def check_memory(need: int, device: torch.device, advice: str) -> None:
    """Refuse a run that would not fit.

    Parameters
    ----------
    need : int
        Estimate in bytes of what this process will use on top of what it does.
    device : torch.device
        Where it computes.
    advice : str
        What would make it smaller, as the end of a sentence.

    Raises
    ------
    RunError
        If less than `need` is available.
    """
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
    """Free memory under a container's limit (control groups, version 2)."""
    folder = Path("/sys/fs/cgroup")
    try:
        limit = (folder / "memory.max").read_text(encoding="ascii").strip()
        used = (folder / "memory.current").read_text(encoding="ascii").strip()
    except OSError:
        return None
    return None if limit == "max" else max(0, int(limit) - int(used))
