from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from bad_frames import BAD, write_bad

from napari_mae_sam2 import __version__, cli
from napari_mae_sam2.common.command_options import need_code
from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.fa.frame import Frame, pixel_sha256
from napari_mae_sam2.fa.reading import read_frame
from napari_mae_sam2.findings import Finding
from napari_mae_sam2.study.folder import Study

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def study(tmp_path: Path) -> Study:
    study = Study.create(tmp_path / "study")
    for seed in range(2):
        pixels = np.random.default_rng(seed).integers(0, 200, (40, 60)).astype("u1")
        frame = Frame(pixels, f"f{seed}", None, pixel_sha256(pixels))
        labels = np.zeros((40, 60), np.uint16)
        labels[5:9, 5:9] = 1
        study.save_revision(frame, labels, grader="g", parent=None)
    return study


def _run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", ["napari-mae-sam2", *map(str, arguments)])
    with pytest.raises(SystemExit) as end:
        cli.main()
    return int(end.value.code or 0)


def _program(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "napari_mae_sam2", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_version_and_help() -> None:
    done = _program("--version")
    assert (done.returncode, done.stdout) == (0, f"napari-mae-sam2 {__version__}\n")
    for command in ("open", "doctor", "export"):
        assert command in _program("--help").stdout


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; sys.argv = ['x', '--help']\n"
        "from napari_mae_sam2.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'numpy', 'napari', 'qtpy', 'tifffile'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_export_writes_the_study(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    out = tmp_path / "out"
    assert _run(monkeypatch, "export", study.folder, "--out", out) == 0
    assert "2 cases with 2 lesions written" in capsys.readouterr().out
    content = json.loads((out / "coco.json").read_text("utf-8"))
    assert len(content["annotations"]) == 2


def test_export_names_what_it_left_out(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    case = study.case_ids()[0]
    (study.case_folder(case) / "frame.tif").unlink()
    assert _run(monkeypatch, "export", study.folder, "--out", tmp_path / "out") == 1
    said = capsys.readouterr()
    assert "1 cases" in said.out
    assert said.err.count("\n") == 1
    assert case in said.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("export", "{tmp}/no study", "--out", "{tmp}/out"), "is not a study"),
        (("export", "{tmp}/study", "--out", "{tmp}/file"), "is a file"),
        (("open", "{tmp}/gone.png"), "does not exist"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(
    study: Study, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    (tmp_path / "file").touch()
    done = _program(*(a.format(tmp=tmp_path) for a in arguments))
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.startswith("napari-mae-sam2: ")
    assert done.stderr.count("\n") == 1


def test_open_without_a_display(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if sys.platform != "linux":
        pytest.skip("other systems always have a display")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    assert _run(monkeypatch, "open") == 2
    assert "no display" in capsys.readouterr().err


@pytest.mark.parametrize("kind", BAD)
def test_open_refuses_a_bad_frame_with_the_sentence_of_the_window(
    kind, tmp_path, capsys, monkeypatch
):
    path = write_bad(kind, tmp_path)
    assert _run(monkeypatch, "open", path) == 2
    with pytest.raises(PlainError) as error:
        read_frame(path)
    assert str(error.value) in capsys.readouterr().err


@pytest.mark.parametrize("inside", ["", "cases", "study.json"])
def test_open_takes_a_study_and_what_lies_in_it(inside, study, monkeypatch, capsys):
    opened = []
    monkeypatch.setattr("napari_mae_sam2._qt.app.run", opened.append)
    monkeypatch.setattr(
        "napari_mae_sam2.doctor_window.find_display",
        lambda: Finding("display", "a screen"),
    )
    assert _run(monkeypatch, "open", study.folder / inside) == 0
    assert opened == [[study.folder / inside]]
    (study.folder / "study.json").write_text("{}")
    assert _run(monkeypatch, "open", study.folder) == 2
    assert "study.json" in capsys.readouterr().err


def test_the_code_of_the_window_is_the_grader_of_the_shell(tmp_path, monkeypatch):
    monkeypatch.setenv("NAPARI_MAE_SAM2_HOME", str(tmp_path / "home"))
    with pytest.raises(PlainError, match="--grader CODE"):
        need_code(" ")
    (tmp_path / "home" / "config").mkdir(parents=True)
    window = tmp_path / "home" / "config" / "window.json"
    window.write_text('{"grader": "AB-1"}')
    assert need_code("") == "AB-1"
    assert need_code(" ben ") == "ben"
