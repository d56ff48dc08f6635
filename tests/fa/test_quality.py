from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import ndimage

from napari_mae_sam2.fa.drawing import draw_frame
from napari_mae_sam2.fa.quality import (
    BLURRED,
    NOT_FA,
    OVEREXPOSED,
    TOO_DARK,
    WORDS,
    assess,
)
from napari_mae_sam2.fa.reading import list_frames, read_frame

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


@pytest.fixture(scope="module")
def drawn() -> NDArray[np.uint8]:
    return draw_frame(seed=3, size=512, phase="early", leakage=()).pixels


def test_a_good_frame_has_no_flag(drawn: NDArray[np.uint8]) -> None:
    quality = assess(drawn)
    assert quality.flags == ()
    assert quality.dye > 0.2


def test_dark_vessels_are_not_fa(drawn: NDArray[np.uint8]) -> None:
    field = drawn > 0
    negative = np.where(field, 255 - drawn, 0).astype(np.uint8)
    assert NOT_FA in assess(negative).flags


def test_blur_darkness_and_glare_are_named(drawn: NDArray[np.uint8]) -> None:
    blurred = ndimage.gaussian_filter(drawn, 3.5)
    assert assess(blurred).flags == (BLURRED,)
    assert assess((drawn * 0.2).astype(np.uint8)).flags == (TOO_DARK,)
    burnt = np.clip(drawn.astype(float) * 6, 0, 255).astype(np.uint8)
    assert OVEREXPOSED in assess(burnt).flags


def test_bright_areas_are_wider_than_vessels(drawn: NDArray[np.uint8]) -> None:
    plain = assess(drawn).bright
    assert plain < 0.02
    leaking = drawn.astype(float)
    spot = np.zeros(drawn.shape)
    spot[300:360, 200:280] = 90
    leaking += ndimage.gaussian_filter(spot, 6)
    share = 60 * 80 / np.count_nonzero(drawn > 0)
    found = assess(np.clip(leaking, 0, 255).astype(np.uint8)).bright - plain
    assert found == pytest.approx(share, rel=0.5)  # its soft edge, too


def test_depth_and_size_change_little(drawn: NDArray[np.uint8]) -> None:
    plain = assess(drawn)
    rgb = assess(np.repeat(drawn[..., None], 3, axis=2))
    assert rgb == plain
    large = np.kron(drawn, np.ones((3, 3), np.uint8))
    assert assess(large).flags == plain.flags


def test_every_flag_has_words_in_order() -> None:
    assert list(WORDS) == [NOT_FA, BLURRED, TOO_DARK, OVEREXPOSED]


@pytest.mark.real_data
@pytest.mark.slow
def test_real_frames_without_dye_are_flagged_and_others_are_not(
    real_data: Path,
) -> None:
    """On every other frame, which takes half the time."""

    def flagged(name: str) -> list[bool]:
        frames = list_frames(real_data / "huapu4_FFA" / name)[1::2]
        return [bool(assess(read_frame(path).pixels).flags) for path in frames]

    no_dye = flagged("phase_nonFFA_IR_FAF")
    assert np.mean(no_dye) >= 0.8
    dye = [
        flag
        for name in ("diag_normal", "diag_with_np", "phase_venous")
        for flag in flagged(name)
    ]
    assert np.mean(dye) <= 0.1
