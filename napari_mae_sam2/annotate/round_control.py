"""The rounds of the study in hand: reckoned, run beside the window, decided on.

Training and decisions happen in processes of their own; a round goes on where the
window is closed, and is found again.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Literal, NamedTuple

from psygnal import Signal

from napari_mae_sam2.annotate.child_process import ChildProcess, Exit, Progress
from napari_mae_sam2.annotate.latest import LatestWins, Outcome
from napari_mae_sam2.annotate.round_verdict import somebody_else
from napari_mae_sam2.annotate.round_watch import RoundWatch
from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.study.kinds import STUDY_FILE
from napari_mae_sam2.study.round_results import StudyRounds, read_rounds

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from napari_mae_sam2.annotate.round_places import RoundPlaces
    from napari_mae_sam2.annotate.round_story import RoundStory

Action = Literal["promote", "refuse", "rollback"]
TRAINING = "mae_sam2_training"

log = logging.getLogger(__name__)


class _Refused(NamedTuple):
    """A decision that did not come to be: why, and what it was about."""

    why: str
    before: int | None
    number: int


class RoundControl:
    """What the window can do with rounds.

    Parameters
    ----------
    post : callable
        Runs a function on the thread that owns this.
    places : RoundPlaces
        Where running rounds write what they say.
    """

    estimated = Signal(object)
    """Emits the `Progress` that holds the estimate, or None where there is none."""
    moved = Signal(object)
    """Emits the `RoundStory` of the round that runs."""
    ended = Signal(str)
    """Emits how a round ended, in one sentence."""
    done = Signal(str)
    """Emits one sentence where a round has a result."""
    stands = Signal(object)
    """Emits the `StudyRounds` of the study in hand."""
    decided = Signal(str, object)
    """Emits what was decided and the `StudyRounds` from then on."""
    warned = Signal(str)

    def __init__(
        self, post: Callable[[Callable[[], None]], None], places: RoundPlaces
    ) -> None:
        self._post = post
        self._places = places
        self._study: Path | None = None
        self._watch = RoundWatch(post, self.moved.emit, self._on_end)
        self._child: ChildProcess | None = None
        self._history: ChildProcess | None = None
        self._action: Action | None = None
        self._stands = StudyRounds()
        self._refused: _Refused | None = None
        self._has_no_history = False
        self._looker = LatestWins["Path", "StudyRounds | None"](
            lambda study, _cancelled: read_rounds(study),
            lambda outcome: post(lambda: self._on_looked(outcome)),
            "read rounds",
        )

    @property
    def is_running(self) -> bool:
        """Whether a round of the study in hand runs on this computer."""
        return self._watch.is_running

    @property
    def is_busy(self) -> bool:
        """Whether an estimate or a decision is under way."""
        return self._child is not None and self._child.is_running

    def is_at(self, study: Path) -> bool:
        """Whether these are the rounds of a study."""
        return study == self._study

    def follow(self, study: Path) -> None:
        """Turn to a study: look how its rounds stand, and watch the one that runs."""
        if self.is_at(study):
            return
        self._study, self._action, self._refused = study, None, None
        self._stands, self._has_no_history = StudyRounds(), False
        self._watch.find(self._places.of(study))
        self.look()

    def show_last(self) -> None:
        """Tell the last round of this computer again, after something else was told."""
        if self._study is not None and not self.is_running:
            self._watch.find(self._places.of(self._study))

    def look(self) -> None:
        """Look how the rounds of the study stand."""
        if self._study is not None:
            self._looker.submit(self._study)

    def estimate(self, options: Sequence[str] = ()) -> None:
        """Reckon what a round would take."""
        study = self._study
        if study is None or self.is_busy or self.is_running:
            return
        if not (study / STUDY_FILE).is_file():
            self.warned.emit("Nothing to train on is saved yet: save labels first.")
            self.estimated.emit(None)
            return
        told: list[Progress] = []

        def on_exit(end: Exit) -> None:
            found = next((one for one in told if one.event == "estimate"), None)
            self._post(lambda: self._on_estimate(study, found, end))

        arguments = ("round", str(study), "--estimate", "--json-progress")
        self._command((*arguments, *options), told.append, on_exit)

    def start(self, options: Sequence[str] = ()) -> None:
        """Run a round, apart from the window."""
        study = self._study
        if study is None or self.is_running:
            return
        arguments = (TRAINING, "round", str(study), "--json-progress", *options)
        try:
            self._watch.start(self._places.of(study), arguments)
        except (OSError, PlainError) as error:
            self.warned.emit(f"The round could not be started: {error}")

    def cancel(self) -> None:
        """Stop what is under way; the model in use stays."""
        self._watch.cancel()
        if self._child is not None and self._action is None:
            self._child.cancel()  # a decision is never cut short

    def decide(
        self, action: Action, number: int, by: str, *, force: bool = False
    ) -> None:
        """Promote or refuse the model of a round, or roll the last promotion back."""
        study = self._study
        if study is None or self.is_busy:
            return
        which = () if action == "rollback" else (str(number),)
        arguments = [action, str(study), *which, "--grader", by]
        if force and action == "promote":
            arguments.append("--force")

        before = self._stands.in_use

        def on_exit(end: Exit) -> None:
            refused = None if end.code == 0 else _Refused(end.why, before, number)
            self._post(lambda: self._on_decided(study, refused))

        self._command(arguments, lambda _said: None, on_exit)
        self._action = action

    def close(self) -> None:
        """Stop watching; a round goes on."""
        self._watch.stop()
        self._looker.close()
        for child in (self._child, self._history):
            if child is not None:
                child.close()

    # --- inside ----------------------------------------------------------------

    def _command(
        self,
        arguments: Sequence[str],
        on_progress: Callable[[Progress], None],
        on_exit: Callable[[Exit], None],
    ) -> None:
        self._action = None
        try:
            self._child = ChildProcess((TRAINING, *arguments), on_progress, on_exit)
        except OSError as error:
            self.warned.emit(f"That could not be started: {error}")
            self.estimated.emit(None)
            self.look()

    def _on_estimate(self, study: Path, found: Progress | None, end: Exit) -> None:
        self._child = None
        if not self.is_at(study):
            return
        if found is None and not end.cancelled:
            self.warned.emit(f"No round can be trained now: {end.why}")
        self.estimated.emit(None if end.cancelled else found)

    def _on_end(self, story: RoundStory, end: Exit, was_seen: bool) -> None:
        self.ended.emit(story.ending(end))
        if was_seen:
            return  # its curves are shown again, but it is no news
        if end.code == 0:
            self.done.emit("The round is done: look at it under Model, Last round.")
        elif not end.cancelled:
            log.error("The round ended:\n%s", "\n".join(end.complaints))
            self.warned.emit(story.ending(end))
        self._has_no_history = False
        self.look()

    def _on_decided(self, study: Path, refused: _Refused | None) -> None:
        self._child = None
        if refused is not None:
            self._action = None
            if not self.is_at(study):
                self.warned.emit(refused.why)
                return
            # what became of it is known only when the study was looked at anew
            self._refused = refused
        self._has_no_history = False
        self.look()

    def _on_looked(self, outcome: Outcome[Path, StudyRounds | None]) -> None:
        if not self._looker.is_current(outcome.generation):
            return
        deciding = self._child is not None and self._action is not None
        if outcome.error is not None:
            self._stands, self._refused = StudyRounds(), None
            self.warned.emit(str(outcome.error))
            self.stands.emit(self._stands)
        elif outcome.response is not None:
            refused, self._refused = self._refused, None
            if (outcome.response, refused, self._action) == (self._stands, None, None):
                return  # nothing is new
            self._stands = outcome.response
            self.stands.emit(outcome.response)
            if refused is not None:
                self.warned.emit(
                    somebody_else(refused.before, refused.number, outcome.response)
                    or refused.why
                )
            if deciding:
                return  # looked at before the decision stands
            action, self._action = self._action, None
            if action is not None:
                self.decided.emit(action, outcome.response)
        elif self._history is None and not self._has_no_history:
            self._history = ChildProcess(
                (TRAINING, "history", str(outcome.request)),
                lambda _said: None,
                lambda end: self._post(lambda: self._on_history(end)),
            )

    def _on_history(self, end: Exit) -> None:
        self._history = None
        if end.code == 0:
            self.look()
        else:
            self._has_no_history = True  # it is not tried again at every look
            self.warned.emit(f"The rounds of the study cannot be shown: {end.why}")
