from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from napari_mae_sam2.fa.frame import Frame, pixel_sha256
from napari_mae_sam2.fa.lesions import LabelError
from napari_mae_sam2.fa.reading import read_frame
from napari_mae_sam2.study import files
from napari_mae_sam2.study.cases import case_id
from napari_mae_sam2.study.files import StudyError
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.records import LesionRecord, ModelRecord, PromptRecord

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def _temporaries(study: Study) -> list[Path]:
    return list(study.folder.rglob(".tmp-*"))


def test_a_revision_comes_back_as_it_was_saved(
    study: Study, frame: Frame, labels: np.ndarray
) -> None:
    lesion = LesionRecord(
        id=7,
        kind="disc",
        prompts=PromptRecord(points=[(31.5, 42)], labels=[1], boxes=[(30, 40, 34, 49)]),
        source="model",
        score=0.9,
    )
    model = ModelRecord(name="tiny", fingerprint="abc", round=2)
    saved = study.save_revision(
        frame, labels, grader=" g 1 ", parent=None, lesions=[lesion], model=model,
        statistics={"seconds": 12.5},
    )  # fmt: skip
    again = Study.open(study.folder)
    found = again.latest_revision(case_id(frame))
    assert found == saved
    assert found.grader == "g 1"
    assert found.parent is None
    assert found.status == "done"
    assert found.software.startswith("napari-mae-sam2 ")
    assert [le.id for le in found.lesions] == [1, 7]
    assert found.lesions[1] == lesion
    assert np.array_equal(again.load_labels(found), labels)
    assert np.array_equal(again.load_frame(found.case).pixels, frame.pixels)
    assert again.load_frame(found.case).name == frame.name


def test_others_can_read_it_with_tifffile_and_json_alone(
    study: Study, frame: Frame, labels: np.ndarray
) -> None:
    saved = study.save_revision(frame, labels, grader="g", parent=None)
    case = study.folder / "cases" / saved.case
    folder = case / "revisions" / saved.id
    assert np.array_equal(tifffile.imread(folder / "lesions.tif"), labels)
    with Image.open(folder / "lesions.png") as image:
        assert np.array_equal(np.array(image), labels)
    with Image.open(folder / "leakage.png") as image:
        assert np.array_equal(np.array(image), (labels > 0) * 255)
    assert np.array_equal(tifffile.imread(case / "frame.tif"), frame.pixels)
    record = json.loads((folder / "revision.json").read_text("utf-8"))
    assert record["schema"] == 1
    assert record["label_sha256"] == pixel_sha256(labels)
    assert record["frame_sha256"] == frame.sha256
    assert json.loads((case / "case.json").read_text("utf-8"))["name"] == frame.name
    assert read_frame(case / "frame.tif").sha256 == frame.sha256


def test_where_the_frame_came_from_is_not_stored(
    study: Study, tmp_path: Path, labels: np.ndarray
) -> None:
    path = tmp_path / "Erika Mustermann" / "pseudonym 1.png"
    path.parent.mkdir()
    Image.fromarray(np.arange(2400, dtype=np.uint8).reshape(40, 60)).save(path)
    study.save_revision(read_frame(path), labels, grader="g", parent=None)
    for file in study.folder.rglob("*"):
        assert "Mustermann" not in str(file)
        assert not file.is_file() or b"Mustermann" not in file.read_bytes()


def test_an_empty_label_is_an_answer(study: Study, frame: Frame) -> None:
    empty = np.zeros(frame.shape, np.uint16)
    study.save_revision(frame, empty, grader="g", parent=None)
    (found,) = study.labelled()
    assert found.revision.lesions == []
    assert not study.load_labels(found.revision).any()


