"""The model in use, and another one in its place."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from napari_mae_sam2._qt.buttons import button


class ModelPanel(QWidget):
    """Names the model and offers others.

    Parameters
    ----------
    parent : QWidget, optional
        The dock it belongs to.
    """

    file_wanted = Signal()
    default_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name = QLabel("None yet: choose a file, or the packaged model.")
        self.name.setWordWrap(True)
        self.engine = QLabel()
        self.engine.setWordWrap(True)
        self.engine.setToolTip("napari-mae-sam2 doctor tells why")
        choosing = QHBoxLayout()
        choosing.addWidget(
            button("Choose file…", "Use a checkpoint from disk", self.file_wanted.emit)
        )
        choosing.addWidget(
            button(
                "Packaged model",
                "Use the model that came with the program",
                self.default_wanted.emit,
            )
        )
        choosing.addStretch(1)
        layout = QVBoxLayout(self)
        layout.addWidget(self.name)
        layout.addWidget(self.engine)
        layout.addLayout(choosing)

    def show_model(self, name: str, fingerprint: str, engine: str) -> None:
        """Show which model answers now, and what reads the frames for it."""
        self.engine.setText(f"Frames are read with {engine}")
        self.name.setText(name)
        self.name.setToolTip(f"Weights {fingerprint[:12]}")
