"""Our layers in the viewer: put in, taken out, told from the grader's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from napari_mae_sam2._qt.placement import Placement

if TYPE_CHECKING:
    from collections.abc import Callable

    import napari
    from napari.layers import Layer


class LayerStack:
    """Puts layers into a viewer and hears when somebody else takes one out.

    Parameters
    ----------
    viewer : napari.Viewer
        Where the layers go.
    on_lost : callable
        Gets one of our layers that was deleted in the layer list.
    """

    def __init__(self, viewer: napari.Viewer, on_lost: Callable[[Layer], None]) -> None:
        self.viewer = viewer
        self._on_lost = on_lost
        self._busy = False
        self._ours: WeakSet[Layer] = WeakSet()
        self.placement = Placement(viewer)
        """Where our layers belong on the frame."""
        viewer.layers.events.removed.connect(self._on_removed)

    @property
    def is_adding(self) -> bool:
        """True while this object itself changes the list of layers."""
        return self._busy

    def is_ours(self, layer: Layer) -> bool:
        """Tell our layers from the ones that the grader opened, or copied from ours."""
        return layer in self._ours

    def add(
        self,
        layer: Any,
        at: int | None = None,
        above: Any = None,
        *,
        leads: bool = False,
    ) -> Any:
        """Put a layer into the viewer as ours.

        The layer that the mouse and the keys act on stays the same.

        Parameters
        ----------
        layer : napari layer
            What to add.
        at : int, optional
            Position from the bottom; on top where it is left out.
        above : napari layer, optional
            The layer it goes right on top of, in place of `at`.
        leads : bool
            True for the frame, which the others lie on.

        Returns
        -------
        napari layer
            The same layer.
        """
        layers = self.viewer.layers
        active = layers.selection.active
        if above is not None and above in layers:
            at = layers.index(above) + 1
        self._ours.add(layer)
        self.placement.watch(layer, leads=leads)
        self._busy = True
        try:
            layers.insert(len(layers) if at is None else min(at, len(layers)), layer)
        finally:
            self._busy = False
        if active is not None and self.is_ours(active):
            layers.selection.active = active
        return layer

    def remove(self, layer: Any) -> None:
        """Take one of our layers out, where it is still in."""
        if layer is not None and layer in self.viewer.layers:
            self._busy = True
            try:
                self.viewer.layers.remove(layer)
            finally:
                self._busy = False

    def close(self) -> None:
        """Take what is left of ours away, and let go of the viewer."""
        for layer in [layer for layer in self.viewer.layers if self.is_ours(layer)]:
            self.remove(layer)
        self.placement.close()
        self.viewer.layers.events.removed.disconnect(self._on_removed)

    def _on_removed(self, event: Any) -> None:
        if not self._busy and self.is_ours(event.value):
            self._on_lost(event.value)