def test_revisions_are_a_chain_and_none_is_changed(
    study: Study, frame: Frame, labels: np.ndarray
) -> None:
    first = study.save_revision(frame, labels, grader="a", parent=None)
    folder = study.revision_folder(first.case, first.id)
    before = {path: path.read_bytes() for path in folder.iterdir()}
    labels[:] = 0
    second = study.save_revision(frame, labels, grader="b", parent=first.id)
    assert (first.number, second.number, second.parent) == (1, 2, first.id)
    assert study.latest_revision(first.case) == second
    assert study.revision_ids(first.case) == [first.id, second.id]
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_parallel_revisions_are_both_kept_and_the_later_counts(
    study: Study, frame: Frame, labels: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = study.save_revision(frame, labels, grader="a", parent=None)
    with monkeypatch.context() as patch:  # as if neither had seen the other's
        patch.setattr(study, "revision_ids", lambda case: [base.id])
        one = study.save_revision(frame, labels, grader="a", parent=base.id)
        time.sleep(0.002)
        two = study.save_revision(frame, labels, grader="b", parent=base.id)
    assert one.number == two.number == 2
    assert set(study.revision_ids(base.case)) == {base.id, one.id, two.id}
    assert study.latest_revision(base.case) == two
    three = study.save_revision(frame, labels, grader="a", parent=one.id)
    assert three.number == 3


def test_a_clock_that_jumps_back_does_no_harm(
    study: Study, frame: Frame, labels: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = study.save_revision(frame, labels, grader="a", parent=None)
    path = study.revision_folder(first.case, first.id) / "revision.json"
    record = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps(record | {"time": "2099-01-01T00:00:00+00:00"}), "utf-8")
    second = study.save_revision(frame, labels, grader="a", parent=first.id)
    assert study.latest_revision(first.case) == second


def test_lesions_are_those_that_have_pixels(
    study: Study, frame: Frame, labels: np.ndarray
) -> None:
    given_ = [LesionRecord(id=1, kind="macular"), LesionRecord(id=3, kind="disc")]
    saved = study.save_revision(frame, labels, grader="g", parent=None, lesions=given_)
    assert [(le.id, le.kind) for le in saved.lesions] == [(1, "macular"), (7, "")]


def test_only_answers_count_as_labelled(
    study: Study, make_frame: Callable[..., Frame], labels: np.ndarray
) -> None:
    statuses = ["done", "proposed", "cannot_grade", "needs_review", "in_work"]
    for seed, status in enumerate(statuses):
        frame = make_frame(name=f"frame {seed}", seed=seed)
        study.save_revision(frame, labels, grader="g", parent=None, status=status)
    study.add_frame(make_frame(name="frame 99", seed=99))
    assert [found.case.name for found in study.labelled()] == ["frame 0", "frame 3"]
    assert len(study.case_ids()) == 6


def test_a_label_of_a_case_that_was_refused_later_does_not_count(
    study: Study, make_frame: Callable[..., Frame], labels: np.ndarray
) -> None:
    frame = make_frame("f", 1)
    saved = study.save_revision(frame, labels, grader="anna", parent=None)
    refused = study.log.write(
        "status", grader="ben", case=saved.case, details={"status": "cannot_grade"}
    )
    assert list(study.labelled()) == []
    again = study.save_revision(frame, labels, grader="anna", parent=saved.id)
    assert [found.revision for found in study.labelled()] == [again]
    study.log.path(refused.id).write_text("{", "utf-8")
    with pytest.raises(StudyError, match="no valid JSON"):
        list(study.labelled())
    trouble: list[StudyError] = []
    assert len(list(study.labelled(on_damage=trouble.append))) == 1
    assert len(trouble) == 1


def test_one_damaged_case_does_not_block_the_others(
    study: Study, make_frame: Callable[..., Frame], labels: np.ndarray
) -> None:
    saved = [
        study.save_revision(make_frame(f"f{i}", i), labels, grader="g", parent=None)
        for i in range(3)
    ]
    broken = study.revision_folder(saved[1].case, saved[1].id) / "revision.json"
    broken.write_text("{", "utf-8")
    with pytest.raises(StudyError, match="no valid JSON"):
        list(study.labelled())
    trouble: list[StudyError] = []
    assert len(list(study.labelled(on_damage=trouble.append))) == 2
    assert len(trouble) == 1


# --- frames and their ids ---------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300))
def test_every_name_makes_a_safe_id(name: str) -> None:
    frame = Frame(np.zeros((32, 32), np.uint8), name, None, "ab" * 32)
    made = case_id(frame)
    assert made.isascii()
    assert made.replace("-", "").isalnum()
    assert made.endswith("-" + "ab" * 6)
    assert len(made) <= 53


def test_the_same_name_with_other_pixels_is_another_case(
    study: Study, make_frame: Callable[..., Frame]
) -> None:
    one, two = make_frame("眼底", 1), make_frame("眼底", 2)
    study.add_frame(one)
    assert study.find_case(two) is None
    study.add_frame(two)
    assert study.find_case(one) != study.find_case(two)
    assert len(study.case_ids()) == 2


def test_adding_twice_keeps_the_first(study: Study, frame: Frame) -> None:
    first = study.add_frame(frame, patient="P-007", eye="left", phase="late")
    assert study.add_frame(frame) == first
    assert first.patient == "P-007"


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    hnp.arrays(
        st.sampled_from([np.dtype("u1"), np.dtype("u2"), np.dtype("f4")]),
        st.sampled_from([(33, 35), (32, 34, 3)]),
        fill=st.integers(0, 200),
    )
)
def test_frames_round_trip(study: Study, pixels: np.ndarray) -> None:
    frame = Frame(pixels, "any", None, pixel_sha256(pixels))
    case = study.add_frame(frame)
    found = study.load_frame(case.id)
    assert found.pixels.dtype == pixels.dtype
    assert found.sha256 == frame.sha256


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(hnp.arrays(np.uint16, (40, 60), elements=st.sampled_from([0, 1, 2, 65535])))
def test_labels_round_trip(study: Study, frame: Frame, labels: np.ndarray) -> None:
    saved = study.save_revision(frame, labels, grader="g", parent=None)
    assert np.array_equal(study.load_labels(saved), labels)


