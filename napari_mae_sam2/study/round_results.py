"""What the rounds of a study brought, read from their files; see docs/rounds.md.

The files are written by `mae_sam2_training.rounds`; nothing is decided here.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_mae_sam2.study.files import StudyError, read_json
from napari_mae_sam2.study.round_answers import answers_file
from napari_mae_sam2.study.seals import holds
from napari_mae_sam2.study.verify_rounds import check_file

if TYPE_CHECKING:
    from pathlib import Path

log = logging.getLogger(__name__)
_NUMBER = re.compile(r"[0-9]{4,}")
MODEL = "model.safetensors"


@dataclass(frozen=True, slots=True)
class ChangedCase:
    """A test case of a round.

    Attributes
    ----------
    case : str
    leaks : bool
    old, new : float
        Score of a case that leaks; of one that does not, the share of its field that
        is called leakage.
    change : float
        Positive for the better.
    """

    case: str
    leaks: bool
    old: float
    new: float
    change: float


@dataclass(frozen=True, slots=True)
class RoundResult:
    """The result of one round, as `result.json` has it.

    Attributes
    ----------
    number : int
    folder : Path
        With its files.
    values : dict
        All that is known.
    """

    number: int
    folder: Path
    values: dict[str, Any]

    @property
    def is_proposed(self) -> bool:
        """Whether the new model is better, with confidence and without losses."""
        return self.values.get("proposed") is True

    @property
    def why(self) -> str:
        """One sentence."""
        return str(self.values.get("why", ""))

    @property
    def model(self) -> Path:
        """The new weights."""
        return self.folder / MODEL

    @property
    def report(self) -> Path:
        """The page with every figure; not there where nothing was tested."""
        return self.folder / "report.html"

    @property
    def cases(self) -> tuple[ChangedCase, ...]:
        """Test cases whose answers were kept, the worst change first."""
        found = []
        for row in self.values.get("cases") or ():
            numbers = [row[key] for key in ("old", "new", "change")]
            if None not in numbers:
                found.append(ChangedCase(row["case"], row["leaks"], *numbers))
        return tuple(found)

    def answers(self, case: str) -> Path:
        """Give the picture of what both models called leakage in a test case."""
        return self.folder / answers_file(case)

    def metric(self, which: str, key: str) -> float | None:
        """Give a figure of the "old" or the "new" model; None where not known."""
        values = (self.values.get(which) or {}).get("metrics", {}).get(key) or {}
        value = values.get("value")
        return None if value is None else float(value)


@dataclass(frozen=True, slots=True)
class StudyRounds:
    """How the rounds of a study stand.

    Attributes
    ----------
    rows : tuple of dict
        Of every round, see `mae_sam2_training.rounds.history`.
    answers : tuple of str
        Whether it still improves, and whether the grader gets faster.
    last : RoundResult or None
        Of the last round that was done and whose result can be read.
    decision : str or None
        What was decided about that: "promote", "refuse" or "rollback".
    in_use : int or None
        The round whose model the study uses; None for the base.
    in_use_model : Path or None
        Its weights.
    in_use_fingerprint : str or None
        Of these.
    compared_with : int or None
        The round whose model was in use when the last one was frozen; None for the
        base.
    """

    rows: tuple[dict[str, Any], ...] = ()
    answers: tuple[str, ...] = ()
    last: RoundResult | None = None
    decision: str | None = None
    in_use: int | None = None
    in_use_model: Path | None = None
    in_use_fingerprint: str | None = None
    compared_with: int | None = None

    @property
    def is_overtaken(self) -> bool:
        """Whether another model is in use than the last round was compared with."""
        if self.last is None or self.in_use == self.last.number:
            return False
        return self.in_use != self.compared_with


def read_rounds(study: Path) -> StudyRounds | None:
    """Read how the rounds of a study stand.

    Parameters
    ----------
    study : Path
        Study folder.

    Returns
    -------
    StudyRounds or None
        None where `history.json` is older than the rounds, or was edited: have it
        written anew by `mae-sam2-train history`.

    Raises
    ------
    StudyError
        If the history, or the result of the model in use, is damaged.
    """
    folder = study / "rounds"
    done = _with_result(folder)
    decided = len(list((folder / "decisions").glob("*.json")))
    if not done and not decided:
        return StudyRounds()
    if not (folder / "history.json").is_file():
        return None
    history = read_json(folder / "history.json")
    if holds(history) is False:
        return None  # edited: the records of the rounds say better
    try:
        rows = tuple(history["rounds"])
        known = [row["round"] for row in rows if row["status"] == "done"]
        if known != done or history.get("decisions") != decided:
            return None
        used = next((row["round"] for row in rows if row["in_use"]), None)
        last = _last_readable(study, done)
        decided_on = {row["round"]: row["decision"] for row in rows}
        model = None if used is None else read_result(study, used)
        return StudyRounds(
            rows,
            tuple(map(str, history["answers"])),
            last,
            None if last is None else decided_on[last.number],
            used,
            None if model is None else model.model,
            None if model is None else str(model.values["model"]["fingerprint"]),
            None if last is None else _compared_with(last, used),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise StudyError(
            f"{folder / 'history.json'} is damaged: delete it, it is made anew."
        ) from error


def read_result(study: Path, number: int) -> RoundResult:
    """Read the result of a round; `StudyError` where missing, damaged or edited."""
    folder = study / "rounds" / f"{number:04d}" / "result"
    check_file(folder / "result.json")
    return RoundResult(number, folder, read_json(folder / "result.json"))


def named(number: int | None) -> str:
    """Name the model of a round; None is the base."""
    return "the base" if number is None else f"the model of round {number}"


def _last_readable(study: Path, done: list[int]) -> RoundResult | None:
    for number in reversed(done):
        try:
            return read_result(study, number)
        except StudyError as error:
            log.warning("%s", error)  # `study verify` names it, the others stay
    return None


def _compared_with(result: RoundResult, used: int | None) -> int | None:
    try:
        found = read_json(result.folder.parent / "round.json")["in_use"]["round"]
    except StudyError as error:
        # Nothing is said against the round; whoever promotes it is told.
        log.warning("%s", error)
        return used
    return None if found is None else int(found)


def _with_result(folder: Path) -> list[int]:
    try:
        names = [path.name for path in folder.iterdir()]
    except OSError:
        return []
    numbers = [name for name in names if _NUMBER.fullmatch(name)]
    return sorted(int(name) for name in numbers if (folder / name / "result").is_dir())
