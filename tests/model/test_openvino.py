from __future__ import annotations

import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from napari_mae_sam2.fa.reading import read_frame
from napari_mae_sam2.model import openvino_conversion
from napari_mae_sam2.model.encoder import Encoder, TorchEncoder
from napari_mae_sam2.model.engine_choice import Engine
from napari_mae_sam2.model.engines import open_encoder
from napari_mae_sam2.model.folders import HOME_VARIABLE
from napari_mae_sam2.model.loading import open_predictor
from napari_mae_sam2.model.openvino_conversion import (
    ConversionError,
    Part,
    conversion_folder,
    find_or_convert,
    is_whole,
)
from napari_mae_sam2.model.openvino_encoder import OpenVinoEncoder
from napari_mae_sam2.model.openvino_export import ENCODER
from napari_mae_sam2.model.predictor import Sam2Predictor
from napari_mae_sam2.model.prepared import PreparedEncoder
from napari_mae_sam2.model.protocol import Cancelled, Prompts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari_mae_sam2.model.checkpoint import LoadedModel

pytest.importorskip("openvino")

SIDE = 128


pytestmark = pytest.mark.usefixtures("own_home")


@pytest.fixture(scope="module")
def loaded(own_home: None, small_loaded: LoadedModel) -> LoadedModel:
    return small_loaded


@pytest.fixture(scope="module")
def converted(loaded: LoadedModel) -> Path:
    return _convert(loaded) / ENCODER


def _convert(loaded: LoadedModel, part: Part = "encoder") -> Path:
    return find_or_convert(
        part, loaded.path, loaded.encoder_fingerprint, SIDE, lambda: False
    )


def _images(count: int = 1) -> torch.Tensor:
    made = torch.Generator().manual_seed(0)
    return torch.randn(count, 3, SIDE, SIDE, generator=made)


def _difference(encoder: Encoder, loaded: LoadedModel) -> float:
    """Largest relative difference to the model's own features."""
    expected = TorchEncoder(loaded.model).encode(_images(2))
    answer = encoder.encode(_images(2))
    pairs = zip(
        (answer.embedding, *answer.high_res),
        (expected.embedding, *expected.high_res),
        strict=True,
    )
    found = 0.0
    for own, model in pairs:
        assert own.shape == model.shape
        assert own.dtype == torch.float32
        found = max(found, float((own - model).norm() / model.norm()))
    return found


def test_float32_equals_pytorch_and_bf16_nearly(
    converted: Path, loaded: LoadedModel
) -> None:
    encoder = OpenVinoEncoder(converted, "float32", threads=1)
    assert encoder.name == "OpenVINO float32 on cpu"
    assert _difference(encoder, loaded) < 1e-4
    in_bf16 = _convert(loaded, "encoder-bf16") / ENCODER
    assert in_bf16.parent != converted.parent
    nearly = _difference(OpenVinoEncoder(in_bf16, "bf16", threads=1), loaded)
    assert 1e-4 < nearly < 0.05
    assert _difference(TorchEncoder(loaded.model, "bf16"), loaded) < 0.05


def test_several_threads_share_one(converted: Path, loaded: LoadedModel) -> None:
    encoder = OpenVinoEncoder(converted, "float32", threads=1)
    found: list[float] = []
    threads = [
        threading.Thread(target=lambda: found.append(_difference(encoder, loaded)))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 3
    assert max(found) < 1e-4


def test_encoding_stops_when_asked_and_works_again(
    converted: Path, loaded: LoadedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    # At this size a frame takes less than one wait.
    monkeypatch.setattr("napari_mae_sam2.model.openvino_encoder._ASK_EVERY", 0)
    encoder = OpenVinoEncoder(converted, "float32", threads=1)
    for answers in ([True], [False, True]):
        with pytest.raises(Cancelled):
            encoder.encode(_images(), iter(answers).__next__)
    assert _difference(encoder, loaded) < 1e-4


def _refuse(*arguments: object, **named: object) -> None:
    raise AssertionError("converted again")


def test_the_converted_form_is_kept(
    converted: Path, loaded: LoadedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subprocess, "Popen", _refuse)
    again = _convert(loaded) / ENCODER
    assert again == converted
    assert not list(converted.parents[1].glob(".tmp-*"))


def test_another_encoder_size_or_openvino_is_converted_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folders = {
        conversion_folder("encoder", "a", 128),
        conversion_folder("encoder", "b", 128),
    }
    folders.add(conversion_folder("encoder", "a", 256))
    monkeypatch.setattr("importlib.metadata.version", lambda name: "9999.0")
    folders.add(conversion_folder("encoder", "a", 128))
    assert len(folders) == 4


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-8])


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("spoil", [_cut, _flip, lambda path: path.unlink()])
@pytest.mark.parametrize("part", ["encoder.xml", "encoder.bin", "sums.json"])
def test_a_spoiled_conversion_is_noticed(
    converted: Path, tmp_path: Path, spoil: Callable[[Path], None], part: str
) -> None:
    for path in converted.parent.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    assert is_whole(tmp_path)
    spoil(tmp_path / part)
    assert not is_whole(tmp_path)


