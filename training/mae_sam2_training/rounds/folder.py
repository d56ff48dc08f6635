"""The folder `rounds` of a study: frozen rounds, their events and their results.

Every write is a new file or folder with a name of its own that appears whole, so two
computers on one drive need no lock and nothing is ever half there.
"""

from __future__ import annotations

import os
import re
import shutil
import time
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal

from mae_sam2_training.rounds.errors import RoundError
from mae_sam2_training.rounds.places import machine_code
from mae_sam2_training.rounds.records import RoundRecord, read_round
from napari_mae_sam2.common.shared_folders import keep_group_rights
from napari_mae_sam2.study.covered import hashes
from napari_mae_sam2.study.files import (
    TEMPORARY,
    StudyError,
    new_folder,
    read_json,
    to_json,
    write_error,
    write_file,
)
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.records import now
from napari_mae_sam2.study.seals import SEAL, sealed
from napari_mae_sam2.study.verify_rounds import SUMS, check_file, sums_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari_mae_sam2.study.covered import Covered

Status = Literal[
    "frozen", "exported", "started", "done", "failed", "cancelled", "killed"
]
OPEN: tuple[Status, ...] = ("frozen", "started")
"""Of a round that no process has ended yet."""
_NUMBER = re.compile(r"[0-9]{4,}")
_ENTRY = re.compile(r"([0-9]{4,})-[0-9a-f]{8}\.json")
_STALE = 3600.0
"""Seconds after which an unfinished write of anybody is rubbish."""


