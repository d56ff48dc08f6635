"""Prompts that are drawn freehand, or taken from a lesion that is there already."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_mae_sam2.annotate.draft import Box, Click, Draft
from napari_mae_sam2.annotate.mask_prompt import mask_logits
from napari_mae_sam2.annotate.reopening import Reopening
from napari_mae_sam2.fa.close_up import CloseUp
from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.fa.placed_mask import PlacedMask
from napari_mae_sam2.fa.strokes import deep_inside, enclosed, spread_along

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_POINTS = 6
"""Of a scribble; more say nothing new to the model."""

INSIDE = 3
"""Points put into an outline, beside its box and its mask."""

APART = 0.012
"""Least distance of two points as a share of the frame's longer side: 12 at 1024."""


class NoSuchLesionError(PlainError):
    """A lesion is to be drawn anew that is not there."""


class Freehand(Reopening):
    """The part of a session that draws prompts; see `CaseState` for the rest."""

    # --- which part of the answer ----------------------------------------------

    @property
    def threshold(self) -> float:
        """Logit at which proposals are cut; 0 again after a commit."""
        return self._threshold

    def set_threshold(self, threshold: float) -> None:
        """Cut this proposal and those to come at another logit, until a commit."""
        self._threshold = threshold
        if self._proposal is not None:
            self._show(self._proposal.cut_at(threshold))

    def choose_candidate(self, candidate: int) -> None:
        """Look at one of the model's candidates, counted from 0, where it exists."""
        if self._proposal is not None and candidate < self._proposal.candidates:
            self._choice = candidate
            self._show(self._proposal.choosing(candidate))

    # --- prompts ---------------------------------------------------------------

    def scribble(self, line: NDArray[np.floating], positive: bool = True) -> None:
        """Say of what lies under a line that it is leakage, or that it is not.

        Parameters
        ----------
        line : float array of shape (N, 2)
            (row, column) in the frame.
        positive : bool
        """
        places = spread_along(line, MOST_POINTS, self._apart)
        name = "leakage scribble" if positive else "background scribble"
        self._add_clicks(name, places, positive)

    def lasso(self, line: NDArray[np.floating], positive: bool = True) -> bool:
        """Say that leakage lies within a line, or that nothing within it is leakage.

        Parameters
        ----------
        line : float array of shape (N, 2)
            (row, column) in the frame; its ends are joined.
        positive : bool

        Returns
        -------
        bool
            False where the line encloses no pixel.
        """
        mask = PlacedMask(*enclosed(line, self.frame.shape))
        if not mask.area:
            return False
        if positive:
            draft = replace(self._outlined(mask), replaces=self._draft.replaces)
            self._change_draft("lasso", draft)
        else:
            self._add_clicks("background lasso", self._points_in(mask), False)
        return True

    def redraw(self, number: int) -> None:
        """Let the model draw a lesion anew, with its outline as prompt.

        A commit then puts the new shape in its place.

        Raises
        ------
        NoSuchLesionError
            If it has no pixels.
        """
        self.painted()
        region = self.image.region(number)
        if region is None:
            raise NoSuchLesionError(
                "Pick the lesion first (L, then click on it) that is to be drawn anew."
            )
        rows, columns = region
        mask = PlacedMask(rows.start, columns.start, self.labels[region] == number)
        draft = replace(self._outlined(mask), replaces=number)
        self._change_draft(f"redraw lesion {number}", draft)

    # --- inside ----------------------------------------------------------------

    @property
    def _apart(self) -> float:
        return max(2.0, APART * max(self.frame.shape))

    def _add_clicks(
        self, name: str, places: list[tuple[float, float]], positive: bool
    ) -> None:
        earlier, draft = self._low_res_to_build_on(), self._draft
        for row, column in places:
            click = Click(row, column, positive)
            draft = draft.with_click(click, earlier, self.seen)
        self._change_draft(name, draft)

    def _low_res_to_build_on(self) -> NDArray[np.float32] | None:
        # Only an answer to this very draft: an older one would steer the model back.
        if self._proposal is None or self._proposal.draft is not self._draft:
            return None
        return self._proposal.low_res

    def _points_in(self, mask: PlacedMask) -> list[tuple[float, float]]:
        return [
            (float(mask.top + row), float(mask.left + column))
            for row, column in deep_inside(mask.mask, INSIDE, self._apart)
        ]

    def _outlined(self, mask: PlacedMask) -> Draft:
        """Ask for what a mask outlines: by its box, points in it, and itself."""
        rows, columns = mask.region
        box = Box(rows.start, columns.start, rows.stop - 1, columns.stop - 1)
        draft = Draft().with_box(box, self.seen)
        for row, column in self._points_in(mask):
            draft = draft.with_click(Click(row, column, True), None, self.seen)
        area = draft.close_up or CloseUp.whole(self.frame.shape)
        return replace(draft, earlier=mask_logits(mask, area))
