"""The rounds of one strategy and seed of a simulation: pick, label, train, measure."""

from __future__ import annotations

import csv
import io
import json
import shutil
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mae_sam2_training.config import dump_config
from mae_sam2_training.engine.atomic import write_bytes
from mae_sam2_training.engine.faults import RunError
from mae_sam2_training.engine.progress import SilentReporter
from mae_sam2_training.evaluation.side_by_side import Measured, measure
from mae_sam2_training.finetune import finetune
from mae_sam2_training.rounds.choosing import Judges, choose
from mae_sam2_training.rounds.judging import score
from mae_sam2_training.rounds.simulated_grader import (
    Effort,
    from_nothing,
    from_proposals,
)
from napari_mae_sam2.fa.odd_names import RAW
from napari_mae_sam2.model.checkpoint import load_model
from napari_mae_sam2.model.predictor import Sam2Predictor

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mae_sam2_training.engine.progress import Reporter
    from mae_sam2_training.evaluation.cases import Case
    from mae_sam2_training.rounds.simulate_config import SimulateConfig
    from mae_sam2_training.rounds.strategies import Strategy
    from napari_mae_sam2.model.checkpoint import LoadedModel
    from napari_mae_sam2.model.embedding_cache import EmbeddingCache

Turn = dict[str, Any]
"""What a round brought: picks, effort, and the figures of each test frame. After the
last round also what the frames of the frozen test would take with its model."""
STEERING = 5
"""Every so many-th label steers training instead of being trained on."""


@dataclass(frozen=True, slots=True)
class World:
    """What all runs of a simulation share.

    Attributes
    ----------
    config : SimulateConfig
    out : Path
        Folder of the simulation.
    base : Path
        Weights before the first round.
    pool : dict of str to Case
        Frames that may be labelled, by name.
    test : list of Case
        The frozen test.
    cache : EmbeddingCache
        Of all frames.
    reporter : Reporter
        Told of the rounds.
    """

    config: SimulateConfig
    out: Path
    base: Path
    pool: dict[str, Case]
    test: list[Case]
    cache: EmbeddingCache
    reporter: Reporter

    def predictor(self, weights: Path) -> tuple[LoadedModel, Sam2Predictor]:
        """Load weights at the side of the recipe."""
        loaded = load_model(weights, image_size=self.config.side or None)
        return loaded, Sam2Predictor(loaded, cache=self.cache)


