"""Where the journal of a case lies: named by the frame's pixels and the study's id.

Neither the name of a file nor the path to a folder says whose work a journal holds:
both may be others after a crash. A path counts only for work that no study has yet.
"""

from __future__ import annotations

import hashlib
import logging
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from napari_mae_sam2.annotate.journal_codec import unpack
from napari_mae_sam2.fa.odd_names import RAW
from napari_mae_sam2.study.known import same_folder
from napari_mae_sam2.study.record_log import RecordLog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from napari_mae_sam2.annotate.label_place import LabelPlace
    from napari_mae_sam2.fa.frame import Frame
    from napari_mae_sam2.study.known import KnownStudies

log = logging.getLogger(__name__)

WINDOWS = 8
"""How many windows may write journals of one case at once."""


class JournalPlaces:
    """Names of journals in one folder; used by threads that read and write them.

    Parameters
    ----------
    folder : Path
        Of this user on this machine; need not exist.
    known : KnownStudies
        Which study lies where.
    """

    def __init__(self, folder: Path, known: KnownStudies) -> None:
        self.folder = folder
        self._known = known

    def of(self, frame: Frame, place: LabelPlace) -> Iterator[Path]:
        """Give the names that the journals of a case may have, there or not."""
        whose = f"{self.identity(place)}\n{place.reading}"
        key = hashlib.sha256(whose.encode("utf-8", RAW)).hexdigest()[:16]
        for window in range(WINDOWS):
            yield self.folder / f"{frame.sha256[:16]}-{key}-{window}.journal"

    def identity(self, place: LabelPlace) -> str:
        """Give the id of the study of a case, or the one that it will get."""
        return place.study_id or self._known.identity(place.folder)

    def facts(self, place: LabelPlace) -> dict[str, Any]:
        """Say in a journal whose it is."""
        frames = place.frames
        return {
            "study": str(place.folder),
            "study_id": self.identity(place),
            "study_made": not self._known.may_make(place.folder),
            "reading": place.reading,
            "frames": None if frames is None else str(frames.absolute()),
        }

    def bring_here(self, frame: Frame, place: LabelPlace) -> None:
        """Rename journals of this case that are named after something else.

        These are journals of earlier versions, named after a path, and work that was
        never saved, in a folder that was moved or is reached another way now. Where
        the folder of then is still there and is another one, its work stays there.
        """
        for path in [*self._named_by_path(frame, place), *self._moved(frame, place)]:
            with suppress(OSError):
                self._rename(path, frame, place)

    # --- inside ----------------------------------------------------------------

    def _rename(self, path: Path, frame: Frame, place: LabelPlace) -> None:
        release = lock(path)
        if release is None:
            return  # another window is at it
        try:
            for free in self.of(frame, place):
                take = None if free.exists() else lock(free)
                if take is not None:
                    os.replace(path, free)
                    take()
                    return
        finally:
            release()

    def _named_by_path(self, frame: Frame, place: LabelPlace) -> Iterator[Path]:
        for folder in {place.key.absolute(), Path(os.path.realpath(place.key))}:
            case = f"{folder}\n{frame.sha256}"
            key = hashlib.sha256(case.encode("utf-8", RAW)).hexdigest()[:32]
            for window in range(WINDOWS):
                path = self.folder / f"{key}-{window}.journal"
                if path.exists():
                    yield path

    def _moved(self, frame: Frame, place: LabelPlace) -> list[Path]:
        if place.frames is None or not self.folder.is_dir():
            return []
        own = set(self.of(frame, place))
        others = self.folder.glob(f"{frame.sha256[:16]}-*.journal")
        return [path for path in others if path not in own and self._is_of(path, place)]

    def _is_of(self, path: Path, place: LabelPlace) -> bool:
        assert place.frames is not None
        try:
            payloads = RecordLog(path).read().payloads
            headers = [unpack(payload)[0] for payload in payloads]
            first = headers[0]
            was_saved = any(header.get("revision") for header in headers)
            is_other = first["study_made"] or first["reading"] != place.reading
            if was_saved or is_other:
                return False
            frames, study = Path(first["frames"]), Path(first["study"])
        except Exception as error:
            # Bytes that are no journal may raise anything in its decoders.
            log.info("%s is left as it is: %r", path, error)
            return False
        if same_folder(study, place.folder):
            return True  # somebody else made the study meanwhile
        if not self._known.may_make(study):
            return False
        return not frames.exists() or same_folder(frames, place.frames)


def lock(path: Path) -> Callable[[], None] | None:
    """Keep a journal from other windows; gives what lets go, None where it is held."""
    held = FileLock(path.with_suffix(".lock"), thread_local=False)
    try:
        held.acquire(timeout=0)
    except (Timeout, OSError):
        return None
    return held.release
