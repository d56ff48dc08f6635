from __future__ import annotations

from pathlib import Path

import pytest

from mae_sam2_training.synthesis import clean_frames, leak_score
from mae_sam2_training.synthesis.backgrounds import leaking_frames
from napari_mae_sam2.fa.drawing import draw_frame


def test_known_leaks_and_other_pictures_are_left_out():
    paths = [
        Path("set/diag_with_np/With_NP0018.jpg"),
        Path("set/diag_normal/Normal0009.jpg"),
        Path("set/phase_nonFFA_IR_FAF/00001.jpg"),
        Path("set/phase_arterial/00001.jpg"),
    ]
    assert clean_frames(paths) == [paths[1], paths[3]]


@pytest.mark.real_data
def test_every_name_in_the_list_is_a_frame(real_data):
    folder = real_data / "huapu4_FFA"
    assert len(leaking_frames()) > 40
    assert all((folder / name).is_file() for name in leaking_frames())


def test_a_leaking_frame_scores_higher_than_the_same_eye_without():
    leaks = ("capillary", "capillary", "neovascular", "perivascular")
    with_leaks = draw_frame(6, 512, leakage=leaks, look_alikes=0)
    without = draw_frame(6, 512, leakage=(), look_alikes=0)
    assert leak_score(without.pixels) < 0.004
    assert leak_score(with_leaks.pixels) > 0.01
