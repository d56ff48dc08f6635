from __future__ import annotations

import csv
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from mae_sam2_training.data.manifest import read_manifest
from mae_sam2_training.data.masks import read_lesions
from mae_sam2_training.synthesis import SynthesisError, synthesize
from napari_mae_sam2.fa.drawing import draw_frame
from napari_mae_sam2.fa.frame import FrameError


def rows_of(manifest):
    with manifest.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture
def frames(tmp_path):
    folder = tmp_path / "frames"
    folder.mkdir()
    paths = []
    for seed in (1, 2):
        path = folder / f"eye {seed}.png"
        Image.fromarray(draw_frame(seed, 128, leakage=()).pixels).save(path)
        paths.append(path)
    return paths


def test_a_set_is_written_with_its_manifest(tmp_path, frames):
    seen = []
    manifest = synthesize(
        tmp_path / "set",
        5,
        seed=3,
        frames=frames,
        size=96,
        progress=lambda done, of: seen.append((done, of)),
    )
    rows = rows_of(manifest)
    assert list(rows[0]) == ["image", "mask", "patient", "split", "dataset"]
    assert len(rows) == 5
    assert seen[-1] == (5, 5)
    assert {row["patient"] for row in rows} == {"frames-eye 1", "frames-eye 2"}
    for row in rows:
        image = np.asarray(Image.open(manifest.parent / row["image"]))
        lesions = np.asarray(Image.open(manifest.parent / row["mask"]))
        name = row["mask"].replace("lesions", "masks")
        mask = np.asarray(Image.open(manifest.parent / name))
        assert image.shape == mask.shape == lesions.shape == (96, 96)
        assert image.dtype == np.uint8
        assert lesions.dtype == np.uint16
        assert np.array_equal(mask, np.where(lesions > 0, 255, 0))


def test_a_set_is_read_with_the_lesions_that_were_drawn(tmp_path, frames):
    for folder, given in (("into", frames), ("whole", None)):
        manifest = synthesize(tmp_path / folder, 4, seed=1, frames=given, size=128)
        for record in read_manifest(manifest):
            lesions = read_lesions(record.mask, (128, 128))
            assert np.array_equal(lesions, np.asarray(Image.open(record.mask)))


def test_a_patient_never_stands_in_two_splits(tmp_path, frames):
    rows = rows_of(synthesize(tmp_path / "set", 8, frames=frames, size=64))
    splits = {}
    for row in rows:
        assert splits.setdefault(row["patient"], row["split"]) == row["split"]
    assert set(splits.values()) <= {"train", "val", "test"}


def test_whole_frames_are_drawn_where_none_are_given(tmp_path):
    one = synthesize(tmp_path / "one", 2, seed=7, size=64)
    two = synthesize(tmp_path / "two", 2, seed=7, size=64)
    assert one.read_bytes() == two.read_bytes()
    for name in ("images/00000.png", "masks/00001.png", "lesions/00001.png"):
        assert (one.parent / name).read_bytes() == (two.parent / name).read_bytes()
    assert len({row["patient"] for row in rows_of(one)}) == 2


def test_a_set_that_was_not_finished_leaves_nothing(tmp_path, frames):
    frames[1].write_bytes(b"no frame")
    out = tmp_path / "set"
    with pytest.raises(FrameError):
        synthesize(out, 2, frames=frames, size=64)
    assert not list(out.iterdir())
    synthesize(out, 2, frames=frames[:1], size=64)


def test_bad_wishes_are_one_sentence(tmp_path, frames):
    with pytest.raises(SynthesisError, match="at least 1"):
        synthesize(tmp_path / "set", 0)
    with pytest.raises(SynthesisError, match="seed must be 0 or more"):
        synthesize(tmp_path / "set", 1, seed=-1)
    with pytest.raises(SynthesisError, match="at least 64 pixels, not 10"):
        synthesize(tmp_path / "set", 1, size=10)
    with pytest.raises(SynthesisError, match="two rising numbers"):
        synthesize(tmp_path / "set", 1, contrast=(30, 20))
    with pytest.raises(SynthesisError, match="'dots' is no kind"):
        synthesize(tmp_path / "set", 1, kinds=("dots",))
    assert not (tmp_path / "set").exists()
    full = tmp_path / "full"
    full.mkdir()
    (full / "notes.txt").write_text("mine")
    with pytest.raises(SynthesisError, match="not empty"):
        synthesize(full, 1)
    leaking = tmp_path / "diag_with_np" / "With_NP0018.jpg"
    with pytest.raises(SynthesisError, match="free of real leakage"):
        synthesize(tmp_path / "set", 1, frames=[leaking])
    with pytest.raises(SynthesisError, match="could not be written"):
        synthesize(full / "notes.txt" / "set", 1, frames=frames)


_KILLED = """
import os, signal, sys
from pathlib import Path
from mae_sam2_training.synthesis import synthesize
def stop(done, of):
    if done == 2:
        os.kill(os.getpid(), signal.SIGKILL)
synthesize(Path(sys.argv[1]), 4, size=96, progress=stop)
"""


def test_a_killed_set_does_not_block_the_same_command(tmp_path):
    folder = tmp_path / "set"
    killed = subprocess.run([sys.executable, "-c", _KILLED, str(folder)])
    assert killed.returncode == -9
    assert len(list((folder / "images").iterdir())) == 2
    (folder / "images" / "notes.txt").write_text("mine")
    with pytest.raises(SynthesisError, match="not empty"):
        synthesize(folder, 4, size=96)  # somebody else's file stays
    assert (folder / "images" / "notes.txt").read_text() == "mine"
    (folder / "images" / "notes.txt").unlink()
    (folder / "images").rmdir()
    manifest = synthesize(folder, 4, size=96)
    assert len(rows_of(manifest)) == 4
    assert sorted(path.name for path in folder.iterdir()) == [
        "images",
        "lesions",
        "manifest.csv",
        "masks",
    ]
    with pytest.raises(SynthesisError, match="not empty"):
        synthesize(folder, 4, size=96)  # a whole set is never replaced
