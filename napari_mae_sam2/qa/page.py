"""One self-contained page on the predictions of a folder; see `docs/qa.md`."""

from __future__ import annotations

import base64
import hashlib
import html
import json
from dataclasses import dataclass, field
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final, TypeVar

import napari_mae_sam2
from napari_mae_sam2.fa import colours
from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.fa.overlap import Overlap
from napari_mae_sam2.fa.quality import WORDS
from napari_mae_sam2.predict.results import Results
from napari_mae_sam2.qa.labels import Labels
from napari_mae_sam2.qa.order import attention
from napari_mae_sam2.qa.picture import UNIT, outline, small_picture
from napari_mae_sam2.qa.ranking import signs_of
from napari_mae_sam2.study.files import StudyError, write_file
from napari_mae_sam2.study.images import read_tiff

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from napari_mae_sam2.predict.results import FrameRecord
    from napari_mae_sam2.qa.order import Signs

T = TypeVar("T")

# Together less than 60 MB, the most that a browser opens without a wait.
_PICTURES: Final = 33_000_000  # bytes of all pictures; as base64 a third more
_PICTURE: Final = 40_000  # bytes of one, even where there are few
_OUTLINES: Final = 13_000_000  # characters of all outlines
_OUTLINE: Final = 16_000

_COLOURS: Final = (
    f":root {{ --model: {colours.MODEL}; --other: {colours.OTHER}; "
    f"--truth: {colours.LABEL}; --both: {colours.BOTH}; }}\n"
)


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the page shows.

    Attributes
    ----------
    predictions : Path
        A folder that predict wrote.
    against : Path or None
        One of another model.
    labels : Path or None
        A study or a folder of masks.
    """

    predictions: Path
    against: Path | None = None
    labels: Path | None = None


@dataclass(slots=True)
class Written:
    """What became of it.

    Attributes
    ----------
    frames : int
    trouble : list of str
        One sentence for each frame that had to be left out or has no comparison.
    """

    frames: int = 0
    trouble: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Budget:
    """What one frame may take: bytes of its picture, characters of each outline."""

    picture: int
    outline: int


@dataclass(slots=True)
class _Shown:
    """A frame on its way to the page."""

    record: FrameRecord
    content: dict[str, Any]
    picture: bytes
    signs: Signs


def write_page(
    out: Path, inputs: Inputs, progress: Callable[[int, int], None] | None = None
) -> Written:
    """Write the page, whole or not at all.

    Raises
    ------
    PlainError
        If a folder holds no predictions or the page cannot be written.
    """
    results = Results.open(inputs.predictions)
    other = None if inputs.against is None else Results.open(inputs.against)
    done = Written()
    records = list(results.records(done.trouble))
    if not records:
        raise StudyError(f"{inputs.predictions} holds no predicted frame yet.")
    labels = None if inputs.labels is None else Labels(inputs.labels, records)
    done.trouble += [] if labels is None else labels.trouble
    masks = len(records) * (1 + (other is not None) + (labels is not None))
    budget = _Budget(
        min(_PICTURE, _PICTURES // len(records)), min(_OUTLINE, _OUTLINES // masks)
    )
    shown: list[_Shown] = []
    for number, record in enumerate(records, start=1):
        try:
            shown.append(_show(record, results, other, labels, budget, done.trouble))
        except PlainError as error:
            done.trouble.append(str(error))
        if progress is not None:
            progress(number, len(records))
    done.frames = len(shown)
    done.trouble += _compared_with_nothing(inputs, shown)
    names = _names(results, other)
    write_file(out, _page(shown, names, results).encode())
    return done


def _compared_with_nothing(inputs: Inputs, shown: Sequence[_Shown]) -> list[str]:
    """Say which folder knows none of the frames: it is most likely another one."""
    trouble = []
    if inputs.against and all(one.content["b"] is None for one in shown):
        trouble.append(f"{inputs.against} predicts none of these frames.")
    if inputs.labels and all(one.content["t"] is None for one in shown):
        trouble.append(
            f"{inputs.labels} holds no label that fits one of these frames: masks are "
            "named after the frames or their ids."
        )
    return trouble


def _names(results: Results, other: Results | None) -> list[str]:
    """Name the models so that they can be told apart."""
    models = [one.model for one in (results, other) if one is not None]
    alike = len({one.name for one in models}) < len(models)
    return [
        f"{one.name} ({one.fingerprint[:6]})" if alike else one.name for one in models
    ]


def _show(
    record: FrameRecord,
    results: Results,
    other: Results | None,
    labels: Labels | None,
    budget: _Budget,
    trouble: list[str],
) -> _Shown:
    try:
        picture, size = small_picture(results.preview(record.id), budget.picture)
    except OSError as error:
        raise StudyError(
            f"The preview of {record.source} is gone: predict it again."
        ) from error
    mask = read_tiff(results.label(record.id)) > 0
    said = _or_trouble(lambda: labels.of(record) if labels else None, trouble)
    label = None if said is None else said.leakage
    second = _or_trouble(lambda: _other_mask(other, record) if other else None, trouble)
    signs = signs_of(
        record,
        None if said is None else Overlap.of(mask & ~said.unsure, said.leakage).dice,
        None if second is None else Overlap.of(mask, second).dice,
    )
    content = {
        "id": record.id,
        "sha": record.frame_sha256,
        "name": record.name,
        "source": record.source,
        "size": size,
        "a": outline(mask, size, budget.outline),
        "b": None if second is None else outline(second, size, budget.outline),
        "t": None if label is None else outline(label, size, budget.outline),
        "area": 100 * record.field_share,
        "lesions": record.lesions,
        "score": record.score,
        "unsure": record.uncertainty,
        "dye": record.dye,
        "sharp": record.sharpness,
        "diceLabel": signs.dice_label,
        "diceOther": signs.dice_other,
        "told": {
            name: [one.value, one.probability] for name, one in record.told.items()
        },
        "flags": [WORDS[flag] for flag in record.flags if flag in WORDS],
    }
    return _Shown(record, content, picture, signs)


def _or_trouble(find: Callable[[], T | None], trouble: list[str]) -> T | None:
    try:
        return find()
    except PlainError as error:
        trouble.append(str(error))
        return None


def _other_mask(other: Results, record: FrameRecord) -> NDArray[np.bool_] | None:
    path = other.label(record.id)
    return read_tiff(path) > 0 if path.is_file() else None


def _page(shown: Sequence[_Shown], names: list[str], results: Results) -> str:
    weighed = attention([one.signs for one in shown])
    frames = []
    for one, weight in zip(shown, weighed, strict=True):
        frames.append(
            one.content | {"attention": weight.weight, "reasons": list(weight.reasons)}
        )
    digest = hashlib.sha256()
    for one in shown:
        digest.update(f"{one.record.id} {one.content['a']}\n".encode())
    content = {
        "page": digest.hexdigest()[:16],
        "models": names,
        "fingerprint": results.model.fingerprint,
        "unit": UNIT,
        "told": sorted({name for one in shown for name in one.record.told}),
        "software": f"napari-mae-sam2 {napari_mae_sam2.__version__}",
        "frames": frames,
    }
    script, style = _part("page.js"), _COLOURS + _part("page.css")
    pictures = "\n".join(
        f'<script type="text/plain" id="p{number}">'
        f"{base64.b64encode(one.picture).decode()}</script>"
        for number, one in enumerate(shown)
    )
    marks = {
        "POLICY": f"default-src 'none'; img-src data:; style-src {_hash(style)}; "
        f"script-src {_hash(script)}",
        "TITLE": html.escape(f"{names[0]}: {len(shown)} frames"),
        "STYLE": style,
        "DATA": script_json(content),
        "PICTURES": pictures,
        "SCRIPT": script,
    }
    text = _part("page.html")
    parts = text.split("%%")
    return "".join(marks[part] if n % 2 else part for n, part in enumerate(parts))


def script_json(content: object) -> str:
    """Encode as JSON that may stand between script tags: nothing in it ends them."""
    return json.dumps(content, ensure_ascii=False, allow_nan=False).replace(
        "<", "\\u003c"
    )


def _part(name: str) -> str:
    return files(__package__).joinpath(name).read_text("utf-8")


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
