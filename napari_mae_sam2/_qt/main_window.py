"""The window that a dock belongs to, and the canvas in the middle of it."""

from __future__ import annotations

from qtpy.QtWidgets import QMainWindow, QWidget


def main_window_of(dock: QWidget) -> QWidget | None:
    """Find the window of a dock, also where the dock floats above it.

    Returns
    -------
    QWidget or None
        None while the dock stands alone.
    """
    window = dock.window()
    while window is not None and window.parentWidget() is not None:
        window = window.parentWidget().window()
    return None if window is dock else window


def canvas_of(dock: QWidget) -> QWidget | None:
    """Find the widget that napari draws on: the one OpenGL widget in the middle.

    Returns
    -------
    QWidget or None
        None while the dock stands alone.
    """
    window = main_window_of(dock)
    if not isinstance(window, QMainWindow) or window.centralWidget() is None:
        return None
    # Asked by name: qtpy has no import of the class that works for every Qt.
    found = [
        child
        for child in window.centralWidget().findChildren(QWidget)
        if child.inherits("QOpenGLWidget")
    ]
    return found[0] if len(found) == 1 else None
