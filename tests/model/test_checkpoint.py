from __future__ import annotations

import errno
import json
import os
from typing import TYPE_CHECKING, Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from napari_mae_sam2.model.architectures import Architecture, build_model, is_image_key
from napari_mae_sam2.model.card import ModelCard
from napari_mae_sam2.model.checkpoint import (
    CheckpointError,
    LoadedModel,
    fingerprint,
    load_model,
    save_checkpoint,
)

if TYPE_CHECKING:
    from pathlib import Path

    from sam2.modeling.sam2_base import SAM2Base

CARD = ModelCard(architecture="tiny", image_size=128, round=2, notes="a test")


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory, fresh_model: SAM2Base) -> Path:
    path = tmp_path_factory.mktemp("weights") / "plain.safetensors"
    save_checkpoint(path, fresh_model, CARD)
    return path


@pytest.fixture(scope="module")
def image_half(fresh_model: SAM2Base) -> dict[str, torch.Tensor]:
    """In half precision, which is read as well and written faster."""
    state = fresh_model.state_dict()
    return {key: value.half() for key, value in state.items() if is_image_key(key)}


def _refused(path: Path, **options: Any) -> str:
    """Return the message, which must be one sentence that names the file."""
    with pytest.raises(CheckpointError) as caught:
        load_model(path, **options)
    message = str(caught.value)
    assert path.name in message
    assert message.endswith(".")
    assert "\n" not in message
    return message


def test_a_plain_file_gives_back_model_card_and_fingerprint(
    plain: Path, fresh_model: SAM2Base
) -> None:
    loaded = load_model(plain)

    assert loaded.card == CARD
    assert loaded.path == plain
    assert loaded.model.image_size == 128
    assert not loaded.model.training
    assert loaded.fingerprint == fingerprint(fresh_model)
    state = loaded.model.state_dict()
    for key, value in fresh_model.state_dict().items():
        if is_image_key(key):
            assert torch.equal(state[key], value), key


def test_only_the_image_half_is_stored_and_the_card_can_be_read(plain: Path) -> None:
    with safe_open(plain, framework="pt") as file:
        assert len(file.keys()) == 305
        card = json.loads(file.metadata()["mae_sam2_card"])
    assert card["notes"] == "a test"


def test_a_compact_file_and_a_plain_copy_of_it_are_the_same_model(
    tmp_path: Path, fresh_model: SAM2Base
) -> None:
    compact, copy = tmp_path / "compact.safetensors", tmp_path / "copy.safetensors"

    promised = save_checkpoint(compact, fresh_model, CARD, compact=True)
    loaded = load_model(compact)
    save_checkpoint(copy, loaded.model, loaded.card)

    assert compact.stat().st_size < 36_000_000
    assert loaded.fingerprint == promised
    assert loaded.fingerprint != fingerprint(fresh_model)
    assert load_model(copy).fingerprint == promised


def test_training_the_decoder_keeps_the_fingerprint_of_the_encoder(
    plain: Path, tmp_path: Path
) -> None:
    loaded = load_model(plain)
    with torch.no_grad():
        loaded.model.sam_mask_decoder.iou_token.weight += 1
    changed = tmp_path / "changed.safetensors"
    save_checkpoint(changed, loaded.model, loaded.card)

    again = load_model(changed)

    assert again.fingerprint != loaded.fingerprint
    assert again.encoder_fingerprint == loaded.encoder_fingerprint


def test_metas_file_is_read_and_its_version_told(tmp_path: Path) -> None:
    model = build_model(Architecture("tiny", "2.1"), image_size=64)
    path = tmp_path / "sam2.1_hiera_tiny.pt"
    torch.save({"model": model.state_dict()}, path)

    loaded = load_model(path, image_size=64)

    assert loaded.card.built_as == Architecture("tiny", "2.1")
    assert loaded.fingerprint == fingerprint(model)
    assert torch.equal(loaded.model.no_obj_ptr, model.no_obj_ptr)


def test_the_base_weights_lack_exactly_the_video_half(base_model: LoadedModel) -> None:
    assert base_model.card.built_as == Architecture("tiny", "2.0")
    assert base_model.model.image_size == 1024
    keys = base_model.model.state_dict().keys()
    with safe_open(base_model.path, framework="pt") as file:
        assert len(keys - set(file.keys())) == 163


@pytest.mark.parametrize("suffix", [".safetensors", ".pt"])
def test_a_missing_file_is_named(tmp_path: Path, suffix: str) -> None:
    assert "no weights file" in _refused(tmp_path / f"absent{suffix}")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    assert "cannot be read" in _refused(tmp_path)


def test_a_missing_key_is_named(
    tmp_path: Path, image_half: dict[str, torch.Tensor]
) -> None:
    path = tmp_path / "lacking.safetensors"
    lost = "sam_prompt_encoder.no_mask_embed.weight"
    save_file({k: v for k, v in image_half.items() if k != lost}, path)

    assert "lacks weights" in (message := _refused(path))
    assert lost in message


def test_half_of_the_video_half_is_refused(
    tmp_path: Path, image_half: dict[str, torch.Tensor]
) -> None:
    path = tmp_path / "partly.safetensors"
    save_file(image_half | {"no_obj_ptr": torch.zeros(1, 256)}, path)

    assert "lacks weights" in _refused(path)


