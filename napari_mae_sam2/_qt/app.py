"""Opens napari with the dock in place: what `napari-mae-sam2 open` does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import napari

from napari_mae_sam2._qt.docks import LEAKAGE, menu_name
from napari_mae_sam2._qt.grading_layout import GradingLayout
from napari_mae_sam2._widgets import LeakageDock

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from napari_mae_sam2._qt.leakage_widget import LeakageWidget

TITLE = "MAE-SAM2 leakage"


def open_window(
    paths: Sequence[Path] = (), *, show: bool = True
) -> tuple[napari.Viewer, LeakageWidget]:
    """Open a viewer with the dock, on the given cases or on the sample frame.

    Without cases it goes on where a window was that crashed.

    Parameters
    ----------
    paths : sequence of Path
        Frames and folders of frames.
    show : bool
        False keeps the window hidden.

    Returns
    -------
    viewer, widget
        The window and the dock in it.
    """
    viewer = napari.Viewer(title=TITLE, show=show)
    widget = LeakageDock(viewer, go_on=False)
    viewer.window.add_dock_widget(widget, name=menu_name(LEAKAGE), area="right")
    for part in widget.parts:
        if isinstance(part, GradingLayout):
            part.use_at_first()
    if paths:
        widget.open_paths(list(paths))
    elif not widget.desk.bring_back():
        widget.open_sample()
    return viewer, widget


def run(paths: Sequence[Path] = ()) -> None:
    """Open the window and stay until it is closed."""
    open_window(paths)
    napari.run()
