"""Two patients' frames of one name: who gets which row, on adding and correcting."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_mae_sam2.study.folder import Study

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Call = Callable[..., tuple[int, str, str]]


def _draw(path: Path, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 200, (40, 60)).astype(np.uint8)
    Image.fromarray(pixels).save(path)


@pytest.fixture
def study(tmp_path: Path) -> Study:
    for seed, name in enumerate(("P1/OD_late.png", "P2/OD_late.png", "P2/OS.png")):
        _draw(tmp_path / "frames" / name, seed)
    return Study.create(tmp_path / "study")


def _said(study: Study, field: str = "patient") -> list[tuple[str, str | None]]:
    cases = [study.case(case) for case in study.case_ids()]
    shown = [(case.name, getattr(case, field)) for case in cases]
    return sorted(shown, key=lambda one: (one[0], one[1] or ""))


def _folders(study: Study) -> list[Path]:
    frames = study.folder.parent / "frames"
    return [frames / "P1", frames / "P2"]


PATHS = "File;Patient ID;Eye\np1\\od_LATE;A;OD\nframes/P2/OD_late.png;B;r\nOS;C;Left\n"


def test_one_table_serves_to_add_and_to_correct(call: Call, study: Study) -> None:
    table = study.folder.parent / "t.csv"
    table.write_text(PATHS, encoding="utf-8-sig")
    code, _, said = call("add", study.folder, *_folders(study), "--table", table)
    assert (code, said) == (0, "")
    assert _said(study) == [("OD_late", "A"), ("OD_late", "B"), ("OS", "C")]
    assert _said(study, "eye") == [("OD_late", "right")] * 2 + [("OS", "left")]
    table.write_text(PATHS.replace(";A;", ";A2;").replace(";Left", ";"))
    code, out, said = call("relabel", study.folder, "--table", table)
    assert (code, out, said) == (0, "1 case corrected\n", "")
    assert _said(study) == [("OD_late", "A2"), ("OD_late", "B"), ("OS", "C")]
    assert _said(study, "eye")[-1] == ("OS", "left")  # an empty cell takes nothing away


@pytest.mark.parametrize("order", [("add", "relabel"), ("add",)])
def test_a_name_of_two_frames_is_used_for_none(
    call: Call, study: Study, order: tuple[str, ...]
) -> None:
    table = study.folder.parent / "t.csv"
    table.write_text("file,patient\nOD_late.png,A\nOS.jpg,B\nOS.png,C\nnone,D\n")
    if order == ("add", "relabel"):
        call("add", study.folder, *_folders(study))
        code, out, said = call("relabel", study.folder, "--table", table)
        assert "1 case corrected" in out
    else:
        code, out, said = call("add", study.folder, *_folders(study), "--table", table)
        assert "3 cases added" in out
    assert code == 1
    assert "OD_late.png (line 2) fits" in said
    assert (
        "2 entries fit no frame and had no effect: OS.jpg (line 3), none (line 5)"
        in (said)
    )
    assert _said(study) == [("OD_late", None), ("OD_late", None), ("OS", "C")]


def test_ids_work_wherever_names_do_and_misspelt_columns_are_named(
    call: Call, study: Study
) -> None:
    call("add", study.folder, *_folders(study))
    one = study.case_ids()[0]
    table = study.folder.parent / "t.csv"
    table.write_text(f"case,Pateint,eye\n{one.upper()},A,od\n")
    code, _, said = call("relabel", study.folder, "--table", table)
    assert code == 0
    assert "Column “Pateint” of t.csv was not used." in said
    assert study.case(one).eye == "right"


def test_a_bad_row_changes_nothing(call: Call, study: Study) -> None:
    table = study.folder.parent / "t.csv"
    table.write_text("file,eye\nOS.png,left\nP1/OD_late.png,OU\n")
    code, _, said = call("add", study.folder, *_folders(study), "--table", table)
    assert code == 2
    assert "t.csv, line 3: The eye “OU”" in said
    assert study.case_ids() == []


def test_what_a_table_says_of_a_known_case_is_not_lost_unnoticed(
    call: Call, study: Study
) -> None:
    call("add", study.folder, *_folders(study), "--patient", "A")
    table = study.folder.parent / "t.csv"
    table.write_text("file,patient\nOS.png,B\nP1/OD_late.png,A\n")
    code, _, said = call("add", study.folder, *_folders(study), "--table", table)
    assert code == 1
    assert "is in the study already with patient A, not patient B" in said
    assert said.count("\n") == 1


def test_pages_of_a_run_get_the_row_of_their_file(call: Call, study: Study) -> None:
    run = study.folder.parent / "frames" / "run.tif"
    pixels = np.random.default_rng(9).integers(0, 200, (3, 40, 60)).astype(np.uint8)
    tifffile.imwrite(run, pixels, photometric="minisblack")
    table = study.folder.parent / "t.csv"
    table.write_text("file,patient,phase\nrun,A,\nrun page 2,,late\nrun page 7,,late\n")
    code, _, said = call("add", study.folder, run, "--table", table)
    assert code == 1
    assert "1 entry fits no frame and had no effect: run page 7 (line 4)" in said
    assert _said(study) == [("run", "A"), ("run page 2", "A"), ("run page 3", "A")]
    assert [phase for _, phase in _said(study, "phase")] == [None, "late", None]
    table.write_text("file,patient\nframes/run.tif,B\n")
    assert call("relabel", study.folder, "--table", table)[0] == 0
    assert {patient for _, patient in _said(study)} == {"B"}


def test_a_study_keeps_no_path(call: Call, study: Study) -> None:
    call("add", study.folder, *_folders(study))
    for case in study.case_ids():
        written = (study.case_folder(case) / "case.json").read_text()
        assert "P1" not in written
        assert "frames" not in written
        assert len(study.case(case).path_hashes) == 8
