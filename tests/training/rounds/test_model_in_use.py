"""Whatever works for a study uses the model that the study has promoted."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from small_model import save_small_model

from mae_sam2_training import __main__ as training
from mae_sam2_training.rounds.config import RoundConfig
from mae_sam2_training.rounds.decisions import promote, roll_back
from mae_sam2_training.rounds.folder import Rounds
from mae_sam2_training.rounds.freezing import freeze
from mae_sam2_training.rounds.records import ModelUsed
from napari_mae_sam2 import cli
from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.model.checkpoint import load_model
from napari_mae_sam2.model.study_weights import one_study, weights_for
from napari_mae_sam2.model.weights import packaged_weights, remember_weights
from napari_mae_sam2.study.files import StudyError
from napari_mae_sam2.study.folder import Study

if TYPE_CHECKING:
    from pathlib import Path

BASE = ModelUsed(name="base", fingerprint="b" * 64)


def _with_model(study: Path, weights: Path) -> Path:
    """Let a study promote a model; gives its file."""
    rounds = Rounds(study)
    freeze(rounds, RoundConfig(), BASE, BASE)
    model = {"fingerprint": load_model(weights).fingerprint}
    result = {"schema": 1, "round": 1, "proposed": True, "why": "", "model": model}
    place = rounds.publish(
        1,
        {
            "model.safetensors": weights.read_bytes(),
            "result.json": json.dumps(result | {"score": None}).encode(),
        },
    )
    promote(rounds, 1, by="Ada")
    return place / "model.safetensors"


@pytest.fixture
def chosen(tmp_path: Path) -> Path:
    """Weights that are in use on this computer."""
    path = save_small_model(tmp_path / "chosen.safetensors", 5)
    remember_weights(path)
    return path


@pytest.fixture
def promoted(study: Path, weights: Path, chosen: Path) -> Path:
    return _with_model(study, weights)


def test_a_study_uses_what_it_promoted_and_others_do_not(
    study: Path, promoted: Path, chosen: Path, tmp_path: Path
) -> None:
    found = weights_for(None, study)
    assert found.path == promoted
    assert found.why == "the model of round 1, in use in the study study"
    assert weights_for(chosen, study).path == chosen
    assert weights_for(None, None).path == chosen
    other = Study.create(tmp_path / "other").folder
    assert weights_for(None, other).path == chosen
    # The model of another study's round is no base for this one.
    remember_weights(promoted)
    assert weights_for(None, other).path == packaged_weights()
    roll_back(Rounds(study))
    assert weights_for(None, study).path == packaged_weights()
    assert "uses no model of a round" in weights_for(None, study).why


def test_a_model_in_use_that_is_gone_or_replaced_is_never_passed_over(
    study: Path, promoted: Path
) -> None:
    content = promoted.read_bytes()
    promoted.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(StudyError, match="no longer the file that the round wrote"):
        weights_for(None, study)
    promoted.unlink()
    with pytest.raises(StudyError, match="is missing, the model in use"):
        weights_for(None, study)
    promoted.write_bytes(content)
    (decision,) = (study / "rounds" / "decisions").glob("*.json")
    kept = decision.read_bytes()
    decision.unlink()
    with pytest.raises(StudyError, match="is missing: restore"):
        weights_for(None, study)
    decision.write_bytes(kept)
    assert weights_for(None, study).path == promoted


def test_studies_of_different_models_are_not_mixed(
    study: Path, promoted: Path, chosen: Path, tmp_path: Path
) -> None:
    other = Study.create(tmp_path / "other").folder
    with pytest.raises(PlainError, match="use different models"):
        one_study([study, other], None)
    assert one_study([study, other], chosen) == study
    assert one_study([], None) is None


def _run(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], *words: object
) -> str:
    monkeypatch.setattr(sys, "argv", ["x", *map(str, words)])
    with suppress(SystemExit):  # what matters is printed
        cli.main()
    return capfd.readouterr().out


def test_predict_embed_and_qa_use_the_model_of_the_study(
    study: Path,
    promoted: Path,
    chosen: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("NAPARI_MAE_SAM2_ENCODER", "torch")
    wanted = load_model(promoted).fingerprint
    said = f"({wanted[:12]}), the model of round 1, in use in the study study."
    out = tmp_path / "predicted"
    for words in (
        ("predict", study, "--propose", study),
        ("predict", study, "--out", out),
        ("embed", study),
    ):
        assert said in _run(monkeypatch, capfd, *words), words
    assert (study / "predictions" / wanted[:12]).is_dir()
    head = json.loads((out / "predictions.json").read_text("utf-8"))
    assert head["model"]["fingerprint"] == wanted
    page = tmp_path / "qa.html"
    _run(monkeypatch, capfd, "qa", study, "--out", page)
    assert wanted[:8] in page.read_text("utf-8")
    other = load_model(chosen).fingerprint
    told = _run(
        monkeypatch, capfd, *("predict", study, "--propose", study, "--unlabelled"),
        *("--weights", chosen),
    )  # fmt: skip
    assert f"({other[:12]}), as --weights says." in told


def _train(capfd: pytest.CaptureFixture[str], *words: object) -> str:
    with pytest.raises(SystemExit) as end:
        training.main([*map(str, words)])
    told = capfd.readouterr()
    assert not end.value.code, told.err
    return told.err


def test_evaluate_finetune_and_pick_use_the_model_of_the_study(
    study: Path, promoted: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    wanted = load_model(promoted).fingerprint
    said = f"({wanted[:12]}), the model of round 1, in use in the study study."
    report, new = tmp_path / "report", tmp_path / "new.safetensors"
    told = _train(
        capfd, "evaluate", study, "--out", report, "--set", "split=all",
        *("--set", "frames=1"),
    )  # fmt: skip
    assert said in told
    summary = json.loads((report / "summary.json").read_text("utf-8"))
    assert summary["models"]["A"]["fingerprint"] == wanted
    told = _train(
        capfd, "finetune", study, "--out", new, "--set", "loop.steps=1",
        *("--set", "loop.batch=1"),
    )  # fmt: skip
    assert said in told
    assert load_model(new).card.parent == wanted
