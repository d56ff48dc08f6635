from __future__ import annotations

import json
import logging
import pickle
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile
import torch
from PIL import Image

from mae_sam2_training.config import ConfigError
from mae_sam2_training.crops import CropConfig, crop_frame
from mae_sam2_training.rounds.frozen_test import reserve
from mae_sam2_training.stream import Stream
from mae_sam2_training.stream_sources import DrawnFrames, FilesOnDisk, check_apart
from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.fa.reading import read_frame
from napari_mae_sam2.study.folder import Study

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

PLAIN = CropConfig(side=224, flip=0, gamma=0)


def ramp(level: int, shape: tuple[int, int] = (96, 128)) -> NDArray[np.uint8]:
    """A frame whose values are all near one level, to tell datasets apart."""
    rows = np.arange(shape[0])[:, None] % 8
    return np.broadcast_to(rows + level, shape).astype(np.uint8).copy()


def folder_of(path: Path, *frames: NDArray[Any]) -> Path:
    path.mkdir()
    for index, pixels in enumerate(frames):
        if pixels.dtype == np.uint8:
            Image.fromarray(pixels).save(path / f"{index}.png")
        else:
            tifffile.imwrite(path / f"{index}.tif", pixels)
    return path


@pytest.fixture
def mixed(tmp_path: Path) -> Stream:
    dark = folder_of(tmp_path / "dark", ramp(40), ramp(48))
    bright = folder_of(tmp_path / "bright", np.dstack([ramp(200)] * 3))
    return Stream([FilesOnDisk(dark), FilesOnDisk(bright)], (3.0, 1.0), PLAIN, seed=5)


def test_samples_are_what_the_trunk_takes(mixed: Stream) -> None:
    sample = mixed.sample(0)

    assert sample.shape == (3, 224, 224)
    assert sample.dtype == torch.float32
    assert sample.min() >= 0
    assert sample.max() <= 1


def test_a_sample_depends_on_seed_and_number_alone(mixed: Stream) -> None:
    other = Stream(mixed.datasets, mixed.weights, mixed.crop, seed=6)

    assert torch.equal(mixed.sample(7), mixed.sample(7))
    assert not torch.equal(mixed.sample(7), mixed.sample(8))
    assert any(not torch.equal(mixed.sample(i), other.sample(i)) for i in range(3))


def test_workers_give_the_same_samples(mixed: Stream) -> None:
    class Numbers(torch.utils.data.Dataset[torch.Tensor]):
        def __getitem__(self, number: int) -> torch.Tensor:
            return mixed.sample(number)

        def __len__(self) -> int:
            return 6

    loader = torch.utils.data.DataLoader(Numbers(), batch_size=None, num_workers=2)

    for number, sample in enumerate(loader):
        assert torch.equal(sample, mixed.sample(number))


def test_datasets_are_mixed_by_weight(mixed: Stream) -> None:
    bright = [bool(mixed.sample(i).mean() > 0.5) for i in range(200)]
    assert 0.17 < np.mean(bright) < 0.33