def test_a_spoiled_conversion_is_made_again(
    converted: Path, loaded: LoadedModel
) -> None:
    _flip(converted.with_suffix(".bin"))
    again = _convert(loaded) / ENCODER
    assert again == converted
    assert is_whole(converted.parent)
    encoder = OpenVinoEncoder(again, "float32", threads=1)
    assert _difference(encoder, loaded) < 1e-4


def test_only_the_last_conversions_stay(
    converted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path))
    monkeypatch.setattr(openvino_conversion, "_convert_apart", _copy_of(converted))
    kept = []
    for number in range(5):
        kept.append(
            find_or_convert("encoder", converted, f"{number}", SIDE, lambda: False)
        )
        time.sleep(0.01)
    assert [path.is_dir() for path in kept] == [False, False, True, True, True]


def _copy_of(converted: Path) -> Callable[..., None]:
    def copy(
        part: str,
        weights: Path,
        fingerprint: str,
        side: int,
        folder: Path,
        stopped: object,
    ) -> None:
        for path in converted.parent.iterdir():
            (folder / path.name).write_bytes(path.read_bytes())

    return copy


def test_weights_that_changed_meanwhile_are_refused(loaded: LoadedModel) -> None:
    with pytest.raises(ConversionError, match="has changed since it was loaded"):
        find_or_convert(
            "encoder", loaded.path, "another fingerprint", SIDE, lambda: False
        )


def test_a_folder_that_cannot_be_written(
    loaded: LoadedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "file"))
    (tmp_path / "file").touch()
    with pytest.raises(ConversionError, match="cannot be written"):
        find_or_convert("encoder", loaded.path, "any", SIDE, lambda: False)


def test_converting_stops_at_once_and_leaves_nothing(loaded: LoadedModel) -> None:
    started = time.monotonic()
    asked: list[int] = []

    def soon() -> bool:
        asked.append(1)
        return len(asked) > 3

    with pytest.raises(Cancelled):
        find_or_convert("encoder", loaded.path, "never made", SIDE, soon)
    assert time.monotonic() - started < 3
    folder = conversion_folder("encoder", "never made", SIDE)
    assert not folder.exists()
    assert not list(folder.parent.glob(".tmp-*"))


def test_pytorch_serves_until_openvino_is_there(
    converted: Path, loaded: LoadedModel
) -> None:
    go = threading.Event()

    def prepare(stopped: Callable[[], bool]) -> Encoder:
        assert go.wait(60)
        return OpenVinoEncoder(converted, "float32", threads=1)

    encoder = PreparedEncoder(
        TorchEncoder(loaded.model), prepare, "OpenVINO float32", "float32"
    )
    predictor = Sam2Predictor(loaded, "cpu", encoder)
    before = "PyTorch float32 on cpu (OpenVINO float32 is being prepared)"
    assert predictor.engine == before
    assert _difference(encoder, loaded) == 0
    assert not encoder.wait(0.01)
    go.set()
    assert encoder.wait(60)
    assert predictor.engine == "OpenVINO float32 on cpu"
    assert 0 < _difference(encoder, loaded) < 1e-4
    predictor.close()


