"""Takes images that were opened elsewhere in napari as cases."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from napari.layers import Image
from qtpy.QtCore import QTimer

from napari_mae_sam2._qt.adopted import Picture, file_of, frame_of_ours, pictures_of
from napari_mae_sam2.fa.errors import PlainError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import napari

    from napari_mae_sam2._qt.layers import CaseLayers
    from napari_mae_sam2.annotate.desk import Desk
    from napari_mae_sam2.fa.frame import Frame


class Adoption:
    """Watches the layers of a viewer for frames.

    What is open when the dock opens becomes the list of cases, and so does every file
    that is opened later. The layer of a file is taken away, because the case shows it;
    the layer of a picture in memory is hidden. A picture that another plugin computes
    while a case is in hand stays as it is.

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
    tell, warn : callable
        Show a sentence.
    """

    def __init__(
        self,
        viewer: napari.Viewer,
        layers: CaseLayers,
        desk: Desk,
        from_layer: Callable[[Any, str], Frame],
        tell: Callable[[str], None],
        warn: Callable[[str], None],
    ) -> None:
        self._viewer = viewer
        self._layers = layers
        self._desk = desk
        self._from_layer = from_layer
        self._tell = tell
        self._warn = warn
        self._is_closed = False
        self._removed: list[Image] = []
        self._hidden: list[Image] = []
        viewer.layers.events.inserted.connect(self._on_inserted)
        QTimer.singleShot(0, self._adopt_all)

    def close(self) -> None:
        """Stop watching."""
        self._is_closed = True
        self._viewer.layers.events.inserted.disconnect(self._on_inserted)

    def give_back(self) -> None:
        """Put the layers back that the viewer had when the dock opened."""
        for layer in self._removed:
            if layer not in self._viewer.layers:
                self._viewer.layers.append(layer)
        for layer in self._hidden:
            layer.visible = True
        self._removed, self._hidden = [], []

    def _adopt_all(self) -> None:
        if self._is_closed:
            return
        layers = [layer for layer in self._viewer.layers if self._is_foreign(layer)]
        files = {layer: path for layer in layers if (path := file_of(layer))}
        for layer in files:
            self._viewer.layers.remove(layer)
            self._removed.append(layer)
        paths = list(dict.fromkeys(files.values()))
        if paths and not (self._desk.worklist.cases or self._desk.is_opening):
            self._desk.open_paths(paths)
        else:
            self._add_files(paths)
        for layer in layers:
            if layer not in files:
                self._take_pictures(layer)

    def _on_inserted(self, event: Any) -> None:
        layer = event.value
        if not self._layers.is_adding and self._is_foreign(layer):
            # Not from inside the event: others have not heard of the layer yet.
            QTimer.singleShot(0, partial(self._adopt, layer))

    def _is_foreign(self, layer: Any) -> bool:
        return isinstance(layer, Image) and not self._layers.is_ours(layer)

    def _adopt(self, layer: Image) -> None:
        if self._is_closed or layer not in self._viewer.layers:
            return
        path = file_of(layer)
        if path is not None:
            self._viewer.layers.remove(layer)
            self._add_files([path])
            return
        known = frame_of_ours(layer)
        if known is not None:  # the sample: opened by the grader just now
            self._viewer.layers.remove(layer)
            self._desk.open_once(known.name, lambda: known)
        elif self._desk.session is None:
            self._take_pictures(layer)

    def _add_files(self, paths: list[Path]) -> None:
        if paths:
            self._desk.add_paths(paths)

    def _take_pictures(self, layer: Image) -> None:
        # Whatever it is, it would cover the case.
        if layer.visible:
            layer.visible = False
            self._hidden.append(layer)
        try:
            pictures = pictures_of(layer)
        except PlainError as error:
            self._warn(str(error))
            return
        known = frame_of_ours(layer)
        for picture in pictures:
            load = partial(self._load, picture, known)
            self._desk.add_frame(picture.name, load)
        if len(pictures) > 1:
            self._tell(
                f"The {len(pictures)} pictures of the stack {layer.name} are cases now."
            )

    def _load(self, picture: Picture, known: Frame | None) -> Frame:
        return known or self._from_layer(picture.pixels(), picture.name)
