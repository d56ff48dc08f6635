"""The guided tour in the window: offered once, started by key, led by deeds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_mae_sam2._qt.guide_panel import GuidePanel
from napari_mae_sam2._qt.keys import Key
from napari_mae_sam2._qt.parts import Part
from napari_mae_sam2.annotate.guide import Deed, Guide, deed_of

if TYPE_CHECKING:
    from napari.layers import Labels

    from napari_mae_sam2._qt.leakage_widget import LeakageWidget
    from napari_mae_sam2.annotate.history import Step
    from napari_mae_sam2.annotate.session import CaseSession

OFFERED = "tour offered"
"""Name of the preference that keeps the offer from coming back."""


class GuidePart(Part):
    """Leads a new grader through the first lesions of a sample frame.

    Parameters
    ----------
    dock : LeakageWidget
        The dock it is a part of.
    """

    def __init__(self, dock: LeakageWidget) -> None:
        self._dock = dock
        self._session: CaseSession | None = None
        self._awaited: Deed | None = None
        """What was done and shows nothing yet: the next step points at it."""
        self._leakage: Labels | None = None
        self.guide = Guide()
        self.panel = self.banner = GuidePanel()
        group = "Cases and labels"
        self.keys = (
            Key(("Shift-H",), "the guided tour", self.start, group),
            Key(("Escape",), "end the tour", self.end, group),
        )
        self.guide.changed.connect(self._on_guide)
        self.panel.start_wanted.connect(self.start)
        self.panel.go_on_wanted.connect(self.guide.go_on)
        self.panel.end_wanted.connect(self.end)
        dock.desk.answered.connect(self._on_answer)
        if not dock.preferences.flag(OFFERED, usual=False):
            self.panel.offer()

    # --- as a part of the window -----------------------------------------------

    def show_case(self, session: CaseSession | None) -> None:
        """Watch what is done to this case from now on."""
        self._let_go()
        self._session = session
        if session is not None:
            session.stepped.connect(self._on_step)
            session.proposal_changed.connect(self._on_seen)
            session.review_changed.connect(self._on_seen)
        if self.guide.step is not None and not self._dock.desk.is_practising:
            self.guide.end()  # the grader opened cases of their own

    def layers_ready(self) -> None:
        """Let Esc end the tour while the grader paints, too."""
        self._hold_escape(False)
        self._leakage = self._dock.layers.leakage
        self._hold_escape(self.guide.step is not None)

    def close(self) -> None:
        """Watch nothing any more."""
        self._let_go()
        self._dock.desk.answered.disconnect(self._on_answer)

    # --- what the grader does --------------------------------------------------

    def start(self) -> None:
        """Put the grader's cases aside, open a practice frame and begin."""
        self._remember()
        self._dock.practise()
        self.guide.start()

    def end(self) -> None:
        """End the tour, or decline it."""
        self._remember()
        self.panel.want(None)
        self.guide.end()

    # --- inside ----------------------------------------------------------------

    def _on_step(self, way: str, step: Step) -> None:
        deed = deed_of(way, step)
        if deed is Deed.COMMIT and self.guide.step is None:
            self.end()  # who commits a lesion needs no tour
        self._awaited = deed if deed in (Deed.LEAKAGE, Deed.SEARCH) else None
        if self._awaited is None:
            self.guide.note(deed)

    def _on_seen(self, *_: object) -> None:
        """Go on once what was asked for is there to be seen."""
        session, deed = self._session, self._awaited
        if session is None or deed is None:
            return
        is_review = session.is_reviewing
        if is_review if deed is Deed.SEARCH else session.proposal is not None:
            self._awaited = None
            self.guide.note(deed)

    def _on_answer(self, _answer: object) -> None:
        self.guide.note(Deed.ANSWER)

    def _on_guide(self) -> None:
        self._hold_escape(self.guide.step is not None)
        self.panel.show_guide(self.guide)
        if self.guide.step is None:
            self._dock.desk.end_practice()

    def _hold_escape(self, held: bool) -> None:
        # Else napari's own: Esc takes a polygon that is not finished away.
        if self._leakage is not None:
            action = (lambda _layer: self.end()) if held else None
            self._leakage.bind_key("Escape", action, overwrite=True)

    def _remember(self) -> None:
        self._dock.preferences.put(OFFERED, True)

    def _let_go(self) -> None:
        if self._session is not None:
            self._session.stepped.disconnect(self._on_step)
            self._session.proposal_changed.disconnect(self._on_seen)
            self._session.review_changed.disconnect(self._on_seen)
        self._session = self._awaited = None
