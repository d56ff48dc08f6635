"""Features of frames kept for the next time: some in memory, the rest on the disk.

The disk may be shared by several windows, and any file of it may be gone, damaged or
of somebody else at any moment: what is not exactly what was asked for is dropped and
made again. Nothing here ever raises because of the disk.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import threading
import time
import uuid
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from napari_mae_sam2.model.forward import Features
from napari_mae_sam2.model.preprocess import VERSION as PREPROCESSING

if TYPE_CHECKING:
    from pathlib import Path

    from napari_mae_sam2.model.encoder import Precision

log = logging.getLogger(__name__)

FORMAT: Final = "mae-sam2-embedding-1"
ENDING: Final = ".embedding"

_IN_MEMORY: Final = 10**8  # bytes; a frame takes 17 MB at 1024
_TEMPORARY: Final = ".tmp-"
_LEFT_BEHIND: Final = 3600  # s after which nobody writes to it any more
_AFTER_EVICTION: Final = 0.9  # of the limit, so that not every frame evicts
_HEADER: Final = 1024  # bytes, about, of a file beside its tensors
_NAMES: Final = ("embedding", "fine", "middle")


@dataclass(frozen=True, slots=True)
class EmbeddingKey:
    """What the features of a frame depend on.

    Attributes
    ----------
    pixels : str
        `napari_mae_sam2.fa.frame.pixel_sha256` of the frame.
    encoder : str
        Fingerprint of the encoder's weights.
    image_size : int
        Side of the encoder's input.
    precision : {"float32", "bf16"}
        What the encoder computes in, at least.
    """

    pixels: str
    encoder: str
    image_size: int
    precision: Precision

    @property
    def text(self) -> str:
        """All of it, with what the program itself adds."""
        parts = (self.pixels, self.encoder, self.image_size, self.precision)
        return " ".join(map(str, (FORMAT, PREPROCESSING, *parts)))

    @property
    def name(self) -> str:
        """Name of its file."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:40] + ENDING

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """Shapes of the three tensors in the order of `Features`."""
        side = self.image_size
        return (
            (1, 256, side // 16, side // 16),
            (1, 32, side // 4, side // 4),
            (1, 64, side // 8, side // 8),
        )


class EmbeddingCache:
    """Features by what they were made of; several threads and programs may share it.

    Parameters
    ----------
    folder : Path
        For the files; need not exist.
    limit : int
        Bytes that the files may take; where they take more, the ones used longest
        ago go.
    memory : int
        Bytes that the features in memory may take; the last one stays in any case.
    """

    def __init__(self, folder: Path, limit: int, memory: int = _IN_MEMORY) -> None:
        self._folder = folder
        self._limit = limit
        self._most = memory
        self._memory: OrderedDict[str, Features] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def folder(self) -> Path:
        """Where the files are."""
        return self._folder

    @property
    def limit(self) -> int:
        """Bytes that the files may take."""
        return self._limit

    def room(self, image_size: int) -> int:
        """Return of how many frames the files can be kept at once.

        Parameters
        ----------
        image_size : int
            Side of the encoder's input.
        """
        one = _HEADER + 8 * image_size**2  # four halves for every pixel of it
        return int(_AFTER_EVICTION * self._limit) // one

    def get(self, key: EmbeddingKey) -> Features | None:
        """Return the features of a frame on the CPU, or None where there are none."""
        with self._lock:
            features = self._memory.get(key.text)
            if features is not None:
                self._memory.move_to_end(key.text)
        if features is not None:
            with suppress(OSError):  # in memory it may outlive its file
                os.utime(self._folder / key.name)
            return features
        features = self._read(key)
        if features is not None:
            self._remember(key, features)
        return features

    def put(self, key: EmbeddingKey, features: Features) -> Features:
        """Keep the features of a frame.

        Parameters
        ----------
        key : EmbeddingKey
        features : Features
            Of a batch of one.

        Returns
        -------
        Features
            As `get` will give them, in float32 on the CPU after a rounding to half
            precision, so that the first answer and all later ones are the same. What
            half precision cannot hold is not kept and returned as it was.
        """
        tensors = {
            name: part.detach().half().cpu().contiguous()
            for name, part in zip(
                _NAMES, (features.embedding, *features.high_res), strict=True
            )
        }
        if not all(bool(torch.isfinite(part).all()) for part in tensors.values()):
            return features
        rounded = _features(tensors)
        self._remember(key, rounded)
        self._write(key, tensors)
        return rounded

    def is_stored(self, key: EmbeddingKey) -> bool:
        """Tell whether the disk holds the features, whole and unchanged."""
        return self._read(key) is not None

    def _remember(self, key: EmbeddingKey, features: Features) -> None:
        with self._lock:
            self._memory[key.text] = features
            self._memory.move_to_end(key.text)
            taken = sum(each.nbytes for each in self._memory.values())
            while taken > self._most and len(self._memory) > 1:
                _, oldest = self._memory.popitem(last=False)
                taken -= oldest.nbytes

    def _read(self, key: EmbeddingKey) -> Features | None:
        path = self._folder / key.name
        try:
            data = path.read_bytes()
        except OSError:
            return None
        try:
            features = _decode(data, key)
        except (SafetensorError, ValueError, KeyError, TypeError, RecursionError):
            log.info("Dropped %s, which is damaged or of something else.", path)
            with suppress(OSError):
                path.unlink()
            return None
        with suppress(OSError):
            os.utime(path)
        return features

    def _write(self, key: EmbeddingKey, tensors: dict[str, torch.Tensor]) -> None:
        metadata = {"key": key.text, "sha256": _digest(tensors)}
        data = save(tensors, metadata)
        if len(data) > self._limit:
            return
        temporary = self._folder / f"{_TEMPORARY}{uuid.uuid4().hex}"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            try:
                # Not flushed to the disk: what a power cut spoils is made again.
                temporary.write_bytes(data)
                temporary.replace(self._folder / key.name)
            finally:
                temporary.unlink(missing_ok=True)
            self._make_room()
        except OSError as error:
            log.warning(
                "The frame was not kept for the next time, because %s cannot be "
                "written (%s).",
                self._folder,
                error.strerror or error,
            )

    def _make_room(self) -> None:
        """Remove the files used longest ago where all together are too large."""
        files: list[tuple[int, int, str]] = []
        with os.scandir(self._folder) as entries:
            for entry in entries:
                try:
                    found = entry.stat()
                    if entry.name.startswith(_TEMPORARY):
                        if time.time() - found.st_mtime > _LEFT_BEHIND:
                            os.unlink(entry.path)
                    elif entry.name.endswith(ENDING):
                        files.append((found.st_mtime_ns, found.st_size, entry.path))
                except OSError:
                    continue  # another window removed it just now
        total = sum(size for _, size, _ in files)
        if total <= self._limit:
            return
        for _, size, path in sorted(files)[:-1]:  # not the one just written
            if total <= _AFTER_EVICTION * self._limit:
                break
            with suppress(OSError):
                os.unlink(path)
            total -= size


def _decode(data: bytes, key: EmbeddingKey) -> Features:
    """Return what a file holds; ValueError and the like where it is not the key's."""
    tensors = load(data)  # checks the header and the length
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    metadata = header["__metadata__"]
    shapes = tuple(tuple(tensors[name].shape) for name in _NAMES)
    if (metadata["key"], shapes) != (key.text, key.shapes):
        raise ValueError("of another frame or encoder")
    if metadata["sha256"] != _digest(tensors):
        raise ValueError("changed since it was written")
    return _features(tensors)


def _digest(tensors: dict[str, torch.Tensor]) -> str:
    digest = hashlib.sha256()
    for name in _NAMES:
        digest.update(tensors[name].numpy().data)
    return digest.hexdigest()


def _features(tensors: dict[str, torch.Tensor]) -> Features:
    embedding, fine, middle = (tensors[name].float() for name in _NAMES)
    return Features(embedding, (fine, middle))
