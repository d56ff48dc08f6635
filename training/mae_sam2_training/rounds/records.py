"""What a round says about itself: `round.json`, frozen before anything is trained."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mae_sam2_training.rounds.errors import RoundError
from napari_mae_sam2.study.files import read_json
from napari_mae_sam2.study.records import RECORD_SCHEMA, SOFTWARE, check_schema, now
from napari_mae_sam2.study.seals import SEAL
from napari_mae_sam2.study.trained_labels import in_review_words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

Side = Literal["train", "val", "test"]


class _Frozen(BaseModel):
    model_config = ConfigDict(
        extra="allow", frozen=True, populate_by_name=True, protected_namespaces=()
    )


class ModelUsed(_Frozen):
    """Weights that a round starts from or is compared with."""

    name: str
    fingerprint: str
    """Of the weights, as `load_model` gives it."""
    round: int | None = None
    """The round of this study that made them; None for weights from elsewhere."""


class Member(_Frozen):
    """One label that takes part in a round."""

    case: str
    revision: str
    side: Side
    group: str
    """Patient, or the frame itself where the patient is not known."""
    frame_sha256: str
    label_sha256: str
    clicks: float | None = None
    """Clicks of all revisions of the case up to this one; None where not counted."""
    seconds: float | None = None
    """Time on task of these, without pauses."""


class RoundRecord(_Frozen):
    """Everything that decides what a round gives."""

    schema_version: int = Field(RECORD_SCHEMA, alias="schema")
    number: int = Field(ge=1)
    created: str = Field(default_factory=now)
    software: str = SOFTWARE
    code_sha256: str
    """Of the sources of both packages, see `code_version`."""
    machine: str
    """Random code of the computer that froze it, see `places.machine_code`."""
    start: Literal["base", "in_use"]
    """Whether the round trains the base anew or the model in use further."""
    base: ModelUsed
    in_use: ModelUsed
    """What answered clicks when the round was frozen: the old model."""
    seed: int
    config: dict[str, Any]
    """The whole recipe, see `RoundConfig`."""
    reserved: bool
    """Whether the test side is the set that was reserved once and for all."""
    members: list[Member]
    in_conflict: list[str] = Field(default_factory=list)
    """Labelled cases that were left out: nobody had chosen between their answers."""
    damaged: list[str] = Field(default_factory=list)
    """A sentence for each case that was left out because it could not be read."""
    in_review: list[str] = Field(default_factory=list)
    """Labelled cases that were left out: they wait for a review."""
    leaking_tests: int | None = None
    """Test cases whose label has a lesion; None in older rounds."""

    @property
    def parent(self) -> ModelUsed:
        """The weights that training starts from."""
        return self.base if self.start == "base" else self.in_use

    def side(self, side: Side) -> list[Member]:
        """Give the labels of one side."""
        return [member for member in self.members if member.side == side]

    @property
    def test_sha256(self) -> str:
        """Hash of the frames and labels that are measured on."""
        pairs = sorted(m.frame_sha256 + m.label_sha256 for m in self.side("test"))
        return hashlib.sha256("".join(pairs).encode()).hexdigest()


def read_round(path: Path) -> RoundRecord:
    """Read a `round.json`.

    Raises
    ------
    StudyError
        If it is missing, damaged or of a newer schema.
    RoundError
        If it is no record of a round.
    """
    content = read_json(path)
    check_schema(content, path)
    content.pop(SEAL, None)  # of the file, and no part of the record
    try:
        return RoundRecord.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "its content"
        raise RoundError(
            f"{path} is no record of a round, {where} is wrong: restore it from a "
            "backup."
        ) from error


def left_out(
    in_conflict: Sequence[str], damaged: Sequence[str], in_review: Sequence[str] = ()
) -> str:
    """Say in a sentence each which cases take no part; empty where all do.

    Parameters
    ----------
    in_conflict : sequence of str
        Cases.
    damaged : sequence of str
        A sentence for each case.
    in_review : sequence of str
        Cases.
    """
    said = [in_review_words(in_review)] if in_review else []
    if in_conflict:
        count = len(in_conflict)
        shown = ", ".join(in_conflict[:3]) + (" and others" if count > 3 else "")
        verb = "case in conflict is" if count == 1 else "cases in conflict are"
        said.append(f"{count} {verb} left out until somebody chooses: {shown}.")
    if damaged:
        count = len(damaged)
        more = f" {count - 1} more cannot be read either." if count > 1 else ""
        said.append(f"Left out: {damaged[0]}{more}")
    return " ".join(said)


def nothing_to_tell_by(leaking: int | None) -> str:
    """Warn of a test that cannot tell old from new; empty where it can."""
    if leaking != 0:
        return ""
    return (
        "No test case shows leakage, so this round cannot tell whether the new model "
        "is better, and will not propose it: label test patients with leakage first."
    )


def code_version() -> str:
    """Hash the sources that are running: more than a version number can say."""
    from importlib.resources import files
    from pathlib import Path

    digest = hashlib.sha256()
    for package in ("napari_mae_sam2", "mae_sam2_training"):
        root = Path(str(files(package)))
        for path in sorted(root.rglob("*.py")):
            digest.update(f"{package}/{path.relative_to(root).as_posix()}\n".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()