# --- what can go wrong ------------------------------------------------------------


def _sentence(call: Callable[[], Any], said: str) -> None:
    with pytest.raises((StudyError, LabelError), match=said) as error:
        call()
    assert str(error.value).endswith(".")
    assert "\n" not in str(error.value)


def test_a_label_of_another_size(study: Study, frame: Frame) -> None:
    small = np.zeros((39, 60), np.uint16)
    _sentence(
        lambda: study.save_revision(frame, small, grader="g", parent=None),
        "is 60 × 39 pixels but the frame is 60 × 40",
    )
    assert study.case_ids() == []


def test_no_grader_and_no_such_parent(
    study: Study, frame: Frame, labels: np.ndarray
) -> None:
    _sentence(
        lambda: study.save_revision(frame, labels, grader=" ", parent=None), "grader"
    )
    _sentence(
        lambda: study.save_revision(frame, labels, grader="g", parent="0009-00000000"),
        "no revision 0009",
    )


def test_a_frame_whose_hash_changed(
    study: Study, frame: Frame, labels: np.ndarray
) -> None:
    case = study.add_frame(frame)
    path = study.case_folder(case.id) / "frame.tif"
    tifffile.imwrite(path, frame.pixels + 1)
    _sentence(lambda: study.load_frame(case.id), "hash changed")
    record = study.case_folder(case.id) / "case.json"
    content = json.loads(record.read_text("utf-8"))
    record.write_text(json.dumps(content | {"frame_sha256": "0" * 64}), "utf-8")
    _sentence(
        lambda: study.save_revision(frame, labels, grader="g", parent=None),
        "holds another frame",
    )


