"""Which weights work for a study: those that it uses, unless somebody says others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_mae_sam2.model.weights import WeightsError, find_weights, packaged_weights
from napari_mae_sam2.study.in_use import (
    MODEL,
    checked_model,
    read_decisions,
    stack_of,
)
from napari_mae_sam2.study.verify_rounds import SUMS, check_file

if TYPE_CHECKING:
    from pathlib import Path

    from napari_mae_sam2.model.checkpoint import LoadedModel


@dataclass(frozen=True, slots=True)
class WeightsForStudy:
    """Weights, and why these.

    Attributes
    ----------
    path : Path
        For `load_model`.
    why : str
        Goes on after the name of the model, such as "in use in the study S".
    is_default : bool
        Whether it is what `find_weights` gives where nobody says anything.
    """

    path: Path
    why: str
    is_default: bool = False

    def sentence(self, name: str, fingerprint: str) -> str:
        """Say which model works, for people."""
        return f"Model: {name} ({fingerprint[:12]}), {self.why}."

    def tell(self, loaded: LoadedModel) -> str:
        """Say which model works, once it is loaded."""
        return self.sentence(loaded.card.title, loaded.fingerprint)


def weights_for(given: Path | None, study: Path | None) -> WeightsForStudy:
    """Choose weights.

    In this order: those that are given; the model that the study has promoted; the
    weights in use on this computer, but for the model of a round, which is the
    packaged model's place in a study that has promoted none.

    Parameters
    ----------
    given : Path, optional
        What somebody said with `--weights`.
    study : Path, optional
        The study that is worked for; None for frames of no study.

    Raises
    ------
    StudyError
        If a decision or the model in use was changed or is gone.
    PlainError
        If there are no weights, or the download fails.
    """
    if given is not None:
        path = find_weights(given).path
        check_file(path)
        return WeightsForStudy(path, "as --weights says")
    if study is not None:
        models = stack_of(decided := read_decisions(study))
        now = models[-1]
        if now.round is not None:
            path = checked_model(study, now.round)
            why = f"the model of round {now.round}, in use in the study {study.name}"
            return WeightsForStudy(path, why)
        if decided or _is_of_a_round(find_weights().path):
            return _base(study)
    found = find_weights()
    check_file(found.path)
    why = "in use on this computer"
    if study is not None:
        why += f"; the study {study.name} has promoted none"
    return WeightsForStudy(found.path, why, is_default=True)


def one_study(studies: list[Path], given: Path | None) -> Path | None:
    """Give the study whose model works for several; None where there is none.

    Raises
    ------
    WeightsError
        If they use different models and nobody says which one to take.
    """
    if given is None and len({weights_for(None, one).path for one in studies}) > 1:
        names = " and ".join(one.name for one in studies[:2])
        raise WeightsError(
            f"The studies {names} use different models: give one study at a time, or "
            "say which model with --weights."
        )
    return studies[0] if studies else None


def _base(study: Path) -> WeightsForStudy:
    why = f"the base of the study {study.name}, which uses no model of a round"
    try:
        return WeightsForStudy(packaged_weights(), why)
    except WeightsError:
        return WeightsForStudy(find_weights().path, why)


def _is_of_a_round(path: Path) -> bool:
    """Whether weights are the result of a round, of this study or another one."""
    return path.name == MODEL and path.with_name(SUMS).is_file()
