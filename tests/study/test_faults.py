"""Full and vanished disks, killed programs, newer versions: words, and no loss."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import random
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from napari_mae_sam2.study import files
from napari_mae_sam2.study.adding import add_files
from napari_mae_sam2.study.files import StudyError
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.index import Index
from napari_mae_sam2.study.migration import migrate
from napari_mae_sam2.study.queue import Queue
from napari_mae_sam2.study.relabel import relabel
from napari_mae_sam2.study.verify import verify

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari_mae_sam2.fa.frame import Frame


@pytest.fixture
def filled(study: Study, make_frame: Callable[..., Frame], labels: np.ndarray) -> Study:
    for seed in range(3):
        frame = make_frame(f"f{seed}", seed)
        study.save_revision(frame, labels, grader="g", parent=None)
    return study


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    folder = tmp_path / "frames"
    folder.mkdir()
    paths = [folder / f"p{i}.png" for i in range(4)]
    for i, path in enumerate(paths):
        pixels = np.random.default_rng(50 + i).integers(0, 200, (40, 60))
        Image.fromarray(pixels.astype(np.uint8)).save(path)
    return paths


def _content(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _full(monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """Let so many files reach the disk, then none."""
    real, written = os.fsync, [0]

    def fsync(handle: int) -> None:
        written[0] += 1
        if written[0] > after:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(handle)

    monkeypatch.setattr(files.os, "fsync", fsync)


@pytest.mark.parametrize("after", range(12))
def test_a_disk_that_fills_up_while_frames_are_added(
    filled: Study, pictures: list[Path], monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    before = _content(filled.folder)
    with monkeypatch.context() as patch:
        _full(patch, after)
        done = add_files(filled, pictures, {})
    assert done.added + len(done.trouble) == 4
    assert all("disk is full" in sentence for sentence in done.trouble)
    now = _content(filled.folder)
    assert {name: now[name] for name in before} == before
    assert list(verify(filled)) == []
    again = add_files(filled, pictures, {})
    assert (again.added + again.known, again.trouble) == (4, [])
    index = Index.open(filled, None)
    index.refresh()
    assert len(index.items(now=time.time())) == 7
    index.close()


@pytest.mark.parametrize("after", range(4))
def test_a_disk_that_is_full_changes_no_record(
    filled: Study, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    path = filled.folder / "study.json"
    content = json.loads(path.read_text("utf-8")) | {"schema": 1}
    path.write_text(json.dumps(content), "utf-8")
    case = filled.case_ids()[0]
    before = _content(filled.folder / "cases")
    for act in (
        lambda: migrate(filled),
        lambda: relabel(filled, case, {"patient": "P-9"}),
    ):
        with monkeypatch.context() as patch:
            _full(patch, after)
            with contextlib.suppress(StudyError):
                act()
    assert not list(filled.folder.rglob(".tmp-*"))
    assert json.loads(path.read_text("utf-8"))["schema"] in (1, 2)
    after_all = _content(filled.folder / "cases")
    changed = [name for name in before if before[name] != after_all[name]]
    assert changed in ([], [os.path.join(case, "case.json")])
    # Logged but not done is found, and saying it once more puts it right.
    found = list(verify(filled))
    assert len(found) <= 1
    if found:
        assert "relabel the case once more" in found[0]
    relabel(filled, case, {"patient": "P-9"})
    assert filled.case(case).patient == "P-9"
    assert list(verify(filled)) == []


def _sentence(call: Callable[[], Any]) -> str:
    with pytest.raises(StudyError) as error:
        call()
    said = str(error.value)
    assert said.endswith(".")
    assert "\n" not in said
    return said


def test_a_drive_that_vanishes_is_named_and_comes_back(
    filled: Study, tmp_path: Path, make_frame: Callable[..., Frame], labels: np.ndarray
) -> None:
    index = Index.open(filled, tmp_path / "cache")
    index.refresh()
    queue = Queue(filled, index, "anna", sleep=lambda _seconds: None)
    (first, *_rest) = index.items(now=time.time())
    away = filled.folder.rename(tmp_path / "away")
    for act in (
        index.refresh,
        lambda: queue.claim(first),
        queue.take,
        lambda: queue.say(first, "done"),
        lambda: Study.open(filled.folder),
        lambda: relabel(filled, first.case, {"eye": "left"}),
        lambda: filled.add_frame(make_frame("new", 77)),
        lambda: filled.save_revision(
            make_frame("f0", 0), labels, grader="g", parent=None
        ),
    ):
        said = _sentence(act)
        assert str(filled.folder) in said
    assert list(verify(filled))
    assert not filled.folder.exists()  # nothing was made where the drive was
    assert len(index.items(now=time.time())) == 3
    away.rename(filled.folder)
    index.refresh()
    assert queue.claim(first) == ""
    assert list(verify(filled)) == []
    index.close()


def test_an_index_on_a_full_disk_says_so(
    filled: Study, tmp_path: Path, make_frame: Callable[..., Frame]
) -> None:
    index = Index.open(filled, tmp_path / "cache")
    index.refresh()
    pages = index._database.execute("PRAGMA page_count").fetchone()[0]
    index._database.execute(f"PRAGMA max_page_count = {pages}")
    for seed in range(30, 90):
        filled.add_frame(make_frame(f"a rather long name {seed}", seed))
    assert "free some space on this computer" in _sentence(index.refresh)
    assert len(index.items(now=time.time())) == 3
    index._database.execute("PRAGMA max_page_count = 100000")
    index.refresh()
    assert len(index.items(now=time.time())) == 63
    index.close()


def test_what_a_newer_version_wrote_is_refused_and_left_alone(filled: Study) -> None:
    case = filled.case_ids()[0]
    event = filled.log.write("claim", grader="g", case=case)
    for path in (filled.log.path(event.id), filled.case_folder(case) / "case.json"):
        content = json.loads(path.read_text("utf-8"))
        path.write_text(json.dumps(content | {"schema": 3}), "utf-8")
    before = _content(filled.folder)
    index = Index.open(filled, None)
    index.refresh()
    assert len(index.items(now=time.time())) == 2
    assert len(index.troubles) == 2
    assert all("update napari-mae-sam2" in said for said in index.troubles)
    assert len(list(verify(filled))) == 2
    assert "newer version" in _sentence(lambda: relabel(filled, case, {"eye": "left"}))
    assert _content(filled.folder) == before
    path = filled.folder / "study.json"
    content = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps(content | {"schema": 3}), "utf-8")
    for act in (
        lambda: Study.open(filled.folder),
        lambda: migrate(filled),
        lambda: Index.open(filled, None),
    ):
        assert "newer version" in _sentence(act)
    assert any("newer version" in said for said in verify(filled))
    index.close()


def test_a_copy_that_was_cut_short_is_found_file_by_file(filled: Study) -> None:
    whole = _content(filled.folder)
    for name, content in whole.items():
        path = filled.folder / name
        path.write_bytes(content[: len(content) // 2])
        found = list(verify(filled))
        assert found, name
        assert any(str(path) in sentence for sentence in found), (name, found)
        path.write_bytes(content)
    assert list(verify(filled)) == []


_KILLED = """
import sys
from pathlib import Path
import numpy as np
from napari_mae_sam2.fa.frame import Frame, pixel_sha256
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.relabel import relabel
study = Study.open(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
for seed in range(100_000):
    pixels = np.random.default_rng(seed).integers(0, 200, (40, 60)).astype(np.uint8)
    frame = Frame(pixels, f"frame {seed}", None, pixel_sha256(pixels))
    labels = np.ones((40, 60), np.uint16)
    saved = study.save_revision(frame, labels, grader="g", parent=None)
    relabel(study, saved.case, {"patient": f"P-{seed}-{sys.argv[2]}"})
"""


def test_programs_killed_at_random_leave_a_study_that_can_be_put_right(
    study: Study,
) -> None:
    drawn = random.Random(5)
    turns = int(os.environ.get("MAE_SAM2_KILLS", "4"))
    for turn in range(turns):
        program = subprocess.Popen(
            [sys.executable, "-c", _KILLED, str(study.folder), str(turn)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert program.stdout is not None
        assert program.stdout.readline() == "ready\n"
        assert program.stdin is not None
        program.stdin.write("go\n")
        program.stdin.flush()
        time.sleep(drawn.uniform(0.02, 0.3))
        program.kill()
        program.communicate()
    found = list(verify(study))
    assert len(found) <= turns
    assert all("relabel the case once more" in sentence for sentence in found)
    for case in study.case_ids():
        relabel(study, case, {"patient": "P-0"})
    assert list(verify(study)) == []
