"""The frames that are to be predicted: files, folders, studies, pages of TIFFs."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.fa.frame import FrameError
from napari_mae_sam2.fa.name_matching import NameMatcher
from napari_mae_sam2.fa.reading import count_pages, list_frames, read_frame, readable
from napari_mae_sam2.study.case_names import case_names
from napari_mae_sam2.study.files import StudyError
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.kinds import STUDY_FILE
from napari_mae_sam2.study.readings import waiting_cases

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from napari_mae_sam2.fa.frame import Frame


@dataclass(frozen=True, slots=True)
class Source:
    """Where one frame is read from; may be sent to another process.

    Attributes
    ----------
    path : Path
        A file, or the folder of a study.
    page : int
        Of the file.
    case : str
        Of the study; empty for a file.
    """

    path: Path
    page: int = 0
    case: str = ""

    @property
    def name(self) -> str:
        """For people and tables: no more of the path than its last two parts."""
        if self.case:
            return readable(f"{self.path.name}/{self.case}")
        page = f" page {self.page + 1}" if self.page else ""
        return readable(f"{self.path.absolute().parent.name}/{self.path.name}{page}")

    def load(self) -> Frame:
        """Read the frame; `PlainError` where that cannot be done."""
        if self.case:
            return Study.open(self.path).load_frame(self.case)
        return read_frame(self.path, self.page)


def list_sources(paths: Sequence[Path], unlabelled: bool = False) -> list[Source]:
    """List the frames of files, folders and studies, each once.

    Parameters
    ----------
    paths : sequence of Path
        Of a folder the frames in itself are taken, of a study all its cases, of a
        TIFF all its pages.
    unlabelled : bool
        Leave out the cases of studies that have a label, unless somebody is to read
        them once more.

    Raises
    ------
    PlainError
        If one of the paths does not exist, or a folder or study holds no frames.
    """
    found: dict[Source, None] = {}
    for path in paths:
        if not path.exists():
            raise PlainError(
                f"{path} does not exist: give a frame, a folder or a study."
            )
        if (path / STUDY_FILE).is_file():
            study = Study.open(path)
            cases = study.case_ids()
            if not cases:
                raise PlainError(f"The study {path} holds no cases: grade one first.")
            if unlabelled:
                # What is to be read blinded must open as any case without a label does.
                again = waiting_cases(study.log)
                cases = [c for c in cases if c in again or not study.revision_ids(c)]
            found.update(dict.fromkeys(Source(path, case=case) for case in cases))
        else:
            for file in list_frames(path) if path.is_dir() else [path]:
                found.update(dict.fromkeys(_pages(file)))
    return list(found)


def source_matcher(sources: Sequence[Source]) -> NameMatcher[Source]:
    """Make a matcher that finds frames by what people call them.

    A file is found by its path, a case of a study by its id, its name, and the path it
    was added from.
    """
    matcher: NameMatcher[Source] = NameMatcher()
    studies: dict[Path, dict[str, Source]] = {}
    for one in sources:
        if one.case:
            studies.setdefault(one.path, {})[one.case] = one
        else:
            real = os.path.realpath(one.path)
            for name in {os.path.abspath(one.path), real}:
                matcher.add(one, name, page=one.page + 1, same=(real, one.page))
    for folder, cases in studies.items():
        study, records = Study.open(folder), {}
        for case in cases:
            with suppress(StudyError):  # it will be named when it is read
                records[case] = study.case(case)
        for way in case_names(study, records):
            matcher.add(
                cases[way.case],
                way.name,
                page=way.page,
                by_page=way.page > 1,  # "run" is the first page, as the window has it
                ends=way.ends,
            )
    return matcher


def _pages(path: Path) -> list[Source]:
    """List the pages of a file; one that cannot be read is said to be so later."""
    try:
        pages = count_pages(path)
    except FrameError:
        pages = 1
    return [Source(path, page) for page in range(pages)]
