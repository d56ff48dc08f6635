"""Cases of the queue as the desk opens them; the same one comes back as it was left."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from napari_mae_sam2.annotate.worklist import Case
from napari_mae_sam2.study.folder import Study

if TYPE_CHECKING:
    from pathlib import Path

    from napari_mae_sam2.fa.frame import Frame
    from napari_mae_sam2.study.index_query import Item


class QueueCases:
    """Remembers the cases that were taken from queues."""

    def __init__(self) -> None:
        self._cases: dict[tuple[Path, str, str], Case] = {}

    def case_of(self, folder: Path, item: Item) -> Case:
        """Give the case of an item, under the name that the queue gives it.

        Parameters
        ----------
        folder : Path
            The study.
        item : Item
            Its `name` may be a code that says nothing.

        Returns
        -------
        Case
            A blinded reading is another one than the case that is read again.
        """
        return self.of(folder, item.case, item.name, item.reading)

    def of(self, folder: Path, case: str, name: str, reading: str = "") -> Case:
        """Give a case, or a blinded reading of it, by its id.

        Parameters
        ----------
        folder : Path
            The study.
        case, name : str
            Its id, and what the grader is to know it by.
        reading : str
            Empty for the case itself.
        """
        key = (folder, case, reading)
        if key not in self._cases:
            load = partial(_load, folder, case, name)
            self._cases[key] = Case(name, load, folder, case_id=case, reading=reading)
        return self._cases[key]


def _load(folder: Path, case: str, name: str) -> Frame:
    return replace(Study(folder).load_frame(case), name=name)
