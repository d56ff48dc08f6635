"""Pixels of one step by lesion, without a look at each pixel for each lesion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class PixelGroups:
    """Which pixels of a list have which lesion number.

    Attributes
    ----------
    numbers : integer array of shape (K,)
        Each number once, ascending; 0 may be among them.
    starts : integer array of shape (K,)
        Where the pixels of each begin, in their order.
    order : integer array of shape (N,), optional
        The pixels by number, those of one number as they were; None for as they are.
    count : int
        N, how many pixels there are.
    """

    numbers: NDArray[Any]
    starts: NDArray[np.intp]
    order: NDArray[np.intp] | None
    count: int

    @classmethod
    def of(cls, numbers: NDArray[np.uint16]) -> PixelGroups:
        """Group pixels by their numbers (N,), N at least 1."""
        if (numbers == numbers[0]).all():  # one lesion, or none: nearly every step
            return cls(numbers[:1], np.zeros(1, np.intp), None, len(numbers))
        order = np.argsort(numbers, kind="stable")
        ordered = numbers[order]
        starts = np.concatenate([[0], np.flatnonzero(np.diff(ordered)) + 1])
        return cls(ordered[starts], starts, order, len(numbers))

    @property
    def sizes(self) -> NDArray[np.int64]:
        """How many pixels each number has."""
        return np.diff(self.starts, append=self.count).astype(np.int64)

    def put_in_order(self, values: NDArray[Any]) -> NDArray[Any]:
        """Bring what is known of the pixels (N,) into the order of the groups."""
        return values if self.order is None else values[self.order]

    def sums(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """Sum what is known of the pixels (N,) for each number."""
        ordered = self.put_in_order(values)
        sums: NDArray[np.float64] = np.add.reduceat(
            ordered, self.starts, dtype=np.float64
        )
        return sums

    def corners(self, where: NDArray[np.int32], width: int) -> NDArray[np.int32]:
        """Find first row and column, last row and column for each number.

        Parameters
        ----------
        where : int32 array of shape (N,)
            The pixels' places in the flattened frame, ascending.
        width : int
            Of the frame.

        Returns
        -------
        int32 array of shape (4, K)
        """
        ordered = self.put_in_order(where)
        ends = np.append(self.starts[1:], self.count) - 1
        columns = ordered % np.int32(width)
        return np.stack(
            [
                ordered[self.starts] // width,
                np.minimum.reduceat(columns, self.starts),
                ordered[ends] // width,
                np.maximum.reduceat(columns, self.starts),
            ]
        )
