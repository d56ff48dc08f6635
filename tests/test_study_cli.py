from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from napari_mae_sam2.study.folder import Study

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Call = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAPARI_MAE_SAM2_HOME", str(tmp_path / "home"))


@pytest.fixture
def frames(tmp_path: Path) -> Path:
    folder = tmp_path / "frames"
    folder.mkdir()
    for number in (1, 2, 10):
        rng = np.random.default_rng(number)
        pixels = rng.integers(0, 200, (40, 60)).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"f{number}.png")
    return folder


def _listed(call: Call, study: Path, *options: object) -> list[str]:
    code, out, _ = call("list", study, "--json", *options)
    assert code == 0
    return [case["name"] for case in json.loads(out)["cases"]]


def test_make_fill_list_and_check(call: Call, frames: Path, tmp_path: Path) -> None:
    study = tmp_path / "study"
    assert call("init", study)[0] == 0
    assert "already a study in the current format" in call("init", study)[1]
    table = tmp_path / "about.csv"
    table.write_text("file,patient,eye,notes\nf1.png,P-2,left,x\nf2.png,P-1,,\n")
    code, out, _ = call("add", study, frames, "--table", table, "--phase", "late")
    assert (code, out) == (
        0, f"3 cases added to {study}, 0 known before\n",
    )  # fmt: skip
    assert "0 cases added" in call("add", study, frames)[1]
    assert _listed(call, study) == ["f1", "f2", "f10"]
    assert _listed(call, study, "--sort", "patient") == ["f10", "f2", "f1"]
    assert _listed(call, study, "--eye", "left", "--phase", "late") == ["f1"]
    assert _listed(call, study, "--limit", 1, "--descending") == ["f10"]
    assert "3 cases: 3 new" in call("list", study)[1]
    code, out, _ = call("verify", study)
    assert (code, out) == (0, f"{study} is whole: 3 cases.\n")


def test_what_is_wrong_is_named_with_exit_code_1(
    call: Call, frames: Path, tmp_path: Path
) -> None:
    study = tmp_path / "study"
    call("init", study)
    (frames / "f2.png").write_bytes(b"nothing")
    code, out, complaint = call("add", study, frames)
    assert code == 1
    assert "2 cases added" in out
    assert "f2.png is not a PNG" in complaint
    opened = Study.open(study)
    broken = opened.case_folder(opened.case_ids()[0]) / "frame.tif"
    broken.write_bytes(broken.read_bytes()[:50])
    code, out, _ = call("verify", study)
    assert code == 1
    assert f"{broken} is damaged or cut short" in out
    assert f"1 thing is wrong with {study}." in out


def test_frames_can_stay_where_they_are(
    call: Call, frames: Path, tmp_path: Path
) -> None:
    study = tmp_path / "study"
    call("init", study)
    assert call("add", study, frames, "--reference")[0] == 0
    assert not list(study.rglob("*.tif"))
    assert call("verify", study)[0] == 0
    (frames / "f1.png").unlink()
    code, out, _ = call("verify", study)
    assert code == 1
    assert "f1.png any more" in out


def test_relabel_is_seen_by_list_and_logged(
    call: Call, frames: Path, tmp_path: Path
) -> None:
    study = tmp_path / "study"
    call("init", study)
    call("add", study, frames, "--patient", "P-1")
    assert len(_listed(call, study, "--patient", "P-1")) == 3
    one, two, _ = Study.open(study).case_ids()
    code, out, _ = call("relabel", study, one, two, "--patient", "P-7", "--grader", "g")
    assert (code, out) == (0, "2 cases corrected\n")
    assert _listed(call, study, "--patient", "P-7") == ["f1", "f2"]
    call("relabel", study, one, "--patient", "")
    assert Study.open(study).case(one).patient is None
    last = list(Study.open(study).log.events())[-1]
    assert (last.event, last.case) == ("relabelled", one)
    assert last.details == {"before": {"patient": "P-7"}, "after": {"patient": None}}
    assert call("relabel", study, "no-such", "--eye", "left")[0] == 1


