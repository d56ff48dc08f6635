"""The newest labels of a study for other programs, in a folder replaced as a whole."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from napari_mae_sam2.common.shared_folders import make_folders
from napari_mae_sam2.fa.lesions import lesion_ids
from napari_mae_sam2.fa.reading import LABEL_ENDING, readable
from napari_mae_sam2.study.coco import CocoBuilder
from napari_mae_sam2.study.export import export_label
from napari_mae_sam2.study.files import (
    TEMPORARY,
    StudyError,
    read_json,
    to_json,
    write_file,
)
from napari_mae_sam2.study.images import tiff_bytes
from napari_mae_sam2.study.kinds import read_kinds
from napari_mae_sam2.study.migration import study_id
from napari_mae_sam2.study.records import SOFTWARE, now
from napari_mae_sam2.study.replacing import replaced_folder
from napari_mae_sam2.study.splits import case_splits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from napari_mae_sam2.fa.frame import Frame
    from napari_mae_sam2.study.folder import Labelled, Study

HEAD: Final = "export.json"
"""Says what an export is, and names all its files."""

COLUMNS: Final = (
    *("image", "mask", "instances", "case", "patient", "eye", "visit", "phase"),
    "split",
)

_SCHEMA: Final = 1
_CLUTTER: Final = (".ds_store", "thumbs.db", "desktop.ini", ".directory", "@eadir")
_OLD_FILE: Final = re.compile(  # of an export that did not name its files yet
    r"coco\.json|manifest\.csv|images/[A-Za-z0-9-]+-[0-9a-f]{12}\.tif|"
    r"labels/[A-Za-z0-9-]+-[0-9a-f]{12}\.leakage\.(tif|png|json)"
)


@dataclass(slots=True)
class Exported:
    """What an export of a study came to.

    Attributes
    ----------
    cases, lesions : int
        How many were written.
    in_progress : int
        How many have labels that nobody has finished, and are left out.
    trouble : list of str
        One sentence for each case that had to be left out.
    """

    cases: int = 0
    lesions: int = 0
    in_progress: int = 0
    trouble: list[str] = field(default_factory=list)


def export_study(
    study: Study, out: Path, progress: Callable[[int, int], None] | None = None
) -> Exported:
    """Write the newest labels of a study for other programs.

    Parameters
    ----------
    study : Study
        The study; it is only read.
    out : Path
        Folder for images/CASE.tif, labels/CASE.leakage.tif, .png and .json, coco.json,
        manifest.csv (see `COLUMNS`; paths relative to the folder) and export.json.
        Made where it is missing. An earlier export there is replaced as a whole at the
        end; until then, and where anything fails, it stays as it was.
    progress : callable, optional
        Told how many of how many cases are done.

    Returns
    -------
    Exported
        What was written and which cases were left out.

    Raises
    ------
    StudyError
        If the folder cannot be written or holds files that no export wrote, or if the
        study holds no label and no earlier export has to go.
    """
    result = Exported()
    splits = case_splits(study)
    found = list(study.labelled(on_damage=lambda e: result.trouble.append(str(e))))
    result.in_progress = _in_progress(study, {one.case.id for one in found})
    if not found and not result.trouble:
        if not _is_export(out):
            raise StudyError(
                f"{study.folder} holds no finished label: finish a case first."
            )
        result.trouble.append(
            f"{study.folder} holds no finished label any more: the export is empty now."
        )
    try:
        coco = CocoBuilder(read_kinds(study.folder))
    except StudyError as error:
        # The lesions name their kinds themselves; the order of categories is lost.
        result.trouble.append(str(error))
        coco = CocoBuilder()
    rows: list[dict[str, str]] = []
    with replaced_folder(out, _check_ours) as new:
        make_folders(new / "images")
        make_folders(new / "labels")
        for done, labelled in enumerate(found, start=1):
            case = labelled.case
            try:
                frame = study.load_frame(case.id)
                labels = study.load_labels(labelled.revision)
            except StudyError as error:
                result.trouble.append(str(error))
            else:
                row = _export_case(new, labelled, frame, labels)
                row["split"] = splits(case)
                coco.add(case, labelled.revision, labels, row["image"], row["split"])
                rows.append(row)
                result.cases += 1
                result.lesions += len(lesion_ids(labels))
            if progress is not None:
                progress(done, len(found))
        if found and not rows and _is_export(out):
            # A drive is away: no reason to lose what was exported while it was there.
            raise StudyError(
                f"The earlier export in {out} stays, since no case can be read now. "
                f"The first: {result.trouble[-len(found)]}"
            )
        coco.write(new / "coco.json")
        write_file(new / "manifest.csv", _manifest(rows))
        write_file(new / HEAD, to_json(_head(study, new, result)))
    return result


def _in_progress(study: Study, finished: set[str]) -> int:
    """Count the cases with a label that nobody has called done yet."""
    count = 0
    for case in study.case_ids():
        with suppress(StudyError):
            latest = None if case in finished else study.latest_revision(case)
            count += latest is not None and latest.status == "in_work"
    return count


def _export_case(
    out: Path, found: Labelled, frame: Frame, labels: NDArray[Any]
) -> dict[str, str]:
    case, revision = found.case, found.revision
    image = f"images/{case.id}.tif"
    write_file(out / image, tiff_bytes(frame.pixels))
    export_label(
        out / "labels" / case.id,
        labels,
        frame=frame,
        grader=revision.grader,
        lesions=revision.lesions,
        model=revision.model,
    )
    return {
        "image": image,
        "mask": f"labels/{case.id}{LABEL_ENDING}.png",
        "instances": f"labels/{case.id}{LABEL_ENDING}.tif",
        "case": case.id,
        "patient": case.patient or "",
        "eye": case.eye or "",
        "visit": case.visit or "",
        "phase": case.phase or "",
    }


def _manifest(rows: Iterable[dict[str, str]]) -> bytes:
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue().encode()


def _head(study: Study, out: Path, result: Exported) -> dict[str, Any]:
    return {
        "schema": _SCHEMA,
        "software": SOFTWARE,
        "time": now(),
        "study": study_id(study),
        "cases": result.cases,
        "lesions": result.lesions,
        "left_out": len(result.trouble),
        "files": sorted({*_files(out), HEAD}),
    }


def _files(folder: Path) -> list[str]:
    """List the files below a folder, without unfinished ones and clutter."""
    found = []
    for above, folders, names in os.walk(folder):
        folders[:] = [one for one in folders if not _is_clutter(one)]
        links = [one for one in folders if Path(above, one).is_symlink()]
        for name in (*names, *links):
            if not _is_clutter(name):
                found.append(Path(above, name).relative_to(folder).as_posix())
    return found


def _is_clutter(name: str) -> bool:
    return name.startswith((TEMPORARY, "._")) or name.casefold() in _CLUTTER


def _check_ours(folder: Path) -> None:
    """Refuse a folder in which something lies that no export wrote."""
    ours = _files_of_export(folder)
    foreign = sorted(readable(one) for one in _files(folder) if not ours(one))
    if foreign:
        shown = ", ".join(foreign[:3])
        more = f" and {len(foreign) - 3} more" if len(foreign) > 3 else ""
        raise StudyError(
            f"{folder} holds files that are not part of an export ({shown}{more}), and "
            "an export replaces its whole folder: move them away, or choose another "
            "folder."
        )


def _is_export(folder: Path) -> bool:
    return folder.is_dir() and any(map(_files_of_export(folder), _files(folder)))


def _files_of_export(folder: Path) -> Callable[[str], bool]:
    """Tell which files of a folder an export wrote, one of an earlier version too."""
    with suppress(StudyError):
        named = read_json(folder / HEAD).get("files")
        if isinstance(named, list):
            return set(named).__contains__
    with suppress(OSError, ValueError, TypeError, KeyError):
        info = json.loads((folder / "coco.json").read_bytes())["info"]
        if str(info["contributor"]).startswith("napari-mae-sam2"):
            return lambda name: _OLD_FILE.fullmatch(name) is not None
    return lambda name: False
