"""The dock of a viewer: found, put away for another one, and what it leaves behind."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from napari.plugins import menu_item_template

from napari_mae_sam2._qt.leakage_widget import LeakageWidget

if TYPE_CHECKING:
    import napari
    from qtpy.QtWidgets import QWidget

    from napari_mae_sam2._qt.gallery_dock import GalleryDock
    from napari_mae_sam2.annotate.whereabouts import Place

PLUGIN = "MAE-SAM2 leakage"
LEAKAGE = "MAE-SAM2 leakage"
GALLERY = "MAE-SAM2 gallery"


def menu_name(widget: str) -> str:
    """Give the name under which napari's menu docks a widget of ours.

    Whoever else docks it uses the same: the menu then shows that it is open, and
    hides it, in place of making a second one.
    """
    return menu_item_template.format(PLUGIN, widget)


def unwrapped(viewer: Any) -> napari.viewer.Viewer:
    """Give the viewer itself where napari hands out its proxy for plugins.

    Layers that come through the proxy are proxies, too, and never the very layers that
    events tell of.
    """
    return inspect.unwrap(viewer)


def docked(viewer: napari.viewer.Viewer) -> list[Any]:
    """List what is docked in a viewer, also what is hidden or floats."""
    return [*viewer.window.dock_widgets.values()]


def find_dock(viewer: napari.viewer.Viewer) -> LeakageWidget | None:
    """Find the leakage dock of a viewer; None where there is none."""
    for widget in docked(viewer):
        if isinstance(widget, LeakageWidget) and not widget.is_closed:
            return widget
    return None


def open_dock(viewer: napari.viewer.Viewer) -> LeakageWidget:
    """Find the leakage dock of a viewer, or open it as the menu does."""
    from napari_mae_sam2._widgets import LeakageDock

    found = find_dock(viewer)
    if found is None:
        found = LeakageDock(viewer)
        viewer.window.add_dock_widget(found, name=menu_name(LEAKAGE), area="right")
    return found


def show_dock(widget: QWidget) -> None:
    """Bring the dock of a widget to the front, also where it was hidden."""
    dock = widget.parentWidget()
    if dock is not None:
        dock.show()
        dock.raise_()


@dataclass(frozen=True, slots=True)
class Left:
    """What an earlier dock of a viewer leaves to the next one.

    Attributes
    ----------
    place : Place or None
        The files that were open, and the one in hand.
    gallery : GalleryDock or None
        What showed its gallery, and now waits for another one.
    """

    place: Place | None
    gallery: GalleryDock | None


_LEFT: WeakKeyDictionary[Any, Place] = WeakKeyDictionary()


def remember(viewer: napari.viewer.Viewer, place: Place | None) -> None:
    """Keep where a dock was that is closed while its viewer stays."""
    _LEFT.pop(viewer, None)
    if place is not None:
        _LEFT[viewer] = place


def put_away(viewer: napari.viewer.Viewer) -> Left:
    """Save and close the dock that a viewer has, and take over where one was."""
    from napari_mae_sam2._qt.gallery_dock import GalleryDock

    galleries = (one for one in docked(viewer) if isinstance(one, GalleryDock))
    gallery = next(galleries, None)
    if gallery is not None:
        gallery.let_go()
    dock = find_dock(viewer)
    if dock is not None:
        viewer.window.remove_dock_widget(dock)
    return Left(_LEFT.pop(viewer, None), gallery)
