"""Judging what the model found without a click: panel, keys and layer."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from napari_mae_sam2._qt.dock_tabs import Tab
from napari_mae_sam2._qt.keys import Key
from napari_mae_sam2._qt.parts import Part
from napari_mae_sam2._qt.proposal_part import TITLE as PROPOSAL
from napari_mae_sam2._qt.review_layer import ReviewLayer
from napari_mae_sam2._qt.review_panel import ReviewPanel
from napari_mae_sam2._qt.soon import A_TURN_LATER, AFTER_THE_DOTS, Soon
from napari_mae_sam2._qt.view.canvas_geometry import look_at
from napari_mae_sam2.annotate.draft import Box
from napari_mae_sam2.annotate.patches import usual_smallest

if TYPE_CHECKING:
    from napari_mae_sam2._qt.dock_tabs import DockTabs
    from napari_mae_sam2._qt.leakage_widget import LeakageWidget
    from napari_mae_sam2._qt.section import Section
    from napari_mae_sam2.annotate.review import Patch
    from napari_mae_sam2.annotate.session import CaseSession

GROUP = "Judge what was found"
TITLE = "Suggested lesions"
SMALLEST = "smallest patch"
"""Name of the preference: pixels, 0 for what suits the frame."""


class ReviewPart(Part):
    """Lets the grader go through the patches one by one.

    Parameters
    ----------
    dock : LeakageWidget
        The dock it is a part of.
    """

    def __init__(self, dock: LeakageWidget) -> None:
        self._dock = dock
        self._session: CaseSession | None = None
        self._section: Section | None = None
        self._patch: Patch | None = None
        self._layer = ReviewLayer(dock.layers.stack)
        # One step of the grader may change review, proposal and draft.
        self._soon = Soon(self._refresh, 0)
        self._others_soon = Soon(self._show_others, A_TURN_LATER)
        self._panels_soon = Soon(self._show_panels, AFTER_THE_DOTS)
        self.panel = ReviewPanel()
        commands = dock.commands
        self.keys = (
            Key(("Right",), "the next patch", partial(self._step, 1), GROUP),
            Key(("Left",), "the patch before", partial(self._step, -1), GROUP),
            Key(("Shift-A",), "accept all that is shown", self._accept_all, GROUP),
            Key(("Shift-R",), "reject all", self._reject_all, GROUP),
            Key(
                ("Control-Shift-A",),
                "accept this patch and those close to it",
                self._accept_group,
                GROUP,
            ),
            Key(
                ("Control-Shift-R",),
                "reject this patch and those close to it",
                self._reject_group,
                GROUP,
            ),
        )
        self.panel.step_wanted.connect(self._step)
        self.panel.edit_wanted.connect(commands.edit_or_erase)
        self.panel.accept_all_wanted.connect(self._accept_all)
        self.panel.reject_all_wanted.connect(self._reject_all)
        self.panel.accept_group_wanted.connect(self._accept_group)
        self.panel.reject_group_wanted.connect(self._reject_group)
        self.panel.score_wanted.connect(self._show_scores)
        self.panel.smallest_changed.connect(self._set_smallest)
        self.panel.show_smallest(round(dock.preferences.number(SMALLEST, 0)))

    def add_panels(self, tabs: DockTabs) -> None:
        """Put the panel below the one for clicks; it is seen during a review."""
        self._section = tabs.add(Tab.GRADE, TITLE, self.panel, below=PROPOSAL)
        tabs.share_room(Tab.GRADE, TITLE, PROPOSAL)
        self._section.hide()

    def show_case(self, session: CaseSession | None) -> None:
        """Follow the review of this case from now on."""
        self._let_go()
        self._session = session
        if session is None:
            self._layer.clear()
            self._refresh()
            return
        session.review_changed.connect(self._soon)
        self.panel.show_usual_smallest(usual_smallest(session.frame.shape))
        session.proposal_changed.connect(self._on_prompt)
        session.draft_changed.connect(self._on_prompt)

    def layers_ready(self) -> None:
        """Show the review on the layers of the case."""
        if self._dock.layers.proposal is not None:
            self._layer.prepare(self._dock.layers.proposal)
        self._refresh()

    def close(self) -> None:
        """Follow no case any more."""
        self._let_go()
        self._others_soon.stop()
        self._panels_soon.stop()

    def _let_go(self) -> None:
        if self._session is not None:
            self._session.review_changed.disconnect(self._soon)
            self._session.proposal_changed.disconnect(self._on_prompt)
            self._session.draft_changed.disconnect(self._on_prompt)
        self._soon.stop()
        self._session = None
        self._patch = None

    def _on_prompt(self, _changed: object) -> None:
        # Without a review a click is nothing to this part, and must not wait for it.
        if self._session is not None and self._session.review is not None:
            self._soon()

    def _show_panels(self) -> None:
        session = self._session
        review = None if session is None else session.review
        is_open = review is not None and bool(review.patches)
        in_hand = session is not None and session.is_reviewing
        if self._section is not None:
            # What is judged is no proposal of clicks: on a low screen there is room
            # for one of the two.
            self._dock.tabs.show_in_place(Tab.GRADE, TITLE, PROPOSAL, in_hand)
            self._section.setVisible(is_open)
        self.panel.show_review(review, in_hand)
        self._dock.segment.show_session(session)

    def _refresh(self) -> None:
        self._hide_small()
        self._soon.stop()
        self._others_soon()
        self._panels_soon()
        session, layers = self._session, self._dock.layers
        if session is None or layers.proposal is None:
            return
        review, in_hand = session.review, session.is_reviewing
        patch = review.current if review is not None and in_hand else None
        if patch is not None:
            layers.show_proposed(patch.mask)
            layers.mark(box_around(patch, max(session.frame.shape)))
        elif self._patch is not None:
            layers.mark(None)
            if session.proposal is None:
                layers.show_proposed(None)
        if patch is not None and patch is not self._patch:
            self._fly_to(patch)
        self._patch = patch

    def _show_others(self) -> None:
        """Show faintly what waits, once the patch in hand is on the screen."""
        session, layers = self._session, self._dock.layers
        if session is not None and layers.proposal is not None:
            review = session.review if session.is_reviewing else None
            shown = () if review is None else review.shown
            self._layer.show(shown, session.frame.shape, layers.proposal)

    def _fly_to(self, patch: Patch) -> None:
        """Bring a patch that is out of sight into the middle."""
        frame = self._dock.layers.frame
        if frame is None:
            return
        (top, left), (bottom, right) = frame.corner_pixels[:, -2:]
        row, column = patch.middle
        if not (top <= row <= bottom and left <= column <= right):
            look_at(self._dock.viewer, row, column)

    # --- what the grader does --------------------------------------------------

    def _step(self, step: int) -> None:
        if self._session is not None:
            self._session.step_review(step)

    def _accept_all(self) -> None:
        session = self._session
        if session is not None and session.is_reviewing:
            self._dock.commands.attempt(session.accept_shown)

    def _reject_all(self) -> None:
        if self._session is not None:
            self._session.reject_all()

    def _accept_group(self) -> None:
        session = self._session
        if session is not None and session.is_reviewing:
            self._dock.commands.attempt(session.accept_group)

    def _reject_group(self) -> None:
        session = self._session
        if session is not None and session.is_reviewing:
            self._dock.commands.attempt(session.reject_group)

    def _set_smallest(self, pixels: int) -> None:
        self._dock.preferences.put(SMALLEST, pixels)
        self._hide_small()

    def _hide_small(self) -> None:
        """Hide what is too small to be worth a look."""
        session = self._session
        if session is not None and session.review is not None:
            usual = usual_smallest(session.frame.shape)
            session.show_sizes(self.panel.smallest.value() or usual)

    def _show_scores(self, at_least: float) -> None:
        if self._session is not None:
            self._session.show_scores(at_least)


def box_around(patch: Patch, side: int) -> Box:
    """Return a box about a patch with some room, so that it is found at a glance.

    Parameters
    ----------
    patch : Patch
    side : int
        Longer side of the frame in pixels.
    """
    rows, columns = patch.mask.region
    room = side / 80
    return Box(
        rows.start - room, columns.start - room, rows.stop + room, columns.stop + room
    )
