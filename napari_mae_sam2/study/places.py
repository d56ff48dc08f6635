"""Which study folder the labels of a folder of frames go to, kept between starts."""

from __future__ import annotations

import json
import logging
from pathlib import Path

from napari_mae_sam2.study.files import StudyError, to_json, write_file
from napari_mae_sam2.study.kinds import STUDY_FILE

log = logging.getLogger(__name__)

STUDY_NAME = "leakage-study"
"""Study folder beside the frames, where the grader has not chosen another."""


class Places:
    """Remembers where the grader wants the labels of a folder of frames.

    Parameters
    ----------
    file : Path, optional
        JSON file with the choices; None remembers for this run alone.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._chosen: dict[str, str] = {}
        if file is not None:
            self._chosen = _read(file)

    def study_of(self, frames: Path) -> Path:
        """Give the study folder of a folder of frames."""
        chosen = self._chosen.get(str(frames.absolute()))
        if chosen is not None:
            return Path(chosen)
        return frames if (frames / STUDY_FILE).is_file() else frames / STUDY_NAME

    def choose(self, frames: Path, study: Path) -> None:
        """Remember a choice; a settings file that cannot be written is no obstacle."""
        choice = {str(frames.absolute()): str(study.absolute())}
        self._chosen |= choice
        if self._file is None:
            return
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            # Another window may have written meanwhile: its choices stay.
            write_file(self._file, to_json(_read(self._file) | choice))
        except (OSError, StudyError) as error:
            log.warning("The choice of a study folder is not kept: %s", error)


def _read(file: Path) -> dict[str, str]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(content, dict):
        return {}
    return {k: v for k, v in content.items() if isinstance(v, str)}
