from __future__ import annotations

import pytest

from napari_mae_sam2._qt.view.rulers import round_length
from napari_mae_sam2.fa.scale import PixelScale


@pytest.mark.parametrize(
    ("most", "pixels", "text"),
    [(183, 100, "100 px"), (200, 200, "200 px"), (0.9, 0.5, "0.5 px"), (7, 5, "5 px")],
)
def test_without_a_scale_lengths_are_pixels(most, pixels, text):
    length = round_length(most, None)
    assert length.pixels == pytest.approx(pixels)
    assert length.text == text


def test_with_a_scale_lengths_are_on_the_retina():
    scale = PixelScale(6.0, "the grader")
    length = round_length(150, scale)  # 900 µm
    assert length.text == "500 µm"
    assert length.pixels == pytest.approx(500 / 6)
    assert round_length(400, scale).text == "2 mm"
