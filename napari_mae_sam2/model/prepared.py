"""One engine serves while a better one is prepared in the background."""

from __future__ import annotations

import logging
import threading
import weakref
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.model.decoder import Decoder
from napari_mae_sam2.model.encoder import Encoder
from napari_mae_sam2.model.protocol import Cancelled

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch

    from napari_mae_sam2.model.encoder import Precision
    from napari_mae_sam2.model.forward import Features, PromptBatch

log = logging.getLogger(__name__)


class Named(Protocol):
    """Anything that says what it runs on."""

    @property
    def name(self) -> str:
        """For the window and `doctor`."""


Engine = TypeVar("Engine", bound=Named)


class Prepared(Generic[Engine]):
    """Uses the first engine until the second is there.

    Where the second cannot be had, the first goes on, and `name` says so. The
    preparation stops when this is closed or no longer used, and with the program.

    Parameters
    ----------
    first : Encoder or Decoder
        Serves at once; at least as exact as the second.
    prepare : callable
        Makes the second; slow, called once in a thread of its own with a function
        that says whether to stop; raises Cancelled then.
    wanted : str
        What the second is called while it is not there.
    """

    def __init__(
        self,
        first: Engine,
        prepare: Callable[[Callable[[], bool]], Engine],
        wanted: str,
    ) -> None:
        self._work: _Work[Engine] = _Work(first, prepare, wanted)
        self._thread = threading.Thread(target=self._work.run, name="prepare engine")
        self._thread.start()
        # The thread holds the work, not this, so that forgetting this ends it.
        weakref.finalize(self, self._work.stop.set)

    @property
    def current(self) -> Engine:
        """The best engine there is."""
        return self._work.engine

    @property
    def name(self) -> str:
        """What serves now, and what became of the other."""
        note = self._work.note
        return f"{self.current.name} ({note})" if note else self.current.name

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the second engine serves, or is known never to.

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
        """Stop preparing and wait for it; the engine goes on as it is."""
        self._work.stop.set()
        self._thread.join()


class PreparedEncoder(Prepared[Encoder]):
    """Encodes with the best encoder there is; see `Prepared`.

    Parameters
    ----------
    first, prepare, wanted
        As for `Prepared`.
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
        super().__init__(first, prepare, wanted)
        self._precision: Precision = precision

    @property
    def precision(self) -> Precision:
        """That of the second, since the first is as exact at least."""
        return self._precision

    def encode(
        self, images: torch.Tensor, cancelled: Callable[[], bool] | None = None
    ) -> Features:
        """Encode images of shape (B, 3, S, S)."""
        return self.current.encode(images, cancelled)


class PreparedDecoder(Prepared[Decoder]):
    """Answers with the best decoder there is; see `Prepared`."""

    def answer(
        self, features: Features, prompts: PromptBatch
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Answer B prompts on one image; see `forward.decode_prompts`."""
        return self.current.answer(features, prompts)


class _Work(Generic[Engine]):
    """What the thread shares with the rest."""

    def __init__(
        self,
        first: Engine,
        prepare: Callable[[Callable[[], bool]], Engine],
        wanted: str,
    ) -> None:
        self.stop = threading.Event()
        self.engine = first
        self.note = f"{wanted} is being prepared"
        self._prepare = prepare
        self._wanted = wanted

    def run(self) -> None:
        try:
            self.engine = self._prepare(self._stopped)
            self.note = ""
        except Cancelled:
            self.note = f"{self._wanted} was not prepared"
        except PlainError as error:
            self.note = f"{self._wanted} cannot be used"
            log.warning("%s", error)
        except Exception:
            # The frame is read all the same, only more slowly.
            self.note = f"{self._wanted} cannot be used"
            log.exception("%s", self.note)

    def _stopped(self) -> bool:
        # The interpreter waits for this thread at its end, which is announced so.
        return self.stop.is_set() or not threading.main_thread().is_alive()
