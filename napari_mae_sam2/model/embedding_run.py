"""Encoding many frames ahead of time, into the cache on the disk.

Goes on where it stopped: what the cache holds, whole, is not encoded again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.fa.frame import FrameError
from napari_mae_sam2.fa.reading import list_frames, read_frame
from napari_mae_sam2.model.prepared import PreparedEncoder
from napari_mae_sam2.model.settings import settings_file
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.kinds import STUDY_FILE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from napari_mae_sam2.model.predictor import Sam2Predictor


def list_all_frames(paths: Sequence[Path]) -> list[Path]:
    """List frames and the frames of folders and studies, each once.

    Raises
    ------
    PlainError
        If one of the paths does not exist, or a folder or study holds no frames.
    """
    frames: dict[Path, None] = {}
    for path in paths:
        if not path.exists():
            raise PlainError(f"{path} does not exist: give a frame or a folder.")
        if (path / STUDY_FILE).is_file():
            found = frames_of(Study.open(path))
        else:
            found = list_frames(path) if path.is_dir() else [path]
        frames.update(dict.fromkeys(found))
    return list(frames)


def frames_of(study: Study) -> list[Path]:
    """List the files of a study's frames.

    Raises
    ------
    PlainError
        If it has no case, or the record of one is damaged.
    """
    found = [study.frame_path(study.case(case)) for case in study.case_ids()]
    if not found:
        raise PlainError(f"The study {study.folder} has no case yet: add frames.")
    return found


class EmbeddingRun:
    """Encodes frames one after the other.

    Parameters
    ----------
    predictor : Sam2Predictor
        With a cache.
    frames : sequence of Path
        Files; of one that holds several pages the first is taken, as in the window.

    Attributes
    ----------
    made, found : int
        Frames encoded now, and frames that were in the cache already.
    trouble : list of str
        One sentence for every file that is no frame.
    folder : Path
        Where the embeddings are.

    Raises
    ------
    PlainError
        If the predictor has no cache, or one that is too small for all frames: the
        first would be gone before the last is there.
    """

    def __init__(self, predictor: Sam2Predictor, frames: Sequence[Path]) -> None:
        if predictor.cache is None:
            raise PlainError(
                "The settings keep no embeddings: set embedding_cache_gb in "
                f"{settings_file()} to the gigabytes that they may take."
            )
        room = predictor.cache.room(predictor.image_size)
        if len(frames) > room:
            raise PlainError(
                f"There is room for the embeddings of {room} frames, not of "
                f"{len(frames)}: set embedding_cache_gb in {settings_file()} to more "
                f"than {predictor.cache.limit / 1e9:g}, or give fewer frames."
            )
        self.folder = predictor.cache.folder
        self.made = 0
        self.found = 0
        self.trouble: list[str] = []
        self._predictor = predictor
        self._frames = frames

    def wait_for_engine(self) -> None:
        """Wait until the encoder that was chosen serves, which many frames repay."""
        encoder = self._predictor.encoder
        if isinstance(encoder, PreparedEncoder):
            while not encoder.wait(0.2):  # short, so that Ctrl-C is heard
                pass

    def steps(self) -> Iterator[str]:
        """Encode all frames; yields the name of each one that is done with.

        Raises
        ------
        PlainError
            If the disk cannot take a frame.
        """
        for path in self._frames:
            try:
                self._embed(path)
            except FrameError as error:
                self.trouble.append(str(error))
            yield path.name

    def _embed(self, path: Path) -> None:
        frame = read_frame(path)
        if self._predictor.is_stored(frame.pixels):
            self.found += 1
        else:
            self._predictor.encode(frame.pixels)
            if not self._predictor.is_stored(frame.pixels):
                raise PlainError(
                    f"The embedding of {path.name} could not be kept in "
                    f"{self.folder}: free some space there and start again."
                )
            self.made += 1
