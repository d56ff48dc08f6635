"""The parts of a SAM 2 model as networks that OpenVINO runs.

The encoder is one network. The decoder is two, each with SAM's prompt encoder in
front: one for points alone and one for points on a mask that is there already, so
that a whole answer is a single call, during which Python is free to do other things.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import torch
from torch import nn

from napari_mae_sam2.model.forward import (
    Features,
    PromptBatch,
    decode_prompts,
    encode_images,
)
from napari_mae_sam2.model.lean_encoder import LeanEncoder
from napari_mae_sam2.model.openvino_encoder import import_openvino

if TYPE_CHECKING:
    from pathlib import Path

    from sam2.modeling.sam2_base import SAM2Base

    from napari_mae_sam2.model.openvino_conversion import Part

ENCODER: Final = "encoder.xml"
POINTS: Final = "points.xml"
POINTS_ON_MASK: Final = "points_on_mask.xml"

_ANY: Final = -1  # as many as there are


class _Points(nn.Module):
    """The decoder for the points of one prompt, which can be traced."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, *inputs: torch.Tensor) -> tuple[torch.Tensor, ...]:
        embedding, fine, middle, *prompt = inputs
        features = Features(embedding, (fine, middle))
        return decode_prompts(self.model, features, PromptBatch(*prompt))


def export(part: Part, model: SAM2Base, folder: Path) -> None:
    """Write the networks of a part; takes seconds, and Python stands still.

    Parameters
    ----------
    part : {"encoder", "encoder-bf16", "decoder"}
    model : SAM2Base
        On the processor.
    folder : Path
        Gets `ENCODER`, or `POINTS` and `POINTS_ON_MASK`, each an XML file with its
        weights beside it.
    """
    side = int(model.image_size)
    if part != "decoder":
        network = LeanEncoder(model, "bf16" if part == "encoder-bf16" else "float32")
        _write(folder / ENCODER, network, [torch.zeros(1, 3, side, side)])
        return
    with torch.no_grad():
        features = encode_images(model, torch.zeros(1, 3, side, side))
    fine, middle = features.high_res
    points = [
        *(features.embedding, fine, middle),
        torch.full((1, 2, 2), side / 2),
        torch.ones((1, 2), dtype=torch.int32),
    ]
    shapes = [tuple(value.shape) for value in points[:3]]
    shapes += [(1, _ANY, 2), (1, _ANY)]
    mask = torch.zeros(1, 1, *model.sam_prompt_encoder.mask_input_size)
    _write(folder / POINTS, _Points(model), points, shapes)
    _write(
        folder / POINTS_ON_MASK,
        _Points(model),
        [*points, mask],
        [*shapes, tuple(mask.shape)],
    )


def _write(
    path: Path,
    network: nn.Module,
    example: list[torch.Tensor],
    shapes: list[tuple[int, ...]] | None = None,
) -> None:
    openvino = import_openvino()
    shapes = shapes or [tuple(value.shape) for value in example]
    with torch.no_grad():
        converted = openvino.convert_model(
            network, example_input=tuple(example), input=shapes
        )
    # Half precision would cost more than the disk it saves.
    openvino.save_model(converted, path, compress_to_fp16=False)
