"""A model's parts converted for OpenVINO, kept on the disk for every later start.

Converting takes some 14 seconds and holds Python's lock for long stretches, so it
runs in a process of its own, which can be stopped at any moment and ends with the
one that started it: `python -m napari_mae_sam2.model.openvino_conversion`.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, get_args

from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.model.folders import cache_folder
from napari_mae_sam2.model.protocol import Cancelled

if TYPE_CHECKING:
    from collections.abc import Callable

Part = Literal["encoder", "encoder-bf16", "decoder"]
"""What is converted on its own: a round changes the decoder alone."""

VERSION: Final = "4"
"""Changes when the same weights would be converted otherwise."""

KEPT: Final = 3
"""Conversions of each part that stay, the last used ones; of tiny one encoder takes
110 MB and one decoder 50 MB."""

_SUMS: Final = "sums.json"  # written last, of all other files
_TEMPORARY: Final = ".tmp-"
_LEFT_BEHIND: Final = 3600  # s after which nobody writes to it any more


class ConversionError(PlainError):
    """A part of the model could not be converted; says why."""


def conversion_folder(part: Part, fingerprint: str, image_size: int) -> Path:
    """Return where the converted form of a part lies, or would.

    Parameters
    ----------
    part : {"encoder", "encoder-bf16", "decoder"}
    fingerprint : str
        Of the encoder's weights, or for the decoder of all.
    image_size : int
        Side of the encoder's input.
    """
    openvino = importlib.metadata.version("openvino")
    parts = f"{VERSION} {openvino} {fingerprint} {image_size}"
    name = hashlib.sha256(parts.encode()).hexdigest()[:32]
    return cache_folder() / "openvino" / part / name


def find_or_convert(
    part: Part,
    weights: Path,
    fingerprint: str,
    image_size: int,
    stopped: Callable[[], bool],
) -> Path:
    """Return the converted form of a part, made now where there is none.

    Parameters
    ----------
    part : {"encoder", "encoder-bf16", "decoder"}
    weights : Path
        A file for `napari_mae_sam2.model.checkpoint.load_model`.
    fingerprint : str
        As for `conversion_folder`; a file that has changed meanwhile is refused.
    image_size : int
        Side of the encoder's input.
    stopped : callable
        Asked ten times a second; answering True ends the conversion.

    Returns
    -------
    Path
        A folder of what `napari_mae_sam2.model.openvino_export` wrote, whole and
        unchanged.

    Raises
    ------
    ConversionError
        If it cannot be made or kept.
    Cancelled
        If `stopped` answered True.
    """
    folder = conversion_folder(part, fingerprint, image_size)
    if not is_whole(folder):
        temporary = folder.parent / f"{_TEMPORARY}{uuid.uuid4().hex}"
        try:
            shutil.rmtree(folder, ignore_errors=True)  # damaged, or not there
            temporary.mkdir(parents=True)
            _convert_apart(part, weights, fingerprint, image_size, temporary, stopped)
            # Where another window was quicker, its folder is there and as good.
            with contextlib.suppress(OSError):
                temporary.rename(folder)
        except OSError as error:
            raise ConversionError(
                f"The {part} was not converted for OpenVINO, because {folder.parent} "
                f"cannot be written ({error.strerror or error}): free some space there."
            ) from error
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        if not is_whole(folder):
            raise ConversionError(
                f"The {part} converted for OpenVINO could not be kept in {folder}: "
                "check the disk and start again."
            )
    with contextlib.suppress(OSError):
        os.utime(folder)
        _forget_old(folder.parent)
    return folder


def is_whole(folder: Path) -> bool:
    """Tell whether a folder holds a conversion in which no byte has changed."""
    try:
        sums = json.loads((folder / _SUMS).read_text("utf-8"))
        return bool(sums == _sums(folder))
    except (OSError, ValueError, RecursionError):
        return False


def convert(
    part: Part, weights: Path, fingerprint: str, image_size: int, folder: Path
) -> None:
    """Convert a part here and now; slow, and nothing else runs meanwhile.

    Parameters
    ----------
    part, weights, fingerprint, image_size
        As for `find_or_convert`.
    folder : Path
        Must be there; gets the networks, their weights and their checksums.

    Raises
    ------
    PlainError
        If the weights cannot be loaded or are others than they were.
    """
    from napari_mae_sam2.model.checkpoint import load_model
    from napari_mae_sam2.model.openvino_export import export

    loaded = load_model(weights, image_size=image_size)
    own = loaded.fingerprint if part == "decoder" else loaded.encoder_fingerprint
    if own != fingerprint:
        raise ConversionError(f"{weights.name} has changed since it was loaded.")
    export(part, loaded.model, folder)
    (folder / _SUMS).write_text(json.dumps(_sums(folder)), encoding="utf-8")


def _convert_apart(
    part: Part,
    weights: Path,
    fingerprint: str,
    image_size: int,
    folder: Path,
    stopped: Callable[[], bool],
) -> None:
    """Convert in a process of its own."""
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [
                *(sys.executable, "-W", "ignore", "-m", __name__, part),
                *(str(weights.absolute()), fingerprint, str(image_size), str(folder)),
            ],
            stdin=subprocess.PIPE,  # stays open as long as this process lives
            stdout=subprocess.DEVNULL,
            stderr=said,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        try:
            while True:
                if stopped():
                    raise Cancelled
                with contextlib.suppress(subprocess.TimeoutExpired):
                    code = process.wait(timeout=0.1)
                    break
        finally:
            process.kill()
            process.wait()
            if process.stdin is not None:
                process.stdin.close()
        if code:
            said.seek(0)
            lines = said.read().decode(errors="replace").strip().splitlines()
            why = lines[-1] if lines else f"exit code {code}"
            raise ConversionError(f"The {part} cannot be converted to OpenVINO: {why}")


def _sums(folder: Path) -> dict[str, str]:
    sums = {}
    for path in folder.iterdir():
        if path.name != _SUMS:
            with path.open("rb") as file:
                sums[path.name] = hashlib.file_digest(file, "sha256").hexdigest()
    return sums


def _forget_old(folder: Path) -> None:
    """Remove what a killed program left, and the conversions unused for longest."""
    ages = {path: time.time() - path.stat().st_mtime for path in folder.iterdir()}
    unfinished = {path for path in ages if path.name.startswith(_TEMPORARY)}
    left = [path for path in unfinished if ages[path] > _LEFT_BEHIND]
    kept = sorted(ages.keys() - unfinished, key=ages.__getitem__)
    for path in left + kept[KEPT:]:
        shutil.rmtree(path, ignore_errors=True)


def main() -> None:
    """Convert as the arguments say, for `find_or_convert` of another process."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if hasattr(os, "nice"):
        os.nice(10)  # the grader comes first
    part, weights, fingerprint, image_size, folder = sys.argv[1:]
    wanted = next(known for known in get_args(Part) if known == part)
    try:
        convert(wanted, Path(weights), fingerprint, int(image_size), Path(folder))
    except PlainError as error:
        sys.exit(str(error))


def _end_with_parent() -> None:
    # Not sys.stdin: a thread that waits in it keeps the interpreter from ending.
    os.read(0, 1)
    os._exit(1)


if __name__ == "__main__":
    main()