def test_an_unexpected_key_is_named(
    tmp_path: Path, image_half: dict[str, torch.Tensor]
) -> None:
    path = tmp_path / "more.safetensors"
    save_file(image_half | {"adapter.weight": torch.zeros(2)}, path)

    assert "adapter.weight" in _refused(path)


def test_another_shape_is_named(
    tmp_path: Path, image_half: dict[str, torch.Tensor]
) -> None:
    path = tmp_path / "shape.safetensors"
    save_file(image_half | {"no_mem_embed": torch.zeros(1, 1, 128)}, path)

    assert "no_mem_embed with shape (1, 1, 128)" in _refused(path)


def test_a_card_that_lies_about_the_architecture_is_refused(
    tmp_path: Path, image_half: dict[str, torch.Tensor]
) -> None:
    path = tmp_path / "liar.safetensors"
    card = ModelCard(architecture="large").model_dump_json()
    save_file(image_half, path, {"mae_sam2_card": card})

    assert "large" in (message := _refused(path))
    assert "tiny" in message


def test_another_size_than_expected_is_refused(plain: Path) -> None:
    message = _refused(plain, expected=Architecture("large", "2.1"))
    assert "SAM 2.1 large is needed" in message


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        ({"mae_sam2_card": "{"}, "model card"),
        ({"mae_sam2_card": '{"architecture": "huge"}'}, "model card"),
        ({"mae_sam2_compact": "int3-v9"}, "newer version"),
    ],
)
def test_metadata_that_cannot_be_understood_is_refused(
    tmp_path: Path, metadata: dict[str, str], words: str
) -> None:
    path = tmp_path / "odd.safetensors"
    save_file({"x": torch.zeros(2)}, path, metadata)

    assert words in _refused(path)


def test_numbers_that_are_not_finite_are_refused(
    tmp_path: Path, image_half: dict[str, torch.Tensor]
) -> None:
    path = tmp_path / "nan.safetensors"
    save_file(image_half | {"no_mem_embed": torch.full((1, 1, 256), torch.nan)}, path)

    assert "no_mem_embed" in (message := _refused(path))
    assert "not finite" in message


class _Bomb:
    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.mkdir, ("exploded",)


@pytest.mark.parametrize("zipped", [True, False])
def test_a_pickle_with_code_is_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, zipped: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "bomb.pt"
    torch.save({"model": _Bomb()}, path, _use_new_zipfile_serialization=zipped)

    assert "program code" in _refused(path)
    assert not (tmp_path / "exploded").exists()


@pytest.mark.parametrize("share", [0.0, 0.0001, 0.01, 0.5, 0.999])
@pytest.mark.parametrize("kind", ["safetensors", "pt"])
def test_a_truncated_file_is_refused(tmp_path: Path, kind: str, share: float) -> None:
    whole = tmp_path / "whole"
    if kind == "pt":
        torch.save({"model": {"w": torch.zeros(100_000)}}, whole)
    else:
        save_file({"w": torch.zeros(100_000)}, whole)
    content = whole.read_bytes()
    path = tmp_path / f"cut.{kind}"
    path.write_bytes(content[: int(len(content) * share)])

    message = _refused(path)

    assert "cut short" in message or "no SAM 2 weights" in message


@pytest.mark.parametrize(
    "content", [b"\xff\xd8\xff\xe0 a picture", b"a text", b"\x80", b"PK\x03\x04 a zip"]
)
def test_something_else_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "photo.safetensors"
    path.write_bytes(content)

    _refused(path)


@pytest.mark.parametrize("content", [[1, 2], {"state_dict": {}}, {"model": {"a": 1}}])
def test_a_pickle_of_something_else_is_refused(tmp_path: Path, content: object) -> None:
    path = tmp_path / "other.pt"
    torch.save(content, path)

    assert "no SAM 2 weights" in _refused(path)


def test_another_network_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "resnet.safetensors"
    save_file({"conv1.weight": torch.zeros(64, 3, 7, 7)}, path)

    assert "none of the SAM 2 models" in _refused(path)


def test_a_failed_write_leaves_the_old_file(
    tmp_path: Path, fresh_model: SAM2Base, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(b"old")

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CheckpointError, match="No space left on device"):
        save_checkpoint(path, fresh_model, CARD)

    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(("value", "compact"), [(torch.inf, False), (1e5, True)])
def test_a_model_that_diverged_is_not_written(
    tmp_path: Path, value: float, compact: bool
) -> None:
    model = build_model(Architecture("tiny"), image_size=32)
    with torch.no_grad():
        model.no_mem_embed[0, 0, 0] = value

    with pytest.raises(CheckpointError, match="no_mem_embed"):
        save_checkpoint(tmp_path / "x.safetensors", model, CARD, compact=compact)
    assert not list(tmp_path.iterdir())


def test_a_card_of_another_architecture_is_not_written(
    tmp_path: Path, fresh_model: SAM2Base
) -> None:
    card = ModelCard(architecture="small")
    with pytest.raises(CheckpointError, match="its card says"):
        save_checkpoint(tmp_path / "x.safetensors", fresh_model, card)
