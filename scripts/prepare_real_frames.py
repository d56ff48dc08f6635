"""Sort real angiograms into what training and evaluating the weights needs.

    python scripts/prepare_real_frames.py ../shared/data runs/frames

Writes into the folder `runs/frames`:

- `held_out/`: every fourth frame without leakage; never trained on in any way;
- `clean/`: the other frames without leakage, but for a few that steer training, and
  wholly drawn angiograms;
- `clean_real/`: the real ones of these alone, to be made late frames;
- `leaking/`: frames that leak by themselves, unlabelled;
- `pretrain.csv`: every angiogram but those of `held_out` and of the expert masks;
- `negatives/` and `train.csv`: pictures that are no angiograms, with empty masks, to
  train on beside what is drawn, and two drawn frames of each that steers to look at;
- `test/` and `test.csv`: three drawn frames of each held out one, contrast from 12
  grey levels upwards; `compare.csv` has the rows of `train.csv` and these;
- `nonperfusion.csv`: the frames with expert masks, by patient;
- `phase.csv` and `diagnosis.csv`: frames with a class.
"""

from __future__ import annotations

import argparse
import csv
import shutil
from pathlib import Path

import numpy as np
from PIL import Image

from mae_sam2_training.synthesis import clean_frames, synthesize
from napari_mae_sam2.fa.drawing import draw_frame
from napari_mae_sam2.fa.reading import list_frames, read_frame

_PHASES = {"phase_arterial": "arterial", "phase_venous": "venous"}
_NOT_FA = "phase_nonFFA_IR_FAF"
_DIAGNOSES = {
    "diag_normal": "normal",
    "diag_none_np": "no non-perfusion",
    "diag_with_np": "non-perfusion",
    "diag_brvo": "vein occlusion",
}
_DRAWN = 40


def main() -> None:
    """Write the folders and the manifests."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="the folder with huapu4_FFA in it")
    parser.add_argument("out", type=Path, help="a new folder")
    chosen = parser.parse_args()
    data, out = chosen.data.resolve() / "huapu4_FFA", chosen.out
    out.mkdir(parents=True)
    folders = {name: list_frames(data / name) for name in (*_DIAGNOSES, *_PHASES)}
    angiograms = sorted(path for paths in folders.values() for path in paths)
    clean = clean_frames(angiograms)
    # Who chooses the weights must not be measured on: steered by frames of their own.
    held_out, steering = clean[::4], clean[2::8]
    leaking = sorted(set(angiograms) - set(clean))
    _copy(held_out, out / "held_out")
    kept_back = {*held_out, *steering}
    trained = [path for path in clean if path not in kept_back]
    _copy(trained, out / "clean")
    _copy(trained, out / "clean_real")
    _copy(leaking, out / "leaking")
    for number in range(_DRAWN):
        phase = ("early", "late")[number % 2]
        drawn = draw_frame(1000 + number, 512, phase, leakage=())
        _save(drawn.pixels, out / "clean" / f"drawn_{number:02d}.png")

    seen = [path for path in angiograms if path not in held_out]
    _write(out / "pretrain.csv", "image,label", [(path, "") for path in seen])
    others = list_frames(data / _NOT_FA)
    columns = "image,mask,split,patient"
    rows: list[tuple[object, ...]] = []
    for path in others:
        mask = out / "negatives" / f"{path.stem}.png"
        _save(np.zeros(read_frame(path).shape, np.uint8), mask)
        rows.append((path, mask.resolve(), "train", _name(path)))
    rows += _draw(steering, out / "validation", 2 * len(steering), 99, "val", 10)
    test = _draw(held_out, out / "test", 3 * len(held_out), 777, "test", 12)
    _write(out / "train.csv", columns, rows)
    _write(out / "test.csv", columns, test)
    _write(out / "compare.csv", columns, rows + test)
    experts = sorted((data / "seg_images").iterdir())
    masks = {path.stem: path for path in (data / "seg_masks_index").iterdir()}
    _write(
        out / "nonperfusion.csv",
        "image,mask,patient",
        [(path, masks[path.stem], path.name.split("-")[0]) for path in experts],
    )
    phases = [(p, phase) for name, phase in _PHASES.items() for p in folders[name]]
    phases += [(path, "not FA") for path in others]
    _write(out / "phase.csv", "image,label", phases)
    diagnoses = [
        (p, label) for name, label in _DIAGNOSES.items() for p in folders[name]
    ]
    _write(out / "diagnosis.csv", "image,label", diagnoses)
    print(
        f"{len(clean)} clean frames, {len(held_out)} held out, {len(steering)} steer, "
        f"{len(leaking)} leaking"
    )


def _draw(
    frames: list[Path], folder: Path, count: int, seed: int, split: str, lowest: float
) -> list[tuple[object, ...]]:
    """Draw leakage into frames and give the rows of a manifest of them.

    The frame that was drawn into stands for the patient, so that a confidence interval
    does not count it three times.
    """
    synthesize(folder, count, seed, frames, contrast=(lowest, 110.0))
    images = sorted((folder / "images").resolve().iterdir())
    return [
        (
            path,
            folder.resolve() / "lesions" / path.name,
            split,
            _name(frames[n % len(frames)]),
        )
        for n, path in enumerate(images)
    ]


def _name(path: Path) -> str:
    return f"{path.parent.name}_{path.stem}"


def _copy(paths: list[Path], folder: Path) -> None:
    folder.mkdir(parents=True)
    for path in paths:
        shutil.copyfile(path, folder / f"{path.parent.name}_{path.name}")


def _save(pixels: np.ndarray, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


def _write(path: Path, header: str, rows: list[tuple[object, ...]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(header.split(","))
        writer.writerows(rows)


if __name__ == "__main__":
    main()
