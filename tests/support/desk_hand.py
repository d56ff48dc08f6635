"""What tests of the grader's desk do again and again: frames, paint, what was saved."""

from __future__ import annotations

import json

import numpy as np
import tifffile
from grey import make_frame
from PIL import Image


def write_frames(folder, count):
    folder.mkdir(parents=True)
    for index in range(count):
        pixels = make_frame(seed=index).pixels
        Image.fromarray(pixels).save(folder / f"eye  {index}.png")
    return folder


def opened(desk, count):
    return lambda: len(desk.opened) == count


def paint(session, value=1, row=0):
    session.labels[row : row + 5, 0:5] = value
    session.painted()


def records(study):
    paths = sorted(study.rglob("revision.json"), key=lambda path: path.parent.name)
    paths = [path for path in paths if path.parent.name[0] != "."]  # written just now
    return [json.loads(path.read_text()) for path in paths]


def newest(study):
    path = max(study.rglob("lesions.tif"), key=lambda path: path.parent.name)
    return set(np.unique(tifffile.imread(path)).tolist())


def saved(desk):
    return lambda: desk.session.saves.is_saved
