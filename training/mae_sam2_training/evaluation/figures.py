"""The figures of an evaluation: what each takes from a frame, and how to read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mae_sam2_training.evaluation.config import CLICKS, TARGETS

if TYPE_CHECKING:
    from collections.abc import Callable

    from mae_sam2_training.evaluation.measuring import FrameResult


@dataclass(frozen=True, slots=True)
class Metric:
    """One row of the report.

    Attributes
    ----------
    key : str
        In `summary.json`.
    title : str
        For people.
    values : callable
        `values(frame)` gives what one frame adds: a value per frame, lesion or piece.
    better : {1, -1, 0}
        Whether more is better, less is, or nearer to zero is.
    unit : {"", "%", "px", "clicks"}
        Percent is stored as a share, 0 to 1.
    """

    key: str
    title: str
    values: Callable[[FrameResult], list[float]]
    better: int = 1
    unit: str = ""


def _per_lesion(part: str, clicks: int) -> Callable[[FrameResult], list[float]]:
    return lambda frame: [getattr(one, part)[clicks] for one in frame.lesions]


def _found(frame: FrameResult) -> list[float]:
    missed = frame.counted_lesions - frame.found_lesions
    return [1.0] * frame.found_lesions + [0.0] * missed


def _right(frame: FrameResult) -> list[float]:
    return [1.0] * frame.right_pieces + [0.0] * (frame.pieces - frame.right_pieces)


def _plain(part: str) -> Callable[[FrameResult], list[float]]:
    return lambda frame: [float(getattr(frame, part))]


def _clicks_to(target: float) -> Callable[[FrameResult], list[float]]:
    return lambda frame: [one.clicks_to[target] for one in frame.lesions]


def _reached(target: float) -> Callable[[FrameResult], list[float]]:
    return lambda frame: [float(one.reached[target]) for one in frame.lesions]


def _after(clicks: int) -> str:
    return f"after {clicks} click{'' if clicks == 1 else 's'}"


LESION_METRICS: tuple[Metric, ...] = (
    *(
        Metric(f"lesion_dice_{n}", f"Lesion Dice {_after(n)}", _per_lesion("dice", n))
        for n in CLICKS
    ),
    *(
        Metric(
            f"clicks_to_{t}",
            f"Clicks to Dice {t}",
            _clicks_to(t),
            better=-1,
            unit="clicks",
        )
        for t in TARGETS
    ),
    *(
        Metric(f"reached_{t}", f"Lesions that reach Dice {t}", _reached(t), unit="%")
        for t in TARGETS
    ),
    *(
        Metric(f"lesion_iou_{n}", f"Lesion IoU {_after(n)}", _per_lesion("iou", n))
        for n in CLICKS
    ),
    *(
        Metric(
            f"lesion_hd95_{n}",
            f"Lesion HD95 {_after(n)}",
            _per_lesion("hd95", n),
            better=-1,
            unit="px",
        )
        for n in CLICKS
    ),
    *(
        Metric(
            f"lesion_surface_dice_{n}",
            f"Lesion surface Dice {_after(n)}",
            _per_lesion("surface_dice", n),
        )
        for n in CLICKS
    ),
)
"""What clicking gives, lesion by lesion."""

FRAME_METRICS: tuple[Metric, ...] = (
    Metric("image_dice", "Image Dice", _plain("dice")),
    Metric("image_iou", "Image IoU", _plain("iou")),
    Metric("image_hd95", "Image HD95", _plain("hd95"), better=-1, unit="px"),
    Metric("image_surface_dice", "Image surface Dice", _plain("surface_dice")),
    Metric("sensitivity", "Lesions found (sensitivity)", _found, unit="%"),
    Metric("precision", "Found pieces that are leakage (precision)", _right, unit="%"),
    Metric(
        "area_error",
        "Area error, share of the field",
        _plain("area_error_share"),
        better=0,
        unit="%",
    ),
    Metric(
        "area_error_size",
        "Size of the area error, share of the field",
        lambda frame: [abs(frame.area_error_share)],
        better=-1,
        unit="%",
    ),
    Metric(
        "area_error_px",
        "Area error in pixels",
        _plain("area_error_px"),
        better=0,
        unit="px",
    ),
    Metric(
        "false_leakage",
        "Field called leakage on frames without any",
        _plain("false_share"),
        better=-1,
        unit="%",
    ),
)
"""What the model finds by itself, frame by frame."""

METRICS = LESION_METRICS + FRAME_METRICS
PAIRED = tuple(m for m in METRICS if m.key != "precision")
"""Pieces of two answers do not pair up."""
