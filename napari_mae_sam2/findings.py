"""What the doctor says of one thing that it looked at, and which packages there are."""

from __future__ import annotations

import importlib.metadata
from dataclasses import dataclass

INSTALL = 'Run: pip install "napari-mae-sam2[{}]"'
"""What to do where a package of an extra is missing."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes
    ----------
    name : str
        What was looked at.
    value : str
        What was found.
    ok : bool
        False where something is wrong or slower than it need be.
    advice : str
        One line that says what to do; empty where all is well.
    needed : bool
        Without it the window cannot open.
    """

    name: str
    value: str
    ok: bool = True
    advice: str = ""
    needed: bool = False


def installed_version(package: str) -> str | None:
    """Give the version of a package; None where it is not installed."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
