"""What a new model may never do: pure functions over what was measured."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mae_sam2_training.evaluation.measuring import FrameResult, LesionResult
    from mae_sam2_training.rounds.config import GuardConfig

WAYS = (
    ("image_dice", "no click"),
    ("lesion_dice_1", "one click"),
    ("lesion_dice_3", "three clicks"),
)


@dataclass(frozen=True, slots=True)
class Guard:
    """One check.

    Attributes
    ----------
    name : str
        "test", "empty", "area", "false_leakage", "kind: NAME", "way: METRIC" or "box".
    passed : bool
    old, new, limit : float
        What was measured, and how far the new model could go.
    message : str
        One sentence for a person.
    """

    name: str
    passed: bool
    old: float
    new: float
    limit: float
    message: str


def check(
    old: Sequence[FrameResult],
    new: Sequence[FrameResult],
    kinds: Mapping[tuple[str, int], str],
    config: GuardConfig,
) -> list[Guard]:
    """Check a new model on the frames that both were measured on.

    Parameters
    ----------
    old, new : sequence of FrameResult
        Of the same frames in the same order.
    kinds : mapping of (str, int) to str
        Kind of each lesion by frame and number; others are of no named kind.
    config : GuardConfig
        The limits.

    Returns
    -------
    list of Guard
        Those that could be checked.
    """
    guards = [*_empty(old, new, config), *_area(old, new, config)]
    guards += _false_leakage(old, new, config)
    guards += _ways(old, new, config)
    return guards + _kinds(old, new, kinds, config)


def check_box(
    base: Sequence[float], new: Sequence[float], config: GuardConfig
) -> Guard:
    """Check that a box still gives what is in it, as it does with the base.

    Parameters
    ----------
    base, new : sequence of float
        From `evaluation.discs.disc_box_dice`, of the same eyes.
    config : GuardConfig
        The limit.
    """
    before, after = float(np.mean(base)), float(np.mean(new))
    return _at_least(
        before - config.disc,
        "box",
        before,
        after,
        f"A box around the optic disc gives it with Dice {after:.2f}, with the base "
        f"{before:.2f}.",
    )


def no_leakage() -> Guard:
    """Give the failed check of a test in which no frame leaks: nothing was shown."""
    message = (
        "No test case shows leakage, so nobody knows whether the new model finds any."
    )
    return Guard("test", False, float("nan"), 0.0, 1.0, message)


def _empty(
    old: Sequence[FrameResult], new: Sequence[FrameResult], config: GuardConfig
) -> list[Guard]:
    leaking = [frame.wanted_px > 0 for frame in new]
    if not any(leaking):
        return []
    before, after = (
        float(
            np.mean([f.called_px == 0 for f, k in zip(fs, leaking, strict=True) if k])
        )
        for fs in (old, new)
    )
    message = (
        f"Nothing is called leakage in {after:.0%} of the leaking frames, by the old "
        f"model in {before:.0%}."
    )
    return [_at_most(before + config.empty, "empty", before, after, message)]


def _area(
    old: Sequence[FrameResult], new: Sequence[FrameResult], config: GuardConfig
) -> list[Guard]:
    wanted = sum(frame.wanted_px for frame in new)
    if not wanted:
        return []
    before, after = (sum(f.called_px for f in fs) / wanted for fs in (old, new))
    message = (
        f"{after:.1f} times the true area is called leakage, by the old model "
        f"{before:.1f} times."
    )
    return [_at_most(max(config.area, before), "area", before, after, message)]


def _false_leakage(
    old: Sequence[FrameResult], new: Sequence[FrameResult], config: GuardConfig
) -> list[Guard]:
    before, after = (_mean([f.false_share for f in fs]) for fs in (old, new))
    if not np.isfinite(after):
        return []
    message = (
        f"In frames without leakage {after:.1%} of the field is called leakage, by "
        f"the old model {before:.1%}."
    )
    limit = before + config.false_leakage
    return [_at_most(limit, "false_leakage", before, after, message)]


def _ways(
    old: Sequence[FrameResult], new: Sequence[FrameResult], config: GuardConfig
) -> list[Guard]:
    guards = []
    for key, words in WAYS:
        before, after = (_mean(_of_way(fs, key)) for fs in (old, new))
        if np.isfinite(after):
            message = (
                f"With {words} the Dice is {after:.2f}, of the old model {before:.2f}."
            )
            limit = before - config.way
            guards.append(_at_least(limit, f"way: {key}", before, after, message))
    return guards


def _at_most(
    limit: float, name: str, before: float, after: float, message: str
) -> Guard:
    return Guard(name, after <= limit, before, after, limit, message)


def _at_least(
    limit: float, name: str, before: float, after: float, message: str
) -> Guard:
    return Guard(name, after >= limit, before, after, limit, message)


def _of_way(frames: Sequence[FrameResult], key: str) -> list[float]:
    if key == "image_dice":
        return [frame.dice for frame in frames]
    clicks = int(key[-1])
    return [one.dice[clicks] for frame in frames for one in frame.lesions]


def _kinds(
    old: Sequence[FrameResult],
    new: Sequence[FrameResult],
    kinds: Mapping[tuple[str, int], str],
    config: GuardConfig,
) -> list[Guard]:
    before, after = _by_kind(old, kinds), _by_kind(new, kinds)
    guards = []
    for kind in sorted(after):
        if not kind or len(after[kind]) < config.kind_lesions:
            continue
        dice = [_mean([one.dice[3] for one in by[kind]]) for by in (before, after)]
        found = [_mean([one.found for one in by[kind]]) for by in (before, after)]
        limit = dice[0] - config.kind_dice
        lost = dice[1] < limit or found[1] < found[0] - config.kind_found
        guards.append(
            Guard(
                f"kind: {kind}",
                not lost,
                dice[0],
                dice[1],
                limit,
                f"Of {len(after[kind])} lesions of the kind {kind}, {found[1]:.0%} are "
                f"found (before {found[0]:.0%}) and three clicks give Dice "
                f"{dice[1]:.2f} (before {dice[0]:.2f}).",
            )
        )
    return guards


def _by_kind(
    frames: Sequence[FrameResult], kinds: Mapping[tuple[str, int], str]
) -> dict[str, list[LesionResult]]:
    found: dict[str, list[LesionResult]] = defaultdict(list)
    for frame in frames:
        for one in frame.lesions:
            found[kinds.get((frame.name, one.lesion), "")].append(one)
    return found


def _mean(values: Sequence[float]) -> float:
    known = [value for value in values if np.isfinite(value)]
    return float(np.mean(known)) if known else float("nan")
