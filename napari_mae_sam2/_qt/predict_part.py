"""Predicts the open frames in the background; what it finds waits in the queue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_mae_sam2._qt.bridge import GuiThread
from napari_mae_sam2._qt.dock_tabs import Tab
from napari_mae_sam2._qt.parts import Part
from napari_mae_sam2._qt.predict_panel import PredictPanel
from napari_mae_sam2._qt.queue_part import QueuePart
from napari_mae_sam2._qt.soon import AFTER_THE_DOTS, Soon
from napari_mae_sam2.annotate.latest import LatestWins, Outcome
from napari_mae_sam2.annotate.predicting import Predicting
from napari_mae_sam2.annotate.stored_review import stored_review
from napari_mae_sam2.annotate.worklist import Status

if TYPE_CHECKING:
    from pathlib import Path

    from napari_mae_sam2._qt.dock_tabs import DockTabs
    from napari_mae_sam2._qt.leakage_widget import LeakageWidget
    from napari_mae_sam2.annotate.prediction_run import Predicted, Progress
    from napari_mae_sam2.annotate.review import Review
    from napari_mae_sam2.annotate.session import CaseSession

    Wanted = tuple[Path, CaseSession]

TITLE = "Predict all frames"


class PredictPart(Part):
    """Runs the model over what is open.

    Parameters
    ----------
    dock : LeakageWidget
        The dock it is a part of.
    """

    def __init__(self, dock: LeakageWidget) -> None:
        self._dock = dock
        self._gui = GuiThread(dock)
        self._progress: Progress | None = None
        self._show_soon = Soon(self._show_progress, AFTER_THE_DOTS)
        self._session: CaseSession | None = None
        self._has_ended = False
        self.panel = PredictPanel()
        self.predicting = Predicting(self._gui.post)
        self._looker = LatestWins["Wanted", "Review | None"](
            lambda wanted, _cancelled: stored_review(wanted[0], wanted[1].frame),
            lambda outcome: self._gui.post(lambda: self._offer(outcome)),
            "look for a proposal",
        )
        self.panel.start_wanted.connect(self.start)
        self.panel.cancel_wanted.connect(self.predicting.cancel)
        self.predicting.started.connect(self.panel.show_started)
        self.predicting.progressed.connect(self._on_progress)
        self.predicting.ended.connect(self._on_end)
        dock.rounds.promoted.connect(self._propose_anew)

    def add_panels(self, tabs: DockTabs) -> None:
        """Put the panel under the model that is asked."""
        tabs.add(Tab.MODEL, TITLE, self.panel, below="Model in use")

    def show_case(self, session: CaseSession | None) -> None:
        """Bring the proposal of a case that was open before the run."""
        self._session = session
        if self._has_ended:
            self._look()

    def close(self) -> None:
        """Stop what runs; what was predicted stays."""
        self._show_soon.stop()
        self._gui.close()
        self.predicting.close()
        self._looker.close()

    def start(self) -> None:
        """Predict what is open and has not been predicted by this model."""
        desk = self._dock.desk
        if not desk.worklist.cases:
            self._dock.messages.tell("Open the frames to predict first.")
        elif not self.predicting.is_running:
            self.predicting.start(desk.folder, desk.opened_paths())

    # --- inside ----------------------------------------------------------------

    def _propose_anew(self, study: Path, model: Path) -> None:
        """Let a promoted model propose what nobody has labelled yet."""
        open_ones = [
            case.path
            for case in self._dock.desk.worklist.cases
            if case.path is not None
            and case.study == study
            and case.status is Status.NEW
        ]
        self.predicting.start(study, [study, *open_ones], model, unlabelled=True)

    def _on_progress(self, progress: Progress) -> None:
        self._progress = progress
        self._show_soon()

    def _show_progress(self) -> None:
        if self._progress is not None and self.predicting.is_running:
            self.panel.show_progress(self._progress)

    def _on_end(self, end: Predicted) -> None:
        self.panel.show_ended(end)
        say = self._dock.messages
        (say.warn if end.failed else say.tell)(end.message)
        self._has_ended = True
        for part in self._dock.parts:
            if isinstance(part, QueuePart):
                part.look_soon()
        self._look()

    def _look(self) -> None:
        if self._session is not None and self._session.is_untouched:
            self._looker.submit((self._dock.desk.folder, self._session))

    def _offer(self, outcome: Outcome[Wanted, Review | None]) -> None:
        _, session = outcome.request
        if outcome.response is not None and session is self._session:
            session.offer(outcome.response)
