"""Measure weights on real outlined leakage, and compare with what was recorded.

    python scripts/check_model.py ../shared/data
    python scripts/check_model.py ../shared/data --weights runs/new.safetensors
        --fold 0 --out runs/fold0.json

Without `--weights` the packaged ones are measured, and the command fails where a figure
is more than 0.02 worse than in `training/outlines/recorded.json`, or false leakage by
more than half a per cent of the field; `--record` writes
that file. Does nothing, and says so, where the frames are absent.
"""

from __future__ import annotations

import argparse
import csv
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from prepare_outlines import examinations

from mae_sam2_training.data.manifest import Record
from mae_sam2_training.data.splits import k_folds
from mae_sam2_training.evaluation.cases import labelled_cases
from mae_sam2_training.evaluation.real_check import measure_real
from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.model.card import PromptFree
from napari_mae_sam2.model.checkpoint import load_model
from napari_mae_sam2.model.embedding_cache import EmbeddingCache
from napari_mae_sam2.model.predictor import Sam2Predictor
from napari_mae_sam2.model.weights import packaged_weights

OUTLINES = Path(__file__).parents[1] / "training/outlines"
RECORDED = OUTLINES / "recorded.json"
ALLOWED = 0.02
ALLOWED_FALSE = 0.005  # of the field
FOLDS, FOLD_SEED = 5, 2


def main() -> None:
    """Measure, print, and compare or write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="the folder with huapu4_FFA in it")
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--fold", type=int, help="measure on one fold alone")
    parser.add_argument("--side", type=int, help="of the encoder's input")
    parser.add_argument("--lesions", type=int, default=8)
    parser.add_argument("--cache", type=Path, help="folder for embeddings")
    parser.add_argument("--logits", type=Path, help="keep prompt-free logits here")
    parser.add_argument("--out", type=Path, help="write all figures as JSON")
    parser.add_argument(
        "--prompt-free",
        type=float,
        nargs=3,
        metavar=("TOKEN", "CUTOFF", "TEMPERATURE"),
        help="instead of the card's",
    )
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--record", action="store_true")
    chosen = parser.parse_args()
    if chosen.threads:
        torch.set_num_threads(chosen.threads)
    try:
        raise SystemExit(run(chosen))
    except PlainError as error:
        raise SystemExit(str(error)) from error


def run(chosen: argparse.Namespace) -> int:
    """Do what was asked and give the exit code."""
    if not (chosen.data / "huapu4_FFA").is_dir():
        print(f"Skipped: {chosen.data} holds no huapu4_FFA, so nothing was measured.")
        return 0
    weights = chosen.weights or packaged_weights()
    loaded = load_model(weights, image_size=chosen.side)
    if chosen.prompt_free:
        token, cutoff, temperature = chosen.prompt_free
        loaded.model.prompt_free = PromptFree(
            token=int(token), cutoff=cutoff, temperature=temperature
        )
    cache = EmbeddingCache(chosen.cache, 2**34) if chosen.cache else None
    predictor = Sam2Predictor(loaded, cache=cache)
    cases = labelled_cases(outlined(chosen.data, chosen.fold))
    kept: dict[str, np.ndarray] = {}

    def keep(number: int, logits: np.ndarray) -> None:
        kept[cases[number].name] = logits.astype(np.float16)

    figures = measure_real(predictor, cases, lesions=chosen.lesions, told=keep)
    summary = figures.summary()
    print(f"{weights} at {predictor.image_size}: {len(cases)} frames", flush=True)
    for name, value in summary.items():
        print(f"  {name:16} {value:.4f}")
    if chosen.logits:
        np.savez(chosen.logits, **kept)
    if chosen.out:
        chosen.out.write_text(json.dumps({"summary": summary, **asdict(figures)}))
    if chosen.record:
        text = json.dumps({"fingerprint": loaded.fingerprint, **summary}, indent=1)
        RECORDED.write_text(text + "\n")
    if chosen.weights is None and not chosen.record:
        return compare(summary)
    return 0


def outlined(data: Path, fold: int | None) -> list[Record]:
    """List the outlined frames, or those of one fold."""
    with (OUTLINES / "readings.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["reading"] == "first"]
    patients = examinations([Path(row["image"]).stem for row in rows])
    records = [
        Record(
            image=data / row["image"],
            mask=OUTLINES / row["mask"],
            patient=patients[Path(row["image"]).stem],
        )
        for row in rows
    ]
    return records if fold is None else k_folds(records, FOLDS, FOLD_SEED)[fold][1]


def compare(summary: dict[str, float]) -> int:
    """Compare with the recorded figures; 1 where one is worse than allowed."""
    if not RECORDED.is_file():
        print("Nothing is recorded yet: write it with --record.")
        return 1
    recorded = json.loads(RECORDED.read_text())
    worse = 0
    for name, value in summary.items():
        if name not in recorded:
            continue
        lost, allowed = recorded[name] - value, ALLOWED
        if name == "false_share":
            lost, allowed = -lost, ALLOWED_FALSE
        if lost > allowed:
            print(f"Worse: {name} is {value:.3f} and was {recorded[name]:.3f}.")
            worse = 1
    print("Worse than recorded." if worse else "As recorded, or better.")
    return worse


if __name__ == "__main__":
    main()