@pytest.mark.parametrize("kind", ["grey 16", "colour 16", "grey 8", "colour 8"])
def test_grey_or_colour_with_8_or_16_bits(tmp_path: Path, kind: str) -> None:
    pixels = ramp(100) if "8" in kind else ramp(100).astype(np.uint16) * 200
    if "colour" in kind:
        pixels = np.dstack([pixels, pixels // 2, pixels // 4])
    stream = Stream([FilesOnDisk(folder_of(tmp_path / "a", pixels))], (1,), PLAIN, 0)

    red, green, blue = stream.sample(0)

    assert torch.isfinite(red).all()
    assert torch.equal(red, blue) == ("grey" in kind)
    assert torch.equal(red, green) == ("grey" in kind)


def test_one_bad_file_does_not_end_a_run(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = folder_of(tmp_path / "a", ramp(100))
    (folder / "broken.png").write_bytes(b"no image")
    stream = Stream([FilesOnDisk(folder)], (1,), PLAIN, 0)

    with caplog.at_level(logging.WARNING):
        samples = [stream.sample(i) for i in range(8)]

    assert len(samples) == 8
    assert "broken.png" in caplog.text


def test_a_bad_file_is_named_once_by_all_processes(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = folder_of(tmp_path / "a", ramp(100))
    (folder / "broken.png").write_bytes(b"no image")
    stream = Stream([FilesOnDisk(folder)], (1,), PLAIN, 0)
    program = (
        "import pickle, sys; stream = pickle.load(open(sys.argv[1], 'rb'));"
        "[stream.sample(i) for i in range(8)]"
    )
    saved = tmp_path / "stream.pickle"
    saved.write_bytes(pickle.dumps(stream))
    for _ in range(2):
        subprocess.run([sys.executable, "-c", program, str(saved)], check=True)
    assert capfd.readouterr().err.count("broken.png") == 1


def test_only_bad_files_do(tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"no image")
    stream = Stream([FilesOnDisk(tmp_path)], (1,), PLAIN, 0)

    with pytest.raises(PlainError, match=r"Hardly a frame of .* broken\.png"):
        stream.sample(0)


def test_a_manifest_gives_its_training_rows(tmp_path: Path) -> None:
    folder_of(tmp_path / "frames", *(ramp(40 + i) for i in range(4)))
    rows = [
        "image,label,split",
        *(f"frames/{i}.png,x,{s}" for i, s in enumerate(("train", "test", "", "val"))),
    ]
    manifest = tmp_path / "manifest.csv"
    manifest.write_text("\n".join(rows))

    assert [f.name for f in FilesOnDisk(manifest).files] == ["0.png", "2.png"]


def test_a_study_gives_all_its_frames(tmp_path: Path) -> None:
    (tmp_path / "study.json").write_text(json.dumps({"schema": 1}))
    with pytest.raises(ConfigError, match="no case that may be learnt from"):
        FilesOnDisk(tmp_path)
    study = Study.open(tmp_path)
    for case in ("a", "b"):
        tifffile.imwrite(tmp_path / f"{case}.tif", ramp(90 + ord(case)))
        study.add_frame(read_frame(tmp_path / f"{case}.tif"))

    assert len(FilesOnDisk(tmp_path).files) == 2


def test_a_study_keeps_its_test_and_names_its_patients(tmp_path: Path) -> None:
    study = Study.create(tmp_path / "study")
    folder_of(tmp_path / "frames", ramp(10), ramp(60), ramp(120))
    cases = [
        study.add_frame(read_frame(tmp_path / "frames" / f"{n}.png"), patient=f"P{n}")
        for n in range(3)
    ]
    reserve(study.folder, cases=[cases[0].id])
    found = FilesOnDisk(study.folder)
    assert found.groups() == {"patient P1", "patient P2"}
    manifest = tmp_path / "same.csv"
    manifest.write_text("image,patient\nframes/2.png,P2\n")
    with pytest.raises(ConfigError, match="patient P2 is both learnt from and held"):
        check_apart([found], [FilesOnDisk(manifest)])


def test_nothing_to_learn_from_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no frames to learn from"):
        Stream([], (), PLAIN, 0)
    with pytest.raises(PlainError, match="There is no"):
        FilesOnDisk(tmp_path / "absent")
    with pytest.raises(PlainError, match="holds no"):
        FilesOnDisk(tmp_path)


def test_the_fingerprint_follows_the_files(tmp_path: Path, mixed: Stream) -> None:
    before = mixed.fingerprint()
    assert before == mixed.fingerprint()

    Image.fromarray(ramp(9)).save(tmp_path / "dark" / "new.png")
    datasets = [FilesOnDisk(tmp_path / "dark"), FilesOnDisk(tmp_path / "bright")]

    assert Stream(datasets, mixed.weights, PLAIN, 5).fingerprint() != before
    assert Stream(mixed.datasets, (1, 1), PLAIN, 5).fingerprint() != before


def test_crops_show_the_field_rather_than_the_border() -> None:
    frame = np.zeros((400, 400, 3), np.uint8)
    frame[150:350, 200:390] = 120
    tight = CropConfig(side=224, smallest=0.2, largest=0.3)

    lit = [
        float((crop_frame(frame, tight, np.random.default_rng(i)) > 0.1).float().mean())
        for i in range(40)
    ]

    assert np.mean(np.asarray(lit) > 0.4) > 0.8


def test_flips_and_exposure_change_the_picture() -> None:
    frame = np.dstack([np.arange(256, dtype=np.uint8)[None].repeat(256, 0)] * 3)
    whole = {"side": 224, "smallest": 1.0, "stretch": 1.0}
    plain = crop_frame(
        frame, CropConfig(**whole, flip=0, gamma=0), np.random.default_rng(0)
    )
    flipped = crop_frame(
        frame, CropConfig(**whole, flip=1, gamma=0), np.random.default_rng(0)
    )
    exposed = crop_frame(
        frame, CropConfig(**whole, flip=0, gamma=0.5), np.random.default_rng(0)
    )

    torch.testing.assert_close(flipped, plain.flip(2), rtol=0, atol=1e-5)
    assert not torch.allclose(exposed, plain, atol=0.01)
    assert (exposed[0, 0].diff() >= 0).all()


def test_synthetic_frames_are_one_more_dataset() -> None:
    stream = Stream([DrawnFrames(side=256)], (1,), PLAIN, 0)

    first, second = stream.sample(0), stream.sample(1)

    assert first.std() > 0.01
    assert not torch.equal(first, second)
    assert torch.equal(first, stream.sample(0))


@pytest.mark.real_data
def test_real_frames_stream(real_data: Path) -> None:
    folders = [real_data / "huapu4_FFA" / "diag_normal", real_data / "UWAT-GAN-R"]
    stream = Stream([FilesOnDisk(f) for f in folders], (1, 1), CropConfig(), 0)

    for number in range(6):
        sample = stream.sample(number)
        assert sample.shape == (3, 448, 448)
        assert sample.std() > 0.02
