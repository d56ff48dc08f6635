"""Which folders of a study are cases, and what beside them is none.

Systems, drives and people put things there: desktop.ini, @eaDir, lost+found, "CASE -
Copy", copies of programs that synchronise. By its name none of it is a case.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_CASE = re.compile(r"[A-Za-z0-9-]{1,67}-[0-9a-f]{12}")  # as `cases.case_id` makes them


def case_names(study: Path) -> list[str]:
    """List the names of a study's case folders, in no order.

    Raises
    ------
    OSError
        If the folder `cases` cannot be read.
    """
    with os.scandir(study / "cases") as entries:
        return [one.name for one in entries if _is_case(one)]


def _is_case(entry: os.DirEntry[str]) -> bool:
    return _CASE.fullmatch(entry.name) is not None and entry.is_dir()
