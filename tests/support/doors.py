"""napari as a grader has it, with nothing of ours open: goes in through its doors."""

from __future__ import annotations

import time

import napari
from grey import GreyPredictor
from qtpy.QtWidgets import QApplication, QWidget

from napari_mae_sam2 import _widgets
from napari_mae_sam2._qt.gallery_part import GalleryPart
from napari_mae_sam2._qt.leakage_widget import LeakageWidget
from napari_mae_sam2.annotate.annotator import Readiness


class Doors:
    """Opens viewers, triggers menus and waits; the model is one of grey levels."""

    def __init__(self, tmp_path, monkeypatch) -> None:
        self._viewers: list[napari.Viewer] = []
        monkeypatch.setenv("NAPARI_MAE_SAM2_HOME", str(tmp_path / "home"))
        monkeypatch.setattr(_widgets, "_load", lambda *_: GreyPredictor())

    def open_viewer(self) -> napari.Viewer:
        """Open napari alone."""
        viewer = napari.Viewer(show=True)
        viewer.window.resize(1400, 900)
        self._viewers.append(viewer)
        self.settle()
        return viewer

    def close(self) -> None:
        """Close every viewer."""
        for viewer in self._viewers:
            viewer.close()
        self.settle()

    def trigger(self, viewer, title, menu="plugins_menu") -> None:
        """Choose an entry of a menu, by the words it begins with."""
        actions = list(_entries(getattr(viewer.window, menu)))
        found = [one for one in actions if one.text().startswith(title)]
        found = found or [one for one in actions if title in one.text()]
        assert found, [one.text() for one in actions]
        viewer.window.activate()
        found[0].trigger()
        self.settle()

    def docks(self, viewer, kind=LeakageWidget) -> list[QWidget]:
        """List the docks of a kind."""
        return [
            one for one in viewer.window.dock_widgets.values() if isinstance(one, kind)
        ]

    def dock(self, viewer) -> LeakageWidget:
        """Give the one leakage dock."""
        (found,) = self.docks(viewer)
        return found

    def gallery(self, viewer) -> QWidget:
        """Give the gallery of the dock."""
        parts = self.dock(viewer).parts
        return next(one for one in parts if isinstance(one, GalleryPart)).widget()

    def close_dock(self, viewer) -> None:
        """Click on the cross of the dock."""
        wrapper = self.dock(viewer).parentWidget()
        wrapper.titleBarWidget().close_button.click()
        self.settle()

    def canvas(self, viewer) -> QWidget:
        """Give the widget that napari draws on."""
        return next(
            child
            for child in self.dock(viewer).window().findChildren(QWidget)
            if type(child).__name__.startswith("CanvasBackend")
        )

    def wait(self, done, seconds=60.0) -> None:
        """Let the window live until something is so."""
        deadline = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < deadline, "it did not happen"
            QApplication.processEvents()
            time.sleep(0.005)
        self.settle(0.05)

    def wait_until_ready(self, viewer) -> None:
        """Wait until a case is open and the model has read it."""
        self.settle(0.05)
        dock = self.dock(viewer)
        annotator = dock.desk.annotator
        self.wait(
            lambda: (
                dock.session is not None
                and not dock.desk.is_opening
                and annotator.session is dock.session
                and annotator.readiness is Readiness.READY
            )
        )

    def settle(self, seconds=0.15) -> None:
        """Let the window draw what there is to draw."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            QApplication.processEvents()
            time.sleep(0.005)


def _entries(menu):
    for action in menu.actions():
        if action.menu() is not None:
            yield from _entries(action.menu())
        elif not action.isSeparator():
            yield action
