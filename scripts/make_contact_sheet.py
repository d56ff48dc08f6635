"""Make the contact sheet of docs/synthesis.md, from drawn frames only.

With --real, leakage is drawn into real frames and the sheet goes to build/, where it
is looked at and never committed.

    python scripts/make_contact_sheet.py
    python scripts/make_contact_sheet.py --real ../shared/data/huapu4_FFA/diag_normal
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

from mae_sam2_training.synthesis import clean_frames, contact_sheet, draw_into, survey
from napari_mae_sam2.fa.drawing import KINDS, draw_frame
from napari_mae_sam2.fa.pixels import as_grey8
from napari_mae_sam2.fa.reading import list_frames, read_frame

_ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    """Write one sheet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--real", type=Path, metavar="FOLDER", nargs="+")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=24, help="with --real")
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args()
    if chosen.real is None:
        out = chosen.out or _ROOT / "docs" / "images" / "synthesis.jpg"
        sheet = _drawn_sheet(chosen.seed)
    else:
        out = chosen.out or _ROOT / "build" / "synthesis-real.png"
        sheet = _real_sheet(chosen.real, chosen.count, chosen.seed)
    out.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(sheet).save(out, quality=86)
    print(f"wrote {out}")


def _drawn_sheet(seed: int) -> np.ndarray:
    """Draw each eye early and late: one row for a kind, the last without leakage."""
    samples = []
    for number, kinds in enumerate((*((kind,) * 3 for kind in KINDS), ())):
        for phase in ("early", "late"):
            samples.append(draw_frame(seed + number, 512, phase, kinds))
    return contact_sheet(samples, columns=2, tile=340)


def _real_sheet(folders: list[Path], count: int, seed: int) -> np.ndarray:
    """Leakage drawn into real frames in turn."""
    frames = clean_frames([path for folder in folders for path in list_frames(folder)])
    rng = np.random.default_rng(seed)
    samples = []
    for number in range(count):
        path = frames[int(rng.integers(len(frames)))]
        scene = survey(as_grey8(read_frame(path).pixels))
        samples.append(draw_into(scene, np.random.default_rng((seed, number))))
    return contact_sheet(samples, columns=3, tile=420)


if __name__ == "__main__":
    main()
