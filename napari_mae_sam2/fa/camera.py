"""Which camera took a frame, where its file says so.

Nothing else of a file's tags is read: they may name the patient.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import tifffile
from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path

_MAKE, _MODEL = 271, 272  # the same numbers in TIFF and in EXIF
_LONGEST = 80


def read_camera(path: Path) -> str:
    """Read the maker and the model of the camera.

    Parameters
    ----------
    path : Path
        A PNG, JPEG, BMP or TIFF file.

    Returns
    -------
    str
        Empty where the tags are missing or make no sense: they are no reason to
        refuse a frame whose pixels can be read.
    """
    try:
        with path.open("rb") as file:
            head = file.read(4)
        if head[:2] in (b"II", b"MM"):
            with tifffile.TiffFile(path) as tiff:
                tags = tiff.pages.first.tags
                return _camera(tags.valueof(_MAKE), tags.valueof(_MODEL))
        with Image.open(path) as image:
            exif = image.getexif()
            return _camera(exif.get(_MAKE), exif.get(_MODEL))
    except Exception:  # damaged tags make readers raise almost anything
        return ""


def _camera(make: Any, model: Any) -> str:
    make, model = (str(v or "").strip(" \0") for v in (make, model))
    # Many models begin with the maker's name already.
    if make and not model.lower().startswith(make.lower()):
        model = f"{make} {model}"
    return " ".join(model.split())[:_LONGEST]