@pytest.mark.parametrize("error", [ConversionError("The disk is full."), OSError("x")])
def test_pytorch_goes_on_where_openvino_fails(
    loaded: LoadedModel, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    def prepare(stopped: Callable[[], bool]) -> Encoder:
        raise error

    encoder = PreparedEncoder(
        TorchEncoder(loaded.model), prepare, "OpenVINO bf16", "bf16"
    )
    assert encoder.wait(10)
    assert encoder.name == "PyTorch float32 on cpu (OpenVINO bf16 cannot be used)"
    assert _difference(encoder, loaded) == 0
    assert str(error) in caplog.text


@pytest.mark.parametrize("end", ["close", "forget"])
def test_preparing_ends_when_closed_or_forgotten(loaded: LoadedModel, end: str) -> None:
    ended = threading.Event()

    def prepare(stopped: Callable[[], bool]) -> Encoder:
        while not stopped():
            time.sleep(0.005)
        ended.set()
        raise Cancelled

    encoder = PreparedEncoder(TorchEncoder(loaded.model), prepare, "it", "float32")
    if end == "close":
        encoder.close()
        assert ended.is_set()
        assert encoder.name == "PyTorch float32 on cpu (it was not prepared)"
    del encoder
    assert ended.wait(5)


_PROGRAM = """
import sys, time
from napari_mae_sam2.model.checkpoint import load_model
from napari_mae_sam2.model.engine_choice import Engine
from napari_mae_sam2.model.engines import open_encoder
encoder = open_encoder(load_model(sys.argv[1], image_size=64), Engine.OPENVINO)
time.sleep(0.3)
assert "being prepared" in encoder.name, encoder.name
"""


def test_the_program_ends_although_something_is_prepared(loaded: LoadedModel) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, str(loaded.path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    folder = conversion_folder("encoder", loaded.encoder_fingerprint, 64)
    assert not folder.exists()
    assert not list(folder.parent.glob(".tmp-*"))


def test_openvino_reports_nothing() -> None:
    code = (
        "import sys\n"
        "from napari_mae_sam2.model.openvino_encoder import import_openvino\n"
        "assert import_openvino().convert_model\n"
        "bad = [name for name in sys.modules if 'openvino_telemetry' in name]\n"
        "sys.exit(str(bad) if bad else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_predictor_is_opened_with_what_was_asked_for(
    loaded: LoadedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = np.random.default_rng(0).integers(0, 256, (90, 140), np.uint8)
    monkeypatch.setenv("NAPARI_MAE_SAM2_ENCODER", "torch")
    plain = open_predictor(str(loaded.path))
    assert plain.engine == f"PyTorch float32 on {plain.device}"
    expected = plain.decode(plain.encode(frame), Prompts()).logits
    assert plain.is_stored(frame)
    plain.close()

    monkeypatch.setenv("NAPARI_MAE_SAM2_ENCODER", "openvino")
    predictor = open_predictor(str(loaded.path))
    assert isinstance(predictor.encoder, PreparedEncoder)
    assert predictor.encoder.wait(60)
    assert predictor.engine == "OpenVINO float32 on cpu"
    predictor.cache = None
    answer = predictor.decode(predictor.encode(frame), Prompts()).logits
    predictor.close()
    assert 0 < np.abs(answer - expected).max() < 0.02 * np.abs(expected).max()


def _prompts(shape: tuple[int, int]) -> list[Prompts]:
    """Clicks along the diagonal and boxes around them."""
    prompts = []
    for place in (0.3, 0.5, 0.7):
        centre = np.array(shape, np.float32) * place
        click = np.array([centre])
        box = np.array([[*(centre - 40), *(centre + 40)]], np.float32)
        prompts.append(Prompts(points=click, labels=np.array([1], np.int8)))
        prompts.append(Prompts(boxes=box))
    return prompts


@pytest.mark.slow
@pytest.mark.real_data
def test_masks_on_a_real_frame_agree_with_float32(
    base_model: LoadedModel, real_data: Path
) -> None:
    folder = real_data / "huapu4_FFA" / "diag_with_np"
    pixels = read_frame(sorted(folder.glob("*.jpg"))[0]).pixels
    exact = Sam2Predictor(base_model, "cpu")
    encoder = open_encoder(base_model, Engine.OPENVINO)
    assert isinstance(encoder, PreparedEncoder)
    assert encoder.wait(200)
    other = Sam2Predictor(base_model, "cpu", encoder)
    assert other.engine == "OpenVINO float32 on cpu"

    embedding, theirs = exact.encode(pixels), other.encode(pixels)

    overlaps = []
    for prompts in _prompts(embedding.shape):
        a = exact.decode(embedding, prompts).logits[0] > 0
        b = other.decode(theirs, prompts).logits[0] > 0
        overlaps.append((a & b).sum() / max(1, (a | b).sum()))
    assert np.mean(overlaps) >= 0.99, overlaps
