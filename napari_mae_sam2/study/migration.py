"""From a study of an earlier schema to the present one; nothing else is touched.

Schema 2 has an id in study.json, the log, and frames that are referred to. Cases and
revisions of schema 1 are read as they are and stay so: a revision never changes.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from napari_mae_sam2.study.files import read_json, to_json, write_file
from napari_mae_sam2.study.kinds import STUDY_FILE
from napari_mae_sam2.study.records import SCHEMA, check_schema

if TYPE_CHECKING:
    from napari_mae_sam2.study.cases import Cases


def study_id(study: Cases) -> str:
    """Give the id of a study: the one in study.json, or the one it would get.

    Raises
    ------
    StudyError
        If study.json cannot be read.
    """
    path = study.folder / STUDY_FILE
    content = read_json(path)
    check_schema(content, path)
    said = content.get("id")
    if isinstance(said, str) and said:
        return said
    # Two programs that migrate one study at once must come to the same id; kinds
    # may be edited meanwhile, so the time of creation says which study it is.
    when = f"{content.get('created')} {content.get('software')}"
    return hashlib.sha256(when.encode()).hexdigest()[:32]


def migrate(study: Cases, grader: str = "") -> bool:
    """Bring study.json to the present schema.

    What was in it stays, also as `study.schema-1.json`. Programs that know schema 1
    alone refuse the study from now on, in words.

    Parameters
    ----------
    study : Cases
        An opened study.
    grader : str
        Who asked for it, for the log.

    Returns
    -------
    bool
        False where nothing was to be done.

    Raises
    ------
    StudyError
        If it cannot be read or written; the old file is then as it was.
    """
    path = study.folder / STUDY_FILE
    content = read_json(path)
    check_schema(content, path)
    old = content["schema"]
    if old >= SCHEMA:
        return False
    identity = study_id(study)
    write_file(path.with_name(f"study.schema-{old}.json"), to_json(content))
    write_file(path, to_json(content | {"schema": SCHEMA, "id": identity}))
    study.note("migrated", grader=grader, details={"from": old, "to": SCHEMA})
    return True
