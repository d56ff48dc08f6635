from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.fa.frame import Frame
from napari_mae_sam2.predict.prompts_file import PromptBook
from napari_mae_sam2.predict.sources import Source

if TYPE_CHECKING:
    from pathlib import Path


def test_a_table_of_prompts_is_read_as_a_json_file_of_them(tmp_path: Path) -> None:
    table = tmp_path / "prompts.csv"
    table.write_text(
        "Image;Lesion;Y;X;Label;Top;Left;Bottom;Right\n"
        "p1/OD late.png;1;2;3,5;;;;;\n"
        "P1/OD LATE.png;1;4;5;0;;;;\n"
        "P1/OD late.png;;;;;1;2;3;4\n"
        "P1/OD late.png;;6;7;1;;;;\n"
        "OD late;;1;1;;;;;\n",
        encoding="utf-8-sig",
    )
    one, other = (tmp_path / name / "OD late.png" for name in ("P1", "P2"))
    book = PromptBook.read(table)
    book.match([Source(one), Source(other)])
    frame = Frame(np.zeros((9, 9), np.uint8), "OD late", one, "0")
    first, box, point = book.of(Source(one), frame)
    assert first.points.tolist() == [[2, 3.5], [4, 5]]
    assert first.labels.tolist() == [1, 0]
    assert box.boxes.tolist() == [[1, 2, 3, 4]]
    assert point.points.tolist() == [[6, 7]]
    assert book.entry_of(Source(other)) == ""
    assert "OD late fits P1/OD late.png and P2/OD late.png" in book.trouble[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("file,row\na,1\n", "holds no prompts"),
        ("row,column\n1,1\n", "holds no prompts"),
        ("file,row,column,colour\na,1,1,x\n", "column “colour”"),
        ("file,row,column\na,1,\n", "line 2, lacks a coordinate"),
        ("file,row,column\na,,\n", "line 2, holds neither"),
        ("file,row,column\na,1,here\n", "is no number"),
        ("file,row,column,label\na,1,1,2\n", "the label “2”"),
        ("file,row,column,label\na,1,1,0\n", "line 2, says only where"),
        ("file,row,column\n,1,1\n", "line 2, names no frame"),
        ("file,top,left,bottom,right\na,1,1,9\n", "lacks a coordinate"),
    ],
)
def test_what_is_no_prompt_is_said(tmp_path: Path, text: str, said: str) -> None:
    table = tmp_path / "prompts.csv"
    table.write_text(text)
    with pytest.raises(PlainError, match=said) as caught:
        PromptBook.read(table)
    assert str(caught.value).startswith("prompts.csv")
    assert "\n" not in str(caught.value)
