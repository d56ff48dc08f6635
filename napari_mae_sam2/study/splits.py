"""Which cases of a study are reserved for testing, for exports.

Rounds reserve them: `mae_sam2_training.rounds.frozen_test` writes the file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from napari_mae_sam2.study.covered import Covered
from napari_mae_sam2.study.files import StudyError, read_json
from napari_mae_sam2.study.records import check_schema

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_mae_sam2.study.cases import Cases
    from napari_mae_sam2.study.records import CaseRecord

TEST: Final = "test"
UNUSED: Final = "unused"
"""Of a patient who is tested on by another case: neither trained nor tested on."""


def case_splits(study: Cases) -> Callable[[CaseRecord], str]:
    """Tell the split of a case as a round would use it.

    Parameters
    ----------
    study : Cases
        The study.

    Returns
    -------
    callable
        Gives `TEST` for a reserved case, `UNUSED` for other cases of its patient, and
        an empty text for those that may be trained on.

    Raises
    ------
    StudyError
        If the reserved set is damaged or not the one that was reserved: to export a
        test case as one to train on would spoil every later test.
    """
    path = study.folder / "rounds" / "frozen_test.json"
    covered = Covered(study.folder)
    if not path.exists():
        covered.check(path)  # it may have been taken away
        return lambda _case: ""
    content = read_json(path)
    check_schema(content, path)
    covered.check(path)
    try:
        reserved = {str(one["case"]) for one in content["cases"]}
        frames = {str(one["frame_sha256"]) for one in content["cases"]}
        groups = set(map(str, content["groups"]))
    except (KeyError, TypeError) as error:
        raise StudyError(
            f"{path} is no valid test set: restore it from a backup."
        ) from error
    # A patient may have been corrected since: the case tests all the same.
    groups |= {_group(study.case(case)) for case in reserved}

    def split(case: CaseRecord) -> str:
        if case.id in reserved:
            return TEST
        # A reserved frame may be a case of another patient, too.
        is_kept = _group(case) in groups or case.frame_sha256 in frames
        return UNUSED if is_kept else ""

    return split


def _group(case: CaseRecord) -> str:
    if case.patient:
        return f"patient {case.patient}"
    return f"frame {case.frame_sha256[:12]}"
