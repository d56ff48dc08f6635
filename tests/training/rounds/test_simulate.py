from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from scipy import ndimage

from mae_sam2_training.__main__ import main
from mae_sam2_training.config import load_config
from mae_sam2_training.rounds import simulate as module
from mae_sam2_training.rounds import simulate_chain
from mae_sam2_training.rounds.simulate_config import SimulateConfig
from mae_sam2_training.rounds.simulate_report import (
    against_baseline,
    halved,
    rising,
    rows_of,
    worth,
)

RECIPE = Path(__file__).parents[3] / "training" / "configs" / "simulate_cpu.yaml"
QUICK = [
    *("--set", "pool=4", "--set", "test=2", "--set", "size=64", "--set", "rounds=2"),
    *("--set", "per_round=2", "--set", "strategies=[foreground, rounds]"),
    *("--set", "seeds=[5]", "--set", "finetune.loop.steps=1"),
    *("--set", "finetune.loop.batch=1", "--set", "finetune.train.views=1"),
    *("--set", "finetune.validation.clicks=1"),
    *("--set", "evaluate.resamples=100", "--set", "evaluate.max_clicks=5"),
    *("--set", "evaluate.lesions=1", "--set", "grader.clicks=2"),
]


def run(*arguments: str | Path) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_the_whole_loop_runs_once_and_goes_on_where_it_ended(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    command = ("simulate", "--out", out, "--weights", weights, *QUICK)
    trained: list[Path] = []
    finetune = simulate_chain.finetune

    def counted(source: Path, checkpoint: Path, **more: object) -> object:
        trained.append(checkpoint)
        if len(trained) == 2:
            raise KeyboardInterrupt
        return finetune(source, checkpoint, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(simulate_chain, "finetune", counted)
    assert run(*command) == 130
    assert not (out / "simulation.html").exists()
    assert run(*command) == 0
    # the first round is shared, the second was ended once
    assert [path.parent.name for path in trained] == [
        "5-first",
        "5-foreground",
        "5-foreground",
        "5-rounds",
    ]
    with (out / "simulation.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["strategy"], row["round"], row["labels"]) for row in rows] == [
        (strategy, str(number), str(2 * number))
        for strategy in ("foreground", "rounds")
        for number in (0, 1, 2)
    ]
    assert rows[1] | {"strategy": ""} == rows[4] | {"strategy": ""}
    assert rows[0]["clicks"] == "0"
    assert rows[0]["proposed"] == ""
    assert float(rows[2]["clicks"]) >= float(rows[1]["clicks"])
    page = (out / "simulation.html").read_text()
    assert page.count("data:image/svg+xml") == 3
    assert str(tmp_path) not in page
    said = json.loads((out / "simulation.json").read_text())
    assert any("foreground-aware random" in answer for answer in said["answers"])
    assert not list(out.rglob("*.safetensors.tmp"))
    assert not list((out / "chains").rglob("round-*.safetensors"))
    state = json.loads((out / "chains" / "5-rounds" / "state.json").read_text())
    assert len(set(state["labelled"])) == 4
    assert [set(turn) >= {"test_effort"} for turn in state["turns"]] == [0, 0, 1]
    assert state["turns"][-1]["test_effort"]["nothing"]["total"] > 0
    # again: nothing is left to do
    before = (out / "simulation.csv").read_bytes()
    assert run(*command) == 0
    assert len(trained) == 4
    assert (out / "simulation.csv").read_bytes() == before
    # another recipe does not mix with it
    assert run(*command, "--set", "per_round=1") == 2


def test_the_frozen_test_is_of_eyes_of_its_own(tmp_path: Path) -> None:
    folder = tmp_path / "frames"
    folder.mkdir()
    lines = ["image,mask,patient"]
    for number in range(9):
        (folder / f"{number}.png").touch()
        lines.append(f"{number}.png,{number}.png,eye {number // 3}")
    (folder / "manifest.csv").write_text("\n".join(lines))
    config = SimulateConfig(pool=6, test=2, rounds=2, per_round=2)
    pool, test = module._data(tmp_path, config)
    assert (len(pool), len(test)) == (6, 3)
    assert not {case.group for case in pool.values()} & {case.group for case in test}


def test_a_margin_makes_the_labels_wider_and_nothing_else(tmp_path: Path) -> None:
    small = {"pool": 3, "test": 2, "rounds": 1, "per_round": 2, "size": 96}
    exact = module._data(tmp_path / "exact", SimulateConfig(**small))
    wide = module._data(tmp_path / "wide", SimulateConfig(**small, margin=0.03))
    grown = 0
    for one, other in zip(
        [*exact[0].values(), *exact[1]], [*wide[0].values(), *wide[1]], strict=True
    ):
        (pixels, lesions), (same, wider) = one.read(), other.read()
        assert (pixels == same).all()
        assert (wider[lesions > 0] == lesions[lesions > 0]).all()
        far = ndimage.distance_transform_edt(lesions == 0) > 3
        assert not wider[far & (lesions.max() > 0)].any()
        grown += int((wider > 0).sum() - (lesions > 0).sum())
    assert grown > 0


def test_a_recipe_that_cannot_be_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("simulate", "--out", tmp_path, "--set", "per_round=100") == 2
    assert "need a pool of 400" in capsys.readouterr().err


def test_the_recipe_is_valid() -> None:
    config = load_config(SimulateConfig, RECIPE)
    assert len(config.strategies) == 6
    assert config.per_round == 10


def turn(number: int, score: float, proposed: int, nothing: int) -> dict[str, object]:
    return {
        "round": number,
        "labels": 10 * number,
        "groups": ["a", "b", "c"],
        "dice": [score, score + 0.1, None],
        "score": [score, score + 0.1, score + 0.05],
        "proposed": {"total": proposed},
        "nothing": {"total": nothing},
        "test_effort": {
            "proposed": {"clicks": proposed // 2, "total": proposed},
            "nothing": {"clicks": nothing // 2, "total": nothing},
        },
    }


CONFIG = SimulateConfig(strategies=("foreground", "entropy"), seeds=(0, 1))


def chains(
    gain: float, share: float = 0.4
) -> dict[tuple[int, str], list[dict[str, object]]]:
    """Two strategies, the second of which is better in the end by `gain`."""
    return {
        (seed, strategy): [
            turn(
                number,
                0.3 + 0.1 * number + better * (number == 3),
                int(100 * share),
                100,
            )
            for number in range(4)
        ]
        for seed in (0, 1)
        for strategy, better in (("foreground", 0.0), ("entropy", gain))
    }


def test_rows_count_all_clicks_so_far() -> None:
    rows = [
        r for r in rows_of(chains(0)) if (r["seed"], r["strategy"]) == (0, "entropy")
    ]
    assert [row["clicks"] for row in rows] == [0, 40, 80, 120]
    assert [row["proposed"] for row in rows[1:]] == [4.0] * 3
    assert rows[0]["proposed"] != rows[0]["proposed"]
    assert [row["dice"] for row in rows] == pytest.approx([0.35, 0.45, 0.55, 0.65])


def test_the_answers_follow_from_the_figures() -> None:
    said = halved(chains(0))
    assert "After round 3 proposals take 40% (40% to 40% over" in said
    assert "at most half. Of all presses" in said
    assert "more than half." in halved(chains(0, share=0.7))
    assert halved(chains(0, share=0.7)).endswith(
        "70% (70% to 70% over seeds, strategies)."
    )
    few = chains(0)
    for chain in few.values():
        chain[-1]["test_effort"]["nothing"]["clicks"] = 0  # type: ignore[index]
    assert halved(few).startswith("No lesion was clicked on")
    assert "0.350 before the first round, 0.650 after" in rising(chains(0), CONFIG)
    assert rising(chains(0), CONFIG).endswith("it rises.")
    flat = {key: [one[0], *one[:1]] for key, one in chains(0).items()}
    assert rising(flat, CONFIG).endswith("does not rise with confidence.")
    better = worth(against_baseline(chains(0.1), CONFIG))
    assert better[0].startswith("Better than foreground-aware random: entropy.")
    worse = worth(against_baseline(chains(-0.1), CONFIG))
    assert worse[0].startswith("No strategy beats")
