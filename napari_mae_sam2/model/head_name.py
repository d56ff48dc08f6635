"""How what a head tells may be called; needs no torch, unlike the head itself."""

from __future__ import annotations

import re
from typing import Final

from napari_mae_sam2.fa.errors import PlainError

_NAME: Final = re.compile(r"[^\W\d]\w{0,39}")


def check_name(name: str) -> str:
    """Give the name of what a head tells, as a column of a table may be called.

    Raises
    ------
    PlainError
        If it is empty, too long, or holds more than letters, digits and underscores.
    """
    if not _NAME.fullmatch(name):
        raise PlainError(
            f"'{name}' cannot name a column: use a letter first, then letters, digits "
            "and underscores, 40 at most, such as phase."
        )
    return name
