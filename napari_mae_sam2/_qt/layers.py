"""The napari layers that show one case: frame, leakage, proposal, box, prompts.

The layers render the session and report paint; they hold no state of their own.
They are made once and filled anew for every case, because making layers is slow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image, Labels, Points, Shapes
from napari.utils.colormaps import CyclicLabelColormap, DirectLabelColormap
from qtpy.QtCore import QTimer

if TYPE_CHECKING:
    from collections.abc import Callable

    import napari
    from napari.layers import Layer

    from napari_mae_sam2.annotate.draft import Box, Draft
    from napari_mae_sam2.annotate.proposal import Proposal
    from napari_mae_sam2.annotate.session import CaseSession
    from napari_mae_sam2.fa.frame import Frame

OURS = "napari_mae_sam2"
"""Key of the layer metadata that tells our layers from the grader's own."""

POSITIVE, NEGATIVE = "#2dd4bf", "#fb7185"
PROPOSAL = "#22d3ee"
BOX = "#facc15"
LESIONS = (
    "#fb923c", "#e879f9", "#facc15", "#4ade80", "#f87171", "#818cf8",
    "#fda4af", "#a3e635", "#c084fc", "#fdba74",
)  # fmt: skip
"""Bright on a dark fundus; none is the proposal's."""


class CaseLayers:
    """The layers of the case in hand.

    Parameters
    ----------
    viewer : napari.Viewer
        Where they are shown.
    on_ready : callable
        Called when the layers show a case, new layers among them: for the keys and
        the mouse.
    """

    def __init__(self, viewer: napari.Viewer, on_ready: Callable[[], None]) -> None:
        self._viewer = viewer
        self._on_ready = on_ready
        self._session: CaseSession | None = None
        self._adding = False
        self._painting = False
        self.frame: Image | None = None
        self.leakage: Labels | None = None
        self.proposal: Labels | None = None
        self.box: Shapes | None = None
        self.prompts: Points | None = None
        viewer.layers.events.removed.connect(self._on_removed)
        viewer.dims.events.ndisplay.connect(self._lock)

    # --- what the widget asks for ----------------------------------------------

    def show(self, session: CaseSession | None) -> None:
        """Show another case, or none."""
        if self._session is not None:
            self._session.draft_changed.disconnect(self._on_draft)
            self._session.proposal_changed.disconnect(self._on_proposal)
            self._session.labels_changed.disconnect(self._on_labels)
        self._session = session
        if session is None:
            self._remove_all()
            return
        session.draft_changed.connect(self._on_draft)
        session.proposal_changed.connect(self._on_proposal)
        session.labels_changed.connect(self._on_labels)
        self._fill(session)

    def start_prompting(self) -> None:
        """Make clicks in the canvas prompts."""
        if self.prompts is not None:
            self._viewer.layers.selection.active = self.prompts

    def start_painting(self, mode: str) -> None:
        """Hand the canvas to one of napari's own tools on the leakage labels."""
        if self.leakage is not None:
            self._viewer.layers.selection.active = self.leakage
            self.leakage.mode = mode

    def choose_label(self, number: int) -> None:
        """Make the brush paint this lesion."""
        if self.leakage is not None:
            self.leakage.selected_label = number

    @property
    def is_prompting(self) -> bool:
        """True where a click in the canvas is a prompt."""
        return (
            self.prompts is not None
            and self._viewer.dims.ndisplay == 2
            and self._viewer.layers.selection.active is self.prompts
        )

    def is_ours(self, layer: Layer) -> bool:
        """Tell our layers from the ones that the grader opened."""
        return OURS in layer.metadata

    @property
    def is_adding(self) -> bool:
        """True while this object itself puts a layer into the viewer."""
        return self._adding

    def preview_box(self, box: Box | None) -> None:
        """Show the box that is being dragged, or the one of the draft."""
        if self.box is None:
            return
        boxes = () if self._session is None else self._session.draft.boxes
        self._draw_boxes((box,) if box is not None else boxes)

    def close(self) -> None:
        """Take our layers away and let go of the viewer."""
        self.show(None)
        self._viewer.layers.events.removed.disconnect(self._on_removed)
        self._viewer.dims.events.ndisplay.disconnect(self._lock)

    # --- making and filling ----------------------------------------------------

    def _fill(self, session: CaseSession) -> None:
        pixels = shown_pixels(session.frame)
        rgb = pixels.ndim == 3
        was = None if self.frame is None else self.frame.data.shape
        if self.frame is None or self.frame.rgb != rgb:
            self._remove(self.frame)
            self.frame = self._add(Image(pixels, name="frame", rgb=rgb), at=0)
        else:
            self.frame.data = pixels
        self.frame.name = session.frame.name
        if not rgb:
            self.frame.contrast_limits = contrast_limits(pixels)
        self._fill_labels(session)
        if self.box is None:
            self.box = self._add(
                Shapes(
                    ndim=2,
                    name="box",
                    edge_color=BOX,
                    face_color="transparent",
                    edge_width=2,
                )
            )
        if self.prompts is None:
            self.prompts = self._add(
                Points(
                    ndim=2,
                    name="prompts",
                    size=10,
                    border_color="white",
                    border_width=0.15,
                )
            )
        self._lock()
        self._on_draft(session.draft)
        self._on_proposal(session.proposal)
        self._on_ready()
        self.start_prompting()
        if was is None or was[:2] != pixels.shape[:2]:
            self._viewer.reset_view()

    def _fill_labels(self, session: CaseSession) -> None:
        if self.leakage is None:
            self.leakage = self._add(
                Labels(
                    session.labels,
                    name="leakage",
                    opacity=0.5,
                    colormap=CyclicLabelColormap(colors=["transparent", *LESIONS]),
                ),
                at=1,
            )
            self.leakage.events.paint.connect(self._on_paint)
        else:
            self.leakage.data = session.labels
        # For napari's own "Save": our writer puts the frame's hash beside the labels.
        self.leakage.metadata["fa_frame"] = session.frame
        self.leakage.mode = "pan_zoom"
        self.leakage.selected_label = int(session.labels.max()) or 1
        nothing = np.zeros(session.frame.shape, np.uint8)
        if self.proposal is None:
            colours = DirectLabelColormap(
                color_dict={None: "transparent", 0: "transparent", 1: PROPOSAL}
            )
            self.proposal = self._add(
                Labels(nothing, name="proposal", opacity=0.45, colormap=colours), at=2
            )
        else:
            self.proposal.data = nothing

    def _lock(self, _event: object = None) -> None:
        """Keep napari's own tools off prompts and proposal: the session owns them.

        napari unlocks its layers when it goes to 3-D and back.
        """
        for layer in (self.proposal, self.prompts, self.box):
            if layer is not None:
                layer.editable = False
        if self.prompts is not None:
            # A drag is a box here, not a move of the camera; the wheel still zooms.
            self.prompts.mouse_pan = self._viewer.dims.ndisplay == 3

    def _add(self, layer: Any, at: int | None = None) -> Any:
        layer.metadata[OURS] = True
        self._adding = True
        try:
            position = len(self._viewer.layers) if at is None else at
            self._viewer.layers.insert(min(position, len(self._viewer.layers)), layer)
        finally:
            self._adding = False
        return layer

    def _remove(self, layer: Any) -> None:
        if layer is not None and layer in self._viewer.layers:
            self._adding = True
            try:
                self._viewer.layers.remove(layer)
            finally:
                self._adding = False

    def _remove_all(self) -> None:
        for layer in (
            self.prompts,
            self.box,
            self.proposal,
            self.leakage,
            self.frame,
        ):
            self._remove(layer)
        self.frame = self.leakage = self.proposal = self.box = self.prompts = None

    # --- following the session -------------------------------------------------

    def _on_draft(self, draft: Draft) -> None:
        if self.prompts is None:
            return
        points = np.array([(c.row, c.column) for c in draft.clicks]).reshape(-1, 2)
        self.prompts.data = points
        if len(points):
            self.prompts.face_color = [
                POSITIVE if click.positive else NEGATIVE for click in draft.clicks
            ]
            self.prompts.size = self._point_size()
            self.prompts.selected_data = set()
        self._draw_boxes(draft.boxes)

    def _draw_boxes(self, boxes: tuple[Box, ...]) -> None:
        if self.box is None or (not boxes and not self.box.nshapes):
            return
        self.box.data = []
        if boxes:
            corners = [[(b.top, b.left), (b.bottom, b.right)] for b in boxes]
            width = self._point_size() / 5
            self.box.add_rectangles(corners, edge_width=width, edge_color=BOX)
            self.box.selected_data = set()

    def _point_size(self) -> float:
        # Points are measured in pixels of the frame: keep them readable on the
        # screen for frames of any size.
        assert self._session is not None
        return max(6.0, max(self._session.frame.shape) / 75)

    def _on_proposal(self, proposal: Proposal | None) -> None:
        if self.proposal is None or self._session is None:
            return
        self.proposal.data = (
            np.zeros(self._session.frame.shape, np.uint8)
            if proposal is None
            else proposal.mask().view(np.uint8)
        )

    def _on_labels(self, _region: object) -> None:
        if self.leakage is not None and not self._painting:
            self.leakage.refresh()

    def _on_paint(self) -> None:
        # napari tells of a polygon before it paints it, of all else afterwards.
        if not self._note_paint():
            QTimer.singleShot(0, self._note_paint)

    def _note_paint(self) -> bool:
        if self._session is None:
            return False
        self._painting = True
        try:
            return self._session.painted()
        finally:
            self._painting = False

    def _on_removed(self, event: Any) -> None:
        if self._adding or self._session is None or not self.is_ours(event.value):
            return
        # The case needs its layers, and the labels live in the session: nothing is
        # lost where one is deleted in the layer list.
        for name in ("frame", "leakage", "proposal", "box", "prompts"):
            if getattr(self, name) is event.value:
                setattr(self, name, None)
        QTimer.singleShot(0, self._restore)

    def _restore(self) -> None:
        if self._session is not None:
            self._fill(self._session)


def shown_pixels(frame: Frame) -> np.ndarray[Any, Any]:
    """Return what to show of a frame: grey that was stored as RGB becomes grey."""
    pixels = frame.pixels
    if pixels.ndim == 3 and (pixels == pixels[..., :1]).all():
        return pixels[..., 0]
    if pixels.ndim == 3 and pixels.dtype != np.uint8:
        return pixels / np.float32(max(pixels.max(), 1e-6))
    return pixels


def contrast_limits(pixels: np.ndarray[Any, Any]) -> tuple[float, float]:
    """Return black and white for a grey frame; 8 bits as they were photographed."""
    if pixels.dtype == np.uint8:
        return 0.0, 255.0
    low, high = np.nanpercentile(pixels, (0.1, 99.9))
    return (float(low), float(high)) if high > low else (float(low), float(low) + 1)
