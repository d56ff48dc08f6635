"""What belongs to a device and not to one frame: its contrast, gamma and scale.

The device is the camera that the file names, and the number of bits. Of a file that
names none it is the size of the frame and the number of bits: an export of one device
has one size. So frames of two unnamed devices of one size share their contrast.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from napari_mae_sam2.fa.scale import PixelScale, grader_scale
from napari_mae_sam2.study.preferences import Preferences, is_number

if TYPE_CHECKING:
    from napari_mae_sam2.fa.frame import Frame

_LOOKS, _SCALES = "contrast by device", "micrometres per pixel by device"

DARKEST_GAMMA, BRIGHTEST_GAMMA = 0.2, 2.0
"""What napari's own gamma slider takes."""


@dataclass(frozen=True, slots=True)
class Look:
    """How grey levels are shown.

    Attributes
    ----------
    low, high : float
        Stored values that become black and white.
    gamma : float
        Exponent between them; below 1 brightens.
    """

    low: float
    high: float
    gamma: float = 1.0


class Looks:
    """Remembers what the grader set for each device.

    Parameters
    ----------
    preferences : Preferences
        Where it is kept.
    """

    scale_changed = Signal()
    """The grader said how large the pixels of a device are."""

    def __init__(self, preferences: Preferences) -> None:
        self._preferences = preferences

    def look(self, frame: Frame) -> Look | None:
        """Give the look that was set for the device of a frame, None where none."""
        values = self._of(_LOOKS).get(device_of(frame))
        if not isinstance(values, list) or len(values) != 3:
            return None
        if not all(is_number(value) for value in values):
            return None
        low, high, gamma = (float(value) for value in values)
        if not (low < high and DARKEST_GAMMA <= gamma <= BRIGHTEST_GAMMA):
            return None
        return Look(low, high, gamma)

    def set_look(self, frame: Frame, look: Look | None) -> None:
        """Remember a look for the device of a frame; None forgets it."""
        values = None if look is None else [look.low, look.high, look.gamma]
        self._put(_LOOKS, device_of(frame), values)

    def scale(self, frame: Frame) -> PixelScale | None:
        """Give the scale of a frame with its source, None where nobody knows.

        What the grader said of the device goes before what the file says.
        """
        value = self._of(_SCALES).get(device_of(frame))
        set_by_hand = grader_scale(value) if is_number(value) else None
        return set_by_hand or frame.scale

    def set_scale(self, frame: Frame, um_per_px: float | None) -> None:
        """Remember the scale of the device of a frame; None forgets it."""
        self._put(_SCALES, device_of(frame), um_per_px)
        self.scale_changed.emit()

    def _of(self, name: str) -> dict[str, Any]:
        kept = self._preferences.get(name)
        return kept if isinstance(kept, dict) else {}

    def _put(self, name: str, device: str, value: Any) -> None:
        kept = {key: v for key, v in self._of(name).items() if key != device}
        if value is not None:
            kept[device] = value
        self._preferences.put(name, kept)


def device_of(frame: Frame) -> str:
    """Name the device that took a frame, as far as it can be told."""
    bits = f"{8 * frame.pixels.dtype.itemsize} bits"
    if frame.camera:
        return f"{frame.camera}, {bits}"
    height, width = frame.shape
    return f"{width} × {height}, {bits}"
