"""`mae-sam2-train simulate`: the whole loop with a grader who knows the truth."""

from __future__ import annotations

import hashlib
import json
import shutil
from typing import TYPE_CHECKING, Any

from PIL import Image
from skimage.segmentation import expand_labels

from mae_sam2_training.config import load_config
from mae_sam2_training.data.manifest import read_manifest
from mae_sam2_training.data.splits import shuffled_groups
from mae_sam2_training.engine.atomic import write_bytes
from mae_sam2_training.engine.faults import RunError
from mae_sam2_training.engine.progress import Clock
from mae_sam2_training.engine.telling import telling
from mae_sam2_training.evaluation.cases import labelled_cases
from mae_sam2_training.places import check_report_folder
from mae_sam2_training.rounds.commands import base_weights
from mae_sam2_training.rounds.running import KEPT
from mae_sam2_training.rounds.simulate_chain import Chain, Turn, World
from mae_sam2_training.rounds.simulate_config import SimulateConfig
from mae_sam2_training.rounds.simulate_report import write_simulation
from mae_sam2_training.synthesis.dataset import synthesize
from napari_mae_sam2.fa.mask_reading import read_mask
from napari_mae_sam2.fa.reading import list_frames
from napari_mae_sam2.model.checkpoint import load_model
from napari_mae_sam2.model.embedding_cache import EmbeddingCache

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mae_sam2_training.evaluation.cases import Case


def simulate(
    out: Path,
    *,
    weights: Path | None = None,
    config_file: Path | None = None,
    overrides: Sequence[str] = (),
    json_progress: bool = False,
) -> None:
    """Run the loop for every strategy and seed, and write what it brought.

    The same command again goes on after the last round that was finished. Writes
    `simulation.csv`, `simulation.json` and `simulation.html`.

    Parameters
    ----------
    out : Path
        Folder, made if need be.
    weights : Path, optional
        The base; the packaged weights otherwise.
    config_file : Path, optional
        Recipe in YAML, see `SimulateConfig`.
    overrides : sequence of str
        `section.key=value`.
    json_progress : bool
        Tell progress as JSON lines; that of each training goes to nobody.

    Raises
    ------
    PlainError
        If recipe, frames, weights or machine do not allow it, or the folder holds
        another simulation.
    Stopped
        If a signal ended it.
    """
    config = load_config(SimulateConfig, config_file, overrides)
    check_report_folder(out)
    with telling(out, json_progress, resumable=True) as reporter:
        base = base_weights(weights)
        _identify(out, config, load_model(base).fingerprint)
        pool, test = _data(out, config)
        cache = EmbeddingCache(out / "encoded", KEPT)
        world = World(config, out, base, pool, test, cache, reporter)
        chains = [(s, name) for s in config.seeds for name in config.strategies]
        total = len(config.seeds) + len(chains) * (config.rounds - 1)
        reporter.report("start", message=f"{total} rounds to go through.", total=total)
        clock, done = Clock(0, total), 0
        turns: dict[tuple[int, str], list[Turn]] = {}
        for seed in config.seeds:
            first = Chain(world, seed, None)
            first.turn(1)
            done += 1
            for strategy in config.strategies:
                chain = Chain(world, seed, strategy)
                chain.begin_from(first)
                for number in range(2, config.rounds + 1):
                    chain.turn(number)
                    done += 1
                    reporter.report(
                        "note",
                        message=f"Seed {seed}, {strategy}: round {number} is done.",
                        done=done,
                        total=total,
                        eta_s=clock.seconds_left(done),
                    )
                turns[seed, strategy] = chain.turns
                chain.drop_model()
            first.drop_model()
        write_simulation(out, turns, config)
        reporter.report("saved", path=str(out / "simulation.html"))


def _identify(out: Path, config: SimulateConfig, base: str) -> None:
    """Refuse to go on in the folder of another simulation."""
    text = json.dumps(config.model_dump(mode="json") | {"base": base}, sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()
    path = out / "simulation.id"
    if path.is_file() and path.read_text(encoding="ascii") != digest:
        raise RunError(
            f"{out} holds a simulation with another recipe or other weights: give "
            "--out a new folder."
        )
    write_bytes(path, digest.encode())


def _data(out: Path, config: SimulateConfig) -> tuple[dict[str, Case], list[Case]]:
    """Draw the frames, or find them drawn; the frozen test is of eyes of its own."""
    folder = out / "frames"
    if not (folder / "manifest.csv").is_file():
        drawing = out / "drawing"
        for left in (folder, drawing):
            shutil.rmtree(left, ignore_errors=True)  # what a kill left
        synthesize(
            drawing,
            config.pool + config.test,
            seed=config.data_seed,
            frames=_backgrounds(config),
            size=config.size,
            contrast=config.contrast,
        )
        _outline_widely(drawing, round(config.margin * config.size))
        drawing.rename(folder)
    records = read_manifest(folder / "manifest.csv")
    test: list[Any] = []
    pool: list[Any] = []
    for group in shuffled_groups(records, config.data_seed):
        (test if len(test) < config.test else pool).extend(group)
    if len(pool) < config.rounds * config.per_round:
        raise RunError(
            f"{len(pool)} frames are left for the pool once whole eyes are set aside "
            "for the test: raise pool, or give more frames to draw into."
        )
    return {case.name: case for case in labelled_cases(pool)}, labelled_cases(test)


def _outline_widely(folder: Path, pixels: int) -> None:
    """Give every lesion of drawn frames a margin, as some graders do."""
    for record in read_manifest(folder / "manifest.csv") if pixels else ():
        if record.mask is not None:
            lesions = read_mask(record.mask).lesions
            wide = expand_labels(lesions, pixels)
            Image.fromarray(wide).save(record.mask)


def _backgrounds(config: SimulateConfig) -> list[Path] | None:
    from pathlib import Path

    return list_frames(Path(config.frames)) if config.frames else None
