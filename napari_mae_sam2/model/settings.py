"""What the grader may set about speed and disk space: one small JSON file.

A file that cannot be understood, wholly or in part, counts as not set: a broken file
must not keep the program from starting.
"""

from __future__ import annotations

import json
import math
import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, TypeGuard

from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.model.folders import config_folder

_NAME: Final = "settings.json"


class SettingsError(PlainError):
    """The settings could not be written."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What was set.

    Attributes
    ----------
    encoder : str
        "auto", or the value of an `Engine`.
    embedding_cache_gb : float
        How much of the disk embeddings may take, in units of 10^9 bytes; 0 keeps
        none.
    """

    encoder: str = "auto"
    embedding_cache_gb: float = 4.0


def settings_file() -> Path:
    """Return where the settings lie; the file need not exist."""
    return config_folder() / _NAME


def read_settings() -> Settings:
    """Read the settings, with the default for whatever is not there or no use."""
    content = _content()
    encoder = content.get("encoder")
    size = content.get("embedding_cache_gb")
    usual = Settings()
    return Settings(
        encoder if isinstance(encoder, str) else usual.encoder,
        float(size) if _is_size(size) else usual.embedding_cache_gb,
    )


def write_settings(settings: Settings) -> None:
    """Write the settings, whole or not at all; what others set there stays.

    Raises
    ------
    SettingsError
        If the file cannot be written.
    """
    target = settings_file()
    text = json.dumps(_content() | asdict(settings), indent=1)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{_NAME}.", dir=target.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise SettingsError(
            f"The settings could not be written to {target} "
            f"({error.strerror or error}); check that you may write there."
        ) from error


def _content() -> dict[str, Any]:
    try:
        content = json.loads(settings_file().read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _is_size(value: object) -> TypeGuard[float]:
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and 0 <= value < 10**6
        and math.isfinite(value)
    )
