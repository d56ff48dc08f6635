from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_mae_sam2.annotate.looks import Look, Looks, device_of
from napari_mae_sam2.fa.frame import Frame
from napari_mae_sam2.fa.scale import PixelScale
from napari_mae_sam2.study.preferences import Preferences


def frame(shape=(60, 80), dtype=np.uint8, camera="", scale=None):
    return Frame(np.zeros(shape, dtype), "a", None, "0", scale, camera)


def test_a_device_is_the_camera_or_else_the_size_and_always_the_bits():
    assert device_of(frame()) == "80 × 60, 8 bits"
    assert device_of(frame(dtype=np.uint16)) == "80 × 60, 16 bits"
    topcon = frame(camera="Topcon TRC-50DX")
    assert device_of(topcon) == "Topcon TRC-50DX, 8 bits"
    assert device_of(replace(topcon, pixels=np.zeros((90, 90), np.uint8))) == device_of(
        topcon
    )


def test_a_look_is_kept_for_the_device_and_between_starts(tmp_path):
    kept = Preferences(tmp_path / "window.json")
    looks = Looks(kept)
    look = Look(10.0, 180.0, 0.7)
    looks.set_look(frame(), look)
    assert looks.look(frame()) == look
    assert looks.look(frame((90, 90))) is None
    assert looks.look(frame(camera="Topcon")) is None
    kept.close()
    again = Looks(Preferences(tmp_path / "window.json"))
    assert again.look(frame()) == look
    again.set_look(frame(), None)
    assert again.look(frame()) is None


@pytest.mark.parametrize(
    "kept", [[5, 1, 1], [0, 1, 9], ["a", 1, 1], [0, 1], None, [0, float("nan"), 1]]
)
def test_a_look_that_makes_no_sense_is_none(kept):
    preferences = Preferences()
    preferences.put("contrast by device", {device_of(frame()): kept})
    assert Looks(preferences).look(frame()) is None


def test_a_scale_comes_with_who_says_so_and_the_grader_goes_first():
    looks = Looks(Preferences())
    assert looks.scale(frame()) is None
    told = PixelScale(5.5, "the file's OME metadata")
    assert looks.scale(frame(scale=told)) is told
    looks.set_scale(frame(), 7.0)
    assert looks.scale(frame(scale=told)) == PixelScale(7.0, "the grader")
    looks.set_scale(frame(), None)
    assert looks.scale(frame(scale=told)) is told
    looks.set_scale(frame(), 5000.0)  # no camera has such pixels
    assert looks.scale(frame()) is None
