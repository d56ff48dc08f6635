"""What cameras, media and files do to a frame: haze, uneven light, grain, JPEG.

Training only. The same lesions look different through another camera on another day; a
model that has not seen that answers nothing where the contrast is low.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image
from scipy import ndimage

from napari_mae_sam2.fa.drawing.fields import smooth_field

if TYPE_CHECKING:
    from numpy.typing import NDArray


def through_a_camera(
    grey: NDArray[np.uint8], rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Show a frame as another camera might have taken it.

    Each effect comes in some of the frames: haze, uneven light and a dark rim, less
    contrast, blur, grain (independent and correlated), gamma, compression.

    Parameters
    ----------
    grey : uint8 array of shape (H, W)
    rng : Generator
        Everything random comes from here.

    Returns
    -------
    uint8 array of shape (H, W)
        Black stays black: the frame of the field is no part of the picture.
    """
    image: NDArray[np.floating[Any]] = grey.astype(np.float32)
    outside = grey < 4
    unit = max(grey.shape) / 512
    if rng.random() < 0.3:
        veil = ndimage.gaussian_filter(image[::2, ::2], rng.uniform(5, 20) * unit)
        veil = veil.repeat(2, 0).repeat(2, 1)[: grey.shape[0], : grey.shape[1]]
        image += rng.uniform(0.1, 0.45) * (veil + rng.uniform(0, 25) - image)
    if rng.random() < 0.5:
        slope = 1 + rng.uniform(0.05, 0.25) * smooth_field(
            (grey.shape[0], grey.shape[1]), rng.uniform(200, 500) * unit, rng
        )
        image *= np.clip(slope, 0.4, 1.8)
    if rng.random() < 0.3:
        image *= _rim(grey.shape, rng)
    if rng.random() < 0.5:
        middle = float(np.median(image[~outside])) if not outside.all() else 0.0
        image = middle + rng.uniform(0.45, 1.25) * (image - middle)
        image += rng.uniform(-20, 25)
    if rng.random() < 0.4:
        image = ndimage.gaussian_filter(image, rng.uniform(0.4, 1.6) * unit)
    if rng.random() < 0.6:
        noise = rng.standard_normal(grey.shape, np.float32)
        if rng.random() < 0.5:
            sigma = rng.uniform(0.5, 1.0) * unit
            noise = ndimage.gaussian_filter(noise, sigma) * (3.0 * sigma)
        # Photons: bright areas are noisier.
        image += rng.uniform(1, 9) * noise * np.sqrt(np.clip(image, 8, 255) / 100)
    image = np.clip(image, 0, 255)
    if rng.random() < 0.4:
        image = 255 * (image / 255) ** np.float32(np.exp(rng.uniform(-0.4, 0.4)))
    image[outside] = grey[outside]
    shown = np.rint(image).astype(np.uint8)
    if rng.random() < 0.35:
        shown = _compressed(shown, int(rng.integers(35, 95)))
    return shown


def _rim(shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.float32]:
    """Light that falls off towards the rim, from a centre of its own."""
    rows, cols = np.ogrid[: shape[0], : shape[1]]
    row, col = rng.uniform(0.35, 0.65, 2) * shape[:2]
    away = np.hypot((rows - row) / shape[0], (cols - col) / shape[1]) / 0.6
    return np.asarray(
        1 - rng.uniform(0.1, 0.6) * np.clip(away, 0, 1.2) ** 2, np.float32
    )


def _compressed(shown: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    buffer = io.BytesIO()
    Image.fromarray(shown).save(buffer, "JPEG", quality=quality)
    buffer.seek(0)
    with Image.open(buffer) as image:
        return np.asarray(image.convert("L"))
