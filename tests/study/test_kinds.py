from __future__ import annotations

import json

import numpy as np
import pytest
from grey import make_frame

from napari_mae_sam2.study.coco import write_study_coco
from napari_mae_sam2.study.files import StudyError
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.kinds import DEFAULT_KINDS, read_kinds
from napari_mae_sam2.study.records import LesionRecord
from napari_mae_sam2.study.study_export import export_study


def write(folder, kinds):
    folder.mkdir(exist_ok=True)
    content = {"schema": 1, "kinds": kinds}
    (folder / "study.json").write_text(json.dumps(content))
    return folder


def test_a_new_study_names_the_usual_kinds(tmp_path):
    assert read_kinds(tmp_path / "none yet") == DEFAULT_KINDS
    study = Study.create(tmp_path / "study")
    content = json.loads((study.folder / "study.json").read_text())
    assert [kind["name"] for kind in content["kinds"]] == [
        "perivascular", "capillary", "disc", "macular", "neovascular", "other",
    ]  # fmt: skip
    assert read_kinds(study.folder) == DEFAULT_KINDS


def test_a_study_of_before_has_the_usual_kinds(tmp_path):
    (tmp_path / "study.json").write_text('{"schema": 1}')
    assert read_kinds(tmp_path) == DEFAULT_KINDS


def test_a_study_may_have_its_own(tmp_path):
    kinds = [
        {"name": "petaloid", "colour": "#00ff7F", "key": "Alt-1"},
        {"name": " fern ", "colour": "#123456"},
    ]
    found = read_kinds(write(tmp_path, kinds))
    assert [(kind.name, kind.key) for kind in found] == [
        ("petaloid", "Alt-1"),
        ("fern", ""),
    ]


def test_coco_has_the_categories_of_the_study(tmp_path):
    study = Study.create(tmp_path / "study")
    write(study.folder, [{"name": "petaloid", "colour": "#00ff7f"}])
    labels = np.zeros((60, 80), np.uint16)
    labels[0:3, 0:3], labels[5:8, 0:3], labels[9:12, 0:3] = 1, 2, 3
    kinds = {1: "petaloid", 2: "disc"}  # of before the kinds were changed
    lesions = [LesionRecord(id=i, kind=kind) for i, kind in kinds.items()]
    frame = make_frame()
    study.save_revision(frame, labels, grader="a", parent=None, lesions=lesions)
    coco = json.loads(write_study_coco(study).read_text())
    names = {one["id"]: one["name"] for one in coco["categories"]}
    assert list(names.values()) == ["leakage", "petaloid", "disc"]
    found = {one["lesion"]: names[one["category_id"]] for one in coco["annotations"]}
    assert found == {1: "petaloid", 2: "disc", 3: "leakage"}


def test_kinds_that_are_wrong_do_not_stop_an_export(tmp_path):
    study = Study.create(tmp_path / "study")
    labels = np.ones((60, 80), np.uint16)
    study.save_revision(make_frame(), labels, grader="a", parent=None)
    write(study.folder, [{"name": "petaloid"}])
    exported = export_study(study, tmp_path / "out")
    assert exported.cases == 1
    assert "kind 1" in exported.trouble[0]


GOOD = {"name": "disc", "colour": "#123456", "key": "Alt-1"}


@pytest.mark.parametrize(
    ("kinds", "words"),
    [
        ([], "must be a list"),
        ({"disc": "#123456"}, "must be a list"),
        (["disc"], "kind 1"),
        ([GOOD, GOOD | {"key": "Alt-2"}], "two kinds have the name “disc”"),
        ([GOOD, GOOD | {"name": "x"}], "two kinds have the key “alt-1”"),
        ([GOOD | {"colour": "red"}], "kind 1, colour is wrong"),
        ([GOOD | {"name": "  "}], "kind 1, name is wrong"),
        ([GOOD, GOOD | {"name": "x", "key": "1+Alt"}], "kind 2, key is wrong"),
    ],
)
def test_what_is_wrong_is_one_sentence(tmp_path, kinds, words):
    with pytest.raises(StudyError, match=words) as raised:
        read_kinds(write(tmp_path, kinds))
    assert "study.json" in str(raised.value)
