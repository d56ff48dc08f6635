"""One run: its folder, its processes, its log, its voice and its stop signal.

The folder holds `run.yaml` (the recipe), `run.json` (what the run is, by hashes),
`metrics.csv`, `tensorboard/`, `state.pt` (to resume from) and `best.pt`.
"""

from __future__ import annotations

import json
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mae_sam2_training.config import RunConfig, Section, dump_config
from mae_sam2_training.engine.atomic import (
    drop_unfinished,
    load_tensors,
    save_tensors,
    write_bytes,
)
from mae_sam2_training.engine.faults import plainly
from mae_sam2_training.engine.launch import launch
from mae_sam2_training.engine.progress import (
    BarReporter,
    JsonReporter,
    Reporter,
    SilentReporter,
)
from mae_sam2_training.engine.stopping import Stopped, StopSignal
from napari_mae_sam2.common.json_lines import REPORTED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import torch
    from lightning_fabric import Fabric


@dataclass(frozen=True, slots=True)
class Run:
    """What a kind of run needs of its surroundings.

    Attributes
    ----------
    folder : Path
        The run folder; it exists.
    fabric : Fabric
        The launched processes.
    reporter : Reporter
        Where events go; silent in every process but the first.
    stop : StopSignal
        Asked between steps.
    """

    folder: Path
    fabric: Fabric
    reporter: Reporter
    stop: StopSignal

    @property
    def device(self) -> torch.device:
        """The device of this process."""
        return self.fabric.device

    @property
    def is_first(self) -> bool:
        """True in the one process that writes."""
        return bool(self.fabric.is_global_zero)

    def identify(self, identity: dict[str, str], config: Section) -> bool:
        """Say what this run is; begin anew unless the folder holds the same run.

        Parameters
        ----------
        identity : dict of str
            Hashes of the data, the parent model and whatever else decides the
            result. The recipe, without its `run` section's machine settings, is
            added here.
        config : Section
            The whole recipe.

        Returns
        -------
        bool
            True if the folder holds a state of this very run to resume from.
        """
        path = self.folder / "run.json"
        recipe = config.model_dump(mode="json")
        recipe["run"] = {"seed": recipe.get("run", {}).get("seed")}
        wanted = json.dumps(identity | {"recipe": recipe}, indent=1, sort_keys=True)
        same = path.is_file() and path.read_text(encoding="utf-8") == wanted
        self.fabric.barrier()
        if self.is_first:
            for name in ("state.pt", "best.pt"):
                drop_unfinished(self.folder / name)
        if self.is_first and not same:
            for name in ("state.pt", "best.pt", "metrics.csv"):
                (self.folder / name).unlink(missing_ok=True)
            shutil.rmtree(self.folder / "tensorboard", ignore_errors=True)
            write_bytes(self.folder / "run.yaml", dump_config(config).encode())
            write_bytes(path, wanted.encode())
        self.fabric.barrier()
        return same and (self.folder / "state.pt").is_file()

    def save_state(self, state: dict[str, Any]) -> None:
        """Write the state to resume from; only the first process does."""
        if self.is_first:
            save_tensors(self.folder / "state.pt", state)

    def load_state(self) -> dict[str, Any]:
        """Read the state to resume from."""
        return load_tensors(self.folder / "state.pt")

    def save_best(self, weights: dict[str, torch.Tensor]) -> None:
        """Write the best weights so far; only the first process does."""
        if self.is_first:
            save_tensors(self.folder / "best.pt", weights)

    def load_best(self) -> dict[str, torch.Tensor]:
        """Read the best weights."""
        return load_tensors(self.folder / "best.pt")


@contextmanager
def open_run(
    folder: Path,
    config: RunConfig,
    *,
    batch: int | None = None,
    json_progress: bool = False,
    part_of: Reporter | None = None,
) -> Iterator[Run]:
    """Open a run: launch its processes, listen to signals, tell how it ended.

    Every way out is reported as one `end` event with the status done, cancelled or
    failed; `failed` comes after an `error` event with the sentence.

    Parameters
    ----------
    folder : Path
        The run folder, made if need be.
    config : RunConfig
        Devices, precision, seed.
    batch : int, optional
        Samples per step over all processes.
    json_progress : bool
        JSON lines on stdout instead of a bar on stderr.
    part_of : Reporter, optional
        Of a longer command that this run is a part of: it is told of everything but
        the end, and of no error, which are the command's own to tell.

    Raises
    ------
    Stopped
        If a signal ended the run; its state is saved.
    RunError
        If the disk or the memory is full, or the folder cannot be written to.
    """
    own: Reporter = JsonReporter() if json_progress else BarReporter()
    reporter = part_of or own
    status = "failed"
    try:
        with plainly(folder), StopSignal() as stop:
            fabric = launch(config, batch)
            if not fabric.is_global_zero:
                reporter = SilentReporter()
            folder.mkdir(parents=True, exist_ok=True)
            yield Run(folder, fabric, reporter, stop)
        status = "done"
    except Stopped as stopped:
        status = "cancelled"
        if part_of is None:
            stopped.add_note(REPORTED)
        raise
    except BaseException as error:
        if part_of is not None:
            raise
        reporter.report("error", message=str(error) or type(error).__name__)
        error.add_note(REPORTED)
        raise
    finally:
        if part_of is None:
            reporter.report("end", status=status)
            reporter.close()
