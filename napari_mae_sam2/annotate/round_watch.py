"""Watches the round of one study at a time, and tells its story."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_mae_sam2.annotate.detached_run import DetachedRun
from napari_mae_sam2.annotate.round_story import RoundStory

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from napari_mae_sam2.annotate.child_process import Exit, Progress


class RoundWatch:
    """Starts a round or finds the one that runs, and follows it.

    Parameters
    ----------
    post : callable
        Runs a function on the thread that owns this.
    on_story : callable
        Gets the `RoundStory` whenever it has gone on.
    on_end : callable
        Gets the story, how the round ended, and whether somebody was told so before;
        once.
    """

    def __init__(
        self,
        post: Callable[[Callable[[], None]], None],
        on_story: Callable[[RoundStory], None],
        on_end: Callable[[RoundStory, Exit, bool], None],
    ) -> None:
        self._post = post
        self._on_story = on_story
        self._on_end = on_end
        self._run: DetachedRun | None = None
        self._token: object = None

    @property
    def is_running(self) -> bool:
        """Whether the round that is watched runs."""
        return self._run is not None and self._run.is_running

    def find(self, folder: Path) -> None:
        """Watch the last round of a folder, if there is one; it may have ended."""
        self._attach(lambda *about: DetachedRun.find(folder, *about))

    def start(self, folder: Path, arguments: Sequence[str]) -> None:
        """Start a round and watch it, or the one that another window has started.

        Raises
        ------
        OSError, StudyError
            If it cannot be started.
        """
        self.find(folder)
        if not self.is_running:  # else its files would be taken away from it
            self._attach(lambda *about: DetachedRun.start(folder, arguments, *about))

    def cancel(self) -> None:
        """Ask the round to stop."""
        if self._run is not None:
            self._run.cancel()

    def stop(self) -> None:
        """Watch no longer; a round that runs goes on."""
        self._token = None
        if self._run is not None:
            self._run.close()
            self._run = None

    def _attach(self, make: Callable[..., DetachedRun | None]) -> None:
        """Watch a run; what one says that is no longer watched is dropped."""
        self.stop()
        story, token = RoundStory(), object()
        self._token = token

        def on_heard(said: Sequence[Progress]) -> None:
            def hear() -> None:
                if self._token is token:
                    story.hear(said)
                    self._on_story(story)

            self._post(hear)

        def on_exit(end: Exit) -> None:
            def take() -> None:
                if self._token is token:
                    self._finish(story, end)

            self._post(take)

        self._run = make(on_heard, on_exit)
        if self._run is not None:
            self._on_story(story)

    def _finish(self, story: RoundStory, end: Exit) -> None:
        run = self._run
        self.stop()
        was_seen = run is not None and run.was_seen
        if run is not None:
            run.mark_seen(end)
        self._on_end(story, end, was_seen)
