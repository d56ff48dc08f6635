from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from napari_mae_sam2.model.architectures import Architecture, build_model
from napari_mae_sam2.model.card import ModelCard
from napari_mae_sam2.model.checkpoint import LoadedModel, load_model, save_checkpoint
from napari_mae_sam2.model.embedding_cache import EmbeddingCache, EmbeddingKey
from napari_mae_sam2.model.encoder import TorchEncoder
from napari_mae_sam2.model.forward import Features
from napari_mae_sam2.model.predictor import Sam2Predictor
from napari_mae_sam2.model.protocol import Prompts

if TYPE_CHECKING:
    from pathlib import Path

SIDE = 32
FILE = 8 * SIDE**2 + 600  # bytes, about


def _key(number: int = 0) -> EmbeddingKey:
    return EmbeddingKey(f"frame {number}", "encoder", SIDE, "float32")


def _random(number: int = 0) -> Features:
    made = torch.Generator().manual_seed(number)
    embedding, fine, middle = (torch.randn(s, generator=made) for s in _key().shapes)
    return Features(embedding, (fine, middle))


def _same(one: Features, other: Features) -> bool:
    pairs = zip(
        (one.embedding, *one.high_res), (other.embedding, *other.high_res), strict=True
    )
    return all(torch.equal(a, b) for a, b in pairs)


def _file(cache: EmbeddingCache, number: int = 0) -> Path:
    return cache.folder / _key(number).name


@pytest.fixture
def cache(tmp_path: Path) -> EmbeddingCache:
    return EmbeddingCache(tmp_path / "embeddings", 10**9)


def _reopened(cache: EmbeddingCache) -> EmbeddingCache:
    """As another window has it: with nothing in memory."""
    return EmbeddingCache(cache.folder, cache.limit)


def test_what_was_kept_comes_back_from_memory_and_disk(cache: EmbeddingCache) -> None:
    assert cache.get(_key()) is None
    kept = cache.put(_key(), _random())

    torch.testing.assert_close(
        kept.embedding, _random().embedding, atol=2e-3, rtol=1e-3
    )
    assert kept.embedding.dtype == torch.float32
    assert cache.get(_key()) is kept
    again = _reopened(cache).get(_key())
    assert again is not None
    assert _same(again, kept)
    assert abs(_file(cache).stat().st_size - FILE) < 400
    assert [path.name for path in cache.folder.iterdir()] == [_key().name]


def test_memory_holds_only_the_last_few(tmp_path: Path) -> None:
    cache = EmbeddingCache(tmp_path, 10**9, memory=int(6.5 * _random().nbytes))
    for number in range(12):
        cache.put(_key(number), _random(number))
    for path in cache.folder.iterdir():
        path.unlink()
    there = [number for number in range(12) if cache.get(_key(number)) is not None]
    assert there == list(range(6, 12))


@pytest.mark.parametrize(
    "other",
    [
        EmbeddingKey("other", "encoder", SIDE, "float32"),
        EmbeddingKey("frame 0", "other", SIDE, "float32"),
        EmbeddingKey("frame 0", "encoder", 64, "float32"),
        EmbeddingKey("frame 0", "encoder", SIDE, "bf16"),
    ],
)
def test_another_frame_encoder_size_or_precision_is_not_found(
    cache: EmbeddingCache, other: EmbeddingKey
) -> None:
    cache.put(_key(), _random())
    assert cache.get(other) is None


def test_a_newer_preprocessing_is_not_found(
    cache: EmbeddingCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.put(_key(), _random())
    monkeypatch.setattr(
        "napari_mae_sam2.model.embedding_cache.PREPROCESSING", "another"
    )
    assert cache.get(_key()) is None


def _flip_a_bit(data: bytes) -> bytes:
    return data[:-100] + bytes([data[-100] ^ 4]) + data[-99:]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: b"",
        lambda data: data[:-1],
        lambda data: data[:40],
        lambda data: data + b"more",
        lambda data: b"no safetensors at all",
        lambda data: bytes(len(data)),
        _flip_a_bit,
        lambda data: data.replace(b"frame 0", b"frame 1"),
        lambda data: data.replace(b"sha256", b"sha512"),
        lambda data: data.replace(b'"middle"', b'"muddle"'),
    ],
    ids=[
        *("empty", "cut by a byte", "cut", "longer", "garbage", "zeros"),
        *("a flipped bit", "another's", "no checksum", "another tensor"),
    ],
)
def test_a_spoiled_file_is_dropped_and_made_again(
    cache: EmbeddingCache, spoil: object
) -> None:
    kept = cache.put(_key(), _random())
    path = _file(cache)
    path.write_bytes(spoil(path.read_bytes()))  # type: ignore[operator]

    assert not _reopened(cache).is_stored(_key())
    assert not path.exists()
    other = _reopened(cache)
    assert other.get(_key()) is None
    assert _same(other.put(_key(), _random()), kept)
    assert _reopened(cache).is_stored(_key())


def test_a_file_of_another_frame_under_this_name_is_dropped(
    cache: EmbeddingCache,
) -> None:
    cache.put(_key(1), _random(1))
    _file(cache, 1).rename(_file(cache, 0))
    assert _reopened(cache).get(_key(0)) is None
    assert not _file(cache, 0).exists()


