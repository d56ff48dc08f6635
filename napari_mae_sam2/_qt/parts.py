"""Where a further panel, tool or key joins the window.

A part has keys and panels and follows the case in hand; the dock asks it for them and
tells it. To add one, write it in a file of its own and name it in `make_parts`:

    class Ruler(Part):
        def __init__(self, dock):
            self.keys = (Key(("D",), "measure a distance", self.start, "Measure"),)
            self._panel = RulerPanel()

        def add_panels(self, tabs):
            tabs.add(Tab.LESIONS, "Distance", self._panel, folded=True)

Keys of a part are bound, and shown on the sheet of keys, under their group.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qtpy.QtWidgets import QWidget

    from napari_mae_sam2._qt.dock_tabs import DockTabs
    from napari_mae_sam2._qt.keys import Key
    from napari_mae_sam2._qt.leakage_widget import LeakageWidget
    from napari_mae_sam2._qt.notice_area import Notice
    from napari_mae_sam2.annotate.session import CaseSession


class Part:
    """A part of the window; each method may be left as it is."""

    keys: tuple[Key, ...] = ()
    banner: Notice | None = None
    """Stands where messages do, while there is something to say and no message."""
    footer: QWidget | None = None
    """Stands below the tabs, always."""

    def add_panels(self, tabs: DockTabs) -> None:
        """Put panels into the tabs, once."""

    def show_case(self, session: CaseSession | None) -> None:
        """Follow another case, whose layers are not shown yet, or none."""

    def layers_ready(self) -> None:
        """Use the layers of the case, some of which may be new."""

    def shown(self) -> None:
        """Take note that the dock is seen in its window, perhaps not the first time."""

    def interrupt(self) -> bool:
        """Drop what is under way, as undo does first; True where something was."""
        return False

    def close(self) -> None:
        """Stop what runs and let go of the viewer; the window may be gone already."""


def make_parts(dock: LeakageWidget) -> tuple[Part, ...]:
    """Make the parts of a dock, in the order of their panels.

    Parameters
    ----------
    dock : LeakageWidget
        With its viewer, desk, layers, mouse, messages and preferences.

    Returns
    -------
    tuple of Part
        Kept by the dock until it closes.
    """
    from napari_mae_sam2._qt.ahead_part import AheadPart
    from napari_mae_sam2._qt.answer_part import AnswerPart
    from napari_mae_sam2._qt.clean_part import CleanPart
    from napari_mae_sam2._qt.close_up_part import CloseUpPart
    from napari_mae_sam2._qt.conflict_part import ConflictPart
    from napari_mae_sam2._qt.effort_watch import EffortWatch
    from napari_mae_sam2._qt.gallery_part import GalleryPart
    from napari_mae_sam2._qt.grading_layout import GradingLayout
    from napari_mae_sam2._qt.guide_part import GuidePart
    from napari_mae_sam2._qt.lesions_part import LesionsPart
    from napari_mae_sam2._qt.offers_part import OffersPart
    from napari_mae_sam2._qt.predict_part import PredictPart
    from napari_mae_sam2._qt.proposal_part import ProposalPart
    from napari_mae_sam2._qt.queue_part import QueuePart
    from napari_mae_sam2._qt.review_part import ReviewPart
    from napari_mae_sam2._qt.smart_part import SmartPart
    from napari_mae_sam2._qt.tools_part import ToolsPart
    from napari_mae_sam2._qt.view.colours_part import ColoursPart
    from napari_mae_sam2._qt.view.flicker_part import FlickerPart
    from napari_mae_sam2._qt.view.part import ViewPart

    view, queue, smart = ViewPart(dock), QueuePart(dock), SmartPart(dock)
    return (
        view,
        ProposalPart(dock),
        ReviewPart(dock),
        CloseUpPart(dock),
        LesionsPart(dock),
        queue,
        AnswerPart(dock, queue),
        OffersPart(dock),
        ConflictPart(dock),
        PredictPart(dock),
        GalleryPart(dock),
        AheadPart(dock),
        ToolsPart(dock, smart),
        smart,
        CleanPart(dock),
        EffortWatch(dock),
        GuidePart(dock),
        ColoursPart(dock, view),
        FlickerPart(dock, view),
        GradingLayout(dock),
    )
