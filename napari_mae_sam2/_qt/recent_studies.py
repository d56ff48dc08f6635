"""The studies that were opened on this computer, the latest first."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_mae_sam2.study.kinds import STUDY_FILE

if TYPE_CHECKING:
    from napari_mae_sam2.study.preferences import Preferences

MOST = 8

_KEY = "recent studies"


class RecentStudies:
    """Remembers which studies were opened.

    Parameters
    ----------
    preferences : Preferences
        Where they are kept.
    """

    changed = Signal()

    def __init__(self, preferences: Preferences) -> None:
        self._preferences = preferences
        self._noted: Path | None = None

    @property
    def paths(self) -> list[Path]:
        """The study folders, the latest first."""
        kept = self._preferences.get(_KEY)
        texts = kept if isinstance(kept, list) else []
        return [Path(one) for one in texts if isinstance(one, str)][:MOST]

    def note(self, folder: Path) -> None:
        """Put a folder in front, if it holds a study."""
        folder = folder.absolute()
        if folder == self._noted or not (folder / STUDY_FILE).is_file():
            return
        self._noted = folder
        self._keep([folder, *(one for one in self.paths if one != folder)])

    def forget(self, folder: Path) -> None:
        """Leave out a study that is not there any more."""
        self._noted = None
        self._keep([one for one in self.paths if one != folder])

    def _keep(self, paths: list[Path]) -> None:
        self._preferences.put(_KEY, [str(one) for one in paths[:MOST]])
        self.changed.emit()