def test_what_was_used_longest_ago_goes_first(tmp_path: Path) -> None:
    cache = EmbeddingCache(tmp_path, 5 * FILE)
    for number in range(5):
        cache.put(_key(number), _random(number))
        os.utime(_file(cache, number), (number, number))
    assert cache.room(SIDE) == 4
    assert _reopened(cache).get(_key(0)) is not None  # used again just now

    cache.put(_key(5), _random(5))

    left = [n for n in range(6) if _file(cache, n).exists()]
    assert left == [0, 3, 4, 5]


def test_nothing_is_written_that_is_larger_than_the_limit(tmp_path: Path) -> None:
    cache = EmbeddingCache(tmp_path, FILE // 2)
    cache.put(_key(), _random())
    assert not list(tmp_path.iterdir())
    assert cache.get(_key()) is not None  # in memory


def test_what_a_killed_program_left_goes(cache: EmbeddingCache) -> None:
    cache.folder.mkdir()
    old, new, foreign = (cache.folder / n for n in (".tmp-old", ".tmp-new", "notes"))
    for path in (old, new, foreign):
        path.touch()
    os.utime(old, (1, 1))
    cache.put(_key(), _random())
    assert not old.exists()
    assert new.exists()
    assert foreign.exists()


def test_a_disk_that_cannot_be_written_only_costs_time(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    cache = EmbeddingCache(tmp_path / "file" / "embeddings", 10**9)
    kept = cache.put(_key(), _random())
    assert cache.get(_key()) is kept
    assert not cache.is_stored(_key())
    assert "was not kept" in caplog.text


def test_what_half_precision_cannot_hold_is_not_kept(cache: EmbeddingCache) -> None:
    features = _random()
    features.embedding[0, 0, 0, 0] = 1e6
    assert cache.put(_key(), features) is features
    assert cache.get(_key()) is None


_WINDOW = """
import sys
from pathlib import Path
import torch
from napari_mae_sam2.model.embedding_cache import EmbeddingCache, EmbeddingKey
from napari_mae_sam2.model.forward import Features
cache = EmbeddingCache(Path(sys.argv[1]), 8 * 8800)
for turn in range(150):
    number = (turn * int(sys.argv[2])) % 12
    key = EmbeddingKey(f"frame {number}", "encoder", 32, "float32")
    cache._memory.clear()
    found = cache.get(key)
    if found is None:
        full = [torch.full(shape, float(number)) for shape in key.shapes]
        cache.put(key, Features(full[0], (full[1], full[2])))
    else:
        assert (found.embedding == number).all()
        assert (found.high_res[0] == number).all()
"""


def test_several_windows_share_one_folder(tmp_path: Path) -> None:
    windows = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", _WINDOW, str(tmp_path), step],
            stderr=subprocess.PIPE,
        )
        for step in ("5", "7")
    ]
    for window in windows:
        _, said = window.communicate(timeout=120)
        assert window.returncode == 0, said.decode()
        assert not said
    names = [path.name for path in tmp_path.iterdir()]
    assert all(name.endswith(".embedding") for name in names)
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 9 * 8800


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    torch.manual_seed(0)
    model = build_model(Architecture("tiny"), image_size=128)
    path = tmp_path_factory.mktemp("weights") / "small.safetensors"
    save_checkpoint(path, model, ModelCard(architecture="tiny", image_size=128))
    return load_model(path)


class Counting(TorchEncoder):
    calls = 0

    def encode(self, images, cancelled=None):  # type: ignore[no-untyped-def]
        self.calls += 1
        return super().encode(images, cancelled)


def test_a_predictor_encodes_a_frame_once(
    loaded: LoadedModel, cache: EmbeddingCache
) -> None:
    frame = np.random.default_rng(0).integers(0, 256, (90, 140), np.uint8)
    plain = Sam2Predictor(loaded, "cpu")
    encoder = Counting(loaded.model)
    predictor = Sam2Predictor(loaded, "cpu", encoder, cache)
    assert not predictor.is_stored(frame)
    assert not plain.is_stored(frame)

    first = predictor.encode(frame)
    second = Sam2Predictor(loaded, "cpu", encoder, _reopened(cache)).encode(frame)

    assert encoder.calls == 1
    assert predictor.is_stored(frame)
    assert _same(first.features, second.features)
    assert second.shape == (90, 140)
    expected = plain.decode(plain.encode(frame), Prompts()).logits
    answer = predictor.decode(second, Prompts()).logits
    assert np.abs(answer - expected).max() < 0.02 * np.abs(expected).max()
    mirrored = frame[:, ::-1].copy()
    predictor.encode(mirrored, keep=False)
    assert encoder.calls == 2
    assert not predictor.is_stored(mirrored)


def test_a_more_exact_embedding_serves_a_less_exact_engine_but_not_the_reverse(
    loaded: LoadedModel, cache: EmbeddingCache
) -> None:
    frames = np.random.default_rng(0).integers(0, 256, (2, 90, 140), np.uint8)
    exact, quick = Counting(loaded.model), Counting(loaded.model, "bf16")
    Sam2Predictor(loaded, "cpu", exact, cache).encode(frames[0])
    Sam2Predictor(loaded, "cpu", quick, cache).encode(frames[0])
    assert (exact.calls, quick.calls) == (1, 0)
    Sam2Predictor(loaded, "cpu", quick, cache).encode(frames[1])
    Sam2Predictor(loaded, "cpu", exact, cache).encode(frames[1])
    assert (exact.calls, quick.calls) == (2, 1)
