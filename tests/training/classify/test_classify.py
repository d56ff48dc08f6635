from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from mae_sam2_training.__main__ import main
from mae_sam2_training.classification.config import HeadConfig
from mae_sam2_training.classification.head import fit_head, save_head
from mae_sam2_training.classification.pooling import PooledFeatures
from mae_sam2_training.classify import classify
from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.fa.reading import read_frame
from napari_mae_sam2.model import pooling
from napari_mae_sam2.model.architectures import is_image_key
from napari_mae_sam2.model.checkpoint import CheckpointError, load_model
from napari_mae_sam2.model.head import HeadCard, load_head

if TYPE_CHECKING:
    from pathlib import Path

QUICK = ["resamples=100", "folds=3", "head.steps=60"]


def run(*arguments: str | Path) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_classes_are_learnt_and_the_head_can_be_used(
    manifest: Path, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    settings = [*QUICK, "fractions=[1, 0.5]"]
    found = classify(manifest, out, weights=weights, overrides=settings)
    full = found["models"]["A"]["fractions"]["1"]
    assert full["pooled"]["accuracy"]["value"] > 0.8
    assert len(full["folds"]) == 3
    assert sum(map(sum, full["confusion"])) == 15
    assert np.mean(found["models"]["A"]["fractions"]["0.5"]["training_labels"]) < 8
    assert found == json.loads((out / "metrics.json").read_text())
    with (out / "predictions.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * 15
    right = sum(row["label"] == row["predicted"] for row in rows[:15])
    assert right / 15 == pytest.approx(full["pooled"]["accuracy"]["value"])

    loaded = load_model(weights)
    head, card = load_head(out / "head.safetensors", loaded.encoder_fingerprint)
    assert card.classes == ("dark", "late", "striped")
    features = PooledFeatures(tmp_path / "f", loaded.model, card.encoder)
    frame = read_frame(manifest.parent / "1.png")
    with torch.no_grad():
        answer = card.classes[int(head(features.of(frame.pixels)[None]).argmax())]
    assert answer == "late"

    # the same again: nothing is encoded, and everything comes out the same
    monkeypatch.setattr(pooling, "pooled", None)
    again = classify(manifest, out, weights=weights, overrides=settings)
    assert again == found


def test_two_encoders_and_trained_blocks(
    manifest: Path, weights: Path, tmp_path: Path
) -> None:
    blocks = ["encoder.what=last_blocks", "encoder.epochs=1", "head.kind=mlp"]
    found = classify(
        manifest,
        tmp_path / "out",
        weights=weights,
        against=weights,
        overrides=[*QUICK, *blocks, "folds=2", "encoder.learning_rate=1e-3"],
    )
    same = found["a_against_b"]["1"]["accuracy"]
    assert (same["difference"], same["low"], same["high"]) == (0, 0, 0)
    before = load_model(weights)
    after = load_model(tmp_path / "out" / "encoder.safetensors")
    load_head(tmp_path / "out" / "head.safetensors", after.encoder_fingerprint)
    old, new = before.model.state_dict(), after.model.state_dict()
    # what video alone uses is not stored, and fresh whenever a model is built
    stored = [key for key in old if is_image_key(key)]
    changed = [key for key in stored if not old[key].equal(new[key])]
    assert changed
    assert all(key.startswith("image_encoder.trunk.blocks.11.") for key in changed)


def test_an_encoder_of_an_earlier_run_does_not_stay(
    manifest: Path, weights: Path, tmp_path: Path
) -> None:
    (tmp_path / "encoder.safetensors").write_bytes(b"of another head")
    classify(manifest, tmp_path, weights=weights, overrides=[*QUICK])
    assert not (tmp_path / "encoder.safetensors").exists()


def test_blocks_that_do_not_fit_are_refused_before_anything_is_encoded(
    manifest: Path, weights: Path, tmp_path: Path
) -> None:
    large = ["encoder.what=last_blocks", "encoder.batch=10000000"]
    with pytest.raises(PlainError, match=r"lower encoder\.batch"):
        classify(manifest, tmp_path / "out", weights=weights, overrides=large)
    assert not (tmp_path / "out").exists()


def test_a_head_of_another_encoder_is_refused(tmp_path: Path) -> None:
    features, truth = torch.randn(6, 4), torch.tensor([0, 1, 0, 1, 0, 1])
    head = fit_head(features, truth, 2, HeadConfig(steps=5), seed=0)
    path = tmp_path / "head.safetensors"
    save_head(path, head, HeadCard(("a", "b"), "one", 64, 0, {}))
    with pytest.raises(CheckpointError, match="another encoder"):
        load_head(path, "other")
    path.write_bytes(path.read_bytes()[:20])
    with pytest.raises(CheckpointError, match="cannot be read"):
        load_head(path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("image,label\n0.png,a\n1.png,a\n", "at least two classes"),
        ("image,label\n0.png,a\n1.png,\n", "has no label"),
        ("image,label\n", "has no rows"),
        ("image,label\n0.png,a\nlost.png,b\n", "does not exist"),
        ("image,label\n0.png,a\n1.png,b\n", "5 folds need at least 5 patients"),
    ],
)
def test_bad_manifests_are_one_sentence(
    text: str,
    words: str,
    manifest: Path,
    weights: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    bad = manifest.parent / "bad.csv"
    bad.write_text(text)
    out = tmp_path / "out"
    assert run("classify", bad, "--out", out, "--weights", weights) == 2
    told = capsys.readouterr().err.strip()
    assert words in told
    assert len(told.splitlines()) == 1
    assert not out.exists()


def test_phases_of_real_frames(
    real_data: Path, base_weights: Path, tmp_path: Path
) -> None:
    folder = real_data / "huapu4_FFA"
    lines = ["image,label"]
    for label in ("arterial", "venous", "nonFFA_IR_FAF"):
        images = sorted((folder / f"phase_{label}").glob("*.jpg"))
        lines += [f'"{image}",{label}' for image in images]
    manifest = tmp_path / "phase.csv"
    manifest.write_text("\n".join(lines), encoding="utf-8")
    found = classify(
        manifest,
        tmp_path / "out",
        weights=base_weights,
        overrides=["encoder.image_size=224", "resamples=100"],
    )
    measured = found["models"]["A"]["fractions"]["1"]["pooled"]
    assert measured["accuracy"]["low"] > 0.6  # a third is chance
    assert measured["roc_auc"]["value"] > 0.9
