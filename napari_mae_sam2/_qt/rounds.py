"""Connects the panels of a round with the rounds of the study in hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from qtpy.QtCore import QObject, QUrl, Signal
from qtpy.QtGui import QDesktopServices

from napari_mae_sam2._qt.bridge import GuiThread
from napari_mae_sam2._qt.history_panel import HistoryPanel
from napari_mae_sam2._qt.old_new_window import OldNewWindow
from napari_mae_sam2._qt.training_panel import TrainingPanel
from napari_mae_sam2._qt.verdict_panel import VerdictPanel
from napari_mae_sam2.annotate.blinding import HIDDEN, Blinding
from napari_mae_sam2.annotate.round_control import RoundControl
from napari_mae_sam2.annotate.round_places import RoundPlaces
from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.model.folders import index_folder, state_folder
from napari_mae_sam2.model.weights import last_choice
from napari_mae_sam2.study.round_results import StudyRounds

if TYPE_CHECKING:
    from pathlib import Path

    from qtpy.QtWidgets import QWidget

    from napari_mae_sam2.annotate.child_process import Progress
    from napari_mae_sam2.annotate.desk import Desk
    from napari_mae_sam2.annotate.round_control import Action

DECIDING: dict[Action, str] = {
    "promote": "Promoting the new model…",
    "refuse": "Noting the refusal…",
    "rollback": "Rolling back…",
}


class RoundPanels(NamedTuple):
    """The panels of rounds: the one that runs, the last one, all of them."""

    training: TrainingPanel
    verdict: VerdictPanel
    history: HistoryPanel

    @classmethod
    def make(cls) -> RoundPanels:
        """Make them, with nothing to show yet."""
        return cls(TrainingPanel(), VerdictPanel(), HistoryPanel())


class Rounds(QObject):
    """Runs one round at a time and decides on its model.

    Parameters
    ----------
    desk : Desk
        Whose labels are trained on, and whose annotator uses the model.
    panels : RoundPanels
        Where they are shown.
    parent : QWidget
        The dock.
    """

    warned = Signal(str)
    told = Signal(str)
    code_needed = Signal(object)
    """What is to be done once the grader has given a code."""
    promoted = Signal(object, object)
    """Study folder and weights: from now on these propose."""

    def __init__(
        self,
        desk: Desk,
        panels: RoundPanels,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._desk = desk
        self._annotator = desk.annotator
        panel, verdict, self._history = panels
        self._panel, self._verdict = panel, verdict
        self._dock = parent
        self._stands = StudyRounds()
        self.old_new: OldNewWindow | None = None
        self._gui = GuiThread(self)
        self._places = RoundPlaces(state_folder() / "rounds")
        self._blinding = Blinding(self._gui.post, index_folder())
        self.control = RoundControl(self._gui.post, self._places)
        self.options: tuple[str, ...] = ()
        """More arguments for the training command, for scripts and tests."""
        panel.estimate_wanted.connect(self.estimate)
        panel.start_wanted.connect(self.start)
        panel.cancel_wanted.connect(self.cancel)
        verdict.looked_at.connect(lambda: self.control.look())
        verdict.promote_wanted.connect(self._promote)
        verdict.refuse_wanted.connect(lambda number: self._decide("refuse", number))
        verdict.rollback_wanted.connect(lambda number: self._decide("rollback", number))
        verdict.cases_wanted.connect(self.show_cases)
        verdict.report_wanted.connect(self._open_report)
        verdict.use_wanted.connect(self._use_model)
        control = self.control
        control.estimated.connect(self._on_estimate)
        control.moved.connect(panel.show_story)
        control.ended.connect(panel.show_ended)
        control.done.connect(self.told.emit)
        control.stands.connect(self._on_stands)
        control.decided.connect(self._on_decided)
        control.warned.connect(self.warned.emit)
        desk.folder_changed.connect(self._follow)
        self._annotator.predictor_changed.connect(self._compare_models)
        control.follow(desk.folder)

    def estimate(self) -> None:
        """Save what changed, then reckon a round on all labels of the study folder."""
        self._desk.save_changes(self._estimate)

    def start(self) -> None:
        """Save what changed, then train on all labels of the study folder."""
        self._desk.save_changes(self._start)

    def cancel(self) -> None:
        """Stop the round, or do not begin it; the model in use stays."""
        if self.control.is_running or self.control.is_busy:
            self.control.cancel()
        else:
            self._panel.show_idle()
            self.control.show_last()

    def show_cases(self) -> None:
        """Show old and new model on the test cases of the last round."""
        if self._stands.last is None:
            return
        if self.old_new is None:
            self.old_new = OldNewWindow(self._gui.post, self._dock)
        folder, grader = self._desk.folder, self._desk.grader
        self.old_new.show_result(
            folder, self._stands.last, lambda: self._blinding.holds(folder, grader)
        )
        self.old_new.show()
        self.old_new.raise_()

    def close(self) -> None:
        """Stop watching; a round that runs goes on, and is found again."""
        self._gui.close()
        self._blinding.close()
        if self.old_new is not None:
            self.old_new.close_down()
            self.old_new = None
        self._desk.folder_changed.disconnect(self._follow, missing_ok=True)
        self._annotator.predictor_changed.disconnect(
            self._compare_models, missing_ok=True
        )
        self.control.close()

    def _estimate(self) -> None:
        if not (self.control.is_running or self.control.is_busy):
            self._panel.show_reckoning()
            self.control.estimate(self._arguments())

    def _on_estimate(self, estimate: Progress | None) -> None:
        self._panel.show_estimate(estimate)
        if estimate is None:
            self.control.show_last()

    def _start(self) -> None:
        base = self._base()
        try:
            if base is not None:
                self._places.remember_base(self._desk.folder, base)
        except (OSError, PlainError) as error:
            self.warned.emit(f"The round could not be started: {error}")
            return
        self.control.start(self._arguments())

    def _arguments(self) -> tuple[str, ...]:
        base = self._base()
        return (*(() if base is None else ("--weights", str(base))), *self.options)

    def _base(self) -> Path | None:
        """Give the weights that the grader chose by hand; None for the packaged ones.

        Where a model of a round answers now, those that the rounds began with.
        """
        chosen = last_choice()
        own = self._desk.folder / "rounds"
        if chosen is not None and own in chosen.parents:
            return self._places.base(self._desk.folder)
        return chosen if chosen is not None and chosen.is_file() else None

    def _follow(self, folder: Path) -> None:
        if not self.control.is_at(folder):
            self._panel.show_idle()
            self._on_stands(StudyRounds())
            self.control.follow(folder)

    def _promote(self, number: int, forced: bool) -> None:
        self._decide("promote", number, forced)

    def _open_report(self) -> None:
        last = self._stands.last
        if last is None:
            return

        def open_unless(is_blinded: bool) -> None:
            if is_blinded:
                self.warned.emit(f"The report shows test cases. {HIDDEN}")
            else:
                QDesktopServices.openUrl(QUrl.fromLocalFile(str(last.report)))

        self._blinding.ask(self._desk.folder, self._desk.grader, open_unless)

    def _decide(self, action: Action, number: int, forced: bool = False) -> None:
        if not self._desk.grader:
            self.code_needed.emit(
                lambda: self._decide_under_code(action, number, forced)
            )
        else:
            self._decide_under_code(action, number, forced)

    def _decide_under_code(self, action: Action, number: int, forced: bool) -> None:
        self._verdict.set_busy(True)
        self.told.emit(DECIDING[action])
        self.control.decide(action, number, self._desk.grader, force=forced)

    def _on_stands(self, stands: StudyRounds) -> None:
        self._verdict.set_busy(self.control.is_busy)
        self._stands = stands
        self._verdict.show_rounds(stands)
        self._history.show_rounds(stands)
        self._compare_models()

    def _compare_models(self, *_: object) -> None:
        """Offer the model that the study uses where another one answers."""
        wanted, predictor = self._stands.in_use_fingerprint, self._annotator.predictor
        other = predictor is not None and predictor.fingerprint != wanted
        self._verdict.offer_model(wanted is not None and other)

    def _use_model(self) -> None:
        self._annotator.load_model(str(self._stands.in_use_model))

    def _on_decided(self, action: Action, stands: StudyRounds) -> None:
        if action == "refuse":
            self.told.emit("Refused; the model in use stays.")
            return
        model = stands.in_use_model
        weights = model or self._places.base(self._desk.folder)
        self._annotator.load_model("packaged" if weights is None else str(weights))
        which = "The base" if model is None else f"The model of round {stands.in_use}"
        self.told.emit(f"{which} is in use now.")
        if action == "promote" and model is not None:
            self.promoted.emit(self._desk.folder, model)
