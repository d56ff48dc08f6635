"""One model, or several side by side, on the same frames."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mae_sam2_training.data.errors import DataError
from mae_sam2_training.engine.progress import Clock
from mae_sam2_training.evaluation.measuring import measure_frame
from mae_sam2_training.evaluation.overlay import overlay
from napari_mae_sam2.fa.field import field_mask
from napari_mae_sam2.model.checkpoint import LoadedModel, load_model
from napari_mae_sam2.model.tiles import all_leakage
from napari_mae_sam2.model.weights import find_weights

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from typing import Any

    import numpy as np
    from numpy.typing import NDArray

    from mae_sam2_training.engine.progress import Reporter
    from mae_sam2_training.evaluation.cases import Case
    from mae_sam2_training.evaluation.config import EvaluateConfig
    from mae_sam2_training.evaluation.measuring import FrameResult
    from napari_mae_sam2.model.predictor import Sam2Predictor


def load_both(
    weights: Path, against: Path | None, image_size: int | None = None
) -> dict[str, LoadedModel]:
    """Load the model and the one that it is compared with.

    Parameters
    ----------
    weights : Path
        Of model A.
    against : Path, optional
        Of model B; there is none otherwise.
    image_size : int, optional
        Side of the encoder's input; each model's own otherwise.

    Returns
    -------
    dict of str to LoadedModel
        By letter: "A" and, where there is one, "B".

    Raises
    ------
    PlainError
        If there are no such weights, or they cannot be used.
    """
    files = {"A": weights}
    if against is not None:
        files["B"] = find_weights(against).path
    return {
        letter: load_model(file, image_size=image_size)
        for letter, file in files.items()
    }


@dataclass(slots=True)
class Measured:
    """One model and what was measured of it.

    Attributes
    ----------
    name : str
        Of the model and its round.
    file : str
        Name of its file.
    fingerprint : str
        Hash of its weights.
    frames : list of FrameResult
        In the order of the cases; without their masks.
    pictures : list of bytes
        A JPEG of each.
    """

    name: str
    file: str
    fingerprint: str
    frames: list[FrameResult] = field(default_factory=list)
    pictures: list[bytes] = field(default_factory=list)


def measure(
    cases: Sequence[Case],
    predictors: dict[str, Sam2Predictor],
    measured: dict[str, Measured],
    config: EvaluateConfig,
    reporter: Reporter,
    keep: Callable[[str, dict[str, NDArray[np.bool_]]], None] | None = None,
) -> None:
    """Measure every model on every case.

    A frame is encoded once per encoder, the tiles of a large one once per model.

    Parameters
    ----------
    cases : sequence of Case
    predictors : dict of str to Sam2Predictor
        By letter.
    measured : dict of str to Measured
        Where the results are added, by letter.
    config : EvaluateConfig
    reporter : Reporter
        Is told of every frame.
    keep : callable, optional
        Gets the name of each case and what each model called leakage in it, a bool
        array of shape (H, W) by letter.
    """
    clock = Clock(0, len(cases))
    for done, case in enumerate(cases, start=1):
        pixels, label = case.read_label()
        lesions = label.lesions
        in_field = field_mask(pixels)
        embeddings: dict[tuple[str, int], Any] = {}
        answers: dict[str, NDArray[np.bool_]] = {}
        for letter, predictor in predictors.items():
            # models that differ in the decoder alone share the embedding
            encoder = predictor.encoder_fingerprint, predictor.image_size
            if encoder not in embeddings:
                embeddings[encoder] = predictor.encode(pixels)
            embedding = embeddings[encoder]
            result = measure_frame(
                predictor,
                embedding,
                all_leakage(predictor, pixels, embedding),
                lesions,
                in_field,
                config,
                case.name,
                case.group,
                label.unsure,
            )
            measured[letter].pictures.append(
                overlay(pixels, lesions > 0, result.answer)
            )
            measured[letter].frames.append(result.without_answer())
            answers[letter] = result.answer
        if keep is not None:
            keep(case.name, answers)
        reporter.report(
            "measure", done=done, total=len(cases), eta_s=clock.seconds_left(done)
        )


def check_cases(cases: Sequence[Case], negatives: Sequence[Case] = ()) -> None:
    """Read every frame and mask once, so that bad data ends the command at its start.

    Parameters
    ----------
    cases : sequence of Case
        With masks.
    negatives : sequence of Case
        Known to be without leakage.

    Raises
    ------
    PlainError
        Naming the first file that cannot be used.
    DataError
        If there is no lesion in any of them.
    """
    for case in negatives:
        case.read()
    lesions = [int(case.read()[1].max()) for case in cases]
    if not any(lesions):
        raise DataError(
            f"None of the {len(cases)} labelled frames has any leakage: add some that "
            "have, and give frames without leakage with --negatives FOLDER."
        )
