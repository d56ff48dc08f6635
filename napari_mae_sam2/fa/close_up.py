"""A rectangle of a frame that is looked at more closely than the frame as a whole."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CloseUp:
    """Whole pixels of a frame: from `top` to before `bottom`, `left` to `right`.

    Attributes
    ----------
    top, left, bottom, right : int
        In pixels of the frame; bottom and right are not part of it.
    """

    top: int
    left: int
    bottom: int
    right: int

    @classmethod
    def whole(cls, shape: tuple[int, int]) -> CloseUp:
        """Return the rectangle that a frame of shape (H, W) fills."""
        return cls(0, 0, *shape)

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W) in pixels."""
        return self.bottom - self.top, self.right - self.left

    @property
    def side(self) -> int:
        """Its longer side in pixels."""
        return max(self.shape)

    @property
    def region(self) -> tuple[slice, slice]:
        """Rows and columns of the frame."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    @property
    def is_empty(self) -> bool:
        """True where no pixel is in it."""
        return self.top >= self.bottom or self.left >= self.right

    def contains(self, row: float, column: float) -> bool:
        """Tell whether a place of the frame, in (row, column), lies on its pixels."""
        return (
            self.top - 0.5 <= row <= self.bottom - 0.5
            and self.left - 0.5 <= column <= self.right - 0.5
        )

    def meet(self, other: CloseUp) -> CloseUp:
        """Return what two rectangles share; it may be empty."""
        return CloseUp(
            max(self.top, other.top),
            max(self.left, other.left),
            min(self.bottom, other.bottom),
            min(self.right, other.right),
        )

    def share_of(self, other: CloseUp) -> float:
        """Return how much of another rectangle lies in this one, 0 to 1."""
        both = self.meet(other)
        if both.is_empty or other.is_empty:
            return 0.0
        (height, width), (rows, columns) = both.shape, other.shape
        return height * width / (rows * columns)


def close_up_around(
    place: tuple[float, float], side: int, shape: tuple[int, int]
) -> CloseUp:
    """Return the square about a place, moved into the frame.

    Parameters
    ----------
    place : (float, float)
        Its middle, as (row, column) of the frame.
    side : int
        In pixels; where the frame is shorter, the frame's own side.
    shape : (int, int)
        (H, W) of the frame.
    """
    ends = []
    for middle, length in zip(place, shape, strict=True):
        extent = min(side, length)
        first = min(max(round(middle - (extent - 1) / 2), 0), length - extent)
        ends.append((first, first + extent))
    (top, bottom), (left, right) = ends
    return CloseUp(top, left, bottom, right)
