"""Devices, processes and precision through Lightning Fabric: one command for all."""

from __future__ import annotations

import os
import warnings
from typing import TYPE_CHECKING

import torch
from lightning_fabric import Fabric
from lightning_fabric.strategies import DDPStrategy

from mae_sam2_training.engine.faults import RunError

if TYPE_CHECKING:
    from mae_sam2_training.config import RunConfig


def launch(config: RunConfig, batch: int | None = None) -> Fabric:
    """Start the processes of a run and seed them alike.

    The other processes start the same command themselves, so whatever ran before
    this call runs in each of them.

    Parameters
    ----------
    config : RunConfig
        Devices, nodes, precision, seed and threads.
    batch : int, optional
        Samples per step over all processes, which these must divide.

    Raises
    ------
    RunError
        If the batch does not divide, or the machine has not what is asked for.
    """
    world = config.devices * config.nodes
    if batch is not None and batch % world:
        raise RunError(
            f"loop.batch is {batch}, which {world} processes cannot share evenly: "
            f"make it a multiple of {world}."
        )
    accelerator = _accelerator(config.accelerator)
    threads = config.threads
    if not threads and accelerator == "cpu" and config.devices > 1:
        threads = max(1, (os.cpu_count() or 1) // config.devices)
    if threads:
        torch.set_num_threads(threads)
    strategy = DDPStrategy(find_unused_parameters=True) if world > 1 else "auto"
    with warnings.catch_warnings():
        # Fabric advises on clusters and on workers, which the recipe decides
        warnings.simplefilter("ignore")
        try:
            fabric = Fabric(
                accelerator=accelerator,
                devices=config.devices,
                num_nodes=config.nodes,
                precision=_precision(config.precision, accelerator),
                strategy=strategy,
            )
        except (RuntimeError, ValueError) as error:
            reason = str(error).strip().splitlines()[0].rstrip(".")
            raise RunError(
                f"{config.devices} device(s) of kind {accelerator} cannot be used "
                f"here ({reason}): change run.devices or run.accelerator."
            ) from error
        fabric.launch()
    torch.manual_seed(config.seed)
    return fabric


def _accelerator(wanted: str) -> str:
    if wanted == "auto":
        # Apple's must be asked for by name: PyTorch 2.7 pools Hiera's queries wrongly
        return "cuda" if torch.cuda.is_available() else "cpu"
    if wanted == "cuda" and not torch.cuda.is_available():
        raise RunError(
            "run.accelerator is cuda but torch finds no GPU here: "
            "use --set run.accelerator=cpu, or a torch built for your GPU."
        )
    if wanted == "mps" and not torch.backends.mps.is_available():
        raise RunError(
            "run.accelerator is mps but this is no Apple GPU: "
            "use --set run.accelerator=cpu."
        )
    return wanted


def _precision(wanted: str, accelerator: str) -> str:
    if wanted != "auto":
        return wanted
    if accelerator == "cuda" and torch.cuda.is_bf16_supported():
        return "bf16-mixed"
    return "32-true"
