"""The commands of `mae-sam2-train` about rounds of a study."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mae_sam2_training.options import (
    Config,
    JsonProgress,
    Report,
    Settings,
    recipe,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from mae_sam2_training.rounds.decisions import InUse
    from mae_sam2_training.rounds.places import Bench

Folder = Annotated[Path, typer.Argument(help="Study folder.")]
Number = Annotated[int, typer.Argument(help="Of the round.", min=1)]
By = Annotated[str, typer.Option(help="Who decides; any short name.")]
Note = Annotated[str, typer.Option(help="Why; it is kept.")]
Base = Annotated[
    Path | None,
    typer.Option(
        "--weights", help="The base, which no round has changed; else the packaged one."
    ),
]

Bundle = Annotated[Path, typer.Option("--out", help="The new bundle, *.zip.")]


def add_commands(app: typer.Typer) -> None:
    """Add the commands to the program."""
    for command in _COMMANDS:
        name = command.__name__.strip("_").replace("_", "-")
        app.command(name)(command)


def round_(
    study: Folder,
    weights: Base = None,
    config: Config = None,
    settings: Settings = None,
    json_progress: JsonProgress = False,
    estimate: Annotated[
        bool,
        typer.Option("--estimate", help="Only say what it would take: time, memory."),
    ] = False,
) -> None:
    """Freeze a round of a study, train it, and compare it with the model in use.

    Nothing is used until you promote it; a round that fails or is ended leaves no
    half results.
    """
    from mae_sam2_training.rounds.places import bench_of

    if _has_helped(lambda: bench_of(study)):
        return
    from mae_sam2_training.rounds.commands import round_of
    from mae_sam2_training.rounds.estimating import estimate as reckon

    run = reckon if estimate else round_of
    run(
        study,
        base=weights,
        **recipe(config, settings, json_progress),
    )


def reserve(
    study: Folder,
    share: Annotated[
        float, typer.Option(help="Share of the patients.", min=0.01, max=0.9)
    ] = 0.2,
    seed: Annotated[int, typer.Option(help="Decides which.")] = 0,
    case: Annotated[
        list[str] | None, typer.Option(help="Reserve this case; give it repeatedly.")
    ] = None,
) -> None:
    """Reserve a test set, once for all rounds; best before anything is labelled."""
    from mae_sam2_training.rounds.frozen_test import reserve as run

    found = run(study, share=share, seed=seed, cases=case or ())
    typer.echo(
        f"{len(found.cases)} cases of {len(found.groups)} patients test from now on, "
        "and are never trained on."
    )


def promote(
    study: Folder,
    number: Number,
    by: By = "",
    note: Note = "",
    force: Annotated[
        bool, typer.Option("--force", help="Also where the round is not proposed.")
    ] = False,
) -> None:
    """Use the model of a round from now on."""
    from mae_sam2_training.rounds.decisions import promote as run
    from mae_sam2_training.rounds.folder import Rounds

    _say(run(Rounds.open(study), number, by=by, note=note, force=force))


def refuse(study: Folder, number: Number, by: By = "", note: Note = "") -> None:
    """Keep the model in use, and note that a round's model is not wanted."""
    from mae_sam2_training.rounds.decisions import refuse as run
    from mae_sam2_training.rounds.folder import Rounds

    run(Rounds.open(study), number, by=by, note=note)
    typer.echo(f"Round {number} is refused; the model in use stays.")


def rollback(study: Folder, by: By = "", note: Note = "") -> None:
    """Use the model again that was in use before the last promotion."""
    from mae_sam2_training.rounds.decisions import roll_back
    from mae_sam2_training.rounds.folder import Rounds

    _say(roll_back(Rounds.open(study), by=by, note=note))


def pick(
    study: Folder,
    strategy: Annotated[
        str,
        typer.Option(
            help="random; foreground: random, mostly where leakage is called; entropy: "
            "unsure; augmentation: answers change with the view; rounds: answers "
            "changed since the last promotion; diversity: unlike what is labelled."
        ),
    ] = "foreground",
    count: Annotated[int, typer.Option(help="How many.", min=1)] = 10,
    seed: Annotated[int, typer.Option(help="The same seed draws the same.")] = 0,
    weights: Base = None,
    to: Annotated[
        str, typer.Option(help="Assign them to this grader (queue: “Assigned to me”).")
    ] = "",
    json_progress: JsonProgress = False,
) -> None:
    """Say which cases to label next; which strategy picked each one is logged."""
    from mae_sam2_training.rounds.picking import pick as run

    run(
        study,
        strategy=strategy,
        count=count,
        seed=seed,
        base=weights,
        to=to,
        json_progress=json_progress,
    )


def history(
    study: Folder,
    out: Annotated[
        Path | None, typer.Option(help="Folder; the study's rounds otherwise.")
    ] = None,
) -> None:
    """Write what every round brought: history.html for people, history.json."""
    from mae_sam2_training.rounds.history import faster, improving
    from mae_sam2_training.rounds.history_page import write_history

    rows = write_history(study, out)
    typer.echo(f"{improving(rows)} {faster(rows)}")


def simulate(
    out: Report,
    weights: Base = None,
    config: Config = None,
    settings: Settings = None,
    json_progress: JsonProgress = False,
) -> None:
    """Run the whole loop with a simulated grader; the same command goes on."""
    from mae_sam2_training.rounds.simulate import simulate as run

    run(
        out,
        weights=weights,
        **recipe(config, settings, json_progress),
    )


def export_round(
    study: Folder,
    out: Bundle,
    weights: Base = None,
    config: Config = None,
    settings: Settings = None,
    json_progress: JsonProgress = False,
) -> None:
    """Freeze a round and pack it, to be trained on another computer."""
    from mae_sam2_training.rounds.bundle import export_round as run

    run(
        study,
        out,
        base=weights,
        **recipe(config, settings, json_progress),
    )


def run_bundle(
    bundle: Annotated[Path, typer.Argument(help="From export-round, *.zip.")],
    out: Bundle,
    json_progress: JsonProgress = False,
) -> None:
    """Train the round of a bundle; its result is packed and goes back."""
    from mae_sam2_training.rounds.bundle import bundle_bench
    from mae_sam2_training.rounds.bundle import run_bundle as run

    if _has_helped(lambda: bundle_bench(bundle)):
        return
    run(bundle, out, json_progress=json_progress)


def take_back(
    study: Folder,
    result: Annotated[Path, typer.Argument(help="From run-bundle, *.zip.")],
) -> None:
    """Put a result that was made elsewhere into the round of its study."""
    from mae_sam2_training.rounds.bundle import take_back as run

    typer.echo(run(study, result)["why"])


def _has_helped(bench: Callable[[], Bench]) -> bool:
    """Train along where this process is a further one of a round."""
    from mae_sam2_training.rounds.helping import called_to, is_first

    if is_first():
        return False
    from mae_sam2_training.rounds.running import help_training

    help_training(called_to(bench().work_folder))
    return True


def _say(now: InUse) -> None:
    which = "The base" if now.round is None else f"The model of round {now.round}"
    typer.echo(f"{which} is in use now.")


_COMMANDS = (
    *(round_, reserve, promote, refuse, rollback, pick, history, simulate),
    *(export_round, run_bundle, take_back),
)
