"""The panel for clean-ups: on what, which one, and one size."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt, QTimer, Signal
from qtpy.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QLabel,
    QMenu,
    QRadioButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from napari_mae_sam2._qt.buttons import button
from napari_mae_sam2.fa.clean_lesions import CleanUp

if TYPE_CHECKING:
    from napari_mae_sam2.fa.scale import PixelScale
    from napari_mae_sam2.study.preferences import Preferences


@dataclass(frozen=True, slots=True)
class Tool:
    """How a clean-up is called in the window.

    Attributes
    ----------
    text : str
        With the place of its size, where it has one.
    tip : str
        What it does.
    size : int
        Its size in pixels until the grader says otherwise; 0 where it has none.
    """

    text: str
    tip: str
    size: int = 0


TOOLS: dict[CleanUp, Tool] = {
    CleanUp.FILL_HOLES: Tool("Fill holes", "Fill what the lesion surrounds"),
    CleanUp.DROP_ISLANDS: Tool(
        "Remove small specks below {}",
        "Remove separate pieces that are smaller than this across",
        8,
    ),
    CleanUp.SMOOTH: Tool(
        "Smooth over {}", "Even the outline out; the area stays the same", 6
    ),
    CleanUp.GROW: Tool("Grow by {}", "Move the outline outwards", 2),
    CleanUp.SHRINK: Tool("Shrink by {}", "Move the outline inwards", 2),
    CleanUp.SNAP: Tool(
        "Snap to edge within {}", "Move the outline to the strongest edge near it", 5
    ),
    CleanUp.SPLIT_PARTS: Tool(
        "Split into parts", "Make each separate piece a lesion of its own"
    ),
    CleanUp.SPLIT_NECKS: Tool(
        "Split at necks {} narrower", "Cut the lesion in two where it is narrow", 6
    ),
    CleanUp.MERGE: Tool(
        "Merge neighbours within {}", "Make lesions that lie so near one lesion", 3
    ),
    CleanUp.GRADABLE: Tool(
        "Cut to gradable area", "Remove what lies beside the photographed field"
    ),
}

_GROUPS_END = (CleanUp.SHRINK, CleanUp.SNAP, CleanUp.MERGE)
_PATIENCE_MS = 300


class CleanPanel(QWidget):
    """Chooses clean-ups.

    Parameters
    ----------
    preferences : Preferences
        Remembers the size of each clean-up, which one was used last, and the unit.
    parent : QWidget, optional
        The dock it belongs to.
    """

    wanted = Signal(object)
    """Emits a CleanUp."""
    stop_wanted = Signal()

    def __init__(self, preferences: Preferences, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._preferences = preferences
        self._scale: PixelScale | None = None
        self._current = CleanUp.FILL_HOLES
        self._busy = False

        self.selected = QRadioButton()
        self.all = QRadioButton("All lesions")
        self._on = QButtonGroup(self)
        scope = _row(QLabel("On:"), self.selected, self.all)
        for made in (self.selected, self.all):
            made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            self._on.addButton(made)
        self.selected.setToolTip("The lesion that is picked (L, then click on it)")
        self.all.setToolTip("Every lesion of the frame, in one step")
        self.selected.setChecked(True)

        self.run = button("", "", self._on_run)
        self.other = button("Other", "Choose another clean-up and do it", bool)
        self.menu = QMenu(self.other)
        self.menu.setToolTipsVisible(True)
        self._actions: dict[CleanUp, Any] = {}
        for what, tool in TOOLS.items():
            action = self.menu.addAction(tool.text)
            action.setToolTip(tool.tip)
            action.triggered.connect(partial(self.choose, what))
            self._actions[what] = action
            if what in _GROUPS_END:
                self.menu.addSeparator()
        self.other.setMenu(self.menu)
        running = QHBoxLayout()
        running.addWidget(self.run, 1)
        running.addWidget(self.other)

        self.size = QSpinBox()
        self.size.setRange(1, 2000)
        self.size.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.size.setToolTip("Size for this clean-up")
        self.size.setAccessibleName("Size")
        self.size.setMaximumWidth(78)
        self.size.valueChanged.connect(self._on_size)
        # Or the keys would go on writing numbers.
        self.size.editingFinished.connect(self.size.clearFocus)
        self.px, self.um = QRadioButton("px"), QRadioButton()
        self.px.setToolTip("Sizes in pixels of the frame")
        self._units = QButtonGroup(self)
        for made in (self.px, self.um):
            made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            self._units.addButton(made)
        self.px.setChecked(True)
        self.um.clicked.connect(self._on_unit)
        self.px.clicked.connect(self._on_unit)
        self._sizing = QWidget()
        sizing = _row(QLabel("Size:"), self.size, self.px, self.um)
        sizing.setContentsMargins(0, 0, 0, 0)
        self._sizing.setLayout(sizing)

        layout = QVBoxLayout(self)
        layout.addLayout(scope)
        layout.addLayout(running)
        layout.addWidget(self._sizing)
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(_PATIENCE_MS)
        self._patience.timeout.connect(self._show_text)
        self.show_selected(0)
        self.show_scale(None)
        self._show_current()

    # --- what is chosen --------------------------------------------------------

    def choose(self, what: CleanUp, _checked: bool = False) -> None:
        """Do a clean-up, and have it at hand from now on."""
        self._current = what
        self._show_current()
        self.wanted.emit(what)

    def size_of(self, what: CleanUp) -> float:
        """Return the size of a clean-up in pixels."""
        size = self._shown_size(what)
        return self._scale.to_px(size) if self._in_um and self._scale else float(size)

    # --- what is shown ---------------------------------------------------------

    def show_selected(self, number: int) -> None:
        """Name the lesion that is picked; 0 for none."""
        self.selected.setText(f"Lesion {number}" if number else "Picked lesion")

    def show_scale(self, scale: PixelScale | None) -> None:
        """Offer µm where a pixel has a known size."""
        self._scale = scale
        self.um.setText("µm")
        self.um.setEnabled(scale is not None)
        wishes = self._preferences.flag("clean-up in µm", False)
        (self.um if wishes and scale is not None else self.px).setChecked(True)
        self.um.setToolTip(
            f"1 px is {scale.um_per_px:.3g} µm, says {scale.source}"
            if scale
            else "Nobody said how large a pixel is: set it in the View tab"
        )
        self._show_current()

    def show_busy(self, busy: bool) -> None:
        """Offer to stop what takes long."""
        self._busy = busy
        if busy:
            self._patience.start()
        else:
            self._patience.stop()
            self._show_text()

    # --- inside ----------------------------------------------------------------

    @property
    def _in_um(self) -> bool:
        return bool(self.um.isChecked())

    def _key(self, what: CleanUp) -> str:
        return f"clean-up {what.value}, {'µm' if self._in_um else 'px'}"

    def _shown_size(self, what: CleanUp) -> int:
        usual = float(TOOLS[what].size)
        if self._in_um and self._scale is not None:
            usual *= self._scale.um_per_px
        return max(1, round(self._preferences.number(self._key(what), usual)))

    def _text(self, what: CleanUp) -> str:
        unit = "µm" if self._in_um else "px"
        return TOOLS[what].text.format(f"{self._shown_size(what)} {unit}")

    def _show_current(self) -> None:
        tool = TOOLS[self._current]
        has_size = tool.size > 0
        self.size.blockSignals(True)
        self.size.setValue(self._shown_size(self._current) if has_size else 1)
        self.size.blockSignals(False)
        self._sizing.setEnabled(has_size)
        self.um.setEnabled(self._scale is not None)
        self.run.setToolTip(tool.tip)
        self._show_text()

    def _show_text(self) -> None:
        for what, action in self._actions.items():
            action.setText(self._text(what))
        stopping = self._busy and not self._patience.isActive()
        self.run.setText("Stop" if stopping else self._text(self._current))

    def _on_run(self) -> None:
        if self._busy and not self._patience.isActive():
            self.stop_wanted.emit()
        else:
            self.wanted.emit(self._current)

    def _on_size(self, size: int) -> None:
        self._preferences.put(self._key(self._current), size)
        self._show_text()

    def _on_unit(self, _checked: bool = False) -> None:
        self._preferences.put("clean-up in µm", self._in_um)
        self._show_current()


def _row(*widgets: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(4)
    for widget in widgets:
        row.addWidget(widget)
    row.addStretch(1)
    return row
