"""Loads the model that answers; the old one serves until the new one is there."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from napari_mae_sam2.annotate.latest import LatestWins, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_mae_sam2.model.protocol import Predictor

SECONDS_TO_RETIRE = 20.0
"""How long closing waits for a model that still prepares a faster engine."""


class ModelInUse:
    """The predictor in use, and the loading of others.

    Parameters
    ----------
    post : callable
        Runs a function on the thread that owns this.
    load : callable
        Makes a predictor from what the grader chose and a function that takes
        sentences; slow, called in a worker thread.
    on_loaded : callable
        Gets the new predictor, which is in use from then on.
    tell : callable
        Gets sentences on the way.
    on_error : callable
        Gets why a model could not be loaded.
    """

    def __init__(
        self,
        post: Callable[[Callable[[], None]], None],
        load: Callable[[str | None, Callable[[str], None]], Predictor],
        on_loaded: Callable[[Predictor], None],
        tell: Callable[[str], None],
        on_error: Callable[[Exception | None], None],
    ) -> None:
        self.predictor: Predictor | None = None
        """None until the first one is loaded."""
        self._on_loaded = on_loaded
        self._on_error = on_error
        self._retiring: list[threading.Thread] = []
        self._loader = LatestWins[str | None, "Predictor"](
            lambda choice, _cancelled: load(
                choice, lambda sentence: post(lambda: tell(sentence))
            ),
            lambda outcome: post(lambda: self._take(outcome)),
            "load model",
        )

    def load(self, choice: str | None) -> None:
        """Load other weights: a path, or None for the default."""
        self._loader.submit(choice)

    def close(self) -> None:
        """Stop loading, close the model in use, and wait for it."""
        self._loader.close()
        self._retire()
        for thread in self._retiring:
            thread.join(SECONDS_TO_RETIRE)

    def _take(self, outcome: Outcome[str | None, Predictor]) -> None:
        if not self._loader.is_current(outcome.generation):
            return
        if outcome.response is None:
            self._on_error(outcome.error)
            return
        self._retire()
        self.predictor = outcome.response
        self._on_loaded(outcome.response)

    def _retire(self) -> None:
        """Stop what the model does in the background, beside the window's thread."""
        if self.predictor is not None:
            thread = threading.Thread(target=self.predictor.close, daemon=True)
            thread.start()
            self._retiring = [t for t in self._retiring if t.is_alive()] + [thread]
