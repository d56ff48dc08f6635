"""Which model a study uses: what the promotions and rollbacks so far have led to.

The decisions are written by `mae_sam2_training.rounds`, see docs/rounds.md.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from napari_mae_sam2.study.covered import Covered
from napari_mae_sam2.study.files import StudyError, read_json
from napari_mae_sam2.study.seals import SEAL
from napari_mae_sam2.study.verify_rounds import SUMS, check_file

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

MODEL: Final = "model.safetensors"
_ENTRY = re.compile(r"[0-9]{4,}-[0-9a-f]{8}\.json")


@dataclass(frozen=True, slots=True)
class InUse:
    """The model that a study uses.

    Attributes
    ----------
    round : int or None
        The round that made it; None for the base.
    fingerprint : str or None
        Of its weights; None for the base.
    decision : str or None
        Id of the decision behind it.
    """

    round: int | None = None
    fingerprint: str | None = None
    decision: str | None = None


def read_decisions(study: Path, covered: Covered | None = None) -> list[dict[str, Any]]:
    """Read all decisions of a study, in order.

    Parameters
    ----------
    study : Path
        Study folder.
    covered : Covered, optional
        What its log says, where it was read before.

    Raises
    ------
    StudyError
        If one is damaged, was taken away, or is not as the log of the study says.
    """
    folder = study / "rounds" / "decisions"
    covered = Covered(study) if covered is None else covered
    try:
        paths = [path for path in folder.iterdir() if _ENTRY.fullmatch(path.name)]
    except FileNotFoundError:
        paths = []
    except OSError as error:
        raise StudyError(f"{folder} cannot be read.") from error
    found = [read_json(path) for path in paths]
    covered.check(*paths)
    covered.check(*(path for path in covered.said() if path.parent == folder))
    for one in found:
        one.pop(SEAL, None)  # of the file, and no part of the record
    return sorted(found, key=lambda e: (int(e["id"].partition("-")[0]), e["time"]))


def stack_of(decisions: Iterable[dict[str, Any]]) -> list[InUse]:
    """Give the base and what was promoted since, without what was rolled back.

    Two who promote one model at once have promoted it once, and roll it back once.
    """
    models = [InUse()]
    for one in decisions:
        if one["action"] == "promote" and one["round"] != models[-1].round:
            models.append(InUse(one["round"], one["fingerprint"], one["id"]))
        elif one["action"] == "rollback" and len(models) > 1:
            models.pop()
    return models


def model_file(study: Path, number: int) -> Path:
    """Give the weights of a round, whether they are there or not."""
    return study / "rounds" / f"{number:04d}" / "result" / MODEL


def checked_model(study: Path, number: int) -> Path:
    """Give the weights of a round, once they are known to be those that it wrote.

    Raises
    ------
    StudyError
        If they are missing or were replaced.
    """
    path = model_file(study, number)
    if not path.is_file():
        raise StudyError(
            f"{path} is missing, the model in use in the study {study.name}: restore "
            "it from a backup, roll back, or say --weights."
        )
    Covered(study).check(path.with_name(SUMS))
    check_file(path)
    return path