class Chain:
    """The rounds of one strategy with one seed; the first round is shared by all.

    Parameters
    ----------
    world : World
    seed : int
        Of the draws and of training.
    strategy : str, optional
        None for the first round, which is drawn at random.
    """

    def __init__(self, world: World, seed: int, strategy: Strategy | None) -> None:
        self._world = world
        self._seed = seed
        self._strategy = strategy
        self.folder = world.out / "chains" / f"{seed}-{strategy or 'first'}"
        self.labelled: list[str] = []
        self.turns: list[Turn] = []
        path = self.folder / "state.json"
        if path.is_file():
            state = json.loads(path.read_text(encoding="utf-8"))
            self.labelled, self.turns = state["labelled"], state["turns"]

    @property
    def _last(self) -> Path:
        """Weights after the last round."""
        number = self.turns[-1]["round"] if self.turns else 0
        return self._model(number) if number else self._world.base

    def _model(self, number: int) -> Path:
        return self.folder / f"round-{number}.safetensors"

    def begin_from(self, first: Chain) -> None:
        """Take over the first round, unless this chain went further before."""
        if not self.turns:
            self.folder.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(first._last, self._model(1))
            self.labelled, self.turns = list(first.labelled), list(first.turns)
            self._save()

    def turn(self, number: int) -> None:
        """Pick, label, train and measure, unless that was done before."""
        if any(turn["round"] == number for turn in self.turns):
            return
        world = self._world
        if not self.turns:
            self.turns.append({"round": 0, "labels": 0} | self._measure(world.base))
        picks = self._pick(number)
        effort = self._efforts(self._last, [world.pool[name] for name in picks])
        self.labelled += picks
        out = self._model(number)
        self._train(out)
        turn = {"round": number, "labels": len(self.labelled)}
        self.turns.append(turn | effort | self._measure(out))
        if number == world.config.rounds:
            self.turns[-1]["test_effort"] = self._efforts(out, world.test)
        self._save()
        for older in self.folder.glob("round-*.safetensors"):
            # "rounds" compares with the model before
            if older not in (out, self._model(number - 1)):
                older.unlink()

    def drop_model(self) -> None:
        """Delete weights that nobody needs any more."""
        shutil.rmtree(self.folder / "run", ignore_errors=True)
        for path in self.folder.glob("round-*.safetensors"):
            path.unlink()

    def _pick(self, number: int) -> list[str]:
        world, config = self._world, self._world.config
        rng = np.random.default_rng((self._seed, number))
        left = [name for name in world.pool if name not in self.labelled]
        loaded, predictor = world.predictor(self._last)
        before = self._model(number - 2) if number > 2 else world.base
        previous = world.predictor(before)[1] if self._strategy == "rounds" else None
        picks = choose(
            self._strategy or "random",
            left,
            self.labelled,
            lambda name: world.pool[name].read()[0],
            Judges(predictor, previous, loaded, world.out / "pooled.safetensors"),
            config.per_round,
            rng,
            SilentReporter(),
        )
        return [one.name for one in picks]

    def _efforts(self, weights: Path, cases: Sequence[Case]) -> Turn:
        """Label frames both ways with a model; the label is the truth."""
        _, predictor = self._world.predictor(weights)
        proposed, nothing = Effort(), Effort()
        for case in cases:
            pixels, lesions = case.read()
            embedding = predictor.encode(pixels)
            ask = predictor, embedding, lesions, self._world.config.grader
            proposed += from_proposals(*ask)
            nothing += from_nothing(*ask)
        both = {"proposed": proposed, "nothing": nothing}
        return {key: asdict(one) | {"total": one.total} for key, one in both.items()}

    def _train(self, out: Path) -> None:
        world, config = self._world, self._world.config
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(("image", "mask", "patient", "split"))
        for place, name in enumerate(self.labelled):
            case = world.pool[name]
            side = "val" if place % STEERING == STEERING - 1 else "train"
            # each frame for itself: who tests is another eye in any case
            writer.writerow((case.image.absolute(), _mask(case).absolute(), name, side))
        write_bytes(self.folder / "manifest.csv", text.getvalue().encode("utf-8", RAW))
        recipe = config.finetune.model_copy(
            update={
                "run": config.finetune.run.model_copy(update={"seed": self._seed}),
                "train": config.finetune.train.model_copy(update={"side": config.side}),
            }
        )
        write_bytes(self.folder / "recipe.yaml", dump_config(recipe).encode())
        finetune(
            self.folder / "manifest.csv",
            out,
            config_file=self.folder / "recipe.yaml",
            weights=world.base if config.start == "base" else self._last,
            run_folder=self.folder / "run",
            part_of=SilentReporter(),
        )

    def _measure(self, weights: Path) -> Turn:
        """Measure the frozen test; each frame's figures, so that runs can be paired."""
        loaded, predictor = self._world.predictor(weights)
        measured = Measured(predictor.name, weights.name, loaded.fingerprint)
        measure(
            self._world.test,
            {"A": predictor},
            {"A": measured},
            self._world.config.evaluate,
            SilentReporter(),
        )
        return {
            "groups": [frame.group for frame in measured.frames],
            "dice": [_known(frame.dice) for frame in measured.frames],
            "score": [_known(score(frame)) for frame in measured.frames],
        }

    def _save(self) -> None:
        state = {"labelled": self.labelled, "turns": self.turns}
        write_bytes(self.folder / "state.json", json.dumps(state).encode())


def _mask(case: Case) -> Path:
    if case.mask is None:
        raise RunError(f"{case.name} has no mask.")
    return case.mask


def _known(value: float) -> float | None:
    return None if value != value else value
