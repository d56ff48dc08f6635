from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from mae_sam2_training.data import drawn
from mae_sam2_training.data.drawn import DrawnSource
from mae_sam2_training.data.errors import DataError
from mae_sam2_training.synthesis import survey
from napari_mae_sam2.fa.drawing import draw_frame

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def background(tmp_path: Path) -> Path:
    path = tmp_path / "eye.png"
    Image.fromarray(draw_frame(seed=3, size=256, leakage=()).pixels).save(path)
    return path


def test_the_same_generator_draws_the_same_leakage(background: Path) -> None:
    source = DrawnSource([background], 7)
    one, same, other = (
        source.frame(3, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert len(source) == 7
    np.testing.assert_array_equal(one.pixels, same.pixels)
    np.testing.assert_array_equal(one.lesions, same.lesions)
    assert (one.pixels != other.pixels).any()
    assert one.complete


def test_beside_unlabelled_leakage_no_frame_is_left_empty(background: Path) -> None:
    source = DrawnSource([background], 60, complete=False)
    frames = [source.frame(i, np.random.default_rng(i)) for i in range(60)]
    assert not any(frame.complete for frame in frames)
    among = DrawnSource([background], 60)
    plain = [among.frame(i, np.random.default_rng(i)) for i in range(60)]
    # a faint leak that nobody would see is taken away, so a few are empty all the same
    leaking, usual = (sum(f.lesions.any() for f in fs) for fs in (frames, plain))
    assert leaking > usual
    assert source.fingerprint() != among.fingerprint()


def test_no_more_surveys_are_kept_than_fit(
    background: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other.png"
    other.write_bytes(background.read_bytes())
    surveyed = []
    monkeypatch.setattr(
        drawn, "survey", lambda grey: surveyed.append(grey.shape) or survey(grey)
    )
    monkeypatch.setattr(drawn, "KEPT", 40 * 256 * 256)
    source = DrawnSource([background, other], 4)
    for index in (0, 0, 1, 1, 0):
        source.frame(index, np.random.default_rng(0))
    assert len(surveyed) == 3
    monkeypatch.setattr(drawn, "KEPT", 80 * 256 * 256)
    for index in (0, 1, 0, 1):
        source.frame(index, np.random.default_rng(0))
    assert len(surveyed) == 4


def test_no_background_is_one_sentence() -> None:
    with pytest.raises(DataError, match="no frames to draw"):
        DrawnSource([], 3)
