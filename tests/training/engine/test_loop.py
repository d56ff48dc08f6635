from __future__ import annotations

import errno
import json
import math
import multiprocessing
import os
import signal
from typing import TYPE_CHECKING, Any

import pytest
import torch
from lightning_fabric.plugins.precision import Precision
from torch import Tensor, nn

from mae_sam2_training.config import LoopConfig, RunConfig, Section
from mae_sam2_training.data.errors import DataError
from mae_sam2_training.engine.faults import RunError
from mae_sam2_training.engine.loop import Fitted, fit
from mae_sam2_training.engine.records import Records, read_metrics
from mae_sam2_training.engine.run import open_run
from mae_sam2_training.engine.schedule import parameter_groups
from mae_sam2_training.engine.stopping import Stopped
from napari_mae_sam2.fa.errors import PlainError

if TYPE_CHECKING:
    from pathlib import Path

LOOP = LoopConfig(steps=30, batch=4, validate_every=5, save_every=7, warmup=0.1)


class Recipe(Section):
    """The recipe of the line."""

    loop: LoopConfig = LOOP
    run: RunConfig = RunConfig()


class Line(nn.Module):
    """Learns y = 3x + 1."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.line = nn.Linear(1, 1)

    def forward(self, batch: tuple[Tensor, Tensor]) -> tuple[Tensor, dict[str, float]]:
        x, y = batch
        error = (self.line(x) - y).square().mean()
        return error, {"error": float(error.detach())}


class LineTask:
    """A task that can be killed, or lose its loss, at a step."""

    def __init__(self, kill_at: int = -1, signal_at: int = -1, nan_at: int = -1):
        self.module = Line()
        self.kill_at, self.signal_at, self.nan_at = kill_at, signal_at, nan_at

    def groups(self) -> list[dict[str, Any]]:
        return parameter_groups(self.module.named_parameters(), LOOP)

    def batch(self, step: int, rank: int, world: int) -> tuple[Tensor, Tensor]:
        if step == self.kill_at:
            raise KeyboardInterrupt
        if step == self.signal_at:
            os.kill(os.getpid(), signal.SIGTERM)
        x = torch.randn(4, 1, generator=torch.Generator().manual_seed(step))
        y = 3 * x + (math.nan if step == self.nan_at else 1)
        return x[rank::world], y[rank::world]

    def describe(self, batch: tuple[Tensor, Tensor]) -> str:
        return f"{len(batch[0])} points"

    def validate(self, module: nn.Module, rank: int, world: int) -> dict[str, Any]:
        x = torch.linspace(-1, 1, 8)[:, None]
        return {"score": (-float(module((x, 3 * x + 1))[0]), 1)}


def run_line(
    folder: Path, task: LineTask, json_progress: bool = False, **settings: int
) -> Fitted:
    recipe = Recipe(run=RunConfig(**settings))
    with open_run(folder, recipe.run, json_progress=json_progress) as run:
        resume = run.identify({"data": "line"}, recipe)
        return fit(task, recipe.loop, recipe.run, run, resume=resume)


def weights(task: LineTask) -> list[Tensor]:
    return [parameter.detach().clone() for parameter in task.module.parameters()]


@pytest.mark.parametrize("kill_at", [3, 7, 13, 29])
def test_a_killed_run_ends_as_if_it_had_not_been(tmp_path: Path, kill_at: int) -> None:
    whole = LineTask()
    fitted = run_line(tmp_path / "whole", whole)
    with pytest.raises(KeyboardInterrupt):
        run_line(tmp_path / "killed", LineTask(kill_at=kill_at))
    again = LineTask()
    resumed = run_line(tmp_path / "killed", again)
    assert resumed == fitted
    for one, other in zip(weights(whole), weights(again), strict=True):
        assert torch.equal(one, other)
    assert read_metrics(tmp_path / "whole" / "metrics.csv") == read_metrics(
        tmp_path / "killed" / "metrics.csv"
    )


def test_sigterm_saves_the_state_and_says_cancelled(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(Stopped) as caught:
        run_line(tmp_path, LineTask(signal_at=10), json_progress=True)
    assert caught.value.exit_code == 143
    assert signal.getsignal(signal.SIGTERM) == before
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert events[-1] == {"event": "end", "status": "cancelled"}
    assert (tmp_path / "state.pt").is_file()
    made = [event["step"] for event in events if event["event"] == "step"]
    run_line(tmp_path, LineTask(), json_progress=True)
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    made += [event["step"] for event in events if event["event"] == "step"]
    assert made == list(range(1, 31))
    assert events[-1] == {"event": "end", "status": "done"}


def test_the_loss_falls_and_the_best_is_kept(tmp_path: Path) -> None:
    task = LineTask()
    fitted = run_line(tmp_path, task)
    rows = read_metrics(tmp_path / "metrics.csv")
    scores = {step: value for step, name, value in rows if name == "val/score"}
    assert fitted.metrics["score"] == pytest.approx(max(scores.values()), rel=1e-4)
    assert scores[30] > scores[0]
    assert any(path.name.startswith("events") for path in tmp_path.rglob("*"))


def test_a_lost_loss_names_step_and_batch(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"step 12 \(4 points\)"):
        run_line(tmp_path, LineTask(nan_at=11))


class LostTask(LineTask):
    """A task whose third batch cannot be made."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def batch(self, step: int, rank: int, world: int) -> tuple[Tensor, Tensor]:
        if step == 2:
            raise self.error
        return super().batch(step, rank, world)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (DataError("frame 7 is damaged."), "^frame 7 is damaged."),
        (OSError(errno.ENOSPC, "No space left on device"), "^The disk .* is full"),
        (MemoryError(), r"^The memory is full.* lower loop\.batch"),
    ],
)
@pytest.mark.parametrize("workers", [0, 1])
def test_what_is_wrong_with_a_batch_is_one_sentence(
    tmp_path: Path, error: Exception, sentence: str, workers: int
) -> None:
    with pytest.raises(PlainError, match=sentence) as caught:
        run_line(tmp_path, LostTask(error), workers=workers)
    assert "\n" not in str(caught.value)
    assert not multiprocessing.active_children()


