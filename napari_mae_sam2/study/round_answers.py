"""What an old and a new model called leakage in a test case, in one small picture.

A PNG with a palette, so that any viewer shows it: 0 nothing, 1 the old model alone, 2
the new model alone, 3 both.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image

from napari_mae_sam2.study.files import StudyError

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from numpy.typing import NDArray

OLD: Final = 1
NEW: Final = 2
_PALETTE: Final = (*(0, 0, 0), *(230, 159, 0), *(86, 180, 233), *(255, 255, 255))
# orange and sky blue of Okabe and Ito 2008


def answers_file(case: str) -> str:
    """Name the file of a case within the result of a round."""
    return f"answers-{case}.png"


def encode_answers(old: NDArray[np.bool_], new: NDArray[np.bool_]) -> bytes:
    """Put two masks into one picture.

    Parameters
    ----------
    old, new : bool array of shape (H, W)
        In pixels of the frame.

    Returns
    -------
    bytes
        A PNG.
    """
    values = old.astype(np.uint8) * OLD + new.astype(np.uint8) * NEW
    picture = Image.fromarray(values)
    picture.putpalette(_PALETTE)
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True)
    return file.getvalue()


def read_answers(path: Path) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Read what `encode_answers` made.

    Returns
    -------
    old, new : bool array of shape (H, W)

    Raises
    ------
    StudyError
        If the file is missing or damaged.
    """
    try:
        with Image.open(path) as picture:
            values: NDArray[Any] = np.asarray(picture)
    except (OSError, ValueError, SyntaxError) as error:
        raise StudyError(
            f"{path} cannot be read: a new round shows old and new side by side again."
        ) from error
    if values.ndim != 2:
        raise StudyError(f"{path} is not what a round has written.")
    return (values & OLD) > 0, (values & NEW) > 0
