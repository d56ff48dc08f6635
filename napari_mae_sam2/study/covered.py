"""What the log vouches for: the hash of every record, said by the event that wrote it.

A record is a file that says something by itself: `case.json`, `revision.json`,
`round.json`, the hashes of a round's result, a decision, a pick, the reserved test
set. Pixels and weights are covered by the hashes that stand in these.
"""

from __future__ import annotations

import hashlib
import re
import time
from typing import TYPE_CHECKING, Any, Final

from napari_mae_sam2.study.case_folders import SURE_NS, case_names
from napari_mae_sam2.study.event_log import EventLog
from napari_mae_sam2.study.files import StudyError, read_json
from napari_mae_sam2.study.kinds import STUDY_FILE
from napari_mae_sam2.study.seals import holds

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from napari_mae_sam2.study.event_log import Event
    from napari_mae_sam2.study.folder import Study

COMPLETE: Final = "hashes_in_log"
"""Key in study.json: true where the log has the hash of every record."""

_ENTRY = re.compile(r"[0-9]{4,}-[0-9a-f]{8}\.json")
_PART = re.compile(r"[0-9a-f]{8}|[0-9]{4,}-[0-9a-f]{8}")
_CASE_RECORDS = (
    "case.json",
    "revisions/*/revision.json",
    "readings/*/*/revision.json",
)


def hash_of(data: bytes) -> str:
    """Give the SHA-256 of a file's content."""
    return hashlib.sha256(data).hexdigest()


def hashes(study: Path, files: Mapping[Path, bytes]) -> dict[str, str]:
    """Say for an event what was written.

    Parameters
    ----------
    study : Path
        The study folder.
    files : mapping of Path to bytes
        Files in it and what they hold.
    """
    return {
        path.relative_to(study).as_posix(): hash_of(data)
        for path, data in files.items()
    }


class Covered:
    """The hashes that the log of a study has told so far.

    Parameters
    ----------
    study : Path
        The study folder; without a log, as in an unpacked bundle, nothing is known.
    """

    def __init__(self, study: Path) -> None:
        self._study = study
        self._log = EventLog(study)
        self._seen: set[str] = set()
        self._stamps: dict[Path, int] = {}
        self._was_created_sealed = False
        self._said: dict[str, list[tuple[tuple[int, str], str]]] = {}

    def take(self, event: Event) -> None:
        """Remember what an event says; the one that comes last in order counts."""
        if event.id in self._seen:
            return
        self._seen.add(event.id)
        if event.event == "created" and event.is_sealed:
            self._was_created_sealed = True
        for name, digest in event.files.items():
            known = self._said.setdefault(name, [])
            known.append((event.order, digest))
            known.sort()

    def refresh(self) -> None:
        """Read the events that came since.

        Raises
        ------
        StudyError
            If one is damaged or was edited.
        """
        for folder in self._log.folders():
            stamp = _stamp(folder)
            if stamp is not None and self._stamps.get(folder) == stamp:
                continue  # not 100,000 names for each of 100,000 cases
            for name in self._log.ids(folder):
                if name not in self._seen:
                    self.take(self._log.read(name, check=True))
            if stamp is not None:
                self._stamps[folder] = stamp

    @property
    def is_complete(self) -> bool:
        """Whether the log has to know every record; not so in older studies."""
        if self._was_created_sealed:  # whatever study.json was edited to
            return True
        said = self._about()
        return said.get(COMPLETE) is True and said.get("schema") != 1

    def _about(self) -> dict[str, Any]:
        path = self._study / STUDY_FILE
        return read_json(path) if path.exists() else {}

    def wanted(self, path: Path) -> str | None:
        """Give the hash that a file must have; None where the log says nothing."""
        found = self._said.get(path.relative_to(self._study).as_posix())
        return None if found is None else found[-1][1]

    def said(self) -> dict[Path, str]:
        """Give all files that the log knows, and their hashes."""
        return {self._study / name: known[-1][1] for name, known in self._said.items()}

    def check(self, *paths: Path, is_fresh: bool = False) -> None:
        """Refuse files that are not what the log says they are.

        Parameters
        ----------
        *paths : Path
            Records of the study. One that the log does not know is refused where the
            log should know all of them.
        is_fresh : bool
            Whether the log was read just now, so that what it does not know need not
            be looked for again.

        Raises
        ------
        StudyError
            Naming the first that was changed, taken away or put there.
        """
        if not is_fresh and (
            not self._seen or any(self.wanted(path) is None for path in paths)
        ):
            self.refresh()
        for path in paths:
            wrong = self._wrong(path)
            if wrong is not None:
                self.refresh()  # somebody may be writing just now
                wrong = self._wrong(path)
            if wrong is not None:
                raise StudyError(wrong)

    def check_once(self, path: Path) -> None:
        """Refuse a file that is neither sealed nor what any event ever said it is.

        For whoever writes it anew: a program that died between logging a change and
        making it leaves the file as it was before.

        Raises
        ------
        StudyError
            As from `check`.
        """
        try:
            self.check(path)
        except StudyError:
            known = self._said.get(path.relative_to(self._study).as_posix(), [])
            digests = {digest for _, digest in known}
            if not path.exists() or not (
                hash_of(path.read_bytes()) in digests or holds(read_json(path))
            ):
                raise

    def _wrong(self, path: Path) -> str | None:
        wanted = self.wanted(path)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            if wanted is None:
                return None
            return f"{path} is missing: restore it from a backup."
        except OSError as error:
            return f"{path} cannot be read ({(error.strerror or str(error)).lower()})."
        if wanted is not None:
            return None if hash_of(data) == wanted else changed(path)
        return self.doubt(path)

    def doubt(self, path: Path) -> str | None:
        """Say what is wrong with a record that the log does not know, if anything.

        A program that was killed, or a disk that was full, may leave a record without
        its event: its own seal then vouches for it.
        """
        try:
            is_as_sealed = holds(read_json(path))
        except StudyError as error:
            return str(error)
        is_old = not self.is_complete and self._about().get("schema") == 1
        if is_as_sealed is False and not is_old:
            return changed(path)
        return not_in_log(path) if is_as_sealed is None and self.is_complete else None


