"""Which weights are used: those asked for, chosen last, packaged, or downloaded."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.model.architectures import Architecture
from napari_mae_sam2.model.download import OFFICIAL, download_checkpoint
from napari_mae_sam2.model.folders import config_folder

if TYPE_CHECKING:
    from collections.abc import Callable

FALLBACK: Final = Architecture("tiny", "2.0")
"""What is downloaded where nothing is packaged."""

_CHOICE: Final = "weights.json"


class WeightsError(PlainError):
    """No weights could be found, or the choice of weights not be kept."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Where the weights are, and why these.

    Attributes
    ----------
    path : Path
        A file for `napari_mae_sam2.model.checkpoint.load_model`.
    source : {"given", "chosen", "packaged", "downloaded"}
        Who asked for it.
    note : str or None
        A sentence for the grader where something else was expected, such as a
        chosen file that has vanished.
    """

    path: Path
    source: Literal["given", "chosen", "packaged", "downloaded"]
    note: str | None = None


def find_weights(
    explicit: str | Path | None = None,
    *,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Weights:
    """Say which weights to use.

    In this order: `explicit`; the grader's last choice, where that file still is;
    the packaged default; Meta's official checkpoint, which is downloaded once.

    Parameters
    ----------
    explicit : str or Path, optional
        Used whether or not it exists, so that loading can say what is wrong with it.
    progress, cancelled : callable, optional
        For the download; see `napari_mae_sam2.model.download.download_checkpoint`.

    Raises
    ------
    DownloadError
        If nothing is here and the download fails.
    Cancelled
        If the download was cancelled.
    """
    if explicit is not None:
        return Weights(Path(explicit).expanduser(), "given")
    note = None
    chosen = last_choice()
    if chosen is not None:
        if chosen.is_file():
            return Weights(chosen, "chosen")
        note = f"The weights chosen last are gone ({chosen}), so the default is used."
    try:
        return Weights(packaged_weights(), "packaged", note)
    except WeightsError:
        path = download_checkpoint(OFFICIAL[FALLBACK], progress, cancelled)
        return Weights(path, "downloaded", note)


def packaged_weights() -> Path:
    """Return the weights that came with the program.

    Raises
    ------
    WeightsError
        If it came without any.
    """
    folder = Path(str(files("napari_mae_sam2.model").joinpath("weights")))
    found = sorted(folder.glob("*.safetensors"))
    if not found:
        raise WeightsError(
            f"No weights are packaged in {folder}; install napari-mae-sam2 again or "
            "choose a weights file."
        )
    return found[0]


def last_choice() -> Path | None:
    """Return the file that the grader chose last, whether or not it still exists.

    A settings file that cannot be understood counts as no choice: a broken file
    must not keep the program from starting.
    """
    try:
        text = (config_folder() / _CHOICE).read_text(encoding="utf-8")
        path = json.loads(text)["path"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return Path(path) if isinstance(path, str) and path else None


def remember_weights(path: str | Path | None) -> None:
    """Keep a file as the grader's choice; None goes back to the packaged default.

    Raises
    ------
    WeightsError
        If the choice cannot be written down.
    """
    folder = config_folder()
    target = folder / _CHOICE
    try:
        if path is None:
            target.unlink(missing_ok=True)
            return
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{_CHOICE}.", dir=folder)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump({"path": str(Path(path).expanduser().absolute())}, file)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise WeightsError(
            f"The choice of weights could not be kept in {folder} "
            f"({error.strerror or error}); it holds until the program is closed."
        ) from error
