"""One run: its folder, its processes, its log, its voice and its stop signal.

The folder holds `run.yaml` (the recipe), `run.json` (what the run is, by hashes),
`metrics.csv`, `tensorboard/`, `state.pt` and `state-before.pt` (to resume from) and
`best.pt`.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import torch

from mae_sam2_training.config import RunConfig, Section, dump_config
from mae_sam2_training.engine.atomic import (
    drop_unfinished,
    load_tensors,
    save_tensors,
    write_bytes,
)
from mae_sam2_training.engine.faults import RunError, plainly
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
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from lightning_fabric import Fabric

RUN: Final = "run.json"
STATES: Final = ("state.pt", "state-before.pt")
"""The last state and the one before, which serves where the last one is damaged."""
BEST: Final = "best.pt"


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
        path = self.folder / RUN
        recipe = config.model_dump(mode="json")
        recipe["run"] = {"seed": recipe.get("run", {}).get("seed")}
        wanted = json.dumps(identity | {"recipe": recipe}, indent=1, sort_keys=True)
        same = path.is_file() and path.read_bytes() == wanted.encode()
        self.fabric.barrier()
        if self.is_first:
            for name in (STATES[0], BEST):
                drop_unfinished(self.folder / name)
        if self.is_first and not same:
            for name in (*STATES, BEST, "metrics.csv"):
                (self.folder / name).unlink(missing_ok=True)
            shutil.rmtree(self.folder / "tensorboard", ignore_errors=True)
            write_bytes(self.folder / "run.yaml", dump_config(config).encode())
            write_bytes(path, wanted.encode())
        self.fabric.barrier()
        return same and any((self.folder / name).exists() for name in STATES)

    def save_state(self, state: dict[str, Any]) -> None:
        """Write the state to resume from, and keep the one before; the first only."""
        if self.is_first:
            new, old = (self.folder / name for name in STATES)
            save_tensors(new, state | {"run": self._mark()}, before=old)

    def load_state(
        self, check: Callable[[dict[str, Any]], None]
    ) -> dict[str, Any] | None:
        """Read the last good state; says which files could not be used.

        Parameters
        ----------
        check : callable
            Raises `RunError` for a state that is not of this run.

        Returns
        -------
        dict or None
            None where no state is of use: the run begins anew.
        """
        lost = []
        for name in STATES:
            path = self.folder / name
            if not path.exists():
                continue
            try:
                state = load_tensors(path)
            except RunError as error:
                lost.append(str(error))
                continue
            try:
                if state.get("run", self._mark()) != self._mark():
                    raise RunError("of another run")
                check(state)
            except RunError:
                lost.append(f"{path} is of another run.")
                continue
            if lost:
                step = state["progress"]["step"]
                self._note(f"{lost[0]} The run goes on from step {step}, saved before.")
            return state
        if lost:
            self._note(f"{lost[0]} No earlier state is left: the run begins anew.")
        return None

    def save_best(self, weights: dict[str, torch.Tensor]) -> None:
        """Write the best weights so far; only the first process does."""
        if self.is_first:
            save_tensors(self.folder / BEST, weights)

    def mend_best(self, weights: dict[str, torch.Tensor]) -> None:
        """Write the best weights anew where their file is not what a state says."""
        if not self.is_first:
            return
        try:
            found = load_tensors(self.folder / BEST)
            is_same = found.keys() == weights.keys() and all(
                torch.equal(found[name], weights[name]) for name in weights
            )
        except (RunError, TypeError) as error:
            self._note(f"{error} It was written anew from the state of the run.")
            is_same = False
        if not is_same:
            self.save_best(weights)

    def load_best(self) -> dict[str, torch.Tensor]:
        """Read the best weights."""
        return load_tensors(self.folder / BEST)

    def _mark(self) -> str:
        """Say which run a state is of: a folder may hold a file of another one."""
        return hashlib.sha256((self.folder / RUN).read_bytes()).hexdigest()

    def _note(self, sentence: str) -> None:
        if self.is_first:
            self.reporter.report("note", message=sentence)


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
