"""The model in use, and another one in its place."""

from __future__ import annotations

import re

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
        """Show which model is in use, and the engine that encodes frames for it."""
        self.engine.setText(f"Engine: {short_engine(engine)}")
        self.engine.setToolTip(f"{engine}; napari-mae-sam2 doctor says why")
        self.name.setText(name)
        self.name.setToolTip(f"Weights {fingerprint[:12]}")


def short_engine(engine: str) -> str:
    """Shorten what an encoder calls itself for people who grade.

    Parameters
    ----------
    engine : str
        Such as "OpenVINO float32 on cpu", perhaps with a note in brackets behind it.

    Returns
    -------
    str
        Such as "OpenVINO (CPU)"; float32 is the rule and goes without saying.
    """
    found = re.fullmatch(r"(\S+) (\S+) on ([a-z]+)(?::\d+)?(?: \((.+)\))?", engine)
    if found is None:
        return engine
    program, precision, device, note = found.groups()
    where = "GPU" if device in ("cuda", "mps") else device.upper()
    exact = "" if precision == "float32" else f" {precision}"
    behind = "" if note is None else f"; {note.replace(' float32', '')}"
    return f"{program}{exact} ({where}){behind}"
