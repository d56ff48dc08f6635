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
    with pytest.raises(DataError, match="does not exist"):
        read_manifest(folder / "absent.csv")
    path = folder / "manifest.csv"
    path.write_bytes(b"image,mask\n\xff\xfe\x00,m\n")
    with pytest.raises(DataError, match="UTF-8"):
        read_manifest(path)


def test_a_manifest_is_a_table_like_any_other(folder: Path) -> None:
    (folder / "P1").mkdir()
    for name in ("\u00e9t\u00e9.PNG", "other.png", "other_mask.png"):
        Image.fromarray(np.zeros((8, 8), np.uint8)).save(folder / "P1" / name)
    text = (
        "Image;Mask;Patient ID;Eye;Visit;Phase\n"
        "A.PNG;M;P1;OD;1;late\n"
        "e\u0301te\u0301;p1\\other_mask;P2;left;;\n"
    )
    first, second = read_manifest(write(folder, text))
    assert (first.image, first.mask) == (folder / "a.png", folder / "m.png")
    assert second.image == folder / "P1" / "\u00e9t\u00e9.PNG"
    assert second.mask == folder / "P1" / "other_mask.png"
    assert [one.patient for one in (first, second)] == ["P1", "P2"]


def test_instances_go_before_a_mask(folder: Path) -> None:
    text = 'image,instances,mask\na.png,m.png,"b, c.png"\n'
    assert read_manifest(write(folder, text))[0].mask == folder / "m.png"


def test_a_name_of_several_files_is_refused_and_a_frame_is_not_its_mask(
    folder: Path,
) -> None:
    for name in ("P1", "P2"):
        (folder / name).mkdir()
        Image.fromarray(np.zeros((8, 8), np.uint8)).save(folder / name / "OD.png")
    with pytest.raises(DataError, match=r"may be any of P1/OD\.png, P2/OD\.png"):
        read_manifest(write(folder, "image\nOD.png\n"))
    with pytest.raises(DataError, match=r"The mask .* does not exist"):
        read_manifest(write(folder, "image,mask\nP1/OD.png,p1/od\n"))
    with pytest.raises(DataError, match="lines 2 and 3"):
        read_manifest(write(folder, "image\nP1/OD.png\nP1/od\n"))
    with pytest.raises(DataError, match="the eye 'OU'"):
        read_manifest(write(folder, "image,eye\nP1/OD.png,OU\n"))
