"""The napari layers that show one case: frame, leakage, proposal, prompts.

The layers render the session and report paint; they hold no state of their own.
They are made once and filled anew for every case, because making layers is slow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QTimer

from napari_mae_sam2._qt.frame_layer import FrameLayer
from napari_mae_sam2._qt.label_layers import LabelLayers
from napari_mae_sam2._qt.layer_stack import LayerStack
from napari_mae_sam2._qt.prompt_layers import PromptLayers
from napari_mae_sam2._qt.soon import Soon
from napari_mae_sam2._qt.view.canvas_geometry import fit

if TYPE_CHECKING:
    from collections.abc import Callable

    import napari
    from napari.layers import Image, Labels, Layer, Points
    from numpy.typing import NDArray
    from qtpy.QtWidgets import QWidget

    from napari_mae_sam2._qt.drawn_prompts import DrawnPrompts
    from napari_mae_sam2._qt.stroke_labels import StrokeLabels
    from napari_mae_sam2.annotate.draft import Box
    from napari_mae_sam2.annotate.session import CaseSession
    from napari_mae_sam2.fa.placed_mask import PlacedMask


class CaseLayers:
    """The layers of the case in hand.

    Parameters
    ----------
    viewer : napari.Viewer
        Where they are shown.
    on_ready : callable
        Called when the layers show a case, new layers among them: for the keys and
        the mouse.
    find_canvas : callable
        Gives the widget that napari draws on, None while there is none.
    """

    def __init__(
        self,
        viewer: napari.Viewer,
        on_ready: Callable[[], None],
        find_canvas: Callable[[], QWidget | None],
    ) -> None:
        self._viewer = viewer
        self._on_ready = on_ready
        self._session: CaseSession | None = None
        self._mode: str | None = None
        self._ready = Soon(self._tell_ready, 0)
        self.stack = LayerStack(viewer, self._on_lost)
        """For further layers of ours."""
        self._frame = FrameLayer(self.stack)
        self._labels = LabelLayers(self.stack)
        self._prompts = PromptLayers(self.stack, find_canvas)
        viewer.dims.events.ndisplay.connect(self._lock)
        self._fitted: tuple[Any, tuple[Layer, ...]] = (None, ())
        self._refit_soon = Soon(self._refit, 0)
        viewer.canvas.events.size.connect(self._refit_soon)

    # --- the layers, None where no case is shown -------------------------------

    @property
    def frame(self) -> Image | None:
        """The frame itself."""
        return self._frame.image

    @property
    def leakage(self) -> Labels | None:
        """The lesions; its data is the session's own array."""
        return self._labels.leakage

    @property
    def proposal(self) -> Labels | None:
        """What the model proposes, 1 on leakage."""
        return self._labels.proposal

    @property
    def drawn(self) -> DrawnPrompts | None:
        """The boxes of the draft, or the line that is being drawn."""
        return self._prompts.drawn

    @property
    def prompts(self) -> Points | None:
        """The clicks of the draft; the mouse prompts while this layer is active."""
        return self._prompts.points

    # --- what the widget asks for ----------------------------------------------

    def show(self, session: CaseSession | None) -> None:
        """Show another case, or none."""
        self._labels.follow(session)
        self._prompts.follow(session)
        self._session = session
        self._ready.stop()
        if session is None:
            for layers in (self._prompts, self._labels, self._frame):
                layers.clear()
        else:
            self._fill(session)

    def start_prompting(self) -> None:
        """Make clicks in the canvas prompts."""
        self._mode = None
        if self.prompts is not None:
            self._viewer.layers.selection.active = self.prompts

    def start_painting(self, mode: str) -> None:
        """Hand the canvas to one of napari's own tools on the leakage labels."""
        if self.leakage is None:
            return
        self._mode = mode
        if self._viewer.layers.selection.active is self.leakage:
            self._take_tool()
        else:
            # napari puts other controls beside the canvas and changes its cursor: the
            # window would stand still for the two of them together.
            self._viewer.layers.selection.active = self.leakage
            QTimer.singleShot(0, self._take_tool)

    @property
    def strokes(self) -> StrokeLabels:
        """Which lesion the next stroke belongs to."""
        return self._labels.strokes

    def choose_label(self, number: int) -> None:
        """Take this lesion in hand; a number that no lesion has begins one."""
        if self.leakage is not None:
            self.leakage.selected_label = number

    def note_paint(self, name: str) -> bool:
        """Make a step of what was painted on the leakage layer just now."""
        return self._labels.note_paint(name)

    def fit_view(self, *others: Layer) -> None:
        """Bring all of the frame into view, and of layers beside it.

        Others may still hold what belongs to a frame before, hidden.
        """
        if self.frame is not None:
            fit(self._viewer, [self._box_of(one) for one in (self.frame, *others)])
            camera = self._viewer.scene.camera
            self._fitted = np.array([*camera.center[-2:], camera.zoom]), others

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
        return self.stack.is_ours(layer)

    @property
    def is_adding(self) -> bool:
        """True while we ourselves put a layer into the viewer."""
        return self.stack.is_adding

    def show_proposed(self, mask: PlacedMask | None) -> None:
        """Show a mask in the place of a proposal, or nothing."""
        self._labels.show_proposed(mask)

    def show_pixels(self, pixels: np.ndarray[Any, Any]) -> None:
        """Show other pixels in the place of the frame's; the session keeps its own."""
        self._frame.put(pixels)

    def preview_box(self, box: Box | None) -> None:
        """Show the box that is being dragged, or the one of the draft."""
        self._prompts.preview_box(box)

    def mark(self, box: Box | None) -> None:
        """Show a box around what is being judged, or none any more."""
        self._prompts.mark(box)

    def preview_line(self, line: NDArray[np.floating], closed: bool) -> None:
        """Show the scribble or the lasso that is being drawn."""
        self._prompts.preview_line(line, closed)

    def hide_drawn(self, hidden: bool) -> None:
        """Leave the frame bare of boxes and lines for a while, or no more."""
        self._prompts.hide_drawn(hidden)

    def close(self) -> None:
        """Take our layers away and let go of the viewer."""
        self.show(None)
        self._prompts.close()
        self.stack.close()
        self._refit_soon.stop()
        self._viewer.canvas.events.size.disconnect(self._refit_soon)
        self._viewer.dims.events.ndisplay.disconnect(self._lock)

    # --- inside ----------------------------------------------------------------

    def _refit(self) -> None:
        """Keep all of the frame in view where the canvas grows or shrinks around it."""
        camera = self._viewer.scene.camera
        fitted, others = self._fitted
        if fitted is not None and np.allclose(
            fitted, [*camera.center[-2:], camera.zoom]
        ):
            self.fit_view(*others)

    @staticmethod
    def _box_of(layer: Any) -> tuple[float, float, float, float]:
        """Give (top, left, bottom, right) of a picture in pixels of the frame."""
        height, width = layer.data.shape[:2]
        down, across = layer.scale
        top, left = layer.translate - layer.scale / 2
        return top, left, top + height * down, left + width * across

    def _take_tool(self) -> None:
        if self._mode is not None and self.leakage is not None:
            self.leakage.mode = self._mode
        self._mode = None

    def _fill(self, session: CaseSession) -> None:
        resized = self._frame.fill(session.frame)
        self._labels.fill(session)
        self._prompts.fill()
        self._lock()
        self._prompts.show_soon()
        self._labels.show_proposal(session.proposal)
        if resized:
            self.fit_view()
        # Whoever else shows something of the case does it once the case is seen.
        self._ready()

    def _tell_ready(self) -> None:
        if self._session is not None:
            self._on_ready()
            self.start_prompting()

    def _lock(self, _event: object = None) -> None:
        """Keep napari's own tools off prompts and proposal: the session owns them.

        napari unlocks its layers when it goes to 3-D and back.
        """
        for layer in (self.proposal, self.prompts):
            if layer is not None:
                layer.editable = False
        if self.prompts is not None:
            # A drag is a box here, not a move of the camera; the wheel still zooms.
            self.prompts.mouse_pan = self._viewer.dims.ndisplay == 3

    def _on_lost(self, layer: Layer) -> None:
        # The case needs its layers, and the labels live in the session: nothing is
        # lost where one is deleted in the layer list.
        for layers in (self._frame, self._labels, self._prompts):
            layers.forget(layer)
        QTimer.singleShot(0, self._restore)

    def _restore(self) -> None:
        if self._session is not None:
            self._fill(self._session)
