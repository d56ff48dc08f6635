"""The log of a run: one CSV for people and spreadsheets, and TensorBoard."""

from __future__ import annotations

import csv
import io
from contextlib import suppress
from typing import TYPE_CHECKING

from mae_sam2_training.engine.atomic import write_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch.utils.tensorboard import SummaryWriter


class Records:
    """Writes metrics as tidy rows (step, name, value) and as TensorBoard curves.

    Parameters
    ----------
    folder : Path
        The run folder; `metrics.csv` and `tensorboard/` are written there.
    resumed_at : int
        Rows of later steps, left by a process that was killed, are dropped.
    """

    def __init__(self, folder: Path, resumed_at: int = 0) -> None:
        self.path = folder / "metrics.csv"
        rows = [row for row in read_metrics(self.path) if row[0] <= resumed_at]
        text = io.StringIO(newline="")
        kept = csv.writer(text)
        kept.writerow(("step", "name", "value"))
        kept.writerows(rows if resumed_at else ())
        # at once, or a kill here would lose the curve of all steps before
        write_bytes(self.path, text.getvalue().encode())
        self._file = self.path.open("a", newline="", encoding="utf-8")
        self._csv = csv.writer(self._file)
        self._folder = folder / "tensorboard"
        self._resumed_at = resumed_at
        self._writer: SummaryWriter | None = None

    def write(self, step: int, metrics: Mapping[str, float]) -> None:
        """Add metrics of one step."""
        if self._writer is None:
            # a second's import that a run with nothing to say is spared
            from torch.utils.tensorboard import SummaryWriter

            self._writer = SummaryWriter(
                str(self._folder), purge_step=self._resumed_at + 1
            )
        for name, value in metrics.items():
            self._csv.writerow((step, name, f"{value:.6g}"))
            self._writer.add_scalar(name, value, step)

    def flush(self) -> None:
        """Bring what was written to the disk."""
        self._file.flush()
        if self._writer is not None:
            self._writer.flush()

    def close(self) -> None:
        """Flush and close."""
        self._file.close()
        if self._writer is not None:
            self._writer.close()


def read_metrics(path: Path) -> list[tuple[int, str, float]]:
    """Read the rows of a `metrics.csv`; a last row that was cut short is dropped."""
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8", errors="replace") as file:
        text = file.read().replace("\0", "")
    found = []
    for row in list(csv.reader(io.StringIO(text)))[1:]:
        with suppress(ValueError, IndexError):  # a damaged row costs its point alone
            found.append((int(row[0]), row[1], float(row[2])))
    return found
