"""Whatever happened to the files of rounds, `verify` names it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from mae_sam2_training.data.study_folder import read_study
from mae_sam2_training.rounds.config import RoundConfig
from mae_sam2_training.rounds.decisions import in_use, promote, roll_back
from mae_sam2_training.rounds.errors import RoundError
from mae_sam2_training.rounds.folder import Rounds, add_entry
from mae_sam2_training.rounds.freezing import freeze
from mae_sam2_training.rounds.frozen_test import reserve
from mae_sam2_training.rounds.records import ModelUsed
from napari_mae_sam2._widgets import _load
from napari_mae_sam2.model.checkpoint import load_model
from napari_mae_sam2.model.loading import PACKAGED
from napari_mae_sam2.model.weights import remember_weights
from napari_mae_sam2.predict.opening import open_for_run
from napari_mae_sam2.study.covered import hash_of
from napari_mae_sam2.study.files import StudyError, to_json
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.seals import sealed
from napari_mae_sam2.study.verify import verify

if TYPE_CHECKING:
    from pathlib import Path

BASE = ModelUsed(name="base", fingerprint="b" * 64)


@pytest.fixture
def rounds(study: Path, weights: Path) -> Rounds:
    """One round that was promoted, and a choice of what to label next."""
    made = Rounds(study)
    freeze(made, RoundConfig(), BASE, BASE)
    made.add_event(1, "started")
    model = {"fingerprint": load_model(weights).fingerprint}
    result = {"schema": 1, "round": 1, "proposed": True, "why": "", "model": model}
    result["score"] = None
    made.publish(
        1,
        {
            "model.safetensors": weights.read_bytes(),
            "result.json": json.dumps(result).encode(),
        },
    )
    promote(made, 1, by="Ada")
    add_entry(made.folder / "picks", {"strategy": "random", "cases": []})
    return made


def found(rounds: Rounds) -> list[str]:
    return list(verify(Study.open(rounds.study)))


def test_rounds_as_they_were_written_are_whole(rounds: Rounds) -> None:
    assert found(rounds) == []


def test_every_file_that_is_cut_short_or_missing_is_named(rounds: Rounds) -> None:
    paths = [
        path
        for path in rounds.folder.rglob("*")
        if path.is_file() and not path.name.startswith("history.")
    ]
    assert len(paths) == 8
    for path in paths:
        content = path.read_bytes()
        path.write_bytes(content[: len(content) // 2])
        assert any(str(path) in sentence for sentence in found(rounds)), path
        path.unlink()
        # Earlier versions wrote no hashes, and entries are counted by the log.
        may_be_missing = ("events", "picks", "in_use.json", "sha256.json")
        missing = {path.name, path.parent.name}.intersection(may_be_missing)
        assert found(rounds) or missing, path
        path.write_bytes(content)
    assert found(rounds) == []


def test_a_model_that_was_replaced_is_named_and_not_used(
    rounds: Rounds, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str | None] = []
    monkeypatch.setattr(
        "napari_mae_sam2.model.loading.open_predictor",
        lambda choice, _tell: opened.append(choice),
    )
    path = rounds.place(1) / "result" / "model.safetensors"
    remember_weights(path)
    for choice in (str(path), None):
        _load(choice, print)
    assert opened == [str(path), None]
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    (sentence,) = found(rounds)
    assert sentence.startswith(str(path))
    assert "no longer the file that the round wrote" in sentence
    for choice in (str(path), None):  # now, and at the next start
        with pytest.raises(StudyError, match="no longer the file"):
            _load(choice, print)
    for weights in (path, None):  # and by predictions of many frames
        with pytest.raises(StudyError, match="no longer the file"):
            open_for_run(weights)
    _load(PACKAGED, print)
    assert opened[2:] == [PACKAGED]


def _edit(path: Path, old: str, new: str) -> bytes:
    """Edit a file as with a text editor; gives what it was."""
    before = path.read_bytes()
    after = before.replace(old.encode(), new.encode())
    assert after != before, path
    path.write_bytes(after)
    return before


@pytest.mark.parametrize(
    ("pattern", "old", "new"),
    [
        ("0001/round.json", '"side": "val"', '"side": "train"'),
        ("0001/events/*.json", '"started"', '"Started"'),
        ("0001/result/result.json", '"why": ""', '"why": "It is better."'),
        ("0001/result/sha256.json", '"result.json": "', '"result.json": "0'),
        ("decisions/*.json", '"by": "Ada"', '"by": "Eve"'),
        ("picks/*.json", '"random"', '"entropy"'),
        ("history.json", '"in_use": true', '"in_use": false'),
        ("in_use.json", '"round": 1', '"round": null'),
    ],
)
def test_every_record_that_was_edited_is_named(
    rounds: Rounds, pattern: str, old: str, new: str
) -> None:
    (path,) = rounds.folder.glob(pattern)
    before = _edit(path, old, new)
    assert any(str(path) in sentence for sentence in found(rounds))
    path.write_bytes(before)
    assert found(rounds) == []


def test_a_result_that_was_edited_to_be_proposed_is_not_promoted(
    rounds: Rounds, weights: Path
) -> None:
    freeze(rounds, RoundConfig(), BASE, BASE)
    model = {"fingerprint": load_model(weights).fingerprint}
    result = {"schema": 1, "round": 2, "proposed": False, "why": "", "model": model}
    place = rounds.publish(
        2,
        {
            "model.safetensors": weights.read_bytes(),
            "result.json": json.dumps(result).encode(),
        },
    )
    path = place / "result.json"
    _edit(path, '"proposed": false', '"proposed": true')
    with pytest.raises(RoundError, match="changed after the round wrote it"):
        promote(rounds, 2, force=True)
    # nor where the hash beside it was made to fit
    sums = json.loads((place / "sha256.json").read_bytes())
    sums["files"]["result.json"] = hash_of(path.read_bytes())
    (place / "sha256.json").write_bytes(to_json(sealed(sums)))
    with pytest.raises(RoundError, match="changed after the round wrote it"):
        promote(rounds, 2, force=True)
    assert any("sha256.json was changed" in sentence for sentence in found(rounds))


def test_nothing_goes_on_from_an_edited_decision_or_round(rounds: Rounds) -> None:
    (path,) = (rounds.folder / "decisions").glob("*.json")
    before = _edit(path, '"action": "promote"', '"action": "refuse"')
    for act in (lambda: in_use(rounds), lambda: roll_back(rounds)):
        with pytest.raises(StudyError, match="changed after it was written"):
            act()
    path.write_bytes(before)
    path = rounds.place(1) / "round.json"
    _edit(path, '"side": "val"', '"side": "test"')
    with pytest.raises(StudyError, match=r"round\.json was changed"):
        freeze(rounds, RoundConfig(), BASE, BASE)


def test_a_test_set_that_was_shortened_or_taken_away_trains_nothing(
    study: Path,
) -> None:
    kept = reserve(study, share=0.4)
    path = study / "rounds" / "frozen_test.json"
    content = json.loads(path.read_bytes())
    content["cases"], content["groups"] = content["cases"][:1], content["groups"][:1]
    for data in (json.dumps(content).encode(), to_json(sealed(content)), None):
        if data is None:
            path.unlink()
        else:
            path.write_bytes(data)
        assert any(str(path) in one for one in verify(Study.open(study)))
        for act in (
            lambda: freeze(Rounds(study), RoundConfig(), BASE, BASE),
            lambda: read_study(study),
        ):
            with pytest.raises(StudyError, match=r"frozen_test\.json (was|is)"):
                act()
    assert len(kept.cases) > 1


def test_a_promotion_of_something_else_is_named(rounds: Rounds) -> None:
    content = {"action": "promote", "round": 1, "by": "x", "fingerprint": "other"}
    add_entry(rounds.folder / "decisions", content)
    assert any("promotes another model" in sentence for sentence in found(rounds))
    add_entry(rounds.folder / "decisions", content | {"round": 9})
    assert any("whose result is missing" in sentence for sentence in found(rounds))
    assert any("in_use.json" in sentence for sentence in found(rounds))


def test_what_a_newer_program_wrote_and_what_was_mixed_up_is_named(
    rounds: Rounds,
) -> None:
    path = rounds.place(1) / "round.json"
    whole = json.loads(path.read_text())
    path.write_text(json.dumps(whole | {"schema": 3}))
    assert any("newer version" in sentence for sentence in found(rounds))
    members = [member | {"label_sha256": "0" * 64} for member in whole["members"]]
    path.write_text(json.dumps(whole | {"members": members}))
    assert len(found(rounds)) == len(members)
    path.write_text(json.dumps(whole))
    rounds.place(1).rename(rounds.place(2))
    assert any("the folder was renamed" in sentence for sentence in found(rounds))
