from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from napari_mae_sam2.fa.table_file import TableError, read_eye, read_table_file

if TYPE_CHECKING:
    from pathlib import Path

EXPECTED = [
    (2, {"file": "P1/a.png", "patient": "M\u00fcller", "eye": "OD"}),
    (4, {"file": "b, c.png"}),
]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ('file,patient,eye\nP1/a.png,M\u00fcller,OD\n,,\n"b, c.png",,\n', "utf-8"),
        (
            "File;Patient ID;Laterality\nP1/a.png;M\u00fcller;OD\n;;\nb, c.png;;\n",
            "utf-8-sig",
        ),
        (
            "IMAGE\tpatient_id\tEYE\r\nP1/a.png\tM\u00fcller\tOD\r\n\r\nb, c.png\r\n",
            "utf-16",
        ),
        ("Eye;PATIENT;filename\nOD;Mu\u0308ller;P1/a.png\n\n;;b, c.png\n", "utf-8"),
    ],
)  # fmt: skip
def test_tables_as_people_save_them(tmp_path: Path, text: str, encoding: str) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(text.encode(encoding))
    table = read_table_file(path)
    assert set(table.columns) == {"file", "patient", "eye"}
    assert table.unknown == ()
    assert [(row.line, row.cells) for row in table.rows] == EXPECTED


def test_excels_own_first_line(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("sep=;\nfile;patient\na.png;P1\n")
    (row,) = read_table_file(path).rows
    assert (row.line, row.cells) == (3, {"file": "a.png", "patient": "P1"})


def test_the_plainer_heading_counts_and_the_rest_is_named(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("name,Pateint,file,Age\nx,P1,a.png,3\n")
    table = read_table_file(path)
    assert table.columns == ("file",)
    assert table.unknown == ("name", "Pateint", "Age")
    assert table.rows[0].cells == {"file": "a.png"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "does not exist"),
        (b"PK\x03\x04rest", "is a workbook"),
        (b"file\nM\xfcller.png\n", "not text in UTF-8"),
        (b"file,eye\na.png,OD,more\n", "line 2, has more fields"),
        (b'file,eye\n"a.png,OD\n', "quotation marks"),
    ],
)
def test_bad_tables_are_one_sentence(
    tmp_path: Path, content: bytes | None, said: str
) -> None:
    path = tmp_path / "t.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(TableError, match=said) as caught:
        read_table_file(path)
    assert "\n" not in str(caught.value)
    with pytest.raises(TableError, match="is a folder"):
        read_table_file(tmp_path)


@pytest.mark.parametrize(
    ("text", "eye"),
    [("OD", "right"), ("o.s.", "left"), ("R", "right"), ("Left eye", "left"),
     ("LE", "left"), ("OU", None), ("", None), ("rechts", None)],
)  # fmt: skip
def test_eyes(text: str, eye: str | None) -> None:
    assert read_eye(text) == eye