def test_a_label_that_was_changed_cut_or_removed(
    study: Study, frame: Frame, labels: np.ndarray
) -> None:
    saved = study.save_revision(frame, labels, grader="g", parent=None)
    path = study.revision_folder(saved.case, saved.id) / "lesions.tif"
    whole = path.read_bytes()
    tifffile.imwrite(path, labels * 2)
    _sentence(lambda: study.load_labels(saved), "hash changed")
    path.write_bytes(whole[:100])
    _sentence(lambda: study.load_labels(saved), "damaged or cut short")
    path.unlink()
    _sentence(lambda: study.load_labels(saved), "missing")
    (path.parent / "revision.json").unlink()
    _sentence(lambda: study.latest_revision(saved.case), "no such file")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"schema": 3}', "newer version"),
        ('{"schema": "one"}', "names no schema"),
        ('{"schema": true}', "names no schema"),
        ("{}", "names no schema"),
        ("{", "no valid JSON"),
        ("[]", "not a record"),
    ],
)
def test_a_study_that_cannot_be_understood(
    tmp_path: Path, content: str, said: str
) -> None:
    (tmp_path / "study.json").write_text(content, "utf-8")
    _sentence(lambda: Study.open(tmp_path), said)


def test_records_of_a_newer_schema_or_with_wrong_fields(
    study: Study, frame: Frame, labels: np.ndarray
) -> None:
    saved = study.save_revision(frame, labels, grader="g", parent=None)
    path = study.revision_folder(saved.case, saved.id) / "revision.json"
    content = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps(content | {"schema": 3}), "utf-8")
    _sentence(lambda: study.latest_revision(saved.case), "newer version")
    path.write_text(json.dumps(content | {"lesions": [{"id": 0}]}), "utf-8")
    _sentence(lambda: study.latest_revision(saved.case), r"lesions\.0\.id is wrong")
    path.write_text(json.dumps(content | {"later": "field"}), "utf-8")
    found = study.latest_revision(saved.case)
    assert found is not None
    assert found.model_extra == {"later": "field"}


def test_no_study_and_already_a_study(study: Study, tmp_path: Path) -> None:
    _sentence(lambda: Study.open(tmp_path), "is not a study")
    _sentence(lambda: Study.open(tmp_path / "gone"), "is not a study")
    _sentence(lambda: Study.create(study.folder), "already a study")
    assert Study.open_or_create(study.folder).folder == study.folder
    assert Study.open_or_create(tmp_path / "new" / "one").case_ids() == []
    (tmp_path / "file").touch()
    _sentence(lambda: Study.create(tmp_path / "file"), "was not saved")


@pytest.mark.parametrize("case", ["../other", "", "a/b", "é", "a" * 81])
def test_ids_from_elsewhere_lead_nowhere_else(study: Study, case: str) -> None:
    _sentence(lambda: study.case(case), "is not the id of a case")
    _sentence(lambda: study.revision("a", f"0001-{case}"), "id of a revision")


@pytest.mark.parametrize(("number", "said"), [(28, "full"), (30, "read-only")])
@pytest.mark.parametrize("call", ["replace", "fsync", "mkdir"])
def test_a_failed_save_leaves_nothing(
    study: Study, frame: Frame, labels: np.ndarray, monkeypatch: pytest.MonkeyPatch,
    number: int, said: str, call: str,
) -> None:  # fmt: skip
    assert (errno.ENOSPC, errno.EROFS) == (28, 30)
    saved = study.save_revision(frame, labels, grader="g", parent=None)
    before = sorted(study.folder.rglob("*"))

    def fail(*args: Any, **kwargs: Any) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(files.os, call, fail)
        _sentence(
            lambda: study.save_revision(frame, labels, grader="g", parent=saved.id),
            said,
        )
    assert sorted(study.folder.rglob("*")) == before
    again = study.save_revision(frame, labels, grader="g", parent=saved.id)
    assert study.latest_revision(saved.case) == again


