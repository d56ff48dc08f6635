"""Frames that were read ahead, until their case is opened."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_mae_sam2.annotate.worklist import Case
    from napari_mae_sam2.fa.frame import Frame

MEMORY = 150 * 10**6
"""Bytes of pixels that stay in memory: a few ultra-widefield frames."""

_Stamp = tuple[int, int]


class Frames:
    """Reads the frames of cases, and keeps the last ones.

    Several threads may share one.

    Parameters
    ----------
    limit : int
        Bytes that the pixels may take together.
    """

    def __init__(self, limit: int = MEMORY) -> None:
        self._limit = limit
        self._frames: OrderedDict[Case, tuple[_Stamp, Frame]] = OrderedDict()
        self._lock = threading.Lock()

    def read(self, case: Case) -> Frame:
        """Read the frame of a case, or take it from memory where its file is the same.

        Raises
        ------
        PlainError
            If it cannot be read.
        """
        stamp = _stamp_of(case)
        with self._lock:
            known = self._frames.get(case)
        if known is not None and stamp is not None and known[0] == stamp:
            return known[1]
        frame = case.load()
        if stamp is not None:
            with self._lock:
                self._keep(case, stamp, frame)
        return frame

    def _keep(self, case: Case, stamp: _Stamp, frame: Frame) -> None:
        self._frames[case] = stamp, frame
        self._frames.move_to_end(case)
        taken = sum(each.pixels.nbytes for _, each in self._frames.values())
        while taken > self._limit:
            _, (_, oldest) = self._frames.popitem(last=False)
            taken -= oldest.pixels.nbytes


def _stamp_of(case: Case) -> _Stamp | None:
    """Tell one state of a file from another; None where there is no file."""
    path = case.path
    if path is None and case.case_id:
        path = case.study / "cases" / case.case_id / "frame.tif"
    if path is None:
        return None
    try:
        found = path.stat()
    except OSError:
        return None  # reading it says what is wrong
    return found.st_mtime_ns, found.st_size
