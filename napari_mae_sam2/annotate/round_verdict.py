"""Old against new as a few rows that are read at a glance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_mae_sam2.study.round_results import named

if TYPE_CHECKING:
    from napari_mae_sam2.study.round_results import RoundResult, StudyRounds

NOTHING_LEAKS = (
    "No test case shows leakage, so nobody knows whether the new model finds any."
)
ROWS = (
    ("Dice, no click", "image_dice", 2, 1),
    ("Dice, one click", "lesion_dice_1", 2, 1),
    ("Dice, three clicks", "lesion_dice_3", 2, 1),
    ("Clicks to Dice 0.8", "clicks_to_0.8", 1, 1),
    ("Lesions found", "sensitivity", 0, 100),
)
CHECKS = {
    "test": "Leakage in the test cases",
    "empty": "Empty answers",
    "area": "Too much leakage",
    "false_leakage": "False leakage in normal frames",
    "box": "Box prompt still works",
}
WAYS = {
    "way: image_dice": "No click",
    "way: lesion_dice_1": "One click",
    "way: lesion_dice_3": "Three clicks",
}


def table(result: RoundResult) -> list[tuple[str, str, str]]:
    """Give name, old and new of each figure that was measured.

    Parameters
    ----------
    result : RoundResult
        Of one round.

    Returns
    -------
    list of (str, str, str)
        The score that decides comes first; its change, with the interval, stands in
        the place of old and new.
    """
    score = result.values.get("score") or {}
    rows = []
    if score.get("count"):
        rows.append(("Score on the test", _shown(score["old"]), _shown(score["new"])))
        change = _shown(score.get("difference"), signed=True)
        low, high = (_shown(score.get(key), signed=True) for key in ("low", "high"))
        within = "one patient" if score.get("low") is None else f"{low} to {high}"
        rows += [("Change", change, ""), ("95 % interval", within, "")]
    for name, key, digits, factor in ROWS:
        old, new = (result.metric(which, key) for which in ("old", "new"))
        if new is not None:
            one, other = (_shown(v, digits, factor) for v in (old, new))
            rows.append((name, one, other))
    return rows


def is_measured(result: RoundResult) -> bool:
    """Tell whether old and new model were compared on any test case with leakage."""
    return bool((result.values.get("score") or {}).get("count"))


def checks(result: RoundResult) -> list[tuple[bool, str, str]]:
    """Give each check: passed or not, its name, and the sentence that explains it."""
    found = []
    for guard in result.values.get("guards") or ():
        name = str(guard["name"])
        short = CHECKS.get(name) or WAYS.get(name) or name.removeprefix("kind: ")
        found.append((bool(guard["passed"]), short, str(guard["message"])))
    score = result.values.get("score")
    was_checked = any(name == CHECKS["test"] for _, name, _ in found)
    if found and isinstance(score, dict) and score.get("count") == 0:
        if not was_checked:  # by an earlier version
            found.insert(0, (False, CHECKS["test"], NOTHING_LEAKS))
    return found


def overtaken(stands: StudyRounds) -> str:
    """Say that a round was compared with another model than the one in use."""
    now, then = named(stands.in_use), named(stands.compared_with)
    return (
        f"{now[0].upper()}{now[1:]} is in use now, and this round was compared with "
        f"{then}: train a new round to know whether it is better."
    )


def somebody_else(before: int | None, number: int, stands: StudyRounds) -> str:
    """Say what became of a decision that somebody else came before.

    Parameters
    ----------
    before : int or None
        The round whose model was in use when the grader decided.
    number : int
        The round that was decided on.
    stands : StudyRounds
        As they are now.

    Returns
    -------
    str
        Empty where nobody else decided.
    """
    now = stands.in_use
    if now == before:
        return ""
    if now == number:
        return (
            f"Somebody else has promoted round {number} already: press “Use the "
            "study's model” where it is offered."
        )
    return (
        f"Somebody else decided meanwhile, and {named(now)} is in use now: look at "
        "“Last round” before you decide again."
    )


def _shown(
    value: float | None, digits: int = 2, factor: int = 1, signed: bool = False
) -> str:
    if value is None:
        return "–"
    unit = " %" if factor == 100 else ""
    text = f"{value * factor:{'+' if signed else ''}.{digits}f}{unit}"
    return text.replace("-", "−")
