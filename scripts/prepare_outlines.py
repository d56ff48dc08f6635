"""Put the outlines of real leakage beside the frames of huapu4/FFA.

    python scripts/prepare_outlines.py ../shared/data runs/outlines

The outlines are in `training/outlines`, the frames are not: the first argument is the
folder that holds `huapu4_FFA`. Written into the new folder:

- `outlines.csv`: the 47 frames with their first reading, for training by folds;
- `second.csv`: the 12 frames that were read again, with the second reading;
- `negatives.csv`: every second of the frames that are seen not to leak and that
  `prepare_real_frames.py` trains on, with empty masks, to train on beside the outlines.

Who is the same patient is not known. Frames of one folder and prefix whose numbers are
near each other may be of one examination: they get one name in the column `patient`, so
that no fold divides them.
"""

from __future__ import annotations

import argparse
import csv
import re
from pathlib import Path

import numpy as np
from PIL import Image

from mae_sam2_training.synthesis import clean_frames
from napari_mae_sam2.fa.reading import list_frames, read_frame

OUTLINES = Path(__file__).parents[1] / "training/outlines"
FOLDERS = (
    "diag_normal",
    "diag_none_np",
    "diag_with_np",
    "diag_brvo",
    "phase_arterial",
    "phase_venous",
)
NEAR = 10  # running numbers of one prefix that may be of one examination
_EXPERT = re.compile(r"(\d+)-\d+ ")  # patient, visit


def main() -> None:
    """Write the manifests."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="the folder with huapu4_FFA in it")
    parser.add_argument("out", type=Path, help="a new folder")
    chosen = parser.parse_args()
    data, out = chosen.data.resolve(), chosen.out.resolve()
    out.mkdir(parents=True)
    with (OUTLINES / "readings.csv").open(newline="", encoding="utf-8") as file:
        readings = list(csv.DictReader(file))
    names = [Path(row["image"]).stem for row in readings if row["reading"] == "first"]
    patients = examinations(names)
    for reading, name in (("first", "outlines"), ("second", "second")):
        rows = [
            (
                data / row["image"],
                OUTLINES / row["mask"],
                patients[Path(row["image"]).stem],
            )
            for row in readings
            if row["reading"] == reading
        ]
        _write(out / f"{name}.csv", rows)
    angiograms = sorted(
        path for name in FOLDERS for path in list_frames(data / "huapu4_FFA" / name)
    )
    clean = clean_frames(angiograms)
    # Drawn leakage is tested on every fourth, beginning with the first.
    frames = [path for n, path in enumerate(clean) if n % 4 in (1, 3)][::2] + [
        path for n, path in enumerate(clean) if n % 8 == 6
    ]
    rows = []
    for path in frames:
        mask = out / "nothing" / f"{path.parent.name}_{path.stem}.png"
        mask.parent.mkdir(exist_ok=True)
        Image.fromarray(np.zeros(read_frame(path).shape, np.uint8)).save(mask)
        rows.append((path, mask, f"{path.parent.name}_{path.stem}"))
    _write(out / "negatives.csv", rows)
    print(f"{len(names)} outlined frames, {len(rows)} frames without leakage")


def examinations(names: list[str]) -> dict[str, str]:
    """Name the examination that each frame may be of.

    Parameters
    ----------
    names : list of str
        Of frames, without their ending.

    Returns
    -------
    dict of str to str
        The patient where the name tells it, else the first of a run of near numbers.
    """
    found: dict[str, str] = {}
    numbered: dict[str, list[tuple[int, str]]] = {}
    for name in names:
        expert = _EXPERT.match(name)
        if expert:
            found[name] = f"patient {expert[1]}"
            continue
        digits = re.search(r"(\d+)$", name)
        prefix, number = (
            (name[: digits.start()], int(digits[0])) if digits else (name, 0)
        )
        numbered.setdefault(prefix, []).append((number, name))
    for run in numbered.values():
        first, last = "", -NEAR - 1
        for number, name in sorted(run):
            first = first if number - last <= NEAR else name
            found[name], last = first, number
    return found


def _write(path: Path, rows: list[tuple[Path, Path, str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["image", "mask", "patient"])
        writer.writerows(rows)


if __name__ == "__main__":
    main()
