"""The model for a long run: it fills no cache and changes nobody's choice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.model.checkpoint import load_model
from napari_mae_sam2.model.embedding_cache import EmbeddingCache
from napari_mae_sam2.model.engines import equip
from napari_mae_sam2.model.loading import open_predictor
from napari_mae_sam2.model.prepared import PreparedDecoder, PreparedEncoder
from napari_mae_sam2.model.study_weights import one_study, weights_for
from napari_mae_sam2.model.weights import find_weights, last_choice
from napari_mae_sam2.predict.stored import results_folder
from napari_mae_sam2.study.kinds import STUDY_FILE
from napari_mae_sam2.study.records import ModelRecord
from napari_mae_sam2.study.verify_rounds import check_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from napari_mae_sam2.model.embedding_cache import EmbeddingKey
    from napari_mae_sam2.model.forward import Features
    from napari_mae_sam2.model.predictor import Sam2Predictor
    from napari_mae_sam2.model.study_weights import WeightsForStudy


class LookUpOnly(EmbeddingCache):
    """Gives what others stored; a thousand frames passed once must not push it out."""

    def put(self, key: EmbeddingKey, features: Features) -> Features:
        """Keep nothing."""
        return features


def open_for_run(weights: Path | None) -> Sam2Predictor:
    """Load weights, those in use by default; see `open_predictor` for the errors.

    The encoder may still be prepared in the background: `wait_until_ready`.

    Raises
    ------
    StudyError
        If they are of a round of a study and were replaced since.
    """
    chosen = last_choice() if weights is None else weights
    if chosen is not None:
        check_file(chosen)
    if weights is None:
        predictor = open_predictor()
    else:
        predictor = equip(load_model(find_weights(weights).path))
    if predictor.cache is not None:
        predictor.cache = LookUpOnly(predictor.cache.folder, predictor.cache.limit)
    return predictor


def weights_of_run(
    given: Path | None, propose: Path | None, inputs: Sequence[Path]
) -> WeightsForStudy:
    """Choose the weights: those of the study that is predicted, or proposed to.

    Raises
    ------
    PlainError
        If the studies among the inputs use different models, or as `weights_for`.
    """
    studies = [path for path in inputs if (path / STUDY_FILE).is_file()]
    if propose is not None:
        studies = [propose]
    return weights_for(given, one_study(studies, given))


def predictions_in(place: Path) -> Path:
    """Give the folder of predictions that a place is, or that a study holds.

    Raises
    ------
    PlainError
        If the study holds none of the model that it uses.
    """
    if not (place / STUDY_FILE).is_file():
        return place
    chosen = weights_for(None, place)
    loaded = load_model(chosen.path)
    found = results_folder(place, loaded.fingerprint)
    if not found.is_dir():
        raise PlainError(
            f"The study {place} holds no predictions of {loaded.card.title} "
            f"({loaded.fingerprint[:12]}), {chosen.why}: run “napari-mae-sam2 predict "
            f"{place} --propose {place}” first, or give a folder of its predictions."
        )
    return found


def wait_until_ready(predictor: Sam2Predictor) -> None:
    """Wait for the engines that were chosen, which many frames repay."""
    for engine in (predictor.encoder, predictor.decoder):
        if isinstance(engine, PreparedEncoder | PreparedDecoder):
            while not engine.wait(0.2):  # short, so that Ctrl-C is heard
                pass


def model_record(predictor: Sam2Predictor) -> ModelRecord:
    """Say which model it is, as a study does."""
    return ModelRecord(
        name=predictor.name, fingerprint=predictor.fingerprint, round=predictor.round
    )
