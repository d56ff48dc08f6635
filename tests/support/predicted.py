"""A folder of predictions of drawn noise, with names that want to do harm."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_mae_sam2.fa.frame import Frame, pixel_sha256
from napari_mae_sam2.predict.answer import Answer
from napari_mae_sam2.predict.results import FrameRecord, Results
from napari_mae_sam2.study.cases import case_id
from napari_mae_sam2.study.records import ModelRecord

if TYPE_CHECKING:
    from pathlib import Path

NAMES = (
    "plain",
    "</script><script>document.title='owned'</script>",
    "<img src=x onerror=document.title='owned'>",
    "荧光造影 张三",
    "تصوير الأوعية",
    "%%DATA%%",
)


def a_frame(number: int) -> Frame:
    pixels = np.random.default_rng(number).integers(40, 200, (90, 120)).astype("u1")
    return Frame(pixels, NAMES[number], None, pixel_sha256(pixels))


def write_answer(
    results: Results, frame: Frame, labels: np.ndarray, **known: object
) -> FrameRecord:
    """Write what a model is said to have found in a frame."""
    area = int(np.count_nonzero(labels))
    record = FrameRecord(
        id=case_id(frame),
        name=frame.name,
        source=f"folder/{frame.name}.png",
        frame_sha256=frame.sha256,
        shape=frame.shape,
        area_px=area,
        field_px=labels.size,
        field_share=area / labels.size,
        lesions=len(np.unique(labels[labels > 0])),
        **{"score": 0.9, "uncertainty": 0.0, "spread": None, "doubt": 0.0},
        **{"dye": 0.5, "sharpness": 5, "brightness": 120, "burnt": 0},
        **{"flags": []},
    ).model_copy(update=known)
    probability = np.where(labels, 250, 3).astype(np.uint8)
    unsure = record.uncertainty
    answer = Answer(labels, probability, record.score, unsure, unsure, None)
    results.write(record, frame, answer)
    return record


def write_predictions(folder: Path, fingerprint: str, shift: int = 0) -> Results:
    """Frame n has a lesion that begins in column 10 n; the first has none."""
    model = ModelRecord(name=f"model {fingerprint}", fingerprint=fingerprint)
    results = Results.create(folder, model)
    for number in range(len(NAMES)):
        frame = a_frame(number)
        labels = np.zeros(frame.shape, np.uint16)
        if number:
            start = 10 * number + shift
            labels[20:40, start : start + 10 * number] = 1
        write_answer(
            results,
            frame,
            labels,
            score=0.9 - 0.1 * number,
            uncertainty=0.1 * number,
            doubt=0.1 * number,
            flags=["not_fa"] if number == 3 else [],
        )
    return results
