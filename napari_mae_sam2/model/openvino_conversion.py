"""The encoder converted for OpenVINO, kept on the disk for every later start.

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
from typing import TYPE_CHECKING, Any, Final

from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.model.folders import cache_folder
from napari_mae_sam2.model.protocol import Cancelled

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch

VERSION: Final = "1"
"""Changes when the same weights would be converted otherwise."""

KEPT: Final = 3
"""Conversions that stay, the last used ones; of tiny each takes 110 MB."""

_MODEL: Final = "encoder.xml"
_PARTS: Final = (_MODEL, "encoder.bin")
_SUMS: Final = "sums.json"  # written last, of all parts
_TEMPORARY: Final = ".tmp-"
_LEFT_BEHIND: Final = 3600  # s after which nobody writes to it any more


class ConversionError(PlainError):
    """The encoder could not be converted; says why."""


def conversion_folder(fingerprint: str, image_size: int) -> Path:
    """Return where the converted form of an encoder lies, or would.

    Parameters
    ----------
    fingerprint : str
        Of the encoder's weights.
    image_size : int
        Side of its input.
    """
    openvino = importlib.metadata.version("openvino")
    parts = f"{VERSION} {openvino} {fingerprint} {image_size}"
    name = hashlib.sha256(parts.encode()).hexdigest()[:32]
    return cache_folder() / "openvino" / name


def find_or_convert(
    weights: Path, fingerprint: str, image_size: int, stopped: Callable[[], bool]
) -> Path:
    """Return the converted form of an encoder, made now where there is none.

    Parameters
    ----------
    weights : Path
        A file for `napari_mae_sam2.model.checkpoint.load_model`.
    fingerprint : str
        Of the encoder's weights; a file that has changed meanwhile is refused.
    image_size : int
        Side of its input.
    stopped : callable
        Asked ten times a second; answering True ends the conversion.

    Returns
    -------
    Path
        An XML file, with its weights beside it, whole and unchanged.

    Raises
    ------
    ConversionError
        If it cannot be made or kept.
    Cancelled
        If `stopped` answered True.
    """
    folder = conversion_folder(fingerprint, image_size)
    if not is_whole(folder):
        temporary = folder.parent / f"{_TEMPORARY}{uuid.uuid4().hex}"
        try:
            shutil.rmtree(folder, ignore_errors=True)  # damaged, or not there
            temporary.mkdir(parents=True)
            _convert_apart(weights, fingerprint, image_size, temporary, stopped)
            # Where another window was quicker, its folder is there and as good.
            with contextlib.suppress(OSError):
                temporary.rename(folder)
        except OSError as error:
            raise ConversionError(
                f"The encoder was not converted for OpenVINO, because {folder.parent} "
                f"cannot be written ({error.strerror or error}): free some space there."
            ) from error
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        if not is_whole(folder):
            raise ConversionError(
                f"The encoder converted for OpenVINO could not be kept in {folder}: "
                "check the disk and start again."
            )
    with contextlib.suppress(OSError):
        os.utime(folder)
        _forget_old(folder.parent)
    return folder / _MODEL


def is_whole(folder: Path) -> bool:
    """Tell whether a folder holds a conversion in which no byte has changed."""
    try:
        sums = json.loads((folder / _SUMS).read_text("utf-8"))
        return bool(sums == _sums(folder))
    except (OSError, ValueError, RecursionError):
        return False


def convert(weights: Path, fingerprint: str, image_size: int, folder: Path) -> None:
    """Convert an encoder here and now; slow, and nothing else runs meanwhile.

    Parameters
    ----------
    weights, fingerprint, image_size
        As for `find_or_convert`.
    folder : Path
        Must be there; gets the model, its weights and their checksums.

    Raises
    ------
    PlainError
        If the weights cannot be loaded or are others than they were.
    """
    import torch
    from torch import nn

    from napari_mae_sam2.model.checkpoint import load_model
    from napari_mae_sam2.model.forward import encode_images
    from napari_mae_sam2.model.openvino_encoder import import_openvino

    class WithoutNames(nn.Module):
        """The encoder with its features as a plain tuple, which can be traced."""

        def __init__(self, model: Any) -> None:
            super().__init__()
            self.model = model

        def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, ...]:
            features = encode_images(self.model, images)
            return features.embedding, *features.high_res

    loaded = load_model(weights, image_size=image_size)
    if loaded.encoder_fingerprint != fingerprint:
        raise ConversionError(f"{weights.name} has changed since it was loaded.")
    openvino = import_openvino()
    shape = (1, 3, image_size, image_size)
    with torch.no_grad():
        converted = openvino.convert_model(
            WithoutNames(loaded.model), example_input=torch.zeros(shape), input=[shape]
        )
    # In float32: half precision would cost more than the disk it saves.
    openvino.save_model(converted, folder / _MODEL, compress_to_fp16=False)
    (folder / _SUMS).write_text(json.dumps(_sums(folder)), encoding="utf-8")


def _convert_apart(
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
                *(sys.executable, "-W", "ignore", "-m", __name__),
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
            raise ConversionError(f"The encoder cannot be converted to OpenVINO: {why}")


def _sums(folder: Path) -> dict[str, str]:
    sums = {}
    for part in _PARTS:
        with (folder / part).open("rb") as file:
            sums[part] = hashlib.file_digest(file, "sha256").hexdigest()
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
    weights, fingerprint, image_size, folder = sys.argv[1:]
    try:
        convert(Path(weights), fingerprint, int(image_size), Path(folder))
    except PlainError as error:
        sys.exit(str(error))


def _end_with_parent() -> None:
    # Not sys.stdin: a thread that waits in it keeps the interpreter from ending.
    os.read(0, 1)
    os._exit(1)


if __name__ == "__main__":
    main()
