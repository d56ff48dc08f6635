"""npe2 widgets: the docks of napari's menus, where all parts meet.

napari hands its viewer to classes of widgets, never to plain functions.
"""

from __future__ import annotations

import gc
from functools import cache
from typing import TYPE_CHECKING, Any

from napari_mae_sam2._qt.bridge import GuiThread
from napari_mae_sam2._qt.docks import put_away, remember, unwrapped
from napari_mae_sam2._qt.gallery_dock import GalleryDock
from napari_mae_sam2._qt.leakage_widget import LeakageWidget
from napari_mae_sam2.annotate.annotator import Annotator
from napari_mae_sam2.annotate.desk import Desk
from napari_mae_sam2.model.folders import (
    config_folder,
    data_folder,
    index_folder,
    state_folder,
)
from napari_mae_sam2.study.places import Places
from napari_mae_sam2.study.preferences import WINDOW_FILE, Preferences

if TYPE_CHECKING:
    from collections.abc import Callable

    import napari
    import numpy as np
    from numpy.typing import NDArray

    from napari_mae_sam2.fa.frame import Frame
    from napari_mae_sam2.model.protocol import Predictor

__all__ = ["GalleryDock", "LeakageDock"]


class LeakageDock(LeakageWidget):
    """The widget "MAE-SAM2 leakage" of napari's menu.

    Images that are open in the viewer become cases. In an empty viewer it goes on
    where an earlier dock of the viewer was closed, or a window crashed. A viewer has
    one such dock: another one saves the work of the first, closes it and goes on.

    Parameters
    ----------
    napari_viewer : napari.viewer.Viewer
        The window it belongs to.
    go_on : bool
        False opens no case by itself.
    """

    def __init__(
        self, napari_viewer: napari.viewer.Viewer, *, go_on: bool = True
    ) -> None:
        viewer = unwrapped(napari_viewer)
        before = put_away(viewer)
        gui = GuiThread()
        annotator = Annotator(gui.post, _load)
        places = Places(config_folder() / "studies.json")
        home, state = data_folder() / "labels", state_folder()
        desk = Desk(annotator, gui.post, places, home, state, index_folder())
        preferences = Preferences(config_folder() / WINDOW_FILE)
        super().__init__(viewer, desk, _draw_sample, _frame_of, preferences)
        gui.setParent(self)
        self.closed.connect(gui.close)
        self.closed.connect(lambda: remember(viewer, desk.place()))
        if before.gallery is not None:
            before.gallery.show_of(self)
        if go_on and before.place is not None:
            desk.open_paths(before.place.paths, before.place.path, before.place.page)
        elif go_on and not viewer.layers:
            desk.bring_back()
        annotator.load_model()


def _load(choice: str | None, tell: Callable[[str], None]) -> Predictor:
    # Here, in a worker's thread: importing torch takes seconds.
    from pathlib import Path

    from napari_mae_sam2.model.loading import open_predictor
    from napari_mae_sam2.model.weights import last_choice
    from napari_mae_sam2.study.verify_rounds import check_file

    _spare_the_collector()
    chosen = last_choice() if choice is None else Path(choice)
    if chosen is not None:
        check_file(chosen)
    return open_predictor(choice, tell)


@cache
def _spare_the_collector() -> None:
    """Keep Python from looking through all of torch and napari for garbage.

    Half a million objects that stay for good would stop the window for a quarter of a
    second now and then; before a model is loaded, so that models are not among them.
    """
    gc.collect()
    gc.freeze()


def _draw_sample() -> Frame:
    from napari_mae_sam2._sample_data import sample_frame

    return sample_frame()


def _frame_of(pixels: NDArray[np.generic] | Any, name: str) -> Frame:
    import numpy as np

    from napari_mae_sam2.fa.frame import Frame, FrameError, pixel_sha256
    from napari_mae_sam2.fa.pixels import check_pixels

    array = np.asarray(pixels)
    if array.ndim == 3 and array.shape[-1] not in (3, 4):
        raise FrameError(
            f"{name} is a stack of {len(array)} pictures; open one frame at a time."
        )
    if array.ndim == 3:
        array = array[..., :3]
    if array.dtype not in (np.uint8, np.uint16):
        array = array.astype(np.float32)
    check_pixels(array, name)
    return Frame(array, name, None, pixel_sha256(array))
