"""The commands of `mae-sam2-train` about rounds of a study."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mae_sam2_training.options import (
    AsJson,
    Config,
    Grader,
    JsonProgress,
    Report,
    Settings,
    StudyFolder,
    recipe,
)
from napari_mae_sam2.common.command_output import CommandOutput

if TYPE_CHECKING:
    from collections.abc import Callable

    from mae_sam2_training.rounds.decisions import InUse
    from mae_sam2_training.rounds.places import Bench

Number = Annotated[int, typer.Argument(help="Of the round.", min=1)]
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
    study: StudyFolder,
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
    study: StudyFolder,
    share: Annotated[
        float, typer.Option(help="Share of the patients.", min=0.01, max=0.9)
    ] = 0.2,
    seed: Annotated[int, typer.Option(help="Decides which.")] = 0,
    case: Annotated[
        list[str] | None, typer.Option(help="Reserve this case; give it repeatedly.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Reserve a test set, once for all rounds; best before anything is labelled."""
    from mae_sam2_training.rounds.frozen_test import reserve as run

    found = run(study, share=share, seed=seed, cases=case or ())
    CommandOutput(as_json=as_json).result(
        f"{len(found.cases)} cases of {len(found.groups)} patients are the test set "
        "now, and are never trained on.",
        cases=list(found.cases),
        patients=len(found.groups),
    )


def promote(
    study: StudyFolder,
    number: Number,
    grader: Grader = "",
    note: Note = "",
    force: Annotated[
        bool, typer.Option("--force", help="Also where the round is not proposed.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Use the model of a round from now on."""
    from mae_sam2_training.rounds.decisions import promote as run
    from mae_sam2_training.rounds.folder import Rounds

    now = run(Rounds.open(study), number, by=grader, note=note, force=force)
    _report(now, as_json)


def refuse(
    study: StudyFolder,
    number: Number,
    grader: Grader = "",
    note: Note = "",
    as_json: AsJson = False,
) -> None:
    """Keep the model in use, and note that a round's model is not wanted."""
    from mae_sam2_training.rounds.decisions import refuse as run
    from mae_sam2_training.rounds.folder import Rounds

    run(Rounds.open(study), number, by=grader, note=note)
    CommandOutput(as_json=as_json).result(
        f"Round {number} is refused; the model in use stays.", refused=number
    )


def rollback(
    study: StudyFolder,
    grader: Grader = "",
    note: Note = "",
    as_json: AsJson = False,
) -> None:
    """Use the model again that was in use before the last promotion."""
    from mae_sam2_training.rounds.decisions import roll_back
    from mae_sam2_training.rounds.folder import Rounds

    _report(roll_back(Rounds.open(study), by=grader, note=note), as_json)


def pick(
    study: StudyFolder,
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

    picks = run(
        study,
        strategy=strategy,
        count=count,
        seed=seed,
        base=weights,
        to=to,
        json_progress=json_progress,
    )
    for one in () if json_progress else picks:
        typer.echo(one.name)


def history(
    study: StudyFolder,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder to write into; the study's by default."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write what every round brought: history.html for people, history.json."""
    from mae_sam2_training.rounds.history import faster, improving
    from mae_sam2_training.rounds.history_page import write_history

    rows = write_history(study, out)
    CommandOutput(as_json=as_json).result(
        f"{improving(rows)} {faster(rows)}", rounds=rows
    )


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
    study: StudyFolder,
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
    study: StudyFolder,
    result: Annotated[Path, typer.Argument(help="From run-bundle, *.zip.")],
    as_json: AsJson = False,
) -> None:
    """Put a result that was made elsewhere into the round of its study."""
    from mae_sam2_training.rounds.bundle import take_back as run

    judged = run(study, result)
    CommandOutput(as_json=as_json).result(judged["why"], **judged)


def _has_helped(bench: Callable[[], Bench]) -> bool:
    """Train along where this process is a further one of a round."""
    from mae_sam2_training.rounds.helping import called_to, is_first

    if is_first():
        return False
    from mae_sam2_training.rounds.running import help_training

    help_training(called_to(bench().work_folder))
    return True


def _report(now: InUse, as_json: bool) -> None:
    which = "The base" if now.round is None else f"The model of round {now.round}"
    CommandOutput(as_json=as_json).result(
        f"{which} is in use now.", round=now.round, fingerprint=now.fingerprint
    )


_COMMANDS = (
    *(round_, reserve, promote, refuse, rollback, pick, history, simulate),
    *(export_round, run_bundle, take_back),
)
