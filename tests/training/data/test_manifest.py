from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from mae_sam2_training.data.errors import DataError
from mae_sam2_training.data.manifest import read_manifest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.png", "b, c.png", "m.png"):
        Image.fromarray(np.zeros((8, 8), np.uint8)).save(tmp_path / name)
    return tmp_path


def write(folder: Path, text: str) -> Path:
    path = folder / "manifest.csv"
    path.write_text(text, encoding="utf-8-sig")
    return path


def test_all_columns(folder: Path) -> None:
    text = (
        "image,mask,label,patient,split,dataset\n"
        "a.png,m.png,late,P1,Train,x\n"
        '"b, c.png",,,,,\n'
    )
    first, second = read_manifest(write(folder, text))
    assert first.image == folder / "a.png"
    assert first.mask == folder / "m.png"
    assert (first.label, first.split, first.dataset) == ("late", "train", "x")
    assert first.group == "patient P1"
    assert (second.mask, second.label, second.split) == (None, None, None)
    assert second.name == "b, c.png"
    assert second.group != first.group


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "lacks the column image"),
        ("image,mask\n", "no rows"),
        ("mask\na.png\n", "lacks the column image"),
        ("image,mask,colour\na.png,m.png,red\n", "'colour'"),
        ("image,mask\nz.png,m.png\n", "z.png of line 2"),
        ("image,mask\n\n\nz.png,m.png\n", "z.png of line 4"),
        ("image,mask\na.png,z.png\n", "z.png of line 2"),
        ("image,mask\n,m.png\n", "names no image"),
        ("image,mask\na.png,m.png\na.png,m.png\n", "lines 2 and 3"),
        ("image,mask,split\na.png,m.png,later\n", "'later'"),
        ("image,mask\nb, c.png,m.png\n", "more fields"),
    ],
)
def test_bad_manifests_are_one_sentence(folder: Path, text: str, words: str) -> None:
    with pytest.raises(DataError) as caught:
        read_manifest(write(folder, text))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_images_alone_are_enough_to_pretrain_on(folder: Path) -> None:
    (record,) = read_manifest(write(folder, "image,patient\na.png,P1\n"))
    assert (record.mask, record.label, record.patient) == (None, None, "P1")


def test_unreadable_manifests(folder: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        read_manifest(folder / "absent.csv")
    path = folder / "manifest.csv"
    path.write_bytes(b"image,mask\n\xff\xfe\x00,m\n")
    with pytest.raises(DataError, match="UTF-8"):
        read_manifest(path)
