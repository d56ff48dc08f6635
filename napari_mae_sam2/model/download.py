"""Fetching Meta's official checkpoints: resumed where it stopped, checked by hash.

pooch keeps the cache and checks the hash; it cannot resume, so the transfer itself is
done here. The hashes are those of micro-sam's registry
(computational-cell-analytics/micro-sam, `micro_sam/v2/util.py`), and each was found in
at least four other public repositories too; Meta publishes none.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pooch  # type: ignore[import-untyped,unused-ignore]

from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.model.architectures import Architecture
from napari_mae_sam2.model.folders import cache_folder
from napari_mae_sam2.model.protocol import Cancelled

if TYPE_CHECKING:
    from collections.abc import Callable

_BASE: Final = "https://dl.fbaipublicfiles.com/segment_anything_2"
_CHUNK: Final = 1 << 18  # bytes
_TIMEOUT: Final = (10.0, 30.0)  # seconds to connect, and between two chunks


class DownloadError(PlainError):
    """A checkpoint could not be fetched."""


@dataclass(frozen=True, slots=True)
class OfficialCheckpoint:
    """One of Meta's published files.

    Attributes
    ----------
    url : str
        Where it lies.
    sha256 : str
        Of the file.
    """

    url: str
    sha256: str

    @property
    def file_name(self) -> str:
        """Last part of the address."""
        return self.url.rsplit("/", 1)[-1]


OFFICIAL: Final = {
    Architecture("tiny", "2.0"): OfficialCheckpoint(
        f"{_BASE}/072824/sam2_hiera_tiny.pt",
        "65b50056e05bcb13694174f51bb6da89c894b57b75ccdf0ba6352c597c5d1125",
    ),
    Architecture("small", "2.0"): OfficialCheckpoint(
        f"{_BASE}/072824/sam2_hiera_small.pt",
        "95949964d4e548409021d47b22712d5f1abf2564cc0c3c765ba599a24ac7dce3",
    ),
    Architecture("base_plus", "2.0"): OfficialCheckpoint(
        f"{_BASE}/072824/sam2_hiera_base_plus.pt",
        "d0bb7f236400a49669ffdd1be617959a8b1d1065081789d7bbff88eded3a8071",
    ),
    Architecture("large", "2.0"): OfficialCheckpoint(
        f"{_BASE}/072824/sam2_hiera_large.pt",
        "7442e4e9b732a508f80e141e7c2913437a3610ee0c77381a66658c3a445df87b",
    ),
    Architecture("tiny", "2.1"): OfficialCheckpoint(
        f"{_BASE}/092824/sam2.1_hiera_tiny.pt",
        "7402e0d864fa82708a20fbd15bc84245c2f26dff0eb43a4b5b93452deb34be69",
    ),
    Architecture("small", "2.1"): OfficialCheckpoint(
        f"{_BASE}/092824/sam2.1_hiera_small.pt",
        "6d1aa6f30de5c92224f8172114de081d104bbd23dd9dc5c58996f0cad5dc4d38",
    ),
    Architecture("base_plus", "2.1"): OfficialCheckpoint(
        f"{_BASE}/092824/sam2.1_hiera_base_plus.pt",
        "a2345aede8715ab1d5d31b4a509fb160c5a4af1970f199d9054ccfb746c004c5",
    ),
    Architecture("large", "2.1"): OfficialCheckpoint(
        f"{_BASE}/092824/sam2.1_hiera_large.pt",
        "2647878d5dfa5098f2f8649825738a9345572bae2d4350a2468587ece47dd318",
    ),
}
"""Meta's file of every architecture."""


