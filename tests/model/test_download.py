"""The download against a real server on this machine that cuts connections."""

from __future__ import annotations

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from napari_mae_sam2.model.architectures import ARCHITECTURES
from napari_mae_sam2.model.download import (
    OFFICIAL,
    DownloadError,
    OfficialCheckpoint,
    download_checkpoint,
)
from napari_mae_sam2.model.folders import cache_folder
from napari_mae_sam2.model.protocol import Cancelled

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONTENT = bytes(range(256)) * 8192  # 2 MiB
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class _Server(ThreadingHTTPServer):
    """Serves CONTENT; can cut connections, forget Range, or fail."""

    cuts = 0
    """How many of the next answers end after half of what they promise."""
    ranges = True
    status = 200

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[str | None] = []

    @property
    def checkpoint(self) -> OfficialCheckpoint:
        return OfficialCheckpoint(
            f"http://127.0.0.1:{self.server_port}/weights.pt", SHA256
        )


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        server = self.server
        asked = self.headers.get("Range")
        server.asked.append(asked)
        if server.status != 200:
            self.send_error(server.status)
            return
        start = int(asked[6:-1]) if asked and server.ranges else 0
        if start >= len(CONTENT):
            self.send_error(416)
            return
        content = CONTENT[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if server.cuts:
            server.cuts -= 1
            content = content[: len(content) // 2]
        self.wfile.write(content)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[_Server]:
    monkeypatch.setenv("NAPARI_MAE_SAM2_HOME", str(tmp_path))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with _Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def _part() -> Path:
    return cache_folder() / "weights" / "weights.pt.part"


def test_a_file_is_fetched_once_with_progress(server: _Server) -> None:
    seen: list[tuple[int, int]] = []

    path = download_checkpoint(
        server.checkpoint, lambda there, total: seen.append((there, total))
    )

    assert path == cache_folder() / "weights" / "weights.pt"
    assert path.read_bytes() == CONTENT
    assert seen[0] == (0, len(CONTENT))
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert seen == sorted(seen)
    assert download_checkpoint(server.checkpoint) == path
    assert server.asked == [None]
    assert [file.name for file in path.parent.iterdir()] == ["weights.pt"]


def test_a_cut_connection_goes_on_where_it_stopped(server: _Server) -> None:
    server.cuts = 1

    path = download_checkpoint(server.checkpoint)

    assert path.read_bytes() == CONTENT
    assert server.asked == [None, f"bytes={len(CONTENT) // 2}-"]


def test_the_next_call_goes_on_where_the_last_one_gave_up(server: _Server) -> None:
    server.cuts = 1
    with pytest.raises(DownloadError, match="goes on where it stopped"):
        download_checkpoint(server.checkpoint, retries=0)
    assert _part().stat().st_size == len(CONTENT) // 2

    assert download_checkpoint(server.checkpoint).read_bytes() == CONTENT
    assert server.asked[1] == f"bytes={len(CONTENT) // 2}-"


def test_a_cancelled_download_goes_on_later(server: _Server) -> None:
    asked = []

    def third() -> bool:
        asked.append(1)
        return len(asked) == 3

    with pytest.raises(Cancelled):
        download_checkpoint(server.checkpoint, cancelled=third)
    there = _part().stat().st_size
    assert 0 < there < len(CONTENT)

    assert download_checkpoint(server.checkpoint).read_bytes() == CONTENT
    assert server.asked == [None, f"bytes={there}-"]


def test_a_server_that_cannot_resume_sends_it_all_again(server: _Server) -> None:
    server.cuts = 1
    server.ranges = False

    assert download_checkpoint(server.checkpoint).read_bytes() == CONTENT
    assert len(server.asked) == 2


def test_a_part_that_is_already_whole_is_taken(server: _Server) -> None:
    _part().parent.mkdir(parents=True)
    _part().write_bytes(CONTENT)

    assert download_checkpoint(server.checkpoint).read_bytes() == CONTENT


def test_other_content_is_thrown_away_and_fetched_afresh(server: _Server) -> None:
    _part().parent.mkdir(parents=True)
    _part().write_bytes(b"someone else's")

    with pytest.raises(DownloadError, match="other content"):
        download_checkpoint(server.checkpoint)

    assert list(_part().parent.iterdir()) == []
    assert download_checkpoint(server.checkpoint).read_bytes() == CONTENT


def test_a_server_that_refuses_is_named(server: _Server) -> None:
    server.status = 404
    with pytest.raises(DownloadError, match=r"weights\.pt could not be fetched"):
        download_checkpoint(server.checkpoint)


def test_no_server_at_all_is_a_plain_sentence(server: _Server) -> None:
    checkpoint = OfficialCheckpoint("http://127.0.0.1:9/weights.pt", SHA256)
    with pytest.raises(DownloadError, match="internet"):
        download_checkpoint(checkpoint, retries=0)


def test_every_architecture_has_an_official_file_and_hash() -> None:
    assert set(OFFICIAL) == set(ARCHITECTURES)
    assert len({checkpoint.sha256 for checkpoint in OFFICIAL.values()}) == 8
    for architecture, checkpoint in OFFICIAL.items():
        assert architecture.name in checkpoint.file_name
        assert ("sam2.1" in checkpoint.file_name) == (architecture.version == "2.1")
        assert len(bytes.fromhex(checkpoint.sha256)) == 32
