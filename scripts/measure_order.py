r"""How the order of the page and the gallery brings what is wrong to the top.

Of a folder that predict wrote: how many frames that are not FA are flagged or stand in
the first quarter, how many FA frames are flagged, and where normal frames stand in
which leakage was found.

    napari-mae-sam2 predict ../shared/data/huapu4_FFA/{diag,phase}_* \
        ../shared/data/huapu4_FFA/seg_images ../shared/data/UWAT-GAN-R --out predicted
    python scripts/measure_order.py predicted
"""

from __future__ import annotations

import sys
from pathlib import Path

from napari_mae_sam2.predict.results import Results
from napari_mae_sam2.qa.ranking import rank_results

_NOT_FA = "phase_nonFFA_IR_FAF"
_NORMAL = "diag_normal"


def main() -> None:
    """Print the shares."""
    ranked = rank_results(Results.open(Path(sys.argv[1])))
    quarter = len(ranked) / 4
    found: dict[str, list[tuple[bool, bool, bool]]] = {"not FA": [], "FA": []}
    normal: list[tuple[bool, bool, bool]] = []
    for place, one in enumerate(ranked):
        record = one.record
        about = (bool(record.flags), place < quarter, bool(record.lesions))
        found["not FA" if _NOT_FA in record.source else "FA"].append(about)
        if _NORMAL in record.source:
            normal.append(about)
    print(f"{len(ranked)} frames, {quarter:.0f} in the first quarter")
    for what, frames in found.items():
        _say(f"{what}: flagged", [flagged for flagged, _, _ in frames])
        first = [flagged or early for flagged, early, _ in frames]
        _say(f"{what}: flagged or in the first quarter", first)
    _say("normal: leakage found", [leaks for _, _, leaks in normal])
    places = [early for _, early, leaks in normal if leaks]
    _say("  of those in the first quarter", places)
    reasons = [reason for one in ranked for reason in one.attention.reasons]
    for reason in dict.fromkeys(reasons):
        print(f"{reasons.count(reason):>4} {reason}")


def _say(what: str, are: list[bool]) -> None:
    share = 100 * sum(are) / max(len(are), 1)
    print(f"{what}: {sum(are)} of {len(are)} ({share:.0f} %)")


if __name__ == "__main__":
    main()
