from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Any

import pytest

from napari_mae_sam2.study import files
from napari_mae_sam2.study.files import (
    StudyError,
    new_folder,
    read_json,
    write_file,
    write_files,
)

if TYPE_CHECKING:
    from pathlib import Path


def _fail(number: int, after: int = 0) -> Any:
    """Stand in for a system call that fails from a certain call on."""
    calls = iter(range(10_000))
    real = os.replace

    def call(*args: Any) -> None:
        if next(calls) >= after:
            raise OSError(number, os.strerror(number))
        real(*args)

    return call


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_files_appear_whole(tmp_path: Path) -> None:
    write_file(tmp_path / "a", b"one")
    write_file(tmp_path / "a", b"two")
    write_files(tmp_path, {"b": b"", "眼底 1": b"three"})
    assert _names(tmp_path) == ["a", "b", "眼底 1"]
    assert (tmp_path / "a").read_bytes() == b"two"


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "disk is full"),
        (errno.EROFS, "read-only"),
        (errno.EACCES, "read-only"),
        (errno.EIO, "gone"),
        (errno.ENAMETOOLONG, "too long"),
    ],
)
@pytest.mark.parametrize("call", ["replace", "fsync"])
def test_a_failed_write_is_one_sentence_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, said: str, call: str
) -> None:
    write_file(tmp_path / "a", b"old")
    monkeypatch.setattr(files.os, call, _fail(number))
    with pytest.raises(StudyError, match=said) as error:
        write_files(tmp_path, {"a": b"new", "b": b"new"})
    with pytest.raises(StudyError, match=said), new_folder(tmp_path / "c") as contents:
        contents["x"] = b"new"
    monkeypatch.undo()
    assert str(error.value).endswith(".")
    assert "\n" not in str(error.value)
    assert _names(tmp_path) == ["a"]
    assert (tmp_path / "a").read_bytes() == b"old"


def test_a_full_disk_changes_none_of_the_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(tmp_path, {"a": b"old", "b": b"old"})

    def full(path: Path, data: bytes) -> None:
        if data == b"new b":
            raise OSError(errno.ENOSPC, "No space left on device")
        path.write_bytes(data)

    monkeypatch.setattr(files, "_write_flushed", full)
    with pytest.raises(StudyError, match="disk is full"):
        write_files(tmp_path, {"a": b"new a", "b": b"new b"})
    assert _names(tmp_path) == ["a", "b"]
    assert (tmp_path / "a").read_bytes() == b"old"


def test_a_folder_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with new_folder(tmp_path / "full") as contents:
        contents["x"] = b"1"
    for name in ("empty", "full"):
        with pytest.raises(FileExistsError), new_folder(tmp_path / name) as contents:
            contents["x"] = b"2"
    assert _names(tmp_path) == ["empty", "full"]
    assert (tmp_path / "full" / "x").read_bytes() == b"1"
    assert not _names(tmp_path / "empty")


def test_an_error_in_the_block_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), new_folder(tmp_path / "a" / "b"):
        _ = 1 // 0
    assert not _names(tmp_path)


def test_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="gone"):
        write_file(tmp_path / "no" / "a", b"")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no valid JSON"),
        (b'{"schema": 1', "no valid JSON"),
        (b"\xff\xfe\x00", "no valid JSON"),
        (b"[" * 100_000, "no valid JSON"),
        (b"[1]", "not a record"),
    ],
)
def test_garbage_json(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(StudyError, match=said) as error:
        read_json(tmp_path / "a.json")
    assert "a.json" in str(error.value)


def test_missing_json(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="no such file"):
        read_json(tmp_path / "a.json")