def test_a_read_only_folder(tmp_path: Path, frame: Frame, labels: np.ndarray) -> None:
    study = Study.create(tmp_path / "study")
    (study.folder / "cases").chmod(0o500)
    try:
        if os.access(study.folder / "cases", os.W_OK):
            pytest.skip("root writes everywhere")
        _sentence(
            lambda: study.save_revision(frame, labels, grader="g", parent=None),
            "read-only",
        )
    finally:
        (study.folder / "cases").chmod(0o700)


def test_what_a_killed_program_left_is_not_seen(
    study: Study, frame: Frame, labels: np.ndarray
) -> None:
    saved = study.save_revision(frame, labels, grader="g", parent=None)
    revisions = study.case_folder(saved.case) / "revisions"
    (revisions / ".tmp-0002-aaaaaaaa-12345678").mkdir()
    (study.folder / "cases" / ".tmp-x").mkdir()
    assert study.revision_ids(saved.case) == [saved.id]
    assert study.case_ids() == [saved.case]


_WRITER = """
import sys
from pathlib import Path
import numpy as np
from napari_mae_sam2.fa.frame import Frame, pixel_sha256
from napari_mae_sam2.study.folder import Study
study = Study.open(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
for seed in range(4):
    pixels = np.random.default_rng(seed).integers(0, 200, (40, 60)).astype(np.uint8)
    frame = Frame(pixels, f"frame {seed}", None, pixel_sha256(pixels))
    for number in range(10):
        labels = np.full((40, 60), number, np.uint16)
        study.save_revision(frame, labels, grader=sys.argv[2], parent=None)
"""


def test_two_programs_at_once_lose_nothing(study: Study) -> None:
    programs = [
        subprocess.Popen(
            [sys.executable, "-c", _WRITER, str(study.folder), grader],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for grader in ("a", "b")
    ]
    for program in programs:
        assert program.stdout is not None
        assert program.stdout.readline() == "ready\n"
    for program in programs:
        assert program.stdin is not None
        program.stdin.write("go\n")
        program.stdin.flush()
    for program in programs:
        program.communicate(timeout=60)
        assert program.returncode == 0
    assert len(study.case_ids()) == 4
    for case in study.case_ids():
        ids = study.revision_ids(case)
        records = [study.revision(case, name) for name in ids]
        assert len(records) == 20
        for grader in ("a", "b"):
            values = [
                int(study.load_labels(record).max())
                for record in records
                if record.grader == grader
            ]
            assert sorted(values) == list(range(10))
    assert _temporaries(study) == []


def test_a_program_killed_while_saving_leaves_only_whole_revisions(
    study: Study, frame: Frame, labels: np.ndarray
) -> None:
    code = _WRITER.replace("range(10)", "range(10_000)")
    for wait in (0.02, 0.05, 0.11):
        program = subprocess.Popen(
            [sys.executable, "-c", code, str(study.folder), "a"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert program.stdout is not None
        assert program.stdout.readline() == "ready\n"
        assert program.stdin is not None
        program.stdin.write("go\n")
        program.stdin.flush()
        time.sleep(wait)
        program.kill()
        program.communicate()
    for case in study.case_ids():
        study.load_frame(case)
        for name in study.revision_ids(case):
            study.load_labels(study.revision(case, name))
    saved = study.save_revision(frame, labels, grader="g", parent=None)
    assert study.latest_revision(saved.case) == saved


def test_saving_does_not_grow_slower_with_the_study(
    study: Study, make_frame: Callable[..., Frame], labels: np.ndarray,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    study.save_revision(make_frame("a", 1), labels, grader="g", parent=None)

    def scan(self: Study) -> list[str]:
        raise AssertionError("saving must not look at all cases")

    monkeypatch.setattr(Study, "case_ids", scan)
    study.save_revision(make_frame("b", 2), labels, grader="g", parent=None)
