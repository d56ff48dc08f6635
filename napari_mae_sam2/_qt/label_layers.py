"""The layers of what is leakage: the committed lesions, and what the model proposes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Labels
from napari.utils.colormaps import CyclicLabelColormap, DirectLabelColormap
from qtpy.QtCore import QTimer

from napari_mae_sam2._qt.stroke_labels import StrokeLabels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_mae_sam2._qt.layer_stack import LayerStack
    from napari_mae_sam2.annotate.proposal import Proposal
    from napari_mae_sam2.annotate.session import CaseSession
    from napari_mae_sam2.fa.placed_mask import PlacedMask

PROPOSAL = "#22d3ee"
LESIONS = (
    "#4ade80", "#d9f99d", "#16a34a", "#a3e635", "#bbf7d0", "#65a30d",
    "#fb923c", "#e879f9", "#facc15", "#f87171", "#818cf8", "#fbcfe8",
    "#fda4af", "#c084fc", "#fdba74", "#ddd6fe",
)  # fmt: skip
"""For lesions without a kind, bright on a dark fundus; none is the proposal's. Greens
first: as a rule no kind has them."""
NOTHING = np.zeros((1, 1), np.uint8)
ADDING = ("paint", "polygon", "fill")
"""Tools of napari that add to a lesion; they leave the others as they are."""


class LabelLayers:
    """Shows the labels and the proposal of a session, and reports paint to it.

    Parameters
    ----------
    stack : LayerStack
        Where the layers go.
    """

    def __init__(self, stack: LayerStack) -> None:
        self._stack = stack
        self._session: CaseSession | None = None
        self._painting = False
        self.strokes = StrokeLabels()
        """Which lesion the next stroke belongs to."""
        self.leakage: Labels | None = None
        self.proposal: Labels | None = None

    def follow(self, session: CaseSession | None) -> None:
        """Listen to another session, or to none."""
        if self._session is not None:
            self._session.proposal_changed.disconnect(self.show_proposal)
            self._session.labels_changed.disconnect(self._on_labels)
        self._session = session
        self.strokes.owner.follow(session)
        if session is not None:
            session.proposal_changed.connect(self.show_proposal)
            session.labels_changed.connect(self._on_labels)

    def fill(self, session: CaseSession) -> None:
        """Show the labels of a session; no proposal yet."""
        if self.leakage is None:
            self.leakage = self._stack.add(
                Labels(
                    session.labels,
                    name="leakage",
                    opacity=0.5,
                    colormap=CyclicLabelColormap(colors=["transparent", *LESIONS]),
                ),
                at=1,
            )
            self.strokes.attach(self.leakage)
            self.leakage.events.paint.connect(self._on_paint)
            self.leakage.events.mode.connect(self._protect)
            self.leakage.events.selected_label.connect(self._protect)
        else:
            self.leakage.data = session.labels
        # For napari's own "Save": our writer puts the frame's hash beside the labels.
        self.leakage.metadata["fa_frame"] = session.frame
        self.leakage.mode = "pan_zoom"
        self.strokes.choose(int(session.labels.max()) or 1)
        if self.proposal is None:
            colours = DirectLabelColormap(
                color_dict={None: "transparent", 0: "transparent", 1: PROPOSAL}
            )
            self.proposal = self._stack.add(
                Labels(NOTHING, name="proposal", opacity=0.45, colormap=colours),
                above=self.leakage,
            )
        else:
            self.show_proposal(None)

    def show_proposal(self, proposal: Proposal | None) -> None:
        """Show what the model proposes."""
        self.show_proposed(None if proposal is None else proposal.placed())

    def show_proposed(self, placed: PlacedMask | None) -> None:
        """Show a mask as what is proposed.

        The layer is as large as the mask and lies where it is: on a large frame that
        is drawn many times faster.
        """
        if self.proposal is None:
            return
        if placed is None or not placed.area:
            if self.proposal.data is not NOTHING:
                self._put(self.proposal, NOTHING, (0, 0))
            return
        self._put(self.proposal, placed.mask.view(np.uint8), (placed.top, placed.left))

    def clear(self) -> None:
        """Take the layers away."""
        for layer in (self.proposal, self.leakage):
            self._stack.remove(layer)
        self.strokes.detach()
        self.proposal = self.leakage = None

    def forget(self, layer: object) -> None:
        """Take note that somebody deleted a layer."""
        if layer is self.leakage:
            self.strokes.detach()
            self.leakage = None
        if layer is self.proposal:
            self.proposal = None

    def _put(
        self, layer: Labels, pixels: NDArray[np.uint8], corner: tuple[int, int]
    ) -> None:
        # Each of the two makes napari measure and draw everything anew: once will do.
        with layer.events.blocker_all():
            layer.data = pixels
        self._stack.placement.put(layer, corner)

    def _on_labels(self, _region: object) -> None:
        if self.leakage is not None and not self._painting:
            self.leakage.refresh()

    def _on_paint(self) -> None:
        # napari tells of a polygon before it paints it, of all else afterwards.
        if not self.note_paint():
            QTimer.singleShot(0, self.note_paint)

    def _protect(self, _event: object = None) -> None:
        """Keep the brush off other lesions, and let the eraser take any."""
        layer = self.leakage
        if layer is not None:
            adds = layer.mode in ADDING and layer.selected_label != 0
            if layer.preserve_labels != adds:
                layer.preserve_labels = adds

    def note_paint(self, name: str = "paint") -> bool:
        """Take note of paint that is seen already; False where there is none."""
        if self._session is None:
            return False
        moved = self.strokes.settle()
        self._painting = True
        try:
            return self._session.painted(name)
        finally:
            self._painting = False
            taken_back = len(self._session.image.refused) > 0
            if (moved or taken_back) and self.leakage is not None:
                self.leakage.refresh()
