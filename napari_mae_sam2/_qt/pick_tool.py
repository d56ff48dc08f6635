"""The pick tool: a click on a committed lesion opens it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_mae_sam2._qt.leakage_widget import LeakageWidget


class PickTool:
    """Waits for one click and hands the lesion there to clicks, brush and table.

    Parameters
    ----------
    dock : LeakageWidget
        The dock it acts through.
    """

    def __init__(self, dock: LeakageWidget) -> None:
        self._dock = dock

    def start(self) -> None:
        """Take the next click; started again, take none."""
        session, mouse = self._dock.session, self._dock.mouse
        if mouse.pick is not None:
            self.stop()
            return
        if session is None or not session.lesion_numbers():
            self._dock.messages.tell("There is no lesion to pick yet.")
            return
        self._dock.layers.start_prompting()
        mouse.pick = self._take
        if self._dock.layers.prompts is not None:
            self._dock.layers.prompts.cursor = "pointing"
        self._dock.messages.tell("Click on a lesion to correct it.")

    def stop(self) -> None:
        """Take no click any more."""
        if self._dock.mouse.pick is None:
            return
        self._dock.mouse.pick = None
        if self._dock.layers.prompts is not None:
            self._dock.layers.prompts.cursor = "standard"
        self._dock.messages.clear()

    def open(self, number: int) -> None:
        """Open a lesion again."""
        session, layers = self._dock.session, self._dock.layers
        if session is None or not session.reopen(number):
            return
        layers.choose_label(number)
        layers.start_prompting()
        self._dock.messages.tell(
            f"Lesion {number} is open: left click for more, right click for less, "
            "C puts it back."
        )

    def _take(self, row: float, column: float) -> None:
        self.stop()
        session = self._dock.session
        if session is None:
            return
        height, width = session.labels.shape
        place = (
            min(max(round(row), 0), height - 1),
            min(max(round(column), 0), width - 1),
        )
        number = int(session.labels[place])
        if number:
            self.open(number)
        else:
            self._dock.messages.tell("There is no lesion; L picks again.")
