"""A study folder with the immutable revisions of its labels.

A revision's name holds random digits and can meet no other, so two graders may save
the same case at once: both revisions are kept.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_mae_sam2.fa.frame import pixel_sha256
from napari_mae_sam2.fa.lesions import check_labels, lesion_ids
from napari_mae_sam2.study.cases import Cases
from napari_mae_sam2.study.conflicts import InConflict, label_of
from napari_mae_sam2.study.covered import check_case, hashes
from napari_mae_sam2.study.files import StudyError, new_folder, to_json
from napari_mae_sam2.study.images import label_files, read_tiff
from napari_mae_sam2.study.last_words import last_words, refuses, status_of
from napari_mae_sam2.study.records import (
    ANSWERED,
    CaseRecord,
    LesionRecord,
    ModelRecord,
    RevisionRecord,
    Status,
    dump,
    load,
)
from napari_mae_sam2.study.seals import sealed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_mae_sam2.fa.frame import Frame

_REVISION_NAME = re.compile(r"([0-9]{4,})-[0-9a-f]{8}")


@dataclass(frozen=True, slots=True)
class Labelled:
    """A case and the revision that answers it."""

    case: CaseRecord
    revision: RevisionRecord


class Study(Cases):
    """A study: cases, and the revisions of their labels.

    Made by `create`, `open` or `open_or_create`; see `Cases`.
    """

    def save_revision(
        self,
        frame: Frame,
        labels: NDArray[Any],
        *,
        grader: str,
        parent: str | None,
        lesions: Sequence[LesionRecord] = (),
        model: ModelRecord | None = None,
        status: Status = "done",
        statistics: dict[str, float] | None = None,
        merges: Sequence[str] = (),
    ) -> RevisionRecord:
        """Save a label as a new revision of the frame's case; never change an old one.

        Parameters
        ----------
        frame : Frame
            Added as a case where it is not one yet.
        labels : integer array of shape (H, W)
            Lesion ids, 0 for no leakage; all zeros is a valid answer.
        grader : str
            The name that the grader chose.
        parent : str or None
            Id of the revision that the grader started from; None for an empty label.
        lesions : sequence of LesionRecord
            What is known of the lesions. One that has no pixels left is not stored;
            pixels that have none get one that says nothing but their id.
        model : ModelRecord, optional
            The model that answered the prompts, if any.
        status : str
            See `Status`.
        statistics : dict of str to float, optional
            What was counted on the way: seconds on task, clicks, share of pixels.
        merges : sequence of str
            Further revisions that it takes the place of, beside its parent.

        Returns
        -------
        RevisionRecord
            As it was written.

        Raises
        ------
        LabelError
            If the labels do not fit the frame.
        StudyError
            If it could not be written: then nothing of it is there.
        """
        check_labels(labels, frame.shape, frame.name)
        if not grader.strip():
            raise StudyError(
                "Enter a grader's name before saving, any short name will do."
            )
        case = self.add_frame(frame, grader=grader)
        earlier = self.revision_ids(case.id)
        for one in (parent, *merges):
            if one is not None and one not in earlier:
                raise StudyError(f"{frame.name} has no revision {one} to build on.")
        stored = labels.astype(np.uint16)
        known = {lesion.id: lesion for lesion in lesions}
        number = max((int(i.partition("-")[0]) for i in earlier), default=0) + 1
        record = RevisionRecord(
            id=f"{number:04d}-{uuid.uuid4().hex[:8]}",
            parent=parent,
            merges=list(merges),
            case=case.id,
            frame_sha256=frame.sha256,
            label_sha256=pixel_sha256(stored),
            grader=grader.strip(),
            model=model,
            lesions=[known.get(i) or LesionRecord(id=i) for i in lesion_ids(stored)],
            status=status,
            statistics=statistics or {},
        )
        with new_folder(self.revision_folder(case.id, record.id)) as files:
            files.update(label_files(stored))
            files["revision.json"] = content = to_json(sealed(dump(record)))
        path = self.revision_folder(case.id, record.id) / "revision.json"
        self._note_revision(record, hashes(self.folder, {path: content}))
        return record

    def _note_revision(self, record: RevisionRecord, files: dict[str, str]) -> None:
        self.note(
            "saved",
            grader=record.grader,
            case=record.case,
            details=record.for_log(),
            files=files,
        )

    def revisions_folder(self, case: str) -> Path:
        """Give the folder that holds a case's revisions, there or not."""
        return self.case_folder(case) / "revisions"

    def revision_folder(self, case: str, revision: str) -> Path:
        """Give the folder of a revision; `StudyError` where that cannot be an id."""
        if not _REVISION_NAME.fullmatch(revision):
            raise StudyError(f"“{revision[:80]}” is not the id of a revision.")
        return self.revisions_folder(case) / revision

    def revision_ids(self, case: str) -> list[str]:
        """List the ids of a case's revisions, oldest first; unfinished ones are not."""
        folder = self.revisions_folder(case)
        try:
            names = [path.name for path in folder.iterdir()]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StudyError(f"{folder} cannot be read.") from error
        ids = [name for name in names if _REVISION_NAME.fullmatch(name)]
        return sorted(ids, key=lambda name: (int(name.partition("-")[0]), name))

    def revision(self, case: str, revision: str) -> RevisionRecord:
        """Read the record of a revision; `StudyError` where missing or damaged."""
        folder = self.revision_folder(case, revision)
        return load(RevisionRecord, folder / "revision.json")

    def latest_revision(self, case: str) -> RevisionRecord | None:
        """Give the newest revision of a case.

        The highest number wins, so a clock that jumps does no harm; of revisions that
        two graders saved in parallel, the one saved later.

        Parameters
        ----------
        case : str
            Its id.

        Returns
        -------
        RevisionRecord or None
            None where the case has no label yet.

        Raises
        ------
        StudyError
            If its record is damaged.
        """
        ids = self.revision_ids(case)
        if not ids:
            return None
        newest = ids[-1].partition("-")[0]
        records = [
            self.revision(case, name)
            for name in ids
            if int(name.partition("-")[0]) == int(newest)
        ]
        return max(records, key=lambda record: (record.time, record.id))

    def load_labels(self, revision: RevisionRecord) -> NDArray[np.uint16]:
        """Read the label image of a revision of this study.

        Returns
        -------
        uint16 array of shape (H, W)
            Lesion ids.

        Raises
        ------
        StudyError
            If it is missing, damaged or not what was saved.
        """
        path = self.revision_folder(revision.case, revision.id) / "lesions.tif"
        labels = read_tiff(path)
        if pixel_sha256(labels) != revision.label_sha256:
            raise StudyError(
                f"{path} is no longer the label that was saved (its hash changed): "
                "restore it from a backup."
            )
        return labels.astype(np.uint16, copy=False)

    def labelled(
        self,
        statuses: tuple[Status, ...] = ANSWERED,
        on_damage: Callable[[StudyError], None] | None = None,
        on_conflict: Callable[[InConflict], None] | None = None,
        on_unreadable: Callable[[str, StudyError], None] | None = None,
        on_other: Callable[[str, Status], None] | None = None,
    ) -> Iterator[Labelled]:
        """Go through the cases whose label is a grader's answer.

        A case of which somebody said afterwards that it cannot be graded has none, and
        neither has one whose answers are in conflict. A record that is not as the log
        says counts as one that cannot be read.

        Parameters
        ----------
        statuses : tuple of str
            Which labels count; by default answers, empty ones among them.
        on_damage : callable, optional
            Told of everything that cannot be read, a case or an event of the log,
            which is then left out; without it the first raises.
        on_conflict : callable, optional
            Told of every case in conflict, which is then left out; without it
            `on_damage` is.
        on_unreadable : callable, optional
            Told of every case whose records cannot be read, which is then left out;
            without it `on_damage` is. Damaged events raise all the same.
        on_other : callable, optional
            Told of every case whose label has another status, and which.

        Yields
        ------
        Labelled
            In natural order of the cases; pixels are not read.

        Raises
        ------
        StudyError, InConflict
            If a record is damaged or a case in conflict, and nobody wants to be told.
        """
        words = last_words(self.log, on_damage, self.covered.take)
        for case in self.case_ids():
            try:
                word = words.get(case)
                if word is not None and refuses(word):
                    continue
                revision = label_of(self, case)
                check_case(self, case)
                if revision is None:
                    continue
                status = status_of(revision, word)
                if status not in statuses:
                    if on_other is not None:
                        on_other(case, status)
                    continue
                found = Labelled(self.case(case), revision)
            except StudyError as error:
                if isinstance(error, InConflict) and on_conflict is not None:
                    on_conflict(error)
                elif on_unreadable is not None:
                    on_unreadable(case, error)
                elif on_damage is not None:
                    on_damage(error)
                else:
                    raise
                continue
            yield found