def _stamp(folder: Path) -> int | None:
    """Give when a folder changed last; None where that is too short ago to be sure."""
    try:
        stamp = folder.stat().st_mtime_ns
    except OSError:
        return None
    return stamp if abs(time.time_ns() - stamp) >= SURE_NS else None


def check_case(study: Study, case: str) -> None:
    """Refuse a case of which a record is not as the log says, which was just read.

    An earlier revision that cannot be read says nothing, and is passed over; one that
    was edited might hide a conflict.

    Raises
    ------
    StudyError
        Naming the file.
    """
    study.covered.check(study.case_folder(case) / "case.json", is_fresh=True)
    for name in study.revision_ids(case):
        try:
            study.revision(case, name)
        except StudyError:
            continue
        path = study.revision_folder(case, name) / "revision.json"
        study.covered.check(path, is_fresh=True)


def changed(path: Path) -> str:
    """Say that a record was edited."""
    return (
        f"{path} was changed after it was written (its hash is another one): restore "
        "it from a backup."
    )


def not_in_log(path: Path) -> str:
    """Say that nothing vouches for a record."""
    return (
        f"{path} is not in the log, and bears no seal: it was put there by hand. If "
        "you know that it is right, use “study seal”."
    )


def records_in(study: Path) -> Iterator[Path]:
    """Go through the files of a study that an event must vouch for."""
    cases = study / "cases"
    for name in sorted(case_names(study)) if cases.is_dir() else ():
        case = cases / name
        for pattern in _CASE_RECORDS:
            yield from sorted(p for p in case.glob(pattern) if _is_record(p, case))
    rounds = study / "rounds"
    if not rounds.is_dir():
        return
    if (rounds / "frozen_test.json").exists():
        yield rounds / "frozen_test.json"
    for folder in sorted(rounds.iterdir()):
        if re.fullmatch(r"[0-9]{4,}", folder.name):
            for name in ("round.json", "result/sha256.json"):
                if (folder / name).exists():
                    yield folder / name
            yield from _entries(folder / "events")
    for name in ("decisions", "picks"):
        yield from _entries(rounds / name)


def _is_record(path: Path, case: Path) -> bool:
    """Pass over unfinished writes, and copies that a file manager made."""
    parents = path.relative_to(case).parts[1:-1]
    return all(
        re.fullmatch(r"[0-9a-f]{8}|[0-9]{4,}-[0-9a-f]{8}", one) for one in parents
    )


def _entries(folder: Path) -> list[Path]:
    found = folder.iterdir() if folder.is_dir() else ()
    return sorted(path for path in found if _ENTRY.fullmatch(path.name))
