"""Old against new on the same test cases, and whether to propose the new one."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from mae_sam2_training.evaluation.discs import disc_box_dice, drawn_discs
from mae_sam2_training.evaluation.statistics import Comparison, compare, widened
from mae_sam2_training.evaluation.summary import plain
from mae_sam2_training.rounds.guards import check, check_box, no_leakage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from mae_sam2_training.evaluation.measuring import FrameResult
    from mae_sam2_training.rounds.config import RoundConfig
    from mae_sam2_training.rounds.guards import Guard
    from napari_mae_sam2.model.predictor import Sam2Predictor


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the test cases say about a new model.

    Attributes
    ----------
    proposed : bool
        True where it is better with confidence and passes every guard.
    why : str
        One sentence.
    score : Comparison
        Of the score of the frames, new minus old.
    old, new : float
        Mean scores.
    guards : tuple of Guard
    """

    proposed: bool
    why: str
    score: Comparison
    old: float
    new: float
    guards: tuple[Guard, ...]

    def as_json(self) -> dict[str, Any]:
        """Plain values; NaN becomes None."""
        return {
            "proposed": self.proposed,
            "why": self.why,
            "score": plain({"old": self.old, "new": self.new} | asdict(self.score)),
            "guards": [plain(asdict(guard)) for guard in self.guards],
        }


def score(frame: FrameResult) -> float:
    """Give one figure for a frame: no click, one and three clicks count alike.

    NaN for a frame without leakage, which the guards look at.
    """
    parts = [frame.dice]
    for clicks in (1, 3):
        if frame.lesions:
            parts.append(float(np.mean([one.dice[clicks] for one in frame.lesions])))
    known = [part for part in parts if np.isfinite(part)]
    return float(np.mean(known)) if known else float("nan")


def judge(
    old: Sequence[FrameResult],
    new: Sequence[FrameResult],
    kinds: Mapping[tuple[str, int], str],
    boxes: tuple[Sequence[float], Sequence[float]] | None,
    config: RoundConfig,
) -> Verdict:
    """Decide whether a new model is to be proposed.

    Parameters
    ----------
    old, new : sequence of FrameResult
        Of the same frames in the same order.
    kinds : mapping of (str, int) to str
        Kind of each lesion by frame and number.
    boxes : tuple of sequence of float, optional
        What `box_answers` gave for the base and for the new model.
    config : RoundConfig
        Confidence and limits.
    """
    measured = config.evaluate
    before, after = [score(f) for f in old], [score(f) for f in new]
    groups = [frame.group for frame in new]
    compared = compare(
        before,
        after,
        groups,
        resamples=measured.resamples,
        confidence=measured.confidence,
        seed=measured.seed,
    )
    # a study has few test patients at first, of whom resamples are too sure
    compared = widened(compared, before, after, groups, confidence=measured.confidence)
    guards = check(old, new, kinds, config.guards)
    if boxes is not None:
        guards.append(check_box(*boxes, config.guards))
    if guards and not compared.count:
        guards.insert(0, no_leakage())
    failed = [guard for guard in guards if not guard.passed]
    better = bool(compared.low > 0)  # NaN is not
    return Verdict(
        better and not failed,
        _why(compared, failed, better),
        compared,
        _mean(before),
        _mean(after),
        tuple(guards),
    )


def changes(
    old: Sequence[FrameResult], new: Sequence[FrameResult]
) -> list[dict[str, Any]]:
    """Say how each test case changed, the worst change first.

    Parameters
    ----------
    old, new : sequence of FrameResult
        Of the same frames in the same order.

    Returns
    -------
    list of dict
        `case`, `leaks` and for one that leaks `old` and `new` score and their
        difference as `change`; for one that does not, what share of its field is
        called leakage, and less is a change for the better.
    """
    found: list[dict[str, Any]] = []
    for before, after in zip(old, new, strict=True):
        leaks = after.wanted_px > 0
        one, other = ((score(f) if leaks else f.false_share) for f in (before, after))
        change = other - one if leaks else one - other
        row = {"case": after.name, "leaks": leaks, "old": one, "new": other}
        found.append(row | {"change": change})
    return sorted(found, key=lambda row: (row["change"], row["case"]))


def box_answers(predictor: Sam2Predictor, config: RoundConfig) -> list[float]:
    """Put boxes around the discs of drawn eyes; Dice of each answer."""
    count = config.guards.discs
    return [float(value) for value in disc_box_dice(predictor, drawn_discs(count))]


def _why(compared: Comparison, failed: Sequence[Guard], better: bool) -> str:
    if not compared.count:
        return (
            "No labelled test case leaks, so nobody knows whether the new model is "
            "better: label more patients."
        )
    if not np.isfinite(compared.low):
        return (
            f"Dice changed by {compared.difference:+.3f}, and one test patient alone "
            "says nothing of how certain that is: label more patients."
        )
    within = f"{compared.low:+.3f} to {compared.high:+.3f}"
    told = f"Dice changed by {compared.difference:+.3f} ({within})"
    if compared.high < 0:
        return f"{told}: the new model is worse."
    if failed:
        return f"{told}, but: {failed[0].message}"
    if better:
        return f"{told}: the new model is better and passes every check."
    return f"{told}: the models cannot be told apart; label more cases."


def _mean(values: Sequence[float]) -> float:
    known = [value for value in values if np.isfinite(value)]
    return float(np.mean(known)) if known else float("nan")
