"""What stays behind in a study that the grader leaves, and how it can be brought along.

Nothing that was drawn in one study goes to another by itself. Where a case is opened
in the new study and has no label there, what was drawn before is offered: the grader
says so in words, and it is one step of undo.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_mae_sam2.annotate.pixel_change import Origin

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from napari_mae_sam2.annotate.lesion import Lesion
    from napari_mae_sam2.annotate.session import CaseSession


@dataclass(frozen=True, slots=True)
class Offer:
    """Something that the grader may want and that is never done unasked.

    Attributes
    ----------
    sentence : str
        What is so.
    button : str
        What can be done.
    act : callable
        Does it.
    """

    sentence: str
    button: str
    act: Callable[[], None]


@dataclass(frozen=True, slots=True, eq=False)
class _Left:
    study: Path
    labels: NDArray[np.uint16]
    lesions: tuple[Lesion, ...]


class LeftBehind:
    """Remembers what was drawn in the study that was left last.

    Parameters
    ----------
    on_copied : callable
        Told the study and the hash of the frame whose lesions were brought along.
    """

    def __init__(self, on_copied: Callable[[Path, str], None]) -> None:
        self._on_copied = on_copied
        self._left: dict[str, _Left] = {}

    def leave(self, study: Path, sessions: list[CaseSession]) -> None:
        """Take note of what stays in a study; what was left before is forgotten."""
        self._left = {
            session.frame.sha256: _Left(
                study, session.labels.copy(), tuple(session.present_lesions())
            )
            for session in sessions
            if session.lesion_numbers()
        }

    def offer_for(self, session: CaseSession) -> Offer | None:
        """Offer what was drawn on this frame before, where it has no lesion here."""
        left = self._left.get(session.frame.sha256)
        if left is None or session.saves.revision or session.lesion_numbers():
            return None
        count = len(left.lesions)
        lesions = "1 lesion" if count == 1 else f"{count} lesions"
        verb = "stays" if count == 1 else "stay"
        return Offer(
            f"{lesions} of {session.frame.name} {verb} in the study "
            f"{left.study.parent.name}/{left.study.name}.",
            "Copy to this study",
            lambda: self._copy(session, left),
        )

    def _copy(self, session: CaseSession, left: _Left) -> None:
        if session.lesion_numbers():
            return  # drawn on meanwhile: nothing is put over it
        rows, columns = left.labels.nonzero()
        region = (
            slice(int(rows.min()), int(rows.max()) + 1),
            slice(int(columns.min()), int(columns.max()) + 1),
        )
        session.edit(
            f"copy from {left.study.name}",
            left.labels[region],
            region=region,
            origin=Origin.EARLIER,
            lesions=left.lesions,
        )
        self._left.pop(session.frame.sha256, None)
        self._on_copied(left.study, session.frame.sha256)