class Rounds:
    """The rounds of one study.

    Parameters
    ----------
    study : Path
        The study folder.
    """

    def __init__(self, study: Path) -> None:
        # Whoever rounds belong to, the group of a shared study may go on with them.
        keep_group_rights(study)
        self.study = study
        self.folder = study / "rounds"
        self._root = Study(study)

    @classmethod
    def open(cls, study: Path) -> Rounds:
        """Give the rounds of a folder that may be no study.

        Raises
        ------
        StudyError
            If it is none, its drive is gone, or a newer version wrote it.
        """
        return cls(Study.open(study).folder)

    def numbers(self) -> list[int]:
        """List the rounds, the first one first."""
        try:
            names = [path.name for path in self.folder.iterdir()]
        except FileNotFoundError:
            return []
        return sorted(int(name) for name in names if _NUMBER.fullmatch(name))

    def place(self, number: int) -> Path:
        """Give the folder of a round, whether it is there or not."""
        return self.folder / f"{number:04d}"

    def read(self, number: int) -> RoundRecord:
        """Read what a round froze.

        Raises
        ------
        RoundError
            If there is no such round.
        """
        place = self.place(number)
        if not place.is_dir():
            raise RoundError(
                f"The study {self.study.name} has no round {number}: it has "
                f"{', '.join(map(str, self.numbers())) or 'none yet'}."
            )
        found = read_round(place / "round.json")
        self._root.covered.check(place / "round.json")
        return found

    @property
    def covered(self) -> Covered:
        """What the log of the study says of its records."""
        return self._root.covered

    def note(self, event: str, path: Path, grader: str = "", **details: Any) -> None:
        """Log that a record was written, and its hash."""
        files = hashes(self.study, {path: path.read_bytes()})
        self._root.note(event, grader=grader, details=details, files=files)

    def freeze(self, make: Callable[[int], RoundRecord]) -> RoundRecord:
        """Write the record of a new round: the whole of it or none.

        Parameters
        ----------
        make : callable
            Gives the record for a number; called again where somebody else was
            quicker to take that number.

        Raises
        ------
        StudyError
            If it cannot be written.
        """
        while True:
            number = max(self.numbers(), default=0) + 1
            record = make(number)
            with suppress(FileExistsError):
                with new_folder(self.place(number)) as files:
                    files["round.json"] = to_json(
                        sealed(record.model_dump(mode="json", by_alias=True))
                    )
                path = self.place(number) / "round.json"
                self.note("round", path, round=number, state="frozen")
                return record

    def add_event(self, number: int, status: Status, **more: Any) -> None:
        """Add to what happened to a round; nothing is ever changed there."""
        folder = self.place(number) / "events"
        name = add_entry(folder, {"status": status, "machine": machine_code()} | more)
        self.note("round", folder / f"{name}.json", round=number, state=status)

    def events(self, number: int) -> list[dict[str, Any]]:
        """Read what happened to a round, in order."""
        return entries(self.place(number) / "events")

    def status(self, number: int) -> Status:
        """Say where a round stands."""
        if (self.place(number) / "result").is_dir():
            return "done"  # also where a kill came before the event
        found = self.events(number)
        status: Status = found[-1]["status"] if found else "frozen"
        return status

    def publish(self, number: int, files: dict[str, bytes]) -> Path:
        """Put a result into its round: all its files or none, and their hashes.

        Raises
        ------
        RoundError
            If the round has a result already: that one stays.
        """
        place = self.place(number) / "result"
        try:
            with new_folder(place) as contents:
                contents.update(files)
                contents[SUMS] = to_json(sealed(sums_of(files)))
        except FileExistsError:
            raise RoundError(
                f"Round {number} has a result already, which stays as it is."
            ) from None
        self.note("round", place / SUMS, round=number, state="measured")
        return place

    def result(self, number: int) -> dict[str, Any]:
        """Read what was measured of a round.

        Raises
        ------
        RoundError
            If it has no result, or not the one that the round wrote.
        """
        path = self.place(number) / "result" / "result.json"
        if not path.is_file():
            self.read(number)
            raise RoundError(
                f"Round {number} has no result: it is {self.status(number)}."
            )
        try:
            self._root.covered.check(path.parent / SUMS)
            check_file(path)
        except StudyError as error:
            raise RoundError(
                f"{path.parent} was changed after the round wrote it, and may be no "
                "longer the model that was measured: restore it from a backup, or "
                "train a new round."
            ) from error
        return read_json(path)

    def settle(self) -> list[int]:
        """Tidy up after a process of this computer that was killed.

        To be called while no round of the study runs on this computer. A round that
        was open is marked as killed, and unfinished writes are deleted: those within
        its folder, and those of anybody that are an hour old.

        Returns
        -------
        list of int
            The rounds that were open.
        """
        own, killed = machine_code(), []
        for number in self.numbers():
            events = self.events(number)
            by = events[-1]["machine"] if events else self.read(number).machine
            if by != own:
                continue
            if events and events[-1]["status"] not in OPEN:
                continue  # the result of an exported one may be coming in just now
            for part in (self.place(number), self.place(number) / "events"):
                _sweep(part, 0.0)
            status = self.status(number)
            if status in OPEN:
                killed.append(number)
                self.add_event(number, "killed")
            elif status == "done":
                self.add_event(number, "done")
        for part in (self.folder, self.folder / "decisions", self.folder / "picks"):
            _sweep(part, _STALE)
        return killed


def add_entry(folder: Path, content: dict[str, Any]) -> str:
    """Write a record of its own into a folder that only grows.

    Returns
    -------
    str
        Its id: a number and random digits, which two writers never share.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_error(folder, error) from error
    last = max((int(name.partition("-")[0]) for name in _names(folder)), default=0)
    name = f"{last + 1:04d}-{uuid.uuid4().hex[:8]}"
    write_file(
        folder / f"{name}.json",
        to_json(sealed({"schema": 1, "id": name, "time": now()} | content)),
    )
    return name


def entries(folder: Path) -> list[dict[str, Any]]:
    """Read the records of such a folder in the order in which they were written."""
    found = [read_json(folder / name) for name in _names(folder)]
    for one in found:
        one.pop(SEAL, None)  # of the file, and no part of the record
    return sorted(found, key=lambda e: (int(e["id"].partition("-")[0]), e["time"]))


def _names(folder: Path) -> list[str]:
    try:
        names = os.listdir(folder)
    except FileNotFoundError:
        return []
    return sorted(name for name in names if _ENTRY.fullmatch(name))


def _sweep(folder: Path, older: float) -> None:
    """Delete unfinished writes that are older than so many seconds."""
    for path in folder.glob(f"{TEMPORARY}*"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime < older:
                continue
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink()
