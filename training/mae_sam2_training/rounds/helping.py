"""Further processes of a round, on this computer or on others: they train along.

All processes are started with the same command, by Fabric or by a cluster. The first
one freezes the round, measures and judges; the others wait for its call, and only
take part in the training.
"""

from __future__ import annotations

import os
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from lightning_fabric.plugins.environments import (
    LightningEnvironment,
    LSFEnvironment,
    MPIEnvironment,
    SLURMEnvironment,
    TorchElasticEnvironment,
)

from mae_sam2_training.rounds.errors import RoundError

if TYPE_CHECKING:
    from collections.abc import Iterator

CALL = "training.json"
"""In the work folder: what further processes have to know of the training."""
WORK = "MAE_SAM2_ROUND_WORK"
"""Environment variable that tells a process started by Fabric where it works."""
PATIENCE = 1800.0
"""Seconds until another process gives the first one up."""
EVERY = 1.0
"""Seconds between two calls, and between two looks."""


def is_first() -> bool:
    """Tell whether this process is the first of a round, and mostly the only one.

    Raises
    ------
    RoundError
        If a cluster started it in a way that Fabric does not know.
    """
    for kind in (  # in the order in which Fabric looks
        TorchElasticEnvironment,
        SLURMEnvironment,
        LSFEnvironment,
        MPIEnvironment,
    ):
        if kind.detect():
            try:
                return kind().global_rank() == 0
            except KeyError:  # the cluster gave the place, and a person started this
                return True
            except (RuntimeError, ValueError) as error:
                reason = str(error).strip().splitlines()[0].rstrip(".")
                raise RoundError(
                    f"The cluster started this in a way that cannot be used: {reason}."
                ) from error
    started = LightningEnvironment()
    return started.node_rank() == started.local_rank() == 0


@contextmanager
def calling(work: Path) -> Iterator[None]:
    """Call the other processes to the training as long as the block runs.

    The call is renewed every second: one that a killed round left behind never is,
    and no two computers need to have the same time.

    Parameters
    ----------
    work : Path
        Holds `CALL`, on a disk that all processes see.
    """
    over = threading.Event()

    def call() -> None:
        while not over.wait(EVERY):
            with suppress(OSError):
                os.utime(work / CALL)

    caller = threading.Thread(target=call, daemon=True)
    caller.start()
    os.environ[WORK] = str(work)
    try:
        yield
    finally:
        del os.environ[WORK]
        over.set()
        caller.join()


def called_to(work: Path, patience: float = PATIENCE) -> Path:
    """Wait for the call of the first process.

    Parameters
    ----------
    work : Path
        Where a process works that was not started by Fabric.
    patience : float
        Seconds.

    Returns
    -------
    Path
        The work folder.

    Raises
    ------
    RoundError
        If nobody called in that time.
    """
    told = os.environ.get(WORK)
    if told:
        return Path(told)
    call, before = work / CALL, 0
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        with suppress(OSError):
            now = call.stat().st_mtime_ns
            if before and now != before:
                return work
            before = now
        time.sleep(EVERY)
    raise RoundError(
        f"The first process of the round did not begin within {patience / 60:.0f} "
        f"minutes: see what it says, and whether this computer sees {work}."
    )
