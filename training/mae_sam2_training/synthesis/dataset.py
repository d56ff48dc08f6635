"""Write a drawn training set to disk: images, masks, lesions and a manifest."""

from __future__ import annotations

import csv
import math
import os
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image
from skimage.transform import resize

from mae_sam2_training.synthesis.backgrounds import clean_frames
from mae_sam2_training.synthesis.painting import draw_into
from mae_sam2_training.synthesis.surveying import survey
from napari_mae_sam2.fa.drawing import KINDS, draw_frame
from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.fa.pixels import as_grey8
from napari_mae_sam2.fa.reading import read_frame

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from mae_sam2_training.synthesis.sheet import Sample
    from napari_mae_sam2.fa.drawing.scene import Scene

SMALLEST_SIDE = 64
"""Pixels: in less no vessel can be seen."""
COLUMNS = ("image", "mask", "patient", "split", "dataset")
UNFINISHED = ".unfinished-set"
"""Lies in the folder while a set is drawn; a killed program leaves it there."""
_PARTS = ("images", "masks", "lesions")
_SPLITS = (("train", 0.7), ("val", 0.15), ("test", 0.15))


class SynthesisError(PlainError):
    """A drawn set that cannot be made, in one sentence."""


def synthesize(
    out_folder: Path,
    count: int,
    seed: int = 0,
    frames: Sequence[Path] | None = None,
    size: int = 512,
    kinds: Sequence[str] = KINDS,
    contrast: tuple[float, float] = (10.0, 110.0),
    empty: float = 0.08,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Draw a set of frames with exact masks.

    Writes ``images/NAME.png``, ``lesions/NAME.png`` (16-bit instances: the column
    ``mask`` of the manifest), ``masks/NAME.png`` (the same as 0 and 255, for other
    programs) and, last, ``manifest.csv`` with the columns `COLUMNS` and paths relative
    to itself. The patient of a drawn-into frame is its source frame,
    so that a split by patient never shares a background; a wholly drawn frame is a
    patient of its own.

    Parameters
    ----------
    out_folder : Path
        New or empty folder, or one in which the drawing of a set was killed.
    count : int
        How many frames, at least 1.
    seed : int
        The same seed, count and frames give the same set.
    frames : sequence of Path, optional
        Real frames to draw into, each in turn; those known to leak are left out
        (`clean_frames`). Whole frames are drawn by default.
    size : int
        Longer side of the written frames in pixels.
    kinds : sequence of str
        Kinds of leakage to choose from.
    contrast : tuple of float
        Lowest and highest mean height in grey levels, for real frames.
    empty : float
        Probability of a frame without leakage.
    progress : callable, optional
        Called with (done, count) after each frame.

    Returns
    -------
    Path
        The manifest.

    Raises
    ------
    SynthesisError
        For a count below 1 or another wish that cannot be met, a folder that is not
        empty or cannot be written, or frames of which none is safe to draw into.
    FrameError
        For a frame that cannot be read.
    """
    _check(count, seed, size, kinds, contrast)
    safe = None
    if frames is not None:
        safe = clean_frames(frames)
        if not safe:
            raise SynthesisError(
                "None of the given frames is free of real leakage, so leakage cannot "
                "be drawn into them; choose normal or arterial frames."
            )
    try:
        _clear_unfinished(out_folder)
        if out_folder.exists() and any(out_folder.iterdir()):
            raise SynthesisError(
                f"The folder {out_folder} is not empty; choose a new one."
            )
    except OSError as error:
        raise _unwritten(out_folder, error) from error
    try:
        out_folder.mkdir(parents=True, exist_ok=True)
        (out_folder / UNFINISHED).touch()
        for name in _PARTS:
            (out_folder / name).mkdir()
        rows: list[tuple[str, ...]] = []
        for number in range(count):
            patient, sample = _draw(number, seed, safe, size, kinds, contrast, empty)
            name = f"{number:05d}.png"
            _save(out_folder, name, sample)
            split = _split_of(patient, seed)
            rows.append((f"images/{name}", f"lesions/{name}", patient, split, "drawn"))
            if progress is not None:
                progress(number + 1, count)
        manifest = _write_manifest(out_folder, rows)
        (out_folder / UNFINISHED).unlink()
        return manifest
    except BaseException as error:
        # a set without its manifest is of no use, and would be in the way of the next
        for name in (*_PARTS, "manifest.csv.part", "manifest.csv", UNFINISHED):
            _remove(out_folder / name)
        if isinstance(error, OSError):
            raise _unwritten(out_folder, error) from error
        raise


def _clear_unfinished(folder: Path) -> None:
    """Delete a set whose drawing was killed; the mark says that it is ours."""
    if not (folder / UNFINISHED).is_file():
        return
    for name in _PARTS:
        for path in (folder / name).glob("[0-9]*.png"):
            path.unlink()
        with suppress(OSError):  # somebody put other files there, which stay
            (folder / name).rmdir()
    for name in ("manifest.csv.part", "manifest.csv", UNFINISHED):
        (folder / name).unlink(missing_ok=True)


def _unwritten(folder: Path, error: OSError) -> SynthesisError:
    return SynthesisError(
        f"The drawn set could not be written to {folder}: "
        f"{error.strerror or error}; check the folder and the free space."
    )


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()


def _check(
    count: int,
    seed: int,
    size: int,
    kinds: Sequence[str],
    contrast: tuple[float, float],
) -> None:
    if count < 1:
        raise SynthesisError(f"The number of frames must be at least 1, not {count}.")
    if seed < 0:
        raise SynthesisError(f"The seed must be 0 or more, not {seed}.")
    if size < SMALLEST_SIDE:
        raise SynthesisError(
            f"The longer side must be at least {SMALLEST_SIDE} pixels, not {size}."
        )
    low, high = contrast
    if not 0 < low <= high < math.inf:
        raise SynthesisError(
            f"The contrast must be two rising numbers above 0, not {low:g} and "
            f"{high:g}."
        )
    if unknown := sorted(set(kinds) - set(KINDS)):
        raise SynthesisError(
            f"'{unknown[0]}' is no kind of leakage: choose of {', '.join(KINDS)}."
        )


def _draw(
    number: int,
    seed: int,
    frames: Sequence[Path] | None,
    size: int,
    kinds: Sequence[str],
    contrast: tuple[float, float],
    empty: float,
) -> tuple[str, Sample]:
    """Draw one sample; return its patient and itself."""
    rng = np.random.default_rng((seed, number))
    if frames is None:
        phase = "late" if rng.random() < 0.7 else "early"
        wanted: list[str] = []
        if rng.random() >= empty:
            wanted = [str(k) for k in rng.choice(list(kinds), rng.integers(1, 6))]
        drawn = draw_frame(int(rng.integers(2**31)), size, phase, wanted)
        return f"drawn-{number:05d}", drawn
    source = frames[number % len(frames)]
    scene = _survey(source, size)
    into = draw_into(scene, rng, contrast=contrast, kinds=kinds, empty=empty)
    return f"{source.parent.name}-{source.stem}", into


def _survey(source: Path, size: int) -> Scene:
    """Read a real frame at the wanted size and survey it."""
    grey = as_grey8(read_frame(source).pixels)
    scale = size / max(grey.shape)
    if scale != 1:
        shape = (round(grey.shape[0] * scale), round(grey.shape[1] * scale))
        small = resize(grey, shape, preserve_range=True, anti_aliasing=scale < 1)
        grey = np.rint(small).astype(np.uint8)
    return survey(grey)


def _split_of(patient: str, seed: int) -> str:
    """Give a patient a split that does not depend on who else is in the set."""
    letters = np.frombuffer(patient.encode(), np.uint8).tolist()
    chance = float(np.random.default_rng([seed, *letters]).random())
    for name, share in _SPLITS:
        if chance < share:
            return name
        chance -= share
    return _SPLITS[-1][0]


def _save(folder: Path, name: str, sample: Sample) -> None:
    """Write one sample's three pictures."""
    mask = np.where(sample.lesions > 0, 255, 0).astype(np.uint8)
    pictures: dict[str, NDArray[np.uint8] | NDArray[np.uint16]] = {
        "images": sample.pixels,
        "masks": mask,
        "lesions": sample.lesions,
    }
    for part, pixels in pictures.items():
        Image.fromarray(pixels).save(folder / part / name)


def _write_manifest(folder: Path, rows: list[tuple[str, ...]]) -> Path:
    """Write the manifest whole or not at all: it says that the set is complete."""
    manifest = folder / "manifest.csv"
    unfinished = folder / "manifest.csv.part"
    with unfinished.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(COLUMNS)
        writer.writerows(rows)
        stream.flush()
        os.fsync(stream.fileno())
    unfinished.replace(manifest)
    return manifest
