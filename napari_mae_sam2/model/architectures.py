"""The SAM 2 architectures by name, built from the `sam2` package's own configs.

Only the structure: weights come from `napari_mae_sam2.model.checkpoint`. Building
reads a YAML file of the installed package and needs neither network nor
torchvision.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Final, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sam2.modeling.sam2_base import SAM2Base

ArchitectureName = Literal["tiny", "small", "base_plus", "large"]
ArchitectureVersion = Literal["2.0", "2.1"]

STRIDE: Final = 32
"""The input side must be a multiple of this: patches of 4, windows of 8 patches."""

_CONFIG_SUFFIX: Final = {"tiny": "t", "small": "s", "base_plus": "b+", "large": "l"}

# (channels of the first stage, blocks of the trunk), which tell the four apart.
_TRUNK: Final[dict[tuple[int, int], ArchitectureName]] = {
    (96, 12): "tiny",
    (96, 16): "small",
    (112, 24): "base_plus",
    (144, 48): "large",
}

_PATCH_KEY: Final = "image_encoder.trunk.patch_embed.proj.weight"
_BLOCK_PREFIX: Final = "image_encoder.trunk.blocks."

# What the reference image predictor asks for: where the single-mask token's answer
# hardly holds at its threshold, the best of the three candidates is given instead.
_STABILITY: Final = {
    "dynamic_multimask_via_stability": True,
    "dynamic_multimask_stability_delta": 0.05,
    "dynamic_multimask_stability_thresh": 0.98,
}

_IMAGE_PREFIXES: Final = ("image_encoder.", "sam_prompt_encoder.", "sam_mask_decoder.")
_OBJECT_HEAD: Final = "sam_mask_decoder.pred_obj_score_head."


@dataclass(frozen=True, slots=True, order=True)
class Architecture:
    """One of the published SAM 2 architectures.

    Attributes
    ----------
    name : {"tiny", "small", "base_plus", "large"}
        Size of the Hiera trunk.
    version : {"2.0", "2.1"}
        Release of SAM 2. The image half is the same in both, only its published
        weights differ; 2.1 adds parameters that serve video alone.
    """

    name: ArchitectureName
    version: ArchitectureVersion = "2.0"

    def __str__(self) -> str:
        """Return the name people know, such as "SAM 2.1 base_plus"."""
        return f"SAM {self.version} {self.name}"

    @property
    def config(self) -> str:
        """Path of the config inside the `sam2` package."""
        release = "sam2" if self.version == "2.0" else "sam2.1"
        return f"configs/{release}/{release}_hiera_{_CONFIG_SUFFIX[self.name]}.yaml"


ARCHITECTURES: Final = tuple(
    Architecture(name, version)
    for version in get_args(ArchitectureVersion)
    for name in get_args(ArchitectureName)
)
"""Every architecture that `build_model` knows."""


def build_model(architecture: Architecture, image_size: int = 1024) -> SAM2Base:
    """Build a model with fresh weights, on the CPU, in float32 and eval mode.

    Importing `sam2` initialises Hydra's global state unless someone has done so
    before; that state is left as the package leaves it, because other plugins in
    the same window may rely on it, and it is never used here.

    Parameters
    ----------
    architecture : Architecture
        Which of `ARCHITECTURES`.
    image_size : int
        Side in pixels of the square that the encoder sees; a multiple of 32.

    Raises
    ------
    ValueError
        If `image_size` is not a positive multiple of 32.
    """
    if image_size < STRIDE or image_size % STRIDE:
        raise ValueError(f"image_size must be a multiple of {STRIDE}, not {image_size}")
    from hydra.utils import instantiate
    from omegaconf import OmegaConf

    text = files("sam2").joinpath(architecture.config).read_text(encoding="utf-8")
    config = OmegaConf.create(text).model
    config.image_size = image_size
    config.sam_mask_decoder_extra_args = _STABILITY
    model: SAM2Base = instantiate(config, _recursive_=True)
    return model.eval()


def infer_architecture(shapes: Mapping[str, tuple[int, ...]]) -> Architecture | None:
    """Tell the architecture from the names and shapes of a checkpoint's tensors.

    A checkpoint of the image half alone does not show its version: 2.0 is said
    then, which computes the same.

    Parameters
    ----------
    shapes : mapping of str to tuple of int
        Shape of every tensor by its name.

    Returns
    -------
    Architecture or None
        None where it is none of `ARCHITECTURES`.
    """
    patch = shapes.get(_PATCH_KEY)
    if not patch:
        return None
    blocks = {
        key.removeprefix(_BLOCK_PREFIX).split(".")[0]
        for key in shapes
        if key.startswith(_BLOCK_PREFIX)
    }
    name = _TRUNK.get((patch[0], len(blocks)))
    if name is None:
        return None
    return Architecture(name, "2.1" if "no_obj_embed_spatial" in shapes else "2.0")


def is_image_key(key: str) -> bool:
    """Return whether a parameter serves images, and not only video.

    The image half is what a prompt on a single frame uses, and all that our
    checkpoints hold: 305 of the 468 parameters of tiny 2.0.
    """
    if key.startswith(_OBJECT_HEAD):
        return False
    return key == "no_mem_embed" or key.startswith(_IMAGE_PREFIXES)


def is_encoder_key(key: str) -> bool:
    """Return whether a parameter shapes the embedding of a frame.

    The two 1 x 1 convolutions of the mask decoder belong to it, because SAM 2 applies
    them to the high-resolution features once, while encoding.
    """
    return key == "no_mem_embed" or key.startswith(
        ("image_encoder.", "sam_mask_decoder.conv_s0.", "sam_mask_decoder.conv_s1.")
    )
