from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.fa.frame import Frame, pixel_sha256
from napari_mae_sam2.predict import processes, results
from napari_mae_sam2.predict.answer import Answer
from napari_mae_sam2.predict.processes import Setup, steps_in_processes
from napari_mae_sam2.predict.prompts_file import PromptBook
from napari_mae_sam2.predict.results import FrameRecord, Results
from napari_mae_sam2.predict.sources import Source
from napari_mae_sam2.study.files import StudyError
from napari_mae_sam2.study.records import ModelRecord

if TYPE_CHECKING:
    from pathlib import Path

PIXELS = np.zeros((20, 30), np.uint8)
FRAME = Frame(PIXELS, "one", None, pixel_sha256(PIXELS))


def record(prompts: str) -> FrameRecord:
    measured = dict.fromkeys(
        ("area_px", "field_px", "field_share", "lesions", "score", "uncertainty",
         "doubt", "spread", "dye", "sharpness", "brightness", "burnt"), 0
    )  # fmt: skip
    return FrameRecord(
        id="one", name="one", source="here/one", frame_sha256=FRAME.sha256,
        shape=(20, 30), prompts=prompts, flags=[], **measured,
    )  # fmt: skip


def test_no_record_stands_beside_the_label_of_other_prompts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Results.create(tmp_path / "out", ModelRecord(name="a", fingerprint="f"))
    answer = Answer(PIXELS.astype(np.uint16), PIXELS, 0.5, 0.5, 0.5, None)
    folder.write(record("first"), FRAME, answer)
    first = folder.known("one", FRAME)
    assert first is not None
    assert first.prompts == "first"

    def full(path: Path, content: bytes) -> None:
        raise StudyError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(results, "write_file", full)  # the labels are written by now
        with pytest.raises(StudyError, match="full"):
            folder.write(record("second"), FRAME, answer)
    assert not list(folder.records())
    folder.write(record("second"), FRAME, answer)
    second = folder.known("one", FRAME)
    assert second is not None
    assert second.prompts == "second"


def test_a_process_that_was_ended_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "_start", os._exit)
    setup = Setup(None, tmp_path, None, 1, 1)
    with pytest.raises(PlainError, match="fewer --processes"):
        list(steps_in_processes(setup, [Source(tmp_path / "a.png")], PromptBook()))
