"""`napari-mae-sam2 study import-labels`: labels from elsewhere become revisions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_mae_sam2.common.command_options import JsonProgress, StudyFolder
from napari_mae_sam2.common.command_output import CommandOutput
from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.study_cli import count
from napari_mae_sam2.study_queue_cli import study_app

__all__ = ["study_app"]

if TYPE_CHECKING:
    from napari_mae_sam2.study.importing import Taken
    from napari_mae_sam2.study.offered_labels import MaskRules, Offers

_WORDS = {
    "new": "new label",
    "again": "replaces the label imported before",
    "beside": "second answer, beside {grader}",
    "same": "unchanged, the case has this label",
    "answered": "left out, answered by {grader}",
    "unreadable": "left out, see below",
}


@study_app.command("import-labels")
def import_labels(
    study: StudyFolder,
    sources: Annotated[
        list[Path],
        typer.Argument(
            help="Folders of masks, masks, COCO files (.json), and tables (.csv) with "
            "columns file and mask.",
            min=1,
        ),
    ],
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Show what would be imported; save nothing."),
    ] = False,
    keep_both: Annotated[
        bool,
        typer.Option(
            "--keep-both",
            help="Save labels of answered cases too, as a second answer to be "
            "compared with the first.",
        ),
    ] = False,
    status: Annotated[
        str, typer.Option(help="Of the labels: done, needs_review or proposed.")
    ] = "done",
    instances: Annotated[
        bool,
        typer.Option(
            "--instances", help="Values of masks are lesion numbers, in 8 bits too."
        ),
    ] = False,
    foreground: Annotated[
        list[int] | None,
        typer.Option(help="A value of masks that is leakage; may be repeated."),
    ] = None,
    ending: Annotated[
        str,
        typer.Option(help="What names of masks add to the frames', such as _mask."),
    ] = "",
    kind: Annotated[
        str, typer.Option(help="Kind of all lesions in masks, such as disc.")
    ] = "",
    category: Annotated[
        list[str] | None,
        typer.Option(help="A COCO category that is leakage; may be repeated."),
    ] = None,
    empty_is_negative: Annotated[
        bool,
        typer.Option(
            "--empty-is-negative",
            help="COCO images without annotations show no leakage.",
        ),
    ] = False,
    ignore_folders: Annotated[
        bool, typer.Option("--ignore-folders", help="Match by file names alone.")
    ] = False,
    json_progress: JsonProgress = False,
) -> None:
    """Import labels from masks and COCO files as revisions by "import".

    An answer of a grader is never replaced. The exit code is 1 where something was left
    out.
    """
    from napari_mae_sam2.study.folder import Study
    from napari_mae_sam2.study.importing import SAVED
    from napari_mae_sam2.study.importing import import_labels as take_in
    from napari_mae_sam2.study.kinds import read_kinds
    from napari_mae_sam2.study.offered_labels import MaskRules, check_kind

    if status not in ("done", "needs_review", "proposed"):
        raise PlainError(
            f"Labels cannot be imported as “{status}”: say done, needs_review or "
            "proposed."
        )
    opened = Study.open(study)
    kinds = [one.name for one in read_kinds(study)]
    rules = MaskRules(
        instances, tuple(foreground or ()), ending, check_kind(kind, kinds)
    )
    offers = [
        _offers(path, rules, kinds, tuple(category or ()), empty_is_negative)
        for path in sources
    ]
    output = CommandOutput(json_progress=json_progress)
    with output.progress("import", "Importing labels") as progress:
        done = take_in(
            opened,
            offers,
            dry_run=dry_run,
            keep_both=keep_both,
            ignore_folders=ignore_folders,
            status=status,  # type: ignore[arg-type]  # checked above
            progress=progress,
        )
    lines = [_line(one) for one in done.taken] if dry_run else []
    would = "would be imported" if dry_run else "imported"
    found = [one for one in done.taken if one.what in SAVED]
    lesions = count(sum(one.lesions for one in found), "lesion")
    lines.append(f"{count(done.saved, 'label')} with {lesions} {would} into {study}")
    output.result(
        "\n".join(lines),
        imported=done.saved,
        dry_run=dry_run,
        labels=[
            {"name": one.name, "case": one.case, "what": one.what,
             "lesions": one.lesions, "pixels": one.pixels, "grader": one.grader}
            for one in done.taken
        ],
        left_out=done.trouble,
    )  # fmt: skip
    output.exit_with(done.trouble, "")


def _offers(
    path: Path,
    rules: MaskRules,
    kinds: list[str],
    categories: tuple[str, ...],
    empty: bool,
) -> Offers:
    from napari_mae_sam2.study.coco_reading import coco_of
    from napari_mae_sam2.study.offered_labels import masks_of, table_of

    if not path.exists():
        raise PlainError(f"{path} does not exist: give masks, a COCO file or a table.")
    ending = path.suffix.lower()
    if ending == ".json":
        return coco_of(path, kinds, categories, empty=empty)
    if ending in (".csv", ".tsv", ".txt"):
        return table_of(path, rules)
    return masks_of(path, rules)


def _line(one: Taken) -> str:
    said = _WORDS[one.what].format(grader=one.grader)
    lesions = f" ({count(one.lesions, 'lesion')}, {one.pixels} px)"
    size = "" if one.what == "unreadable" else lesions
    return f"{one.name} → {one.case}{size}: {said}"
