"""Makes the dock widget for napari: the one place where all parts meet."""

from __future__ import annotations

import gc
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import napari
    import numpy as np
    from numpy.typing import NDArray

    from napari_mae_sam2._qt.gallery_widget import GalleryWidget
    from napari_mae_sam2._qt.leakage_widget import LeakageWidget
    from napari_mae_sam2.fa.frame import Frame
    from napari_mae_sam2.model.protocol import Predictor


def make_leakage_widget(napari_viewer: napari.Viewer) -> LeakageWidget:
    """Make the widget "MAE-SAM2 leakage" for napari's menu.

    In an empty viewer it goes on where a window was that crashed.
    """
    widget = build_leakage_widget(napari_viewer)
    if not napari_viewer.layers:
        widget.desk.bring_back()
    return widget


def make_gallery_widget(napari_viewer: napari.Viewer) -> GalleryWidget:
    """Make the widget "MAE-SAM2 gallery" for napari's menu, and the dock it is of."""
    from napari_mae_sam2._qt.gallery_part import GalleryPart
    from napari_mae_sam2._qt.leakage_widget import LeakageWidget

    window = napari_viewer.window
    docks = [*window.dock_widgets.values()]
    dock = next((one for one in docks if isinstance(one, LeakageWidget)), None)
    if dock is None:
        name = "MAE-SAM2 leakage"
        _, dock = window.add_plugin_dock_widget("napari-mae-sam2", name)
    part = next(one for one in dock.parts if isinstance(one, GalleryPart))
    return part.undocked_widget()


def build_leakage_widget(viewer: napari.Viewer) -> LeakageWidget:
    """Put the widget together and start loading the model; no case is open yet."""
    from napari_mae_sam2._qt.bridge import GuiThread
    from napari_mae_sam2._qt.leakage_widget import LeakageWidget
    from napari_mae_sam2.annotate.annotator import Annotator
    from napari_mae_sam2.annotate.desk import Desk
    from napari_mae_sam2.model.folders import config_folder, data_folder, state_folder
    from napari_mae_sam2.study.places import Places
    from napari_mae_sam2.study.preferences import Preferences

    gui = GuiThread()
    annotator = Annotator(gui.post, _load)
    places = Places(config_folder() / "studies.json")
    home, state = data_folder() / "labels", state_folder()
    desk = Desk(annotator, gui.post, places, home, state)
    preferences = Preferences(config_folder() / "window.json")
    widget = LeakageWidget(viewer, desk, _draw_sample, _frame_of, preferences)
    gui.setParent(widget)
    widget.closed.connect(gui.close)
    annotator.load_model()
    return widget


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
