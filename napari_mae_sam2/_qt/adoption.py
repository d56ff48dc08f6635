"""Takes images that were opened elsewhere in napari as cases."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari.layers import Image
from qtpy.QtCore import QTimer

if TYPE_CHECKING:
    from collections.abc import Callable

    import napari

    from napari_mae_sam2._qt.layers import CaseLayers
    from napari_mae_sam2.annotate.desk import Desk
    from napari_mae_sam2.fa.frame import Frame


class Adoption:
    """Watches the layers of a viewer for frames.

    A file that is dropped on the canvas becomes a case. Only what can be had again is
    taken away: a picture that somebody computed stays where it is, and becomes a case
    where none is in hand.

    Parameters
    ----------
    viewer : napari.Viewer
        Whose layers are watched.
    layers : CaseLayers
        Knows which layers are ours.
    desk : Desk
        Gets the cases.
    from_layer : callable
        Makes a frame of pixels and a name; called in a worker thread.
    warn : callable
        Shows a sentence.
    """

    def __init__(
        self,
        viewer: napari.Viewer,
        layers: CaseLayers,
        desk: Desk,
        from_layer: Callable[[Any, str], Frame],
        warn: Callable[[str], None],
    ) -> None:
        self._viewer = viewer
        self._layers = layers
        self._desk = desk
        self._from_layer = from_layer
        self._warn = warn
        self._is_closed = False
        viewer.layers.events.inserted.connect(self._on_inserted)
        QTimer.singleShot(0, self._adopt_all)

    def close(self) -> None:
        """Stop watching."""
        self._is_closed = True
        self._viewer.layers.events.inserted.disconnect(self._on_inserted)

    def _adopt_all(self) -> None:
        for layer in list(self._viewer.layers):
            self._adopt(layer)

    def _on_inserted(self, event: Any) -> None:
        layer = event.value
        if not self._layers.is_adding and not self._layers.is_ours(layer):
            # Not from inside the event: others have not heard of the layer yet.
            QTimer.singleShot(0, lambda: self._adopt(layer))

    def _adopt(self, layer: Any) -> None:
        if (
            self._is_closed
            or not isinstance(layer, Image)
            or self._layers.is_ours(layer)
            or layer not in self._viewer.layers
        ):
            return
        path = None if layer.source.path is None else Path(layer.source.path)
        if path is not None and path.is_dir():
            self._viewer.layers.remove(layer)
            self._desk.open_paths([path])
        elif path is not None and path.is_file():
            self._viewer.layers.remove(layer)
            self._desk.add_file(path)
        elif self._desk.session is None:
            self._grade(layer)

    def _grade(self, layer: Any) -> None:
        pixels, name = layer.data, layer.name
        if layer.multiscale or pixels.ndim - int(layer.rgb) != 2:
            self._warn(
                f"{name} is a stack of {len(pixels)} pictures: "
                "open one frame at a time."
            )
            return
        layer.visible = False
        self._desk.open_frame(name, lambda: self._from_layer(pixels, name))
