"""Two accounts in one study folder, as real processes with user ids of their own."""

from __future__ import annotations

import os
import shutil
import stat
import sys
import tempfile
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from napari_mae_sam2.common.shared_folders import (
    is_shared,
    keep_group_rights,
    make_folders,
    share_tree,
)
from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.fa.frame import Frame, pixel_sha256
from napari_mae_sam2.model.card import ModelCard
from napari_mae_sam2.model.weight_file import write_weights
from napari_mae_sam2.predict.results import Results
from napari_mae_sam2.study.files import StudyError
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.records import ModelRecord
from napari_mae_sam2.study.relabel import relabel
from napari_mae_sam2.study.study_export import export_study

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ALICE, BEN, GROUP = 20001, 20002, 30000

needs_root = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="takes on other accounts"
)


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that other accounts reach; pytest's own are closed to them."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)


def _as(user: int, umask: int, work: Callable[[], object]) -> None:
    """Do something in a process of another account; a failure there is one here."""
    child = os.fork()
    if not child:
        try:
            os.setgroups([GROUP])
            os.setgid(user)
            os.setuid(user)
            os.umask(umask)
            work()
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def _frame(number: int) -> Frame:
    pixels = np.random.default_rng(number).integers(0, 200, (40, 60)).astype(np.uint8)
    return Frame(pixels, f"f{number}", None, pixel_sha256(pixels))


def _save(folder: Path, number: int, grader: str, parent: str | None = None) -> str:
    labels = np.zeros((40, 60), np.uint16)
    labels[: number + 3] = 1
    study = Study.open(folder)
    return study.save_revision(_frame(number), labels, grader=grader, parent=parent).id


def _work(folder: Path, number: int, grader: str) -> None:
    """Do what graders do: save, correct others' cases and labels, predict, export."""
    _save(folder, number, grader)
    study = Study.open(folder)
    for case in study.case_ids():
        newest = study.latest_revision(case)
        assert newest is not None
        study.save_revision(
            study.load_frame(case), study.load_labels(newest), grader=grader,
            parent=newest.id,
        )  # fmt: skip
        relabel(study, case, {"visit": grader}, grader=grader)
        study.log.write("claim", case=case, grader=grader, details={"minutes": 1})
    Results.create(folder / "predictions" / "a", ModelRecord(name="a", fingerprint="a"))
    make_folders(folder / "models")
    card = ModelCard(architecture="tiny", image_size=64)
    write_weights(folder / "models" / "m.safetensors", {}, card, False)
    assert export_study(study, folder / "export").trouble == []


def _paths(folder: Path) -> list[Path]:
    return [folder, *folder.rglob("*")]


@needs_root
@pytest.mark.parametrize("umask", [0o022, 0o077])
def test_two_accounts_work_in_a_shared_study(place: Path, umask: int) -> None:
    folder = place / "study"

    def make() -> None:
        Study.create(folder)
        os.chown(folder, -1, GROUP)
        share_tree(folder)

    warm = place / "warm"
    Study.create(warm)
    _work(warm, 0, "root")  # what is imported late is imported now
    _as(ALICE, umask, make)
    _as(ALICE, umask, lambda: _work(folder, 0, "alice"))
    _as(BEN, umask, lambda: _work(folder, 1, "ben"))
    _as(ALICE, umask, lambda: _work(folder, 2, "alice"))
    study = Study.open(folder)
    assert len(study.case_ids()) == 3
    assert {study.case(case).visit for case in study.case_ids()} == {"alice"}
    owners = set()
    for path in _paths(folder):
        found = path.stat()
        owners.add(found.st_uid)
        wanted = 0o2070 if path.is_dir() else 0o060
        assert stat.S_IMODE(found.st_mode) & wanted == wanted, path
        assert found.st_gid == GROUP, path
    assert owners == {ALICE, BEN}
    assert not [path for path in _paths(folder) if path.name.startswith(".tmp-")]


@needs_root
def test_without_sharing_the_second_account_is_told_so(place: Path) -> None:
    folder = place / "study"
    Study.create(place / "warm")
    _save(place / "warm", 0, "root")
    _as(ALICE, 0o022, lambda: Study.create(folder))
    _as(ALICE, 0o022, lambda: _save(folder, 0, "alice"))

    def fail() -> None:
        with pytest.raises(StudyError, match="read-only"):
            _save(folder, 1, "ben")

    _as(BEN, 0o022, fail)
    os.chown(folder, -1, GROUP)
    assert share_tree(folder)[1] == 0  # an administrator, later
    _as(BEN, 0o022, lambda: _save(folder, 1, "ben"))
    assert len(Study.open(folder).case_ids()) == 2


@needs_root
def test_only_an_owner_in_the_group_can_share(place: Path) -> None:
    folder = place / "study"
    _as(ALICE, 0o022, lambda: Study.create(folder))

    def fail(said: str) -> Callable[[], None]:
        def share() -> None:
            with pytest.raises(PlainError, match=said):
                share_tree(folder)

        return share

    _as(BEN, 0o022, fail("only its owner"))
    os.chown(folder, -1, 31000)  # not a group of hers
    _as(ALICE, 0o022, fail("not a member of its group"))


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such rights")
def test_init_shares_new_and_existing_studies(
    call: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    study = tmp_path / "study"
    assert call("init", study)[0] == 0
    assert not is_shared(study)
    code, out, _ = call("init", study, "--shared")
    assert code == 0
    assert "may read and change it" in out
    assert all(is_shared(path) for path in _paths(study) if path.is_dir())
    assert (study / "study.json").stat().st_mode & 0o060 == 0o060
    code, _, said = call("init", tmp_path / "other", "--group", "no such group")
    assert (code, "knows no group no such group" in said) == (2, True)
    assert not (tmp_path / "other").exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such rights")
def test_what_is_not_shared_keeps_its_own_rights(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        study = Study.create(tmp_path / "study")
        _save(study.folder, 0, "a")
        assert all(path.stat().st_mode & 0o077 == 0 for path in _paths(study.folder))
        keep_group_rights(study.folder)
        assert _umask() == 0o077
        share_tree(study.folder)
        keep_group_rights(study.folder)
        assert _umask() == 0o007
    finally:
        os.umask(before)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_a_file_in_the_way_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    error: Any = NotADirectoryError if os.name != "nt" else OSError
    with pytest.raises((FileExistsError, error)):
        make_folders(tmp_path / "file" / "sub")
    with pytest.raises(FileExistsError):
        make_folders(tmp_path / "file")
