"""Masks of leakage from files: the one reader for training, QA, import and napari.

A mask is read as it is seen. Whatever can be understood in two ways is refused, in one
sentence that names the file: a wrong guess would train on leakage in the wrong place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from napari_mae_sam2.fa.decoding import (
    count_pictures,
    decode_channels,
    find_magic,
    is_tiff,
)
from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.fa.lesions import MAX_LESIONS, split_pieces
from napari_mae_sam2.fa.mask_colours import as_values
from napari_mae_sam2.fa.pixels import MAX_SIDE
from napari_mae_sam2.fa.tiff_pages import is_inverted_by_habit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

MASK_SUFFIXES: Final = (".tif", ".tiff", ".png", ".bmp")
"""Endings under which masks are looked for, in lower case, the best first."""

UNSURE: Final = 128
"""Value of a mask of 0, 128 and 255: not sure, to be left out of every measure."""

_MOST_SHOWN = 4


class MaskError(PlainError):
    """A file that is no mask of its frame, or one that can be read in two ways."""


@dataclass(frozen=True, slots=True, eq=False)
class Mask:
    """What a mask says about a frame.

    Attributes
    ----------
    lesions : uint16 array of shape (H, W)
        0 is background, 1 to n are the lesions, without a gap unless asked for.
    unsure : bool array of shape (H, W)
        Where nobody can tell: to be left out of training and of every measure. It
        never overlaps a lesion.
    """

    lesions: NDArray[np.uint16]
    unsure: NDArray[np.bool_]

    @property
    def leakage(self) -> NDArray[np.bool_]:
        """Where there is leakage, of shape (H, W)."""
        return self.lesions > 0


def read_mask(
    path: Path,
    shape: tuple[int, int] | None = None,
    foreground: Sequence[int] = (),
    instances: bool = False,
    renumber: bool = True,
) -> Mask:
    """Read a mask.

    Parameters
    ----------
    path : Path
        PNG, BMP or TIFF of one picture; what the values mean is told in
        docs/reading.md. In short: 0 and 1, or 0 and 255, or black and one colour, or
        transparent and drawn on, are leakage or not, and each connected area is a
        lesion; 128 beside 0 and 255 is unsure; whole numbers of 16 bits and more are
        lesion numbers.
    shape : (int, int), optional
        (H, W) of its frame; a mask of another size is refused.
    foreground : sequence of int
        Where given, these values are leakage, all others are not, and nothing is
        unsure.
    instances : bool
        Take every whole number as the number of a lesion, of 8 bits too.
    renumber : bool
        Close gaps in lesion numbers; else they stay as stored.

    Returns
    -------
    Mask

    Raises
    ------
    MaskError
        If the file is missing, damaged or no mask, has another size, or can be
        understood in two ways.
    """
    values = _values(path, shape)
    if shape is not None and values.shape != tuple(shape):
        raise _wrong_size(path, values.shape, shape)
    nowhere = np.zeros(values.shape, bool)
    if foreground:
        return Mask(_pieces(path, np.isin(values, foreground)), nowhere)
    if values.dtype.kind == "b":
        return Mask(_pieces(path, values), nowhere)
    kinds = np.unique(values)
    said = set(kinds.tolist())
    if min(said) < 0:
        raise _unclear(path, kinds, "a mask has no negative values")
    if instances or (values.dtype.itemsize > 1 and _holds_numbers(path, said)):
        keep = not renumber and max(said) <= MAX_LESIONS
        lesions = values.astype(np.uint16) if keep else _closed(path, values, kinds)
        return Mask(lesions, nowhere)
    if said <= {0, 1} or said <= {0, 255} or said <= {0, np.iinfo(values.dtype).max}:
        return Mask(_pieces(path, values > 0), nowhere)
    if values.dtype.itemsize == 1 and said <= {0, UNSURE, 255}:
        return Mask(_pieces(path, values == 255), values == UNSURE)
    if values.dtype.itemsize > 1:
        raise _unclear(path, kinds, "128 may be a lesion, or mean unsure")
    raise _unclear(path, kinds, "it is not clear which of them is leakage")


def _holds_numbers(path: Path, said: set[int]) -> bool:
    """Tell lesion numbers from a mask of black and white in 16 bits."""
    name = path.name.lower()
    ours = name in ("lesions.tif", "lesions.png") or name.endswith(".leakage.tif")
    return ours or not (said <= {0, UNSURE, 255} or said <= {0, 65535}) or said == {0}


def _values(path: Path, shape: tuple[int, int] | None) -> NDArray[Any]:
    """Decode a mask to one channel of whole numbers, or of True and False."""
    try:
        with path.open("rb") as file:
            magic = find_magic(file.read(8))
    except OSError as error:
        why = (error.strerror or type(error).__name__).lower()
        raise MaskError(f"The mask {path} cannot be opened ({why}).") from error
    if magic is None:
        raise MaskError(
            f"The mask {path} is damaged or no image: save it as PNG, BMP or TIFF."
        )
    try:
        pages = count_pictures(path, magic)
        if pages == 1:
            channels = decode_channels(path, magic, 0, _size_check(path, shape))
            if is_tiff(magic) and is_inverted_by_habit(path):
                raise MaskError(
                    f"The mask {path} has one bit a pixel and says that white is 0, "
                    "which some programs write without meaning it: save leakage as "
                    "255 and the rest as 0, with 8 bits."
                )
    except PlainError:
        raise
    except MemoryError:
        raise MaskError(f"The mask {path} does not fit into memory.") from None
    except Exception as error:  # decoders of foreign bytes raise almost anything
        raise MaskError(
            f"The mask {path} is damaged or no image: export it again."
        ) from error
    if pages != 1:
        raise MaskError(
            f"The mask {path} has {pages} pages: save the mask of each frame as a file "
            "of its own."
        )
    values, trouble = as_values(channels)
    if values is None:
        raise MaskError(f"The mask {path} {trouble}.")
    return values


def _size_check(
    path: Path, shape: tuple[int, int] | None
) -> Callable[[int, int, str], None]:
    """Refuse another size before any pixel is decoded; turned sides may still fit."""

    def check(height: int, width: int, _: str) -> None:
        if shape is None:
            if max(height, width) > MAX_SIDE:
                raise MaskError(f"The mask {path} is too large for any frame.")
        elif sorted((height, width)) != sorted(shape):
            raise _wrong_size(path, (height, width), shape)

    return check


def _wrong_size(
    path: Path, found: tuple[int, ...], shape: tuple[int, int]
) -> MaskError:
    return MaskError(
        f"The mask {path} is {found[1]} x {found[0]} pixels and its frame "
        f"{shape[1]} x {shape[0]}: export the mask at the frame's size."
    )


def _unclear(path: Path, kinds: NDArray[Any], why: str) -> MaskError:
    shown = ", ".join(str(kind) for kind in kinds[:_MOST_SHOWN])
    if len(kinds) > _MOST_SHOWN:
        shown += f", … ({len(kinds)} in all)"
    hint = ""
    if len(kinds) > 16 and kinds[0] >= 0:
        hint = ", which blurred edges or JPEG leave"
    return MaskError(
        f"The mask {path} holds the values {shown}{hint}, and {why}: save leakage as "
        "255 and the rest as 0, or name the values of leakage in data.foreground."
    )


def _pieces(path: Path, leakage: NDArray[np.bool_]) -> NDArray[np.uint16]:
    try:
        return split_pieces(leakage)
    except PlainError as error:
        raise MaskError(f"The mask {path}: {error}") from error


def _closed(
    path: Path, values: NDArray[Any], kinds: NDArray[Any]
) -> NDArray[np.uint16]:
    """Close gaps in lesion numbers."""
    known = np.union1d([0], kinds)
    if len(known) - 1 > MAX_LESIONS:
        raise MaskError(f"The mask {path} holds more than {MAX_LESIONS} lesions.")
    return np.searchsorted(known, values).astype(np.uint16)
