"""How well the quality flags tell frames that are not FA, on the real frames.

Printed for every other frame of each folder and for those between, to see whether the
figures hold. No true hold-out: the cut of `dye` is 0 by its meaning, but the others
were set with all of these frames in view.

    python scripts/measure_quality.py ../shared/data
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

from napari_mae_sam2.fa.quality import assess
from napari_mae_sam2.fa.reading import list_frames, read_frame

_NOT_FA = "phase_nonFFA_IR_FAF"


def main() -> None:
    """Print the share of flagged frames, not FA and FA, in two halves."""
    data = Path(sys.argv[1])
    folders = [
        *sorted(f for f in (data / "huapu4_FFA").iterdir() if f.is_dir()),
        data / "UWAT-GAN-R",
    ]
    seen: Counter[tuple[str, str]] = Counter()
    flagged: Counter[tuple[str, str]] = Counter()
    dye: dict[tuple[str, str], list[float]] = {}
    for folder in folders:
        if folder.name.startswith(("seg_masks", "seg_labelme")):
            continue
        what = "not FA" if folder.name == _NOT_FA else "FA"
        for number, path in enumerate(list_frames(folder)):
            key = ("first", "second")[number % 2], what
            quality = assess(read_frame(path).pixels)
            seen[key] += 1
            flagged[key] += bool(quality.flags)
            dye.setdefault(key, []).append(quality.dye)
            if bool(quality.flags) != (what == "not FA"):
                print(f"{folder.name}/{path.name}: {', '.join(quality.flags) or '-'}")
    for key in sorted(seen):
        print(
            f"{key[0]:>7} {key[1]:>7}: {flagged[key]} of {seen[key]} flagged "
            f"({100 * flagged[key] / seen[key]:.0f} %), "
            f"dye {min(dye[key]):.2f} to {max(dye[key]):.2f}"
        )


if __name__ == "__main__":
    main()
