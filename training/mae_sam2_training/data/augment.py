"""Views of a frame for training: crops around lesions, and MONAI's augmentations.

Training only: held-out frames are always seen as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from monai.transforms import (
    Compose,
    RandAdjustContrastd,
    RandFlipd,
    RandGaussianNoised,
    RandGaussianSmoothd,
    RandRotated,
    RandZoomd,
    Transform,
)
from pydantic import Field

from mae_sam2_training.config import Fraction, Section
from mae_sam2_training.data.camera import through_a_camera
from napari_mae_sam2.fa.pixels import as_rgb8

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mae_sam2_training.data.frames import LabelledFrame


class CropConfig(Section):
    """Crops at full resolution, so that small lesions are seen large."""

    probability: Fraction = 0.3
    """Share of the views that are crops; the others show the whole frame."""
    foreground: Fraction = 0.8
    """Share of the crops that lie around a lesion; small ones as often as large."""
    smallest: Fraction = 0.35
    """Shortest side of a crop as a share of the frame's shorter side."""
    least_pixels: int = Field(256, ge=32)
    """Shortest side of a crop in pixels."""


class AugmentConfig(Section):
    """How far a view may differ from its frame."""

    enabled: bool = True
    """False shows every frame as it is."""
    flip: Fraction = 0.5
    """Probability of a left-right flip; a flip up-down has half of it."""
    rotate: float = Field(20.0, ge=0, le=180)
    """Largest rotation in degrees either way."""
    zoom: float = Field(0.15, ge=0, lt=1)
    """Largest change of scale either way: 0.15 is from 0.85 to 1.15."""
    gamma: float = Field(0.4, ge=0, lt=1)
    """Largest change of gamma either way: 0.4 is from 0.6 to 1.4."""
    gain: Fraction = 0.2
    """Largest change of brightness either way, as a factor."""
    blur: float = Field(1.5, ge=0)
    """Largest sigma of a Gaussian blur in pixels, in one view of five."""
    camera: Fraction = 0.0
    """Share of the views that are shown through another camera: haze, uneven light,
    less contrast, grain, JPEG (see `data.camera`)."""
    noise: float = Field(0.03, ge=0)
    """Largest sigma of noise as a share of full white, in one view of four."""


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """What is shown to the model of a frame.

    Attributes
    ----------
    name : str
        Of the frame.
    pixels : array of shape (H, W) or (H, W, 3)
        8-bit RGB unless the frame is shown as it is.
    lesions : uint16 array of shape (H, W)
        The lesions, or the parts of them, that the view shows.
    complete : bool
        Whether every leak is labelled.
    unsure : bool array of shape (H, W), optional
        Where nobody can tell; None where there is no such area.
    boxed : bool
        As in `LabelledFrame`.
    """

    name: str
    pixels: NDArray[np.generic]
    lesions: NDArray[np.uint16]
    complete: bool = True
    unsure: NDArray[np.bool_] | None = None
    boxed: bool = False

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W) in pixels."""
        return self.lesions.shape[0], self.lesions.shape[1]


def plain_view(frame: LabelledFrame) -> View:
    """Show a frame as it is."""
    return View(
        frame.name,
        frame.pixels,
        frame.lesions,
        frame.complete,
        frame.unsure,
        frame.boxed,
    )


def training_view(
    frame: LabelledFrame,
    crop: CropConfig,
    augment: AugmentConfig,
    rng: np.random.Generator,
) -> View:
    """Show a frame, or a crop of it, as another camera on another day might.

    Parameters
    ----------
    frame : LabelledFrame
        Of the training side.
    crop, augment : CropConfig, AugmentConfig
        How far to go.
    rng : Generator
        Everything random comes from here.
    """
    rgb, lesions, unsure = as_rgb8(frame.pixels), frame.lesions, frame.unsure
    if rng.random() < crop.probability:
        window = crop_window(lesions, crop, rng)
        rgb, lesions = rgb[window], lesions[window]
        unsure = None if unsure is None else unsure[window]
    if augment.enabled:
        # Unsure areas move with the lesions, as one more of them.
        beyond = np.uint16(lesions.max() + 1)
        numbers = lesions if unsure is None else np.where(unsure, beyond, lesions)
        rgb, numbers = _augmented(rgb, numbers, augment, rng)
        unsure = None if unsure is None else numbers == beyond
        lesions = np.where(numbers == beyond, np.uint16(0), numbers)
    return View(frame.name, rgb, lesions, frame.complete, unsure, frame.boxed)


def crop_window(
    lesions: NDArray[np.uint16], config: CropConfig, rng: np.random.Generator
) -> tuple[slice, slice]:
    """Choose a square window, usually around a lesion.

    Parameters
    ----------
    lesions : uint16 array of shape (H, W)
        0 is background.
    config : CropConfig
        Its size and how often it lies around a lesion.
    rng : Generator
        A lesion is drawn first and one of its pixels then, so a small lesion is
        chosen as often as a large one.
    """
    height, width = lesions.shape
    short = min(height, width)
    least = min(short, max(config.least_pixels, round(config.smallest * short)))
    side = int(rng.integers(least, short + 1))
    numbers = np.unique(lesions[lesions > 0])
    if len(numbers) and rng.random() < config.foreground:
        pixels = np.argwhere(lesions == rng.choice(numbers))
        row, column = pixels[rng.integers(len(pixels))]
        # the lesion need not be in the middle: graders click anywhere
        row += int(rng.integers(-side // 4, side // 4 + 1))
        column += int(rng.integers(-side // 4, side // 4 + 1))
    else:
        row, column = rng.integers(height), rng.integers(width)
    top = int(np.clip(row - side // 2, 0, height - side))
    left = int(np.clip(column - side // 2, 0, width - side))
    return slice(top, top + side), slice(left, left + side)


def _augmented(
    rgb: NDArray[np.uint8],
    lesions: NDArray[np.uint16],
    config: AugmentConfig,
    rng: np.random.Generator,
) -> tuple[NDArray[np.uint8], NDArray[np.uint16]]:
    pipeline = _pipeline(config)
    pipeline.set_random_state(int(rng.integers(2**31)))
    grey = bool((rgb == rgb[..., :1]).all())
    planes = rgb[..., :1] if grey else rgb
    pair = pipeline(
        {
            "image": np.moveaxis(planes, -1, 0).astype(np.float32) / 255,  # [C, H, W]
            "lesions": lesions[None].astype(np.float32),  # [1, H, W]
        }
    )
    gain = 1 + config.gain * rng.uniform(-1, 1)
    image = np.clip(np.asarray(pair["image"]) * (gain * 255), 0, 255)
    shown = np.moveaxis(np.rint(image).astype(np.uint8), 0, -1)
    if grey and rng.random() < config.camera:
        shown = through_a_camera(shown[..., 0], rng)[..., None]
    if grey:
        shown = np.repeat(shown, 3, axis=-1)
    numbers = np.rint(np.asarray(pair["lesions"])[0]).astype(np.uint16)
    return np.ascontiguousarray(shown), numbers


def _pipeline(config: AugmentConfig) -> Compose:
    both = ("image", "lesions")
    modes = ("bilinear", "nearest")
    steps: list[Transform] = [
        RandFlipd(both, prob=config.flip, spatial_axis=1),
        RandFlipd(both, prob=config.flip / 2, spatial_axis=0),
    ]
    if config.rotate:
        angle = float(np.deg2rad(config.rotate))
        steps.append(
            RandRotated(both, range_x=angle, prob=0.7, mode=modes, padding_mode="zeros")
        )
    if config.zoom:
        steps.append(
            RandZoomd(
                both,
                prob=0.5,
                min_zoom=1 - config.zoom,
                max_zoom=1 + config.zoom,
                mode=("bilinear", "nearest"),
                padding_mode="constant",
            )
        )
    if config.gamma:
        gamma = (1 - config.gamma, 1 + config.gamma)
        steps.append(RandAdjustContrastd("image", prob=0.5, gamma=gamma))
    if config.blur:
        sigma = (0.2, max(0.2, config.blur))
        steps.append(
            RandGaussianSmoothd("image", sigma_x=sigma, sigma_y=sigma, prob=0.2)
        )
    if config.noise:
        steps.append(RandGaussianNoised("image", prob=0.25, std=config.noise))
    return Compose(steps)
