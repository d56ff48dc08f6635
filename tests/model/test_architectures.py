from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from napari_mae_sam2.model.architectures import (
    ARCHITECTURES,
    Architecture,
    build_model,
    infer_architecture,
    is_encoder_key,
    is_image_key,
)

KEYS = {"tiny": (468, 305), "small": (516, 353), "base_plus": (612, 449)}


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=str)
def test_every_architecture_builds_and_is_told_by_its_shapes(
    architecture: Architecture,
) -> None:
    state = build_model(architecture, image_size=64).state_dict()

    shapes = {key: tuple(value.shape) for key, value in state.items()}
    assert infer_architecture(shapes) == architecture
    image_half = {key: shape for key, shape in shapes.items() if is_image_key(key)}
    assert infer_architecture(image_half) == Architecture(architecture.name, "2.0")
    if architecture.name in KEYS:
        extra = 3 if architecture.version == "2.1" else 0
        whole, image = KEYS[architecture.name]
        assert (len(shapes), len(image_half)) == (whole + extra, image)


def test_models_are_ready_to_use_and_as_stable_as_the_reference() -> None:
    model = build_model(Architecture("tiny"), image_size=96)

    assert not model.training
    assert model.image_size == 96
    assert {p.dtype for p in model.parameters()} == {torch.float32}
    assert {p.device.type for p in model.parameters()} == {"cpu"}
    assert model.sam_mask_decoder.dynamic_multimask_via_stability
    with torch.no_grad():
        fine, middle, coarse = model.forward_image(torch.zeros(1, 3, 96, 96))[
            "backbone_fpn"
        ]
    assert fine.shape == (1, 32, 24, 24)
    assert middle.shape == (1, 64, 12, 12)
    assert coarse.shape == (1, 256, 6, 6)


@pytest.mark.parametrize("size", [0, -32, 100])
def test_odd_sizes_are_refused(size: int) -> None:
    with pytest.raises(ValueError, match="multiple of 32"):
        build_model(Architecture("tiny"), image_size=size)


def test_shapes_of_something_else_are_no_architecture() -> None:
    assert infer_architecture({"conv1.weight": (64, 3, 7, 7)}) is None
    assert (
        infer_architecture({"image_encoder.trunk.patch_embed.proj.weight": (96, 3)})
        is None
    )


def test_building_needs_no_hydra_state_and_leaves_a_foreign_one_alone() -> None:
    program = """
import sys
from hydra import initialize_config_module
from hydra.core.global_hydra import GlobalHydra
from napari_mae_sam2.model.architectures import Architecture, build_model
assert "sam2" not in sys.modules and "torch" not in sys.modules
initialize_config_module("hydra", version_base="1.2")
state = GlobalHydra.instance().hydra
build_model(Architecture("tiny"), image_size=32)
assert GlobalHydra.instance().hydra is state
GlobalHydra.instance().clear()
build_model(Architecture("tiny"), image_size=32)
assert not GlobalHydra.instance().is_initialized()
assert "torchvision" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120)


def test_the_encoder_is_all_that_an_embedding_depends_on() -> None:
    assert is_encoder_key("image_encoder.trunk.pos_embed")
    assert is_encoder_key("no_mem_embed")
    assert is_encoder_key("sam_mask_decoder.conv_s0.weight")
    assert not is_encoder_key("sam_mask_decoder.mask_tokens.weight")
    assert not is_encoder_key("sam_prompt_encoder.no_mask_embed.weight")
