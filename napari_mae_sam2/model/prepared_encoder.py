"""One encoder serves while a better one is prepared in the background."""

from __future__ import annotations

import logging
import threading
import weakref
from typing import TYPE_CHECKING

from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.model.protocol import Cancelled

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch

    from napari_mae_sam2.model.encoder import Encoder, Precision
    from napari_mae_sam2.model.forward import Features

log = logging.getLogger(__name__)


class PreparedEncoder:
    """Encodes with the first encoder until the second is there.

    Where the second cannot be had, the first goes on, and `name` says so. The
    preparation stops when this is closed or no longer used, and with the program.

    Parameters
    ----------
    first : Encoder
        Serves at once; at least as exact as the second.
    prepare : callable
        Makes the second; slow, called once in a thread of its own with a function
        that says whether to stop; raises Cancelled then.
    wanted : str
        What the second is called while it is not there.
    precision : {"float32", "bf16"}
        Of the second.
    """

    def __init__(
        self,
        first: Encoder,
        prepare: Callable[[Callable[[], bool]], Encoder],
        wanted: str,
        precision: Precision,
    ) -> None:
        self._precision: Precision = precision
        self._work = _Work(first, prepare, wanted)
        self._thread = threading.Thread(target=self._work.run, name="prepare encoder")
        self._thread.start()
        # The thread holds the work, not this, so that forgetting this ends it.
        weakref.finalize(self, self._work.stop.set)

    @property
    def name(self) -> str:
        """What encodes now, and what became of the other."""
        note = self._work.note
        return (
            f"{self._work.encoder.name} ({note})" if note else self._work.encoder.name
        )

    @property
    def precision(self) -> Precision:
        """That of the second, since the first is as exact at least."""
        return self._precision

    def encode(
        self, images: torch.Tensor, cancelled: Callable[[], bool] | None = None
    ) -> Features:
        """Encode images of shape (B, 3, S, S) with the best encoder there is."""
        return self._work.encoder.encode(images, cancelled)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the second encoder serves, or is known never to.

        Parameters
        ----------
        timeout : float, optional
            Seconds; for ever by default.

        Returns
        -------
        bool
            False where the time was not enough.
        """
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def close(self) -> None:
        """Stop preparing and wait for it; the encoder goes on as it is."""
        self._work.stop.set()
        self._thread.join()


class _Work:
    """What the thread shares with the encoder."""

    def __init__(
        self,
        first: Encoder,
        prepare: Callable[[Callable[[], bool]], Encoder],
        wanted: str,
    ) -> None:
        self.stop = threading.Event()
        self.encoder = first
        self.note = f"{wanted} is being prepared"
        self._prepare = prepare
        self._wanted = wanted

    def run(self) -> None:
        try:
            self.encoder = self._prepare(self._stopped)
            self.note = ""
        except Cancelled:
            self.note = f"{self._wanted} was not prepared"
        except PlainError as error:
            self.note = f"{self._wanted} cannot be used"
            log.warning("%s", error)
        except Exception:
            # The frame is encoded all the same, only more slowly.
            self.note = f"{self._wanted} cannot be used"
            log.exception("%s", self.note)

    def _stopped(self) -> bool:
        # The interpreter waits for this thread at its end, which is announced so.
        return self.stop.is_set() or not threading.main_thread().is_alive()