def download_checkpoint(
    checkpoint: OfficialCheckpoint,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    retries: int = 5,
) -> Path:
    """Fetch a checkpoint into the cache, unless it is there already.

    What has arrived stays in the cache when the transfer is cut, cancelled or
    killed, and the next call goes on from there. A file with another hash than the
    published one is thrown away.

    Parameters
    ----------
    checkpoint : OfficialCheckpoint
        One of `OFFICIAL`.
    progress : callable, optional
        Told the bytes that are there and the bytes in all (0 where not known).
    cancelled : callable, optional
        Asked at every chunk; answering True stops the transfer.
    retries : int
        How often a cut connection is opened again before giving up.

    Returns
    -------
    Path
        The whole, checked file.

    Raises
    ------
    DownloadError
        If it cannot be fetched or stored, or has another hash.
    Cancelled
        If `cancelled` answered True.
    """
    import requests  # type: ignore[import-untyped,unused-ignore]

    folder = cache_folder() / "weights"
    name = checkpoint.file_name
    fetch = _ResumingDownload(folder / f"{name}.part", progress, cancelled, retries)
    pooch.get_logger().setLevel("WARNING")
    try:
        path = pooch.retrieve(
            checkpoint.url,
            known_hash=f"sha256:{checkpoint.sha256}",
            fname=name,
            path=folder,
            downloader=fetch,
        )
    except ValueError as error:
        # pooch has thrown the file away, so that a new try starts afresh.
        raise DownloadError(
            f"{name} arrived with other content than Meta published and was thrown "
            "away; try again, or ask who runs your network."
        ) from error
    except requests.RequestException as error:
        raise DownloadError(
            f"{name} could not be fetched from {checkpoint.url}; check the internet "
            "connection and try again, it goes on where it stopped."
        ) from error
    except OSError as error:
        raise DownloadError(
            f"{name} could not be stored in {folder} ({error.strerror or error}); "
            "make room there or set NAPARI_MAE_SAM2_HOME to another folder."
        ) from error
    return Path(path)


class _ResumingDownload:
    """A downloader for pooch that goes on where an earlier one stopped."""

    def __init__(
        self,
        part: Path,
        progress: Callable[[int, int], None] | None,
        cancelled: Callable[[], bool] | None,
        retries: int,
    ) -> None:
        self._part = part
        self._progress = progress
        self._cancelled = cancelled
        self._retries = retries

    def __call__(
        self, url: str, output_file: str, pooch: object, check_only: bool = False
    ) -> None:
        """Fetch `url` into `output_file`; the signature is pooch's."""
        import requests

        for attempt in range(self._retries + 1):
            try:
                self._fetch(url)
                break
            except (requests.ConnectionError, requests.Timeout):
                if attempt == self._retries:
                    raise
                time.sleep(min(0.2 * 2**attempt, 5.0))
        self._part.replace(output_file)

    def _fetch(self, url: str) -> None:
        import requests

        there = self._part.stat().st_size if self._part.exists() else 0
        # Compressed transfer would make the byte positions meaningless.
        headers = {"Accept-Encoding": "identity"}
        if there:
            headers["Range"] = f"bytes={there}-"
        with requests.get(url, headers=headers, stream=True, timeout=_TIMEOUT) as reply:
            if reply.status_code == requests.codes.requested_range_not_satisfiable:
                # All of it is there, or too much; the hash will tell.
                return
            reply.raise_for_status()
            if reply.status_code != requests.codes.partial_content:
                there = 0  # the server cannot resume and sends it all again
            total = there + int(reply.headers.get("Content-Length", 0))
            with self._part.open("ab" if there else "wb") as file:
                self._tell(there, total)
                for chunk in _chunks(reply):
                    if self._cancelled is not None and self._cancelled():
                        raise Cancelled
                    file.write(chunk)
                    there += len(chunk)
                    self._tell(there, total)
        if there < total:
            # urllib3 before version 2 takes a transfer that was cut for a whole one.
            raise requests.ConnectionError("the connection was cut")

    def _tell(self, there: int, total: int) -> None:
        if self._progress is not None:
            self._progress(there, total)


def _chunks(reply: Any) -> Any:
    """Yield what arrives; a cut connection ends it with requests' own error."""
    import requests

    try:
        yield from reply.iter_content(_CHUNK)
    except requests.exceptions.ChunkedEncodingError as error:
        # requests gives this for every broken transfer, and it is no ConnectionError.
        raise requests.ConnectionError("the connection was cut") from error
