"""Are the rounds of a study as they were written; part of `verify`.

They are written by `mae_sam2_training.rounds`, see docs/rounds.md; read here without
torch, so that whoever checks a study needs no training.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

from napari_mae_sam2.study.files import StudyError, read_json
from napari_mae_sam2.study.records import check_schema
from napari_mae_sam2.study.seals import holds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from napari_mae_sam2.study.folder import Study

SUMS = "sha256.json"
"""Stands in a result and has the hash of each other file of it."""

_NUMBER = re.compile(r"[0-9]{4,}")
_ENTRY = re.compile(r"[0-9]{4,}-[0-9a-f]{8}\.json")


def sums_of(contents: dict[str, bytes]) -> dict[str, Any]:
    """Say in a result what its files are, for `SUMS`."""
    sums = {name: hashlib.sha256(data).hexdigest() for name, data in contents.items()}
    return {"schema": 1, "files": sums}


def verify_rounds(study: Study) -> Iterator[str]:
    """Check the rounds of a study; they are only read.

    Parameters
    ----------
    study : Study
        An opened study.

    Yields
    ------
    str
        One sentence for each thing that is wrong, with its file.
    """
    folder = study.folder / "rounds"
    if not folder.is_dir():
        return
    names = sorted(path.name for path in folder.iterdir() if path.is_dir())
    fingerprints: dict[int, str] = {}
    for name in names:
        if _NUMBER.fullmatch(name):
            yield from _round(study, folder / name, fingerprints)
    yield from _decisions(folder, fingerprints)
    yield from _entries(folder / "picks", [])
    if (folder / "frozen_test.json").exists():
        yield from _read(folder / "frozen_test.json", {})
    if (folder / "history.json").exists():
        history: dict[str, Any] = {}
        yield from _read(folder / "history.json", history)
        if holds(history) is False:
            yield (
                f"{folder / 'history.json'} was changed after it was written: “mae-"
                "sam2-train history” writes it anew."
            )


def check_file(path: Path) -> None:
    """Refuse a file of a round's result that is not the one that the round wrote.

    Parameters
    ----------
    path : Path
        Any file; of one that is no result, or has no hash, nothing is known.

    Raises
    ------
    StudyError
        If it was replaced.
    """
    sums: dict[str, Any] = {}
    if (path.parent / SUMS).is_file():
        list(_read(path.parent / SUMS, sums))
    wanted = sums.get("files", {}).get(path.name)
    if wanted is None or not path.is_file():
        return
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != wanted:
        raise StudyError(
            f"{path} is no longer the file that the round wrote (its hash changed): "
            "restore it from a backup, or use another one."
        )


def _read(path: Path, content: dict[str, Any]) -> Iterator[str]:
    """Read a record into `content`, or say what is wrong with it."""
    try:
        found = read_json(path)
        check_schema(found, path)
    except StudyError as error:
        yield str(error)
    else:
        content.update(found)


def _entries(folder: Path, entries: list[dict[str, Any]]) -> Iterator[str]:
    """Read the records of a folder that only grows, in order, into `entries`."""
    if not folder.is_dir():
        return
    for path in sorted(folder.iterdir()):
        if not _ENTRY.fullmatch(path.name):
            continue
        content: dict[str, Any] = {}
        yield from _read(path, content)
        if content and content.get("id") != path.stem:
            yield f"{path} is of the entry {content.get('id')}: the file was renamed."
        elif content:
            entries.append(content)
    entries.sort(key=lambda one: (int(one["id"].partition("-")[0]), str(one["time"])))


# --- one round --------------------------------------------------------------------


def _round(study: Study, folder: Path, fingerprints: dict[int, str]) -> Iterator[str]:
    record: dict[str, Any] = {}
    yield from _read(folder / "round.json", record)
    if record and record.get("number") != int(folder.name):
        yield (
            f"{folder / 'round.json'} is of round {record.get('number')}: the folder "
            "was renamed."
        )
    for member in record.get("members", ()):
        yield from _member(study, folder / "round.json", member)
    yield from _entries(folder / "events", [])
    result = folder / "result"
    if not result.exists():
        return
    values: dict[str, Any] = {}
    yield from _read(result / "result.json", values)
    model = values.get("model")
    if isinstance(model, dict):
        fingerprints[int(folder.name)] = str(model.get("fingerprint"))
    yield from _files(result)


def _member(study: Study, path: Path, member: dict[str, Any]) -> Iterator[str]:
    """Check that what a round was trained or measured on is still what it was."""
    case, revision = str(member.get("case")), str(member.get("revision"))
    try:
        if not study.revision_folder(case, revision).exists():
            yield f"{path} speaks of the revision {case}/{revision}, which is missing."
            return
        found = study.revision(case, revision)
    except StudyError:
        return  # named where the case is checked
    said = (member.get("frame_sha256"), member.get("label_sha256"))
    if said != (found.frame_sha256, found.label_sha256):
        yield (
            f"{path} was made with another frame or label than the revision "
            f"{case}/{revision} has now."
        )


def _files(result: Path) -> Iterator[str]:
    sums: dict[str, Any] = {}
    if not (result / SUMS).exists():
        model = result / "model.safetensors"
        if not model.is_file():
            yield f"{model} is missing: restore it from a backup."
        return  # of an earlier version, which kept no hashes
    yield from _read(result / SUMS, sums)
    for name in sums.get("files", {}):
        path = result / str(name)
        if not path.is_file():
            yield f"{path} is missing: restore it from a backup."
            continue
        try:
            check_file(path)
        except StudyError as error:
            yield str(error)


# --- decisions --------------------------------------------------------------------


def _decisions(folder: Path, fingerprints: dict[int, str]) -> Iterator[str]:
    entries: list[dict[str, Any]] = []
    yield from _entries(folder / "decisions", entries)
    models: list[tuple[int | None, str | None]] = [(None, None)]
    for one in entries:
        path, number = folder / "decisions" / f"{one['id']}.json", one.get("round")
        if one.get("action") == "rollback":
            models = models[:-1] or models
            continue
        if one.get("action") != "promote" or not isinstance(number, int):
            continue
        if number != models[-1][0]:  # of two who promoted it at once, one counts
            models.append((number, str(one.get("fingerprint"))))
        if number not in fingerprints:
            yield f"{path} promotes round {number}, whose result is missing."
        elif fingerprints[number] != one.get("fingerprint"):
            yield f"{path} promotes another model than round {number} has now."
    in_use: dict[str, Any] = {}
    path = folder / "in_use.json"
    if path.exists():
        yield from _read(path, in_use)
    if in_use and (in_use.get("round"), in_use.get("fingerprint")) != models[-1]:
        yield (
            f"{path} names another model than was decided on: the decisions count, "
            "and the next one writes it anew."
        )
