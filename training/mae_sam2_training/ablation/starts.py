"""The weights that the rows of an ablation start from, and that they are what they say.

A baseline that is not SAM 2's own makes every gain in the table worthless, so a row
that is called SAM 2 must be that.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mae_sam2_training.engine.faults import RunError
from napari_mae_sam2.model.checkpoint import load_model
from napari_mae_sam2.model.download import OFFICIAL, download_checkpoint
from napari_mae_sam2.model.study_weights import weights_for
from napari_mae_sam2.model.weights import FALLBACK, packaged_weights

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_mae_sam2.model.checkpoint import LoadedModel

OFFICIAL_WORD: Final = "official"
WORDS: Final = (OFFICIAL_WORD, "packaged", "in use")
"""What may stand in a recipe in place of a file."""

OWN: Final = frozenset(
    {
        # Image half of SAM 2 tiny in float16, as its ONNX export has it.
        "ee682e08749450618921b2d8f6f3dd34d9188c99edf51b110c9bd946033bab5f",
    }
)
"""Fingerprints of SAM 2's own weights in other files than Meta's."""


@dataclass(frozen=True, slots=True)
class Start:
    """Weights that a row starts from.

    Attributes
    ----------
    path : Path
    name : str
        What their card calls them.
    fingerprint : str
        Of the weights.
    """

    path: Path
    name: str
    fingerprint: str

    def as_json(self) -> dict[str, str]:
        """Give what the result of a cell keeps of it."""
        return {"name": self.name, "fingerprint": self.fingerprint}


def starts_of(
    encoders: Mapping[str, str], folder: Path, study: Path | None = None
) -> dict[str, Start]:
    """Find and check the weights of every row.

    Parameters
    ----------
    encoders : mapping of str to str
        Of the recipe: a file, or one of `WORDS`, by the name of the row.
    folder : Path
        Of the recipe, where relative paths start.
    study : Path, optional
        What is trained on, where that is a study: it says what is "in use".

    Returns
    -------
    dict of str to Start

    Raises
    ------
    RunError
        If a row names no weights, or is called SAM 2 and does not start from its own.
    PlainError
        If weights cannot be found, fetched or loaded.
    """
    found = {}
    for row, text in encoders.items():
        path = _file(row, text.strip(), folder, study)
        loaded = load_model(path)
        if says_sam2(row) and not is_sam2_own(loaded):
            raise RunError(
                f"The row “{row}” must start from SAM 2's own weights, and {path} are "
                f"{loaded.card.title} ({loaded.fingerprint[:12]}): write "
                f"“{OFFICIAL_WORD}”, which fetches Meta's file, or the path of that "
                "file, or give the row another name."
            )
        found[row] = Start(path, loaded.card.title, loaded.fingerprint)
    return found


def says_sam2(row: str) -> bool:
    """Tell whether the name of a row promises SAM 2 and nothing else."""
    plain = row.lower()
    more = ("mae", "+", "tuned", "trained", "with", "round")
    is_named = re.search(r"(?<![a-z0-9])sam[\s._–-]*2", plain) is not None
    return is_named and not any(word in plain for word in more)


def is_sam2_own(loaded: LoadedModel) -> bool:
    """Tell whether weights are SAM 2's own, by their fingerprint or Meta's hash."""
    if loaded.fingerprint in OWN:
        return True
    with loaded.path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return digest in {one.sha256 for one in OFFICIAL.values()}


def _file(row: str, text: str, folder: Path, study: Path | None) -> Path:
    if not text:
        raise RunError(
            f"The row “{row}” of the recipe names no weights: write a file, or one of "
            f"{', '.join(WORDS)}."
        )
    if text == OFFICIAL_WORD:
        return download_checkpoint(OFFICIAL[FALLBACK])
    if text == "packaged":
        return packaged_weights()
    if text == "in use":
        return weights_for(None, study).path
    return folder / Path(text).expanduser()
