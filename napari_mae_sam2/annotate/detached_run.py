"""A command that outlives the window: started apart from it, found again, watched.

The process writes its progress into a file on this computer, so nothing it says is
lost while nobody looks, and closing the window ends nothing.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from napari_mae_sam2.annotate.child_process import (
    BEHIND,
    SECONDS_TO_STOP,
    Exit,
    Progress,
    parse_progress,
)
from napari_mae_sam2.study.files import StudyError, read_json, to_json, write_file

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Heard = Callable[[Sequence[Progress]], None]

RECORD, EVENTS, COMPLAINTS = "run.json", "events.jsonl", "complaints.txt"
EVERY = 0.25
"""Seconds between two looks at the file."""
LAST_WORDS = 4096
"""Bytes of complaints that are read."""


class DetachedRun:
    """Watches such a process, from its first line on; made by `start` or `find`.

    Parameters
    ----------
    folder : Path
        Where its files lie.
    process : psutil.Process or None
        None where it has ended.
    seen : Exit, optional
        How it ended, where somebody was told so before.
    record : dict, optional
        What is kept of it, by which it is found again.
    on_heard : callable
        Gets what was said since the last time, in order, however long ago.
    on_exit : callable
        Gets how it ended, once. Both are called in a thread of this object.
    """

    def __init__(
        self,
        folder: Path,
        process: psutil.Process | None,
        on_heard: Heard,
        on_exit: Callable[[Exit], None],
        seen: Exit | None = None,
        record: dict[str, Any] | None = None,
    ) -> None:
        self._folder = folder
        self._process = process
        self._on_heard = on_heard
        self._on_exit = on_exit
        self._seen = seen
        self._record = record
        self._last = Progress("")
        self._told = ""
        self._cancelled = False
        self._closed = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()

    @classmethod
    def start(
        cls,
        folder: Path,
        arguments: Sequence[str],
        on_heard: Heard,
        on_exit: Callable[[Exit], None],
    ) -> DetachedRun:
        """Start a module of Python at low priority; what ran before is forgotten.

        Parameters
        ----------
        folder : Path
            Of this computer, and of no other run.
        arguments : sequence of str
            Name of the module and what is said to it.
        on_heard, on_exit : callable
            See `DetachedRun`.

        Raises
        ------
        OSError, StudyError
            If it cannot be started.
        """
        folder.mkdir(parents=True, exist_ok=True)
        (folder / RECORD).unlink(missing_ok=True)
        windows = sys.platform == "win32"
        apart = ("CREATE_NEW_PROCESS_GROUP", "DETACHED_PROCESS")
        flags = sum(getattr(subprocess, name) for name in apart) if windows else 0
        with (
            (folder / EVENTS).open("wb") as out,
            (folder / COMPLAINTS).open("wb") as err,
        ):
            started = subprocess.Popen(
                [sys.executable, "-m", *arguments],
                # Threads that wait must sleep, not spin: the window shares the cores.
                env={"OMP_WAIT_POLICY": "PASSIVE", **os.environ},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,  # a closed terminal does not end it
                creationflags=flags,
            )
        # A child that nobody waits for would stay as a zombie when it has ended.
        threading.Thread(target=started.wait, daemon=True).start()
        process, content = _process(started.pid), None
        if process is not None:
            with suppress(psutil.Error):
                _stand_back(process)
                content = {
                    "pid": started.pid,
                    "created": process.create_time(),
                    "arguments": list(arguments),
                }
                try:
                    write_file(folder / RECORD, to_json(content))
                except StudyError:
                    started.kill()  # nobody would find it again
                    raise
        return cls(folder, process, on_heard, on_exit, record=content)

    @classmethod
    def find(
        cls, folder: Path, on_heard: Heard, on_exit: Callable[[Exit], None]
    ) -> DetachedRun | None:
        """Watch the last run of a folder, which may have ended; None without one."""
        if not (folder / EVENTS).is_file():
            return None
        try:
            said = read_json(folder / RECORD)
            pid, created = int(said["pid"]), float(said["created"])
            arguments = [str(one) for one in said.get("arguments", ())]
            seen = None if "end" not in said else _exit_from(said["end"])
        except (StudyError, KeyError, TypeError, ValueError):
            return None
        if seen is not None:
            return cls(folder, None, on_heard, on_exit, seen)
        process = _process(pid)
        if process is not None and not _is_it(process, created, arguments):
            process = None
        return cls(folder, process, on_heard, on_exit, record=said)

    @property
    def was_seen(self) -> bool:
        """Whether somebody was told before how it ended."""
        return self._seen is not None

    @property
    def is_running(self) -> bool:
        """True until the process has ended."""
        if self._process is None:
            return False
        try:
            return bool(
                self._process.is_running()
                and self._process.status() != psutil.STATUS_ZOMBIE
            )
        except psutil.Error:
            return False

    def cancel(self) -> None:
        """Ask it to stop; it is ended by force where it does not listen."""
        if self._process is not None and self.is_running:
            self._cancelled = True
            with suppress(psutil.Error):
                self._process.terminate()
            reaper = threading.Timer(SECONDS_TO_STOP, self._kill)
            reaper.daemon = True
            reaper.start()

    def close(self) -> None:
        """Look no longer; the process goes on."""
        self._closed.set()
        self._watcher.join(5)

    def mark_seen(self, end: Exit) -> None:
        """Note that somebody was told how it ended; its story can be read again."""
        path = self._folder / RECORD
        with suppress(StudyError):
            said = read_json(path)
            if said == self._record:  # and no other window has begun another run
                write_file(path, to_json(said | {"end": asdict(end)}))

    def _kill(self) -> None:
        if self._process is not None and self.is_running:
            with suppress(psutil.Error):
                self._process.kill()

    def _watch(self) -> None:
        rest = b""
        with (self._folder / EVENTS).open("rb") as file:
            while True:
                ended = not self.is_running  # before reading: nothing comes after it
                *lines, rest = (rest + file.read()).split(b"\n")
                self._hear(lines)
                if ended:
                    self._on_exit(self._exit())
                    return
                if self._closed.wait(EVERY):
                    return

    def _hear(self, lines: Sequence[bytes]) -> None:
        found = [parse_progress(line.decode("utf-8", "replace")) for line in lines]
        heard = [one for one in found if one is not None]
        for one in heard:
            self._last = one
            if one.event == "error":
                self._told = str(one.values.get("message", ""))
        if heard:
            self._on_heard(heard)

    def _exit(self) -> Exit:
        if self._seen is not None:
            return self._seen
        end = self._last if self._last.event == "end" else Progress("end")
        status = end.values.get("status")
        cancelled = self._cancelled or status == "cancelled"
        complaints = self._complaints()
        why = self._told or next((line for line in reversed(complaints) if line), "")
        why = why or "its process was ended by something else."
        return Exit(0 if status == "done" else 1, cancelled, why, tuple(complaints))

    def _complaints(self) -> list[str]:
        try:
            with (self._folder / COMPLAINTS).open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size - LAST_WORDS))
                return file.read().decode("utf-8", "replace").splitlines()[-20:]
        except OSError:
            return []


def _is_it(process: psutil.Process, created: float, arguments: list[str]) -> bool:
    """Tell a process from a later one of the same number.

    By the moment it began; a clock that jumps moves that, but not what it was told.
    """
    said = ["-m", *arguments]
    with suppress(psutil.Error):
        if abs(process.create_time() - created) <= 1:
            return True
        return bool(arguments) and process.cmdline()[-len(said) :] == said
    return False


def _exit_from(said: dict[str, Any]) -> Exit:
    complaints = tuple(map(str, said["complaints"]))
    return Exit(
        int(said["code"]), bool(said["cancelled"]), str(said["why"]), complaints
    )


def _stand_back(process: psutil.Process) -> None:
    """Let the window go first: the grader goes on clicking."""
    windows = sys.platform == "win32"
    process.nice(psutil.BELOW_NORMAL_PRIORITY_CLASS if windows else BEHIND)
    # Where Linux shares the processor out by sessions, as on most desktops, that
    # counts among the processes of one session only, and this one has its own.
    with suppress(OSError):
        Path(f"/proc/{process.pid}/autogroup").write_text(str(BEHIND))


def _process(pid: int) -> psutil.Process | None:
    try:
        return psutil.Process(pid)
    except (psutil.Error, ValueError):
        return None
