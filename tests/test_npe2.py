from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import tifffile
from npe2 import PluginManager, PluginManifest
from PIL import Image

import napari_mae_sam2
from napari_mae_sam2._reader import get_reader, read
from napari_mae_sam2._sample_data import drawn_frame, sample_frame
from napari_mae_sam2._writer import write_labels
from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.fa.field import field_mask
from napari_mae_sam2.fa.frame import FrameError
from napari_mae_sam2.fa.pixels import check_pixels
from napari_mae_sam2.fa.reading import FRAME_SUFFIXES

GREY = np.random.default_rng(0).integers(0, 256, (40, 50)).astype(np.uint8)
MANIFEST = Path(napari_mae_sam2.__file__).parent / "napari.yaml"


@pytest.fixture
def manifest() -> PluginManifest:
    return PluginManifest.from_file(MANIFEST)


def test_every_command_can_be_imported(manifest: PluginManifest) -> None:
    manifest.validate_imports()


def test_reader_claims_all_endings_of_frames(manifest: PluginManifest) -> None:
    (reader,) = manifest.contributions.readers
    patterns = set(reader.filename_patterns)
    for suffix in FRAME_SUFFIXES:
        assert {f"*{suffix}", f"*{suffix.upper()}"} <= patterns
    assert reader.accepts_directories


def test_npe2_reads_and_writes_through_the_manifest(
    manifest: PluginManifest, tmp_path: Path
) -> None:
    path = tmp_path / "OD  1.png"
    Image.fromarray(GREY).save(path)
    manager = PluginManager()
    manager.register(manifest)
    found = [r.command for r in manager.iter_compatible_readers([str(path)])]
    assert found == ["napari-mae-sam2.read_frames"]
    writer = manager.get_writer(str(tmp_path / "OD  1.tif"), ["labels"])[0]
    assert writer is not None
    assert writer.command == "napari-mae-sam2.write_labels"


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_a_file_becomes_an_image_layer(tmp_path: Path, dtype: str) -> None:
    path = tmp_path / "OD late  2.tif"
    tifffile.imwrite(path, GREY.astype(dtype))
    assert get_reader(str(path)) is read
    ((data, about, kind),) = read(str(path))
    assert kind == "image"
    assert np.array_equal(data, GREY)
    assert about["name"] == "OD late  2"
    low, high = about["contrast_limits"]
    assert 0 <= low < high <= 255
    metadata = about["metadata"]
    assert metadata["path"] == str(path)
    assert metadata["sha256"] == metadata["fa_frame"].sha256
    assert metadata["fa_frame"].pixels.dtype == dtype


def test_equal_channels_are_shown_grey_and_colours_as_colours(tmp_path: Path) -> None:
    Image.fromarray(np.repeat(GREY[..., None], 3, axis=2)).save(tmp_path / "g.png")
    Image.fromarray(np.dstack([GREY, GREY, GREY[::-1]])).save(tmp_path / "c.png")
    ((grey, about, _),) = read(str(tmp_path / "g.png"))
    assert grey.shape == (40, 50)
    assert about["metadata"]["fa_frame"].pixels.shape == (40, 50, 3)  # as stored
    ((colour, about, _),) = read(str(tmp_path / "c.png"))
    assert colour.shape == (40, 50, 3)
    assert about["rgb"]


def test_pages_and_several_files(tmp_path: Path) -> None:
    run = tmp_path / "run.tif"
    tifffile.imwrite(run, np.stack([GREY, 255 - GREY]), photometric="minisblack")
    Image.fromarray(GREY).save(tmp_path / "a.png")
    paths = [str(run), str(tmp_path / "a.png")]
    assert get_reader(paths) is read
    assert [layer[1]["name"] for layer in read(paths)] == ["run", "run page 2", "a"]


def test_a_folder_gives_its_first_good_frame_and_the_list(tmp_path: Path) -> None:
    (tmp_path / "1.png").write_bytes(b"no image")
    for name in ("10.png", "2.png"):
        Image.fromarray(GREY).save(tmp_path / name)
    assert get_reader(str(tmp_path)) is read
    ((_, about, _),) = read(str(tmp_path))
    assert about["name"] == "2"
    names = [Path(p).name for p in about["metadata"]["fa_frames"]]
    assert names == ["1.png", "2.png", "10.png"]


def test_bad_folders_say_so(tmp_path: Path) -> None:
    assert get_reader(str(tmp_path)) is read
    with pytest.raises(FrameError, match="holds no PNG"):
        read(str(tmp_path))
    (tmp_path / "bad.png").write_bytes(b"no image")
    with pytest.raises(FrameError, match=r"bad\.png"):
        read(str(tmp_path))


def test_what_is_no_frame_is_left_to_others(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    (tmp_path / "x.zarr").mkdir()
    (tmp_path / "y").mkdir()
    (tmp_path / "y" / ".zarray").touch()
    Image.fromarray(GREY).save(tmp_path / "a.png")
    for name in ("notes.txt", "x.zarr", "y", "gone.png"):
        assert get_reader(str(tmp_path / name)) is None, name
    assert get_reader([str(tmp_path / "a.png"), str(tmp_path / "notes.txt")]) is None
    assert get_reader([]) is None


def test_a_bad_image_raises_its_sentence(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"no image")
    reader = get_reader(str(path))
    assert reader is not None
    with pytest.raises(PlainError, match=r"a\.png is not a PNG"):
        reader(str(path))


def test_a_label_is_written_and_read_again(tmp_path: Path) -> None:
    Image.fromarray(GREY).save(tmp_path / "a.png")
    before = (tmp_path / "a.png").read_bytes()
    ((_, about, _),) = read(str(tmp_path / "a.png"))
    labels = np.zeros((40, 50), np.int64)  # as napari makes them
    labels[3:6, 4:9] = 2
    written = write_labels(str(tmp_path / "a.png"), labels, about)
    names = [Path(p).name for p in written]
    assert names == ["a.leakage.tif", "a.leakage.png", "a.leakage.json"]
    assert (tmp_path / "a.png").read_bytes() == before
    record = json.loads(Path(written[2]).read_text("utf-8"))
    assert record["frame_sha256"] == about["metadata"]["sha256"]
    assert record["lesions"][0]["area_px"] == 15
    reader = get_reader(written[0])
    assert reader is not None
    ((data, about, kind),) = reader(written[0])
    assert kind == "labels"
    assert np.array_equal(data, labels)


def test_a_label_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    with pytest.raises(PlainError, match="gone"):
        write_labels(str(tmp_path / "no" / "a.tif"), np.zeros((40, 50), int), {})
    with pytest.raises(PlainError, match="3 × 50 × 40"):
        write_labels(str(tmp_path / "a.tif"), np.zeros((40, 50, 3), int), {})
    assert not list(tmp_path.iterdir())


def test_the_sample_is_a_frame_and_the_same_every_time() -> None:
    frame = sample_frame()
    check_pixels(frame.pixels, frame.name)
    assert frame.shape == (1024, 1024)
    assert 0.5 < field_mask(frame.pixels).mean() < 1
    ((data, about, kind),) = drawn_frame()
    assert kind == "image"
    assert about["metadata"]["sha256"] == frame.sha256
    data[:] = 0  # a layer of its own: painting in it does not change the sample
    assert frame.pixels.any()
