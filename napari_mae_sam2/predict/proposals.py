"""Predicted frames become cases of a study that wait to be corrected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_mae_sam2.study.event_log import last_words
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.readings import waiting_cases

if TYPE_CHECKING:
    from pathlib import Path

    from napari_mae_sam2.fa.frame import Frame
    from napari_mae_sam2.study.records import ModelRecord


class Proposals:
    """Adds frames to the queue of a study as proposed.

    Parameters
    ----------
    study : Path
        Its folder; made where it is no study yet.
    model : ModelRecord
        Which made the predictions, for the log.
    unlabelled : bool
        Want no frame that has a label.

    Raises
    ------
    StudyError
        If it cannot be read or made.
    """

    def __init__(
        self, study: Path, model: ModelRecord, unlabelled: bool = False
    ) -> None:
        self._study = Study.open_or_create(study)
        self._model = model
        self._unlabelled = unlabelled
        self._again = waiting_cases(self._study.log) if unlabelled else set()
        # Whoever answers meanwhile has a revision, which is asked for case by case.
        self._said = {
            case: (str(word.details["status"]), str(word.details.get("fingerprint")))
            for case, word in last_words(self._study.log).items()
        }

    def is_wanted(self, frame: Frame) -> bool:
        """Whether a frame is to be predicted at all."""
        case = self._study.id_of(frame)
        if not self._unlabelled or case in self._again:
            return True
        return not self._study.revision_ids(case)

    def add(self, frame: Frame) -> bool:
        """Make a frame a case that waits to be corrected.

        Returns
        -------
        bool
            False where somebody has said something of the case, or saved a label:
            then it stays as it is.

        Raises
        ------
        StudyError
            If it cannot be written.
        """
        name = self._study.id_of(frame)
        status, weights = self._said.get(name, ("new", ""))
        is_rejected = weights == self._model.fingerprint  # and so it is new again
        if status != "new" or is_rejected or self._study.revision_ids(name):
            return False
        self._study.add_frame(frame)
        details = {"status": "proposed", "fingerprint": self._model.fingerprint}
        self._study.log.write("status", case=name, details=details)
        self._said[name] = ("proposed", self._model.fingerprint)
        return True
