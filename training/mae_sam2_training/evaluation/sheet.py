"""The contact sheet: which frames are shown, and what is written below them."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import numpy as np

from mae_sam2_training.evaluation.wording import shown

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from mae_sam2_training.evaluation.measuring import FrameResult
    from mae_sam2_training.evaluation.side_by_side import Measured

SHEET = 4
"""Frames in each of the three rows of the contact sheet."""


def contact_sheet(
    models: Mapping[str, Measured],
) -> list[tuple[str, list[dict[str, Any]]]]:
    """Choose the best, the middle and the worst frames by model A's image Dice."""
    first = models["A"].frames
    ranked = sorted(
        (n for n, frame in enumerate(first) if np.isfinite(frame.dice)),
        key=lambda n: (-first[n].dice, first[n].name),
    )
    size = min(SHEET, max(1, len(ranked) // 3)) if ranked else 0
    start = (len(ranked) - size) // 2
    rows = [
        ("Worst", ranked[::-1][:size]),
        ("Middle", ranked[start : start + size] if len(ranked) > 2 else []),
        ("Best", ranked[:size] if len(ranked) > 1 else []),
    ]
    negatives = sorted(
        (n for n, frame in enumerate(first) if np.isfinite(frame.false_share)),
        key=lambda n: (-first[n].false_share, first[n].name),
    )
    rows.append(("No leakage in truth, most called", negatives[:SHEET]))
    return [
        (title, [_picture(models, index) for index in chosen])
        for title, chosen in rows
        if chosen
    ]


def _picture(models: Mapping[str, Measured], index: int) -> dict[str, Any]:
    """Show one frame as each model answers it."""
    return {
        "name": models["A"].frames[index].name,
        "models": [
            {
                "letter": letter,
                "address": _address(model.pictures[index]),
                "score": _score(model.frames[index]),
            }
            for letter, model in models.items()
        ],
    }


def _score(frame: FrameResult) -> str:
    if np.isfinite(frame.dice):
        return f"Dice {shown(frame.dice, '')}"
    return f"{shown(frame.false_share, '%')} of the field"


def _address(jpeg: bytes) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"
