"""What a run of predict left out, kept beside its results."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Final

from napari_mae_sam2.study.files import write_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

LEFT_OUT: Final = "left_out.csv"


def write_left_out(folder: Path, sentences: Sequence[str]) -> None:
    """Write why frames have no result; no file where all have one.

    Parameters
    ----------
    folder : Path
        Of the results.
    sentences : sequence of str
        One for each frame, prompt or record that was left out, with its name.

    Raises
    ------
    StudyError
        If it cannot be written.
    """
    path = folder / LEFT_OUT
    if not sentences:
        path.unlink(missing_ok=True)
        return
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["left_out"])
    # a name may begin as a formula does, which a spreadsheet would reckon
    writer.writerows([f"'{one}" if one[:1] in "=+-@" else one] for one in sentences)
    write_file(path, buffer.getvalue().encode(errors="surrogateescape"))
