"""The model's candidates as small pictures with their scores; a click shows one."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QSize, Qt, Signal
from qtpy.QtGui import QIcon, QImage, QPixmap
from qtpy.QtWidgets import QButtonGroup, QHBoxLayout, QLabel, QToolButton, QWidget

from napari_mae_sam2.annotate.candidate_pictures import candidate_pictures

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_mae_sam2.annotate.session import CaseSession

MOST = 3
WIDTH, HEIGHT = 76, 46
CHOSEN = (250, 204, 21)
"""Frames the one that is shown."""


class CandidateStrip(QWidget):
    """Up to three pictures in a row.

    Parameters
    ----------
    parent : QWidget, optional
        The panel it belongs to.
    """

    wanted = Signal(int)
    """Emits the place of a candidate, from 0."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        group = QButtonGroup(self)
        self.buttons: list[QToolButton] = []
        for place in range(MOST):
            made = QToolButton()
            made.setCheckable(True)
            made.setToolTip(f"Candidate {place + 1} of the model (Q: next)")
            made.setIconSize(QSize(WIDTH, HEIGHT))
            made.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
            made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            made.clicked.connect(partial(self._on_click, place))
            group.addButton(made)
            layout.addWidget(made)
            self.buttons.append(made)
        self._empty = QLabel("The model's candidates for your click appear here.")
        self._empty.setWordWrap(True)
        self._empty.setEnabled(False)
        layout.addWidget(self._empty)
        layout.addStretch(1)
        # They keep their place: what stands below must not jump at each click.
        self.setFixedHeight(HEIGHT + self.fontMetrics().height() + 12)
        self.show_session(None)

    def show_session(self, session: CaseSession | None) -> None:
        """Show the candidates of the proposal in hand, or nothing."""
        proposal = None if session is None else session.proposal
        pictures: list[NDArray[np.uint8]] = []
        if session is not None and proposal is not None:
            pictures = candidate_pictures(session.frame.pixels, proposal, HEIGHT, WIDTH)
        self._empty.setVisible(not pictures)
        for place, made in enumerate(self.buttons):
            made.setVisible(place < len(pictures))
            if proposal is None or place >= len(pictures):
                continue
            score = f"{proposal.prediction.scores[place]:.2f}"
            made.setIcon(_icon(pictures[place], place == proposal.chosen))
            made.setText(score)
            made.setToolTip(
                f"Candidate {place + 1}; the model expects an IoU of {score} (Q: next)"
            )
            made.setChecked(place == proposal.chosen)

    def _on_click(self, place: int, _checked: bool = False) -> None:
        self.wanted.emit(place)


def _icon(picture: NDArray[np.uint8], chosen: bool) -> QIcon:
    height, width, _ = picture.shape
    rgb = np.ascontiguousarray(picture)
    if chosen:  # the style of a checked button is hidden by its picture
        rgb[:2] = rgb[-2:] = rgb[:, :2] = rgb[:, -2:] = CHOSEN
    image = QImage(rgb.data, width, height, 3 * width, QImage.Format.Format_RGB888)
    return QIcon(QPixmap.fromImage(image.copy()))