def test_no_worker_outlives_an_error_that_nobody_foresaw(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="a slip") as caught:
        run_line(tmp_path, LostTask(ValueError("a slip")), workers=1)
    assert caught.value  # it lives on, as sys.last_exc does, and workers must not
    assert not multiprocessing.active_children()


# torch speaks of the killed worker once more when its loader is put away
@pytest.mark.filterwarnings(
    "ignore:Exception ignored in.*MultiProcessingDataLoaderIter"
    ":pytest.PytestUnraisableExceptionWarning"
)
def test_a_worker_that_the_system_ended_is_one_sentence(tmp_path: Path) -> None:
    class Killed(LineTask):
        def batch(self, step: int, rank: int, world: int) -> tuple[Tensor, Tensor]:
            if step == 2:
                os.kill(os.getpid(), signal.SIGKILL)
            return super().batch(step, rank, world)

    with pytest.raises(RunError, match=r"lower run\.workers"):
        run_line(tmp_path, Killed(), workers=1)


def test_a_system_without_workers_prepares_batches_in_the_loop(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(multiprocessing, "get_all_start_methods", lambda: ["spawn"])
    fitted = run_line(tmp_path / "a", LineTask(), json_progress=True, workers=1)
    assert '"note"' in capsys.readouterr().out
    assert fitted == run_line(tmp_path / "b", LineTask())


def test_the_scale_of_half_precision_goes_on_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_back = []
    scaler = {"scale": 512.0}
    monkeypatch.setattr(Precision, "state_dict", lambda self: scaler)
    monkeypatch.setattr(
        Precision, "load_state_dict", lambda self, s: put_back.append(s)
    )
    with pytest.raises(KeyboardInterrupt):
        run_line(tmp_path, LineTask(kill_at=10))
    assert not put_back
    run_line(tmp_path, LineTask())
    assert put_back == [scaler]


def test_what_a_kill_left_half_written_is_cleared_away(tmp_path: Path) -> None:
    tmp_path.joinpath(".state.a1b2c3d4.pt").write_bytes(b"half")
    run_line(tmp_path, LineTask())
    assert not list(tmp_path.glob(".*"))


def test_a_resumed_log_is_the_old_one_until_it_is_written_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Records(tmp_path)
    log.write(1, {"loss": 0.5})
    log.close()
    before = (tmp_path / "metrics.csv").read_bytes()

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            Records(tmp_path, 1)
    assert (tmp_path / "metrics.csv").read_bytes() == before
    Records(tmp_path, 1).close()
    assert (tmp_path / "metrics.csv").read_bytes() == before


def test_another_recipe_begins_anew(tmp_path: Path) -> None:
    run_line(tmp_path, LineTask())
    with open_run(tmp_path, RunConfig()) as run:
        assert run.identify({"data": "line"}, Recipe())
        assert not run.identify({"data": "curve"}, Recipe())
    assert not (tmp_path / "state.pt").exists()


def test_a_batch_that_processes_cannot_share(tmp_path: Path) -> None:
    with (
        pytest.raises(RunError, match="multiple of 2"),
        open_run(tmp_path, RunConfig(devices=2), batch=3),
    ):
        pass


def _foreign(path: Path) -> bytes:
    """What torch reads, of a run of another model."""
    torch.save(
        {"weights": {"x": torch.zeros(2)}, "optimizer": {}, "progress": {}}, path
    )
    return path.read_bytes()


_DAMAGES = {
    "empty": lambda path: b"",
    "cut": lambda path: path.read_bytes()[: len(path.read_bytes()) // 2],
    "text": lambda path: b"no state of anything",
    "foreign": _foreign,
    "list": lambda path: (torch.save([1, 2], path), path.read_bytes())[1],
}


@pytest.mark.parametrize("damage", _DAMAGES)
@pytest.mark.parametrize(
    "names", [("state.pt",), ("best.pt",), ("state.pt", "best.pt")]
)
def test_a_damaged_state_goes_on_from_the_one_before(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    names: tuple[str, ...],
    damage: str,
) -> None:
    whole = LineTask()
    fitted = run_line(tmp_path / "whole", whole)
    folder = tmp_path / "killed"
    with pytest.raises(KeyboardInterrupt):
        run_line(folder, LineTask(kill_at=23))  # saved at 7, 14 and 21
    for name in names:
        (folder / name).write_bytes(_DAMAGES[damage](folder / name))
    capsys.readouterr()
    again = LineTask()
    assert run_line(folder, again, json_progress=True) == fitted
    out, err = capsys.readouterr()
    events = [json.loads(line) for line in out.splitlines()]
    notes = [one["message"] for one in events if one["event"] == "note"]
    steps = [one["step"] for one in events if one["event"] == "step"]
    assert steps[0] == (15 if "state.pt" in names else 22)
    if "state.pt" in names:
        assert str(folder / "state.pt") in notes[0]
        assert notes[0].endswith("goes on from step 14, saved before.")
    assert "weights_only" not in out + err
    for one, other in zip(weights(whole), weights(again), strict=True):
        assert torch.equal(one, other)
    assert torch.load(folder / "best.pt", weights_only=True).keys() == {
        "line.weight",
        "line.bias",
    }


def test_where_no_state_is_left_the_run_begins_anew_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fitted = run_line(tmp_path / "whole", LineTask())
    folder = tmp_path / "killed"
    with pytest.raises(KeyboardInterrupt):
        run_line(folder, LineTask(kill_at=23))
    for name in ("state.pt", "state-before.pt"):
        (folder / name).write_bytes(b"")
    capsys.readouterr()
    assert run_line(folder, LineTask(), json_progress=True) == fitted
    out = capsys.readouterr().out
    assert "No earlier state is left: the run begins anew." in out
    assert '"step": 1,' in out


def test_a_state_of_another_run_is_not_gone_on_with(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, seed in (("one", 0), ("other", 1)):
        with pytest.raises(KeyboardInterrupt):
            run_line(tmp_path / name, LineTask(kill_at=23), seed=seed)
    wanted = tmp_path / "one" / "state.pt"
    wanted.write_bytes((tmp_path / "other" / "state.pt").read_bytes())
    capsys.readouterr()
    run_line(tmp_path / "one", LineTask(), json_progress=True, seed=0)
    assert "state.pt is of another run. The run goes on" in capsys.readouterr().out


def test_a_damaged_row_of_the_log_costs_its_point_alone(tmp_path: Path) -> None:
    path = tmp_path / "metrics.csv"
    path.write_bytes(b"step,name,value\n1,a,0.5\nx\xff\x00,a,b\n2,a,0.25\n3,a")
    assert read_metrics(path) == [(1, "a", 0.5), (2, "a", 0.25)]
