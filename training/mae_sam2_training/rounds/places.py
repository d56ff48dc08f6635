"""Where a round works: on this computer, outside the study, until it is whole."""

from __future__ import annotations

import hashlib
import shutil
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from mae_sam2_training.engine.atomic import write_bytes
from mae_sam2_training.rounds.errors import RoundError
from napari_mae_sam2.fa.odd_names import path_bytes
from napari_mae_sam2.model.folders import cache_folder, state_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def machine_code() -> str:
    """Give a random code that stays the same on this computer.

    Names of computers often hold names of people, so they are not written down.
    """
    path = state_folder() / "machine"
    try:
        found = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        found = ""
    if len(found) != 8:
        found = uuid.uuid4().hex[:8]
        write_bytes(path, found.encode())
    return found


class Bench:
    """The local folder of a study's rounds: work in hand, and embeddings to keep.

    Parameters
    ----------
    key : str
        Of the study or bundle, see `bench_of`.
    """

    def __init__(self, key: str) -> None:
        self.folder = cache_folder() / "rounds" / key

    @property
    def encoded(self) -> Path:
        """Embeddings of frames as they are measured; kept between rounds."""
        return self.folder / "encoded"

    @property
    def embeddings(self) -> Path:
        """Embeddings of training views, handed on from round to round."""
        return self.folder / "embeddings"

    @property
    def work_folder(self) -> Path:
        """Where a round works, see `work`."""
        return self.folder / "work"

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep every other round of the study on this computer out.

        The lock is local, so that drives which break locks do no harm, and it ends
        with the process that holds it.

        Raises
        ------
        RoundError
            If another process has it.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.folder / "lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise RoundError(
                "A round of this study is running on this computer already: wait for "
                "it, or cancel it."
            ) from None
        try:
            yield
        finally:
            lock.release()

    @contextmanager
    def work(self) -> Iterator[Path]:
        """Give an empty folder to work in; it is gone afterwards, whatever happened.

        What a killed process left there goes first. Call it inside `lock`.
        """
        place = self.work_folder
        self._clear(place)
        run = place / "run"
        run.mkdir(parents=True)
        if self.embeddings.is_dir():
            self.embeddings.rename(run / "embeddings")
        try:
            yield place
        finally:
            self._clear(place)

    def _clear(self, place: Path) -> None:
        made = place / "run" / "embeddings"
        if made.is_dir():
            shutil.rmtree(self.embeddings, ignore_errors=True)
            made.rename(self.embeddings)
        shutil.rmtree(place, ignore_errors=True)


def bench_of(place: Path) -> Bench:
    """Give the bench of a study folder."""
    return Bench(hashlib.sha256(path_bytes(place)).hexdigest()[:16])
