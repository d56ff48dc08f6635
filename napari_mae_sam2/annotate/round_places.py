"""What this computer keeps of the rounds of studies, outside of them."""

from __future__ import annotations

import hashlib
from pathlib import Path

from napari_mae_sam2.fa.odd_names import path_bytes
from napari_mae_sam2.study.files import StudyError, read_json, to_json, write_file

BASE = "base.json"


class RoundPlaces:
    """A folder for each study.

    Parameters
    ----------
    root : Path
        Made when something is kept.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def of(self, study: Path) -> Path:
        """Give the folder of a study, there or not."""
        key = hashlib.sha256(path_bytes(study)).hexdigest()[:16]
        return self._root / key

    def remember_base(self, study: Path, weights: Path) -> None:
        """Keep in mind which weights the rounds of a study begin with.

        Raises
        ------
        OSError, StudyError
            If that cannot be written.
        """
        folder = self.of(study)
        folder.mkdir(parents=True, exist_ok=True)
        write_file(folder / BASE, to_json({"weights": str(weights)}))

    def base(self, study: Path) -> Path | None:
        """Give the weights that the rounds began with; None for the packaged ones."""
        try:
            weights = Path(read_json(self.of(study) / BASE)["weights"])
        except (StudyError, KeyError, TypeError):
            return None
        return weights if weights.is_file() else None
