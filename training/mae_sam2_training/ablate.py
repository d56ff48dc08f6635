"""Ablation: fine-tune and measure every cell of a table, and write the table."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import yaml

from mae_sam2_training.ablation.cells import cells_of, recipe_of, rows_of
from mae_sam2_training.ablation.config import AblateConfig
from mae_sam2_training.ablation.report import write_tables
from mae_sam2_training.ablation.results import (
    data_hash,
    drop_states,
    finished,
    hand_on_embeddings,
    identify,
    measure_cell,
)
from mae_sam2_training.ablation.starts import starts_of
from mae_sam2_training.config import load_config
from mae_sam2_training.data.study_folder import read_source, study_of
from mae_sam2_training.engine.atomic import write_bytes
from mae_sam2_training.engine.faults import RunError
from mae_sam2_training.engine.progress import Clock
from mae_sam2_training.engine.telling import telling
from mae_sam2_training.evaluation.cases import labelled_cases, some
from mae_sam2_training.evaluation.side_by_side import check_cases
from mae_sam2_training.finetune import divide, finetune
from mae_sam2_training.finetune_config import FinetuneConfig
from mae_sam2_training.places import check_report_folder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import Any

    from mae_sam2_training.ablation.cells import Cell
    from mae_sam2_training.ablation.starts import Start
    from mae_sam2_training.data.manifest import Record


def ablate(
    source: Path,
    out: Path,
    *,
    config_file: Path,
    overrides: Sequence[str] = (),
    json_progress: bool = False,
) -> None:
    """Fine-tune and measure every cell, and write the tables.

    The same command again skips the cells that are finished and continues the one
    that was ended. Writes `table.csv`, `table.md` and `ablation.html`, and keeps
    every cell's checkpoint and figures under `cells`.

    Parameters
    ----------
    source : Path
        A study folder or a manifest.
    out : Path
        Folder, made if need be.
    config_file : Path
        Recipe in YAML, see `AblateConfig`.
    overrides : sequence of str
        `section.key=value`.
    json_progress : bool
        Tell progress over the cells as JSON lines; that of each run goes to stderr.

    Raises
    ------
    PlainError
        If data, recipe, weights or machine do not allow it.
    Stopped
        If a signal ended it.
    """
    config = load_config(AblateConfig, config_file, overrides)
    check_report_folder(out)
    cells = cells_of(config)
    _check_names(cells)
    with telling(out, json_progress, resumable=True) as reporter:
        starts = starts_of(config.encoders, config_file.parent, study_of(source))
        records = read_source(source)
        data = data_hash(records)
        recipes = {cell: _write_recipe(cell, out, config) for cell in cells}
        clock = Clock(0, len(cells))
        reporter.report(
            "start",
            message=f"{len(cells)} runs to train and measure. " + _named(starts),
            total=len(cells),
        )
        results: dict[Cell, dict[str, Any]] = {}
        previous: Path | None = None
        for done, cell in enumerate(cells, start=1):
            folder = out / "cells" / cell.folder
            recipe = load_config(FinetuneConfig, recipes[cell])
            cases = some(
                labelled_cases(_held_out(records, recipe), config.evaluate.foreground),
                config.evaluate.frames,
                config.evaluate.seed,
            )
            start = starts[cell.row.encoder]
            identity = identify(recipe, config, start.fingerprint, data, cases)
            found = finished(folder, identity)
            if found is None:
                check_cases(cases)
                hand_on_embeddings(previous, folder)
                checkpoint = folder / "model.safetensors"
                finetune(
                    source,
                    checkpoint,
                    config_file=recipes[cell],
                    weights=start.path,
                    run_folder=folder / "run",
                )
                found = measure_cell(checkpoint, cases, config) | {"identity": identity}
                text = json.dumps(found, allow_nan=False)
                write_bytes(folder / "result.json", text.encode())
                drop_states(folder)
                previous = folder
            results[cell] = found | {"start": start.as_json()}
            reporter.report(
                "note",
                message=f"{done} of {len(cells)} runs are done: {cell.folder}.",
                done=done,
                total=len(cells),
                eta_s=clock.seconds_left(done),
            )
        if previous is not None:
            shutil.rmtree(previous / "run" / "embeddings", ignore_errors=True)
        write_tables(out, rows_of(config), results, config)
        reporter.report("saved", path=str(out / "ablation.html"))


def _check_names(cells: Sequence[Cell]) -> None:
    if len({cell.folder for cell in cells}) < len(cells):
        raise RunError(
            "Two encoders or two losses of the recipe have names that differ in "
            "signs alone: give them names of their own."
        )


def _named(starts: dict[str, Start]) -> str:
    """Say what every row starts from."""
    told = [
        f"{row}: {one.name} ({one.fingerprint[:12]})" for row, one in starts.items()
    ]
    return f"They start from {'; '.join(told)}."


def _write_recipe(cell: Cell, out: Path, config: AblateConfig) -> Path:
    """Write a cell's recipe and check it, so that a slip ends the command at once."""
    path = out / "cells" / cell.folder / "recipe.yaml"
    text = yaml.safe_dump(recipe_of(cell, config), sort_keys=False)
    write_bytes(path, text.encode())
    run = load_config(FinetuneConfig, path).run
    if run.devices * run.nodes > 1:
        raise RunError(
            "An ablation trains its runs one after the other in one process: leave "
            "run.devices and run.nodes of the recipe at 1."
        )
    return path


def _held_out(records: list[Record], recipe: FinetuneConfig) -> list[Record]:
    """Give what is measured: the test rows, which no run sees, else the held out."""
    if not recipe.data.folds:
        test = [record for record in records if record.split == "test"]
        if test:
            return test
    _, held_out = divide(records, recipe)
    if not held_out:
        raise RunError(
            "Nothing is held out to measure on: add images of another patient, or "
            "name splits in the manifest."
        )
    return held_out
