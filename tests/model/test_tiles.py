from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from grey import GreyPredictor
from scipy import ndimage

from napari_mae_sam2.model.protocol import Cancelled
from napari_mae_sam2.model.tiles import (
    OVERLAP,
    all_leakage,
    needs_tiles,
    plan_tiles,
    segment_in_tiles,
)

if TYPE_CHECKING:
    from napari_mae_sam2.model.prediction import Prediction


class SmallGrey(GreyPredictor):
    image_size = 64


def spotted(shape=(150, 230), dtype=np.uint8, scale: int = 1) -> np.ndarray:
    rng = np.random.default_rng(0)
    pixels = rng.integers(38, 42, shape).astype(np.uint8)
    for row, column in rng.integers(12, np.array(shape) - 12, (12, 2)):
        pixels[row - 10 : row + 10, column - 10 : column + 10] = 220
    pixels[0, 0], pixels[0, 1] = 0, 255
    return (pixels.astype(dtype)) * scale


@pytest.mark.parametrize("shape", [(3000, 4000), (1024, 1600), (1025, 1030), (9, 50)])
def test_tiles_hold_every_pixel_and_overlap(shape) -> None:
    side = 1024
    times = np.zeros(shape, np.uint8)
    tiles = plan_tiles(shape, side)
    for tile in tiles:
        times[tile.region] += 1
        assert tile.shape == (min(side, shape[0]), min(side, shape[1]))
    assert times.min() == 1
    lefts = sorted({tile.left for tile in tiles})
    steps = np.diff(lefts)
    assert (steps <= side - OVERLAP * side + 1).all()
    assert (len(lefts) == 1) == (shape[1] <= side)


def test_tiles_find_what_one_look_at_full_resolution_finds() -> None:
    pixels, predictor = spotted(), SmallGrey()
    said = []
    answer = segment_in_tiles(
        predictor, pixels, progress=lambda *done: said.append(done)
    )
    assert answer.shape == pixels.shape
    found, wanted = answer.mask().on(pixels.shape), pixels > 128
    both = (found & wanted).sum()
    assert 2 * both / (found.sum() + wanted.sum()) > 0.9
    count = len(plan_tiles(pixels.shape, 64))
    assert said == [(done, count) for done in range(count + 1)]
    assert len(predictor.encoded) == count


@pytest.mark.parametrize("side", [64, 256])
def test_all_leakage_of_a_large_frame_alone_is_asked_in_tiles(side: int) -> None:
    pixels, predictor = spotted(), SmallGrey()
    predictor.image_size = side
    embedding = predictor.encode(pixels)
    answer = all_leakage(predictor, pixels, embedding)
    tiles = len(plan_tiles(pixels.shape, side)) if side == 64 else 0
    assert len(predictor.encoded) == 1 + tiles
    assert answer.shape == pixels.shape


def test_logits_of_overlapping_tiles_leave_no_seam() -> None:
    class Leaning(SmallGrey):
        """Every tile is surer of its left side than of its right one."""

        image_size = 256

        def decode(self, embedding, prompts):
            answer = super().decode(embedding, prompts)
            slope = np.linspace(4, -4, answer.grid.shape[2], dtype=np.float32)
            answer.grid[:] = slope
            return answer

    answer = segment_in_tiles(Leaning(), spotted((300, 700)))
    steps = np.abs(np.diff(answer.grid[0], axis=1)).max()
    assert steps < 2  # side by side without fading it would be 8


def test_a_blank_tile_is_no_leakage_and_is_not_encoded() -> None:
    pixels = spotted((150, 640))
    pixels[:, 200:] = 0
    predictor = SmallGrey()
    answer = segment_in_tiles(predictor, pixels)
    assert not answer.mask().on(pixels.shape)[:, 204:].any()
    assert len(predictor.encoded) < len(plan_tiles(pixels.shape, 64))


def test_tiles_of_deep_pixels_look_as_in_the_frame() -> None:
    deep = spotted(dtype=np.uint16, scale=200)
    plain = segment_in_tiles(SmallGrey(), spotted())
    answer = segment_in_tiles(SmallGrey(), deep)
    differs = answer.mask().on(deep.shape) != plain.mask().on(deep.shape)
    assert differs.mean() < 0.005


def test_it_can_be_stopped() -> None:
    predictor = SmallGrey()
    with pytest.raises(Cancelled):
        segment_in_tiles(predictor, spotted(), lambda: len(predictor.encoded) > 2)
    assert len(predictor.encoded) == 3


def test_only_large_frames_need_tiles() -> None:
    assert needs_tiles((3000, 4000), 1024)
    assert not needs_tiles((1536, 1536), 1024)


def test_settled_lesions_come_before_the_end_and_are_final() -> None:
    pixels = spotted()
    parts: list[tuple[int, Prediction]] = []
    done = [0]

    def progress(tiles_done: int, _total: int) -> None:
        done[0] = tiles_done

    answer = segment_in_tiles(
        SmallGrey(),
        pixels,
        progress=progress,
        found=lambda part: parts.append((done[0], part)),
    )
    tiles = len(plan_tiles(pixels.shape, 64))
    assert len(parts) > 1
    assert parts[0][0] < tiles - 2  # long before the end
    whole = answer.mask().on(pixels.shape)
    numbers, _ = ndimage.label(whole, np.ones((3, 3)))
    seen = np.zeros(pixels.shape, bool)
    for _, part in parts:
        mask = part.mask().on(pixels.shape)
        assert mask.any()
        assert not (mask & seen).any()  # each once
        seen |= mask
        for number in np.unique(numbers[mask]):
            assert number  # nothing that the whole answer does not have
            assert (mask[numbers == number]).all()  # and all of its pixels
    assert seen.sum() > 0.3 * whole.sum()
