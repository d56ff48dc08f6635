"""Where the frames, labels and weights of a frozen round lie."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mae_sam2_training.data.masks import read_lesions
from mae_sam2_training.engine.atomic import write_bytes
from mae_sam2_training.evaluation.cases import Case
from mae_sam2_training.rounds.errors import RoundError
from napari_mae_sam2.fa.frame import pixel_sha256
from napari_mae_sam2.fa.odd_names import RAW
from napari_mae_sam2.study.files import read_json
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.images import read_tiff

if TYPE_CHECKING:
    from pathlib import Path

    from mae_sam2_training.rounds.records import Member, RoundRecord


@dataclass(frozen=True, slots=True)
class Material:
    """Files of a round, in a study or unpacked from a bundle.

    Attributes
    ----------
    record : RoundRecord
    study : Path
        A study folder, or one that a bundle was unpacked to.
    base, in_use : Path
        Weights.
    """

    record: RoundRecord
    study: Path
    base: Path
    in_use: Path

    @property
    def parent(self) -> Path:
        """Weights that training starts from."""
        return self.base if self.record.start == "base" else self.in_use

    def frame(self, member: Member) -> Path:
        """Give the frame of a member."""
        study = Study(self.study)
        return study.frame_path(study.case(member.case))

    def revision(self, member: Member) -> Path:
        """Give the folder of the label of a member."""
        return Study(self.study).revision_folder(member.case, member.revision)

    def check(self) -> None:
        """Compare every frame and label with what was frozen.

        Raises
        ------
        RoundError
            Naming the first case that is another one now.
        StudyError
            If a file is missing or damaged.
        """
        study = Study(self.study)
        for one in self.record.members:
            study.covered.check(self.revision(one) / "revision.json")
            label = pixel_sha256(read_tiff(self.revision(one) / "lesions.tif"))
            frame = study.load_frame(one.case).sha256
            if (frame, label) != (one.frame_sha256, one.label_sha256):
                raise RoundError(
                    f"Frame or label of the case {one.case} is not what the round was "
                    "frozen with (its hash changed): restore it from a backup, or "
                    "begin a new round."
                )

    def write_manifest(self, path: Path) -> None:
        """Write the manifest that `finetune` reads; test cases are not in it."""
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(("image", "mask", "patient", "split", "sha256"))
        for one in self.record.members:
            if one.side != "test":
                image, mask = self.frame(one), self.revision(one) / "lesions.tif"
                row = image.absolute(), mask.absolute(), one.group, one.side
                writer.writerow((*row, one.frame_sha256))
        write_bytes(path, text.getvalue().encode("utf-8", RAW))

    def test_cases(self) -> list[Case]:
        """Give the cases that both models are measured on."""
        return [
            Case(
                one.case,
                self.frame(one),
                self.revision(one) / "lesions.tif",
                one.group,
                sha256=one.frame_sha256,
            )
            for one in self.record.side("test")
        ]

    def test_kinds(self) -> dict[tuple[str, int], str]:
        """Give the kind of each lesion of the test cases, by case and number.

        Numbers are those of `read_lesions`, which counts without gaps.
        """
        found = {}
        for one in self.record.side("test"):
            path = self.revision(one)
            stored = read_tiff(path / "lesions.tif")
            shape = stored.shape[0], stored.shape[1]
            lesions = read_lesions(path / "lesions.tif", shape)
            said = read_json(path / "revision.json")["lesions"]
            kinds = {lesion["id"]: lesion.get("kind", "") for lesion in said}
            numbers, places = np.unique(lesions, return_index=True)
            for number, place in zip(numbers, places, strict=True):
                if number:
                    kind = kinds.get(int(stored.flat[place]), "")
                    found[one.case, int(number)] = kind
        return found
