"""Runs of frames in one TIFF: mixed pages, thumbnails, overviews, broken chains."""

from __future__ import annotations

import struct
import tracemalloc
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_mae_sam2._reader import read
from napari_mae_sam2.fa.frame import FrameError
from napari_mae_sam2.fa.reading import count_pages, read_frame
from napari_mae_sam2.study.adding import add_files
from napari_mae_sam2.study.folder import Study

if TYPE_CHECKING:
    from pathlib import Path

ROWS, COLUMNS = np.mgrid[0:96, 0:128]
GREY = (ROWS + COLUMNS).astype(np.uint8)
RGB = np.dstack([GREY, 255 - GREY, GREY // 2])
DEEP = GREY.astype(np.uint16) * 250
REDUCED = {"subfiletype": 1}


def write(path: Path, *pages: tuple[np.ndarray, dict[str, object]]) -> None:
    with tifffile.TiffWriter(path) as tiff:
        for pixels, how in pages:
            tiff.write(pixels, metadata=None, **how)


def frames(path: Path) -> list[np.ndarray]:
    return [read_frame(path, page).pixels for page in range(count_pages(path))]


def test_pages_of_mixed_size_depth_colour_and_compression(tmp_path: Path) -> None:
    path = tmp_path / "run.tif"
    bits = GREY > 100
    write(
        path,
        (GREY, {"compression": "lzw"}),
        (RGB[:80, :90], {"photometric": "rgb", "compression": "deflate"}),
        (DEEP[:70], {"tile": (32, 32)}),
        (np.dstack([255 - RGB, GREY * 0]), {"photometric": "separated"}),
        (GREY >> 4, {"bitspersample": 4, "photometric": "miniswhite"}),
        (bits, {"photometric": "minisblack"}),
        ((GREY / 255).astype(np.float32), {}),
        (np.moveaxis(RGB, -1, 0), {"photometric": "rgb", "planarconfig": "separate"}),
    )
    wanted = [
        GREY, RGB[:80, :90], DEEP[:70], RGB, 255 - (GREY >> 4) * 17,
        np.where(bits, 255, 0), (GREY / 255).astype(np.float32), RGB,
    ]  # fmt: skip
    found = frames(path)
    assert len(found) == 8
    for one, other in zip(found, wanted, strict=True):
        assert np.array_equal(one, other)
    assert read_frame(path, 2).name == "run page 3"
    layers = read(str(path))
    assert [layer[1]["name"] for layer in layers[:2]] == ["run", "run page 2"]
    assert len(layers) == 8


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_thumbnail_is_no_frame_wherever_it_stands(tmp_path: Path, place: int) -> None:
    path = tmp_path / "a.tif"
    pages: list[tuple[np.ndarray, dict[str, object]]] = [(GREY, {}), (DEEP, {})]
    pages.insert(place, (GREY[::2, ::2], REDUCED))
    write(path, *pages)
    first, second = frames(path)
    assert np.array_equal(first, GREY)
    assert np.array_equal(second, DEEP)
    assert "page" not in read_frame(path).name


def test_the_old_tag_of_a_thumbnail_and_masks(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    old = {"extratags": [(255, 3, 1, 2, True)]}
    write(
        path,
        (RGB[::2, ::2], old | {"photometric": "rgb"}),
        (GREY > 9, {"subfiletype": 4}),
        (GREY, {"subfiletype": 2}),  # a page of several, and a frame
    )
    assert count_pages(path) == 1
    assert np.array_equal(read_frame(path).pixels, GREY)


def test_a_small_page_without_a_tag_is_a_frame_and_a_tiny_one_is_none(
    tmp_path: Path,
) -> None:
    write(tmp_path / "a.tif", (GREY, {}), (GREY[:40, :50], {}), (GREY[:16, :16], {}))
    assert [one.shape for one in frames(tmp_path / "a.tif")] == [(96, 128), (40, 50)]


def test_overviews_below_a_page_and_a_picture_below_its_thumbnail(
    tmp_path: Path,
) -> None:
    pyramid, raw = tmp_path / "pyramid.tif", tmp_path / "raw.tif"
    with tifffile.TiffWriter(pyramid) as tiff:
        tiff.write(GREY, subifds=2, metadata=None)
        tiff.write(GREY[::2, ::2], subfiletype=1, metadata=None)
        tiff.write(GREY[::3, ::3], metadata=None)  # an overview without its tag
        tiff.write(DEEP, metadata=None)
    first, second = frames(pyramid)
    assert np.array_equal(first, GREY)
    assert np.array_equal(second, DEEP)
    with tifffile.TiffWriter(raw) as tiff:
        tiff.write(RGB[::2, ::2], subifds=1, subfiletype=1, metadata=None)
        tiff.write(DEEP, metadata=None)
    (found,) = frames(raw)
    assert np.array_equal(found, DEEP)


def test_a_file_of_nothing_but_a_thumbnail_says_why(tmp_path: Path) -> None:
    write(tmp_path / "a.tif", (GREY[:20, :20], REDUCED))
    assert count_pages(tmp_path / "a.tif") == 1
    with pytest.raises(FrameError, match="too small to grade"):
        read_frame(tmp_path / "a.tif")
    write(tmp_path / "b.tif", (GREY, REDUCED))
    assert np.array_equal(read_frame(tmp_path / "b.tif").pixels, GREY)


def test_what_pillow_writes_as_a_run(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    pages = [Image.fromarray(one) for one in (RGB, GREY[:50], RGB[:, :60])]
    pages[0].save(path, save_all=True, append_images=pages[1:])
    for found, page in zip(frames(path), pages, strict=True):
        assert np.array_equal(found, np.array(page))


def test_a_page_that_cannot_be_read_does_not_stop_the_others(tmp_path: Path) -> None:
    path = tmp_path / "run.tif"
    write(path, (GREY * 0, {}), (GREY, {}), (RGB, {"photometric": "rgb"}))
    with tifffile.TiffFile(path, mode="r+b") as tiff:
        tiff.pages[2].tags["PhotometricInterpretation"].overwrite(10)
    with pytest.warns(UserWarning, match="run.tif is blank|ITULab"):
        layers = read(str(path))
    assert [layer[1]["name"] for layer in layers] == ["run page 2"]
    study = Study.create(tmp_path / "study")
    added = add_files(study, [path], {})
    assert added.added == 1
    assert len(added.trouble) == 2


def test_a_run_that_was_cut_short_keeps_its_first_frames(tmp_path: Path) -> None:
    path = tmp_path / "run.tif"
    noise = np.random.default_rng(0).integers(0, 255, (4, 96, 128)).astype(np.uint8)
    write(path, *[(page, {}) for page in noise])
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 5 // 8])
    count = count_pages(path)
    assert count >= 3
    assert np.array_equal(read_frame(path).pixels, noise[0])
    with pytest.raises(FrameError, match="damaged or cut short"):
        read_frame(path, count - 1)


def test_a_chain_that_bites_its_tail_ends(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    write(path, (GREY, {}))
    with tifffile.TiffFile(path) as tiff:
        where, start = tiff.pages.next_page_offset, tiff.pages.first.offset
    raw = bytearray(path.read_bytes())
    raw[where : where + 4] = struct.pack("<I", start)
    path.write_bytes(raw)
    assert np.array_equal(read_frame(path).pixels, GREY)
    assert count_pages(path) < 200


def test_missing_strips_are_damage_and_no_black(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, GREY, rowsperstrip=8, compression="zlib")
    with tifffile.TiffFile(path, mode="r+b") as tiff:
        counts = tiff.pages.first.tags["StripByteCounts"]
        counts.overwrite([0, *counts.value[1:]])
    with pytest.raises(FrameError, match="damaged or cut short"):
        read_frame(path)


def test_one_page_of_a_long_run_costs_the_memory_of_one(tmp_path: Path) -> None:
    path = tmp_path / "run.tif"
    page = np.tile(GREY, (10, 10))
    write(path, *[(np.roll(page, n, 0), {"compression": "zlib"}) for n in range(24)])
    count_pages(path)
    tracemalloc.start()
    try:
        found = read_frame(path, 23).pixels
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert np.array_equal(found, np.roll(page, 23, 0))
    assert peak < 4 * page.nbytes


def test_a_page_too_large_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    path = tmp_path / "run.tif"
    blank = (bytes(12000 * 100) for _ in range(90))
    with tifffile.TiffWriter(path) as tiff:
        how = {"dtype": "u1", "rowsperstrip": 100, "compression": "zlib"}
        tiff.write(blank, shape=(9000, 12000), metadata=None, **how)
        tiff.write(GREY, metadata=None)
    tracemalloc.start()
    try:
        assert count_pages(path) == 2
        with pytest.raises(FrameError, match="too large"):
            read_frame(path)
        assert np.array_equal(read_frame(path, 1).pixels, GREY)
        assert tracemalloc.get_traced_memory()[1] < 8e6
    finally:
        tracemalloc.stop()
