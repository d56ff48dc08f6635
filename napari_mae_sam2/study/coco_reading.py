"""Labels from a COCO file: polygons, and masks as RLE, compressed or not."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np
from pycocotools import mask as rle

from napari_mae_sam2.fa.lesions import MAX_LESIONS
from napari_mae_sam2.fa.reading import readable
from napari_mae_sam2.study.coco import UNSPECIFIED
from napari_mae_sam2.study.files import StudyError
from napari_mae_sam2.study.offered_labels import SOURCE, Offer, Offers, ReadLabel
from napari_mae_sam2.study.records import LesionRecord

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray


def coco_of(
    path: Path,
    kinds: Sequence[str],
    leakage: Sequence[str] = (),
    *,
    empty: bool = False,
) -> Offers:
    """Offer the labels of a COCO file, one for each image.

    Parameters
    ----------
    path : Path
        JSON with images, annotations and categories.
    kinds : sequence of str
        The study's; a category of that name gives its lesions the kind.
    leakage : sequence of str
        Categories that are leakage; all others are passed over. Without it every
        category must be a kind, "leakage", or the only one.
    empty : bool
        Take an image without annotations as one without leakage. Our own exports are
        always so read; elsewhere it may be one that nobody has looked at.

    Raises
    ------
    StudyError
        If it is no such file, or it is not clear which categories are leakage.
    """
    content = _read(path)
    offers = Offers(readable(path.name))
    info = content.get("info")
    ours = isinstance(info, dict) and str(info.get("contributor", "")).startswith(
        "napari-mae-sam2"
    )
    found: dict[Any, list[dict[str, Any]]] = defaultdict(list)
    for one in content["annotations"]:
        found[one.get("image_id")].append(one)
    names = _categories(path, content, found, kinds, leakage)
    nothing = []
    for image in content["images"]:
        file = str(image.get("file_name", ""))
        wanted = [a for a in found.pop(image["id"], []) if a["category_id"] in names]
        if not wanted and not (empty or ours):
            nothing.append(file)
            continue
        offers.found.append(_offer(image, file, wanted, names))
    if nothing:
        listed = ", ".join(nothing[:20]) + (", …" if len(nothing) > 20 else "")
        offers.trouble.append(
            f"{offers.where}: {len(nothing)} images have no annotation and were left "
            f"out ({listed}): if they show no leakage, add --empty-is-negative."
        )
    if found:
        offers.trouble.append(
            f"{offers.where}: {sum(map(len, found.values()))} annotations are of "
            "images that the file does not list."
        )
    return offers


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes())
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise StudyError(f"{path} cannot be read ({reason}).") from error
    except (ValueError, RecursionError) as error:
        raise StudyError(f"{path.name} is no valid JSON: export it again.") from error
    needed = {"images": "id", "annotations": "category_id", "categories": "id"}
    for part, key in needed.items():
        listed = content.get(part) if isinstance(content, dict) else None
        if not isinstance(listed, list) or not all(
            isinstance(one, dict) and isinstance(one.get(key), int | str)
            for one in listed
        ):
            raise StudyError(
                f"{path.name} is no COCO file: it needs {', '.join(needed)}."
            )
    return content  # type: ignore[no-any-return]


def _categories(
    path: Path,
    content: dict[str, Any],
    found: dict[Any, list[dict[str, Any]]],
    kinds: Sequence[str],
    leakage: Sequence[str],
) -> dict[Any, str]:
    """Give the kind of each category that is leakage."""
    used = {one["category_id"] for many in found.values() for one in many}
    named = {
        one["id"]: str(one.get("name", one["id"])) for one in content["categories"]
    }
    named |= {one: str(one) for one in used if one not in named}
    known = {kind.casefold(): kind for kind in kinds}
    known[UNSPECIFIED] = ""
    if leakage:
        wanted = {one.casefold() for one in leakage}
        missing = [
            one
            for one in leakage
            if one.casefold() not in {name.casefold() for name in named.values()}
        ]
        if missing:
            raise StudyError(
                f"{path.name} has no category “{missing[0]}”: it has "
                f"{', '.join(named.values())}."
            )
    else:
        wanted = set(known)
        strange = [named[one] for one in used if named[one].casefold() not in known]
        if strange and len(used) > 1:
            raise StudyError(
                f"{path.name} has categories that the study does not know "
                f"({', '.join(sorted(strange))}): say with --category which of them "
                "are leakage."
            )
        wanted |= {one.casefold() for one in strange}
    return {
        one: known.get(name.casefold(), "")
        for one, name in named.items()
        if name.casefold() in wanted
    }


def _offer(
    image: dict[str, Any],
    file: str,
    annotations: Sequence[dict[str, Any]],
    kinds: dict[Any, str],
) -> Offer:
    said = image.get("height"), image.get("width")

    def read(shape: tuple[int, int]) -> ReadLabel:
        if said != tuple(shape):
            raise StudyError(
                f"{file} is {said[1]} × {said[0]} pixels there but the frame "
                f"{shape[1]} × {shape[0]}."
            )
        return _label(file, annotations, kinds, shape)

    sha256 = image.get("frame_sha256")
    return Offer(
        readable(file) or str(image["id"]),
        file,
        read,
        sha256 if isinstance(sha256, str) else "",
    )


def _label(
    file: str,
    annotations: Sequence[dict[str, Any]],
    kinds: dict[Any, str],
    shape: tuple[int, int],
) -> ReadLabel:
    if len(annotations) > MAX_LESIONS:
        raise StudyError(f"{file} has more than {MAX_LESIONS} lesions.")
    labels = np.zeros(shape, np.uint16)
    lesions, hidden = [], 0
    ids = _numbers(annotations)
    for number, one in zip(ids, annotations, strict=True):
        mask = _mask(one, shape, f"{file}, annotation {one.get('id', number)}")
        free = mask & (labels == 0)  # an earlier lesion keeps its pixels
        hidden += int(mask.sum() - free.sum())
        if not free.any():
            raise StudyError(
                f"{file}, annotation {one.get('id', number)}, lies within others."
            )
        labels[free] = number
        kind = kinds[one["category_id"]]
        lesions.append(LesionRecord(id=number, kind=kind, source=SOURCE))
    notes = []
    if hidden:
        notes.append(f"{hidden} pixels of overlapping lesions went to the earlier one")
    return ReadLabel(labels, tuple(lesions), tuple(notes))


def _numbers(annotations: Sequence[dict[str, Any]]) -> list[int]:
    """Keep the lesion numbers of our own exports; count elsewhere."""
    said = [one.get("lesion") for one in annotations]
    if len(set(said)) == len(said) and all(
        isinstance(one, int) and 0 < one <= MAX_LESIONS for one in said
    ):
        return [int(one) for one in said if one is not None]
    return list(range(1, len(annotations) + 1))


def _mask(
    annotation: dict[str, Any], shape: tuple[int, int], where: str
) -> NDArray[np.bool_]:
    outline = annotation.get("segmentation")
    height, width = shape
    try:
        if isinstance(outline, list) and outline:
            parts = rle.frPyObjects(outline, height, width)
            encoded = rle.merge(parts)
        elif isinstance(outline, dict) and list(outline["size"]) == [height, width]:
            counts = outline["counts"]
            encoded = (
                rle.frPyObjects(outline, height, width)
                if isinstance(counts, list)
                else outline
            )
        else:
            raise ValueError("no outline")
        mask = np.asarray(rle.decode(encoded), bool)
    except Exception as error:  # the decoder raises almost anything
        raise StudyError(f"{where}, has no outline that can be read.") from error
    if mask.shape != tuple(shape) or not mask.any():
        raise StudyError(f"{where}, lies outside the frame or holds no pixel.")
    return mask