def test_a_pipe_gets_every_id_on_one_line(tmp_path: Path) -> None:
    study = Study.create(tmp_path / "study")
    frames = tmp_path / "frames"
    frames.mkdir()
    name = "a-rather-long-name-of-a-frame-of-an-eye"
    pixels = np.random.default_rng(1).integers(0, 200, (40, 60)).astype(np.uint8)
    Image.fromarray(pixels).save(frames / f"{name}.png")
    patient = "P-" + "7" * 60
    program = [sys.executable, "-m", "napari_mae_sam2", "study"]
    subprocess.run(
        [*program, "add", str(study.folder), str(frames), "--patient", patient],
        check=True,
    )
    said = subprocess.run(
        [*program, "list", str(study.folder)],
        capture_output=True, text=True, check=True, env=os.environ | {"COLUMNS": "80"},
    )  # fmt: skip
    (line,) = (line for line in said.stdout.splitlines() if name in line)
    assert study.case_ids()[0] in line
    assert patient in line


def test_an_anchor_is_printed_and_checked(
    call: Call, frames: Path, tmp_path: Path
) -> None:
    study = tmp_path / "study"
    call("init", study)
    call("add", study, frames)
    code, out, _ = call("verify", study, "--anchor")
    anchor = out.split()[-1]
    assert (code, len(anchor)) == (0, 64)
    for arguments in ((study, "--anchor", anchor), ("--anchor", anchor, study)):
        code, out, _ = call("verify", *arguments)
        assert code == 0
        assert "exactly as it was" in out
    call("relabel", study, Study.open(study).case_ids()[0], "--patient", "P-1")
    code, out, _ = call("verify", study, "--anchor", anchor)
    assert code == 0
    assert "1 event came since" in out
    code, out, _ = call("verify", study, "--anchor", "0" * 64)
    assert code == 1
    assert "of no state of this study" in out
    path = Study.open(study).case_folder(Study.open(study).case_ids()[0]) / "case.json"
    path.write_text(path.read_text("utf-8").replace("P-1", "P-2"), "utf-8")
    code, out, _ = call("verify", study, "--anchor")
    assert code == 1
    assert str(path) in out
    assert "Anchor" not in out
    assert call("verify", study, anchor)[0] == call("verify", study, "x")[0] == 2
    assert call("seal", study, "--accept", path)[0] == 0
    assert call("verify", study)[0] == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("list", "GONE"), "is not a study"),
        (("list", "STUDY", "--status", "finished"), "There is no status finished"),
        (("list", "STUDY", "--sort", "colour"), "cannot be sorted by colour"),
        (("add", "STUDY", "GONE"), "does not exist"),
        (("add", "STUDY", "FRAMES", "--eye", "OU"), "neither right nor left"),
        (("relabel", "STUDY"), "Say which cases"),
        (("relabel", "STUDY", "a", "--eye", "both"), "neither right nor left"),
        (("relabel", "STUDY", "--table", "GONE"), "does not exist: check the path"),
    ],
)
def test_bad_input_is_one_sentence_with_exit_code_2(
    call: Call, frames: Path, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    study = Study.create(tmp_path / "study")
    before = sorted(study.folder.rglob("*"))
    places = {"STUDY": study.folder, "FRAMES": frames, "GONE": tmp_path / "gone"}
    code, _, complaint = call(*(places.get(word, word) for word in arguments))
    assert code == 2
    assert said in complaint
    assert complaint.count("\n") == 1
    assert sorted(study.folder.rglob("*")) == before


def test_an_earlier_study_is_brought_to_the_present_format(
    call: Call, tmp_path: Path
) -> None:
    study = tmp_path / "study"
    call("init", study)
    (study / "study.json").write_text(json.dumps({"schema": 1}), "utf-8")
    assert "nothing in it was lost" in call("init", study)[1]
    assert json.loads((study / "study.json").read_text("utf-8"))["schema"] == 2
