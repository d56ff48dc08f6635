"""Labels from elsewhere: what is matched, read, saved, and what is never replaced."""

from __future__ import annotations

import errno
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile
from PIL import Image
from pycocotools import mask as rle

from napari_mae_sam2.fa.reading import read_frame
from napari_mae_sam2.study.conflicts import InConflict, label_of
from napari_mae_sam2.study.files import write_error
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.study_export import export_study

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Call = Callable[..., tuple[int, str, str]]

SHAPE = (40, 60)


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """Three frames, two of one name; none is labelled."""
    study = Study.create(tmp_path / "study")
    for seed, name in enumerate(("P1/OD late.png", "P2/OD late.png", "P2/OS.png")):
        path = tmp_path / "frames" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(seed).integers(0, 200, SHAPE).astype(np.uint8)
        Image.fromarray(pixels).save(path)
        study.add_frame(read_frame(path))
    return study


@pytest.fixture
def label() -> np.ndarray:
    """Two lesions that touch, the second with a hole."""
    label = np.zeros(SHAPE, np.uint16)
    label[5:10, 5:10] = 3
    label[5:20, 10:25] = 9
    label[8:11, 15:18] = 0
    return label


def _case(study: Study, name: str, seed: int | None = None) -> str:
    cases = [study.case(case) for case in study.case_ids()]
    found = [one.id for one in cases if one.name == name]
    if seed is None:
        (case,) = found
        return case
    pixels = np.random.default_rng(seed).integers(0, 200, SHAPE).astype(np.uint8)
    return next(c for c in found if (study.load_frame(c).pixels == pixels).all())


def _labels(study: Study, case: str) -> np.ndarray | None:
    revision = label_of(study, case)
    return None if revision is None else study.load_labels(revision)


def _save(path: Path, values: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix.lower().startswith(".tif"):
        tifffile.imwrite(path, values)
    else:
        Image.fromarray(values).save(path)
    return path


@pytest.mark.parametrize("suffix", [".png", ".TIFF", ".bmp"])
def test_binary_masks_in_folders_become_revisions_by_import(
    call: Call, study: Study, label: np.ndarray, tmp_path: Path, suffix: str
) -> None:
    binary = (np.where(label, 255, 0)).astype(np.uint8)
    masks = tmp_path / "masks"
    _save(masks / "p1" / f"OD LATE_mask{suffix}", binary)
    _save(masks / f"OS_mask{suffix}", binary * 0)
    words = (
        "import-labels",
        study.folder,
        masks,
        "--ending",
        "_MASK",
        "--kind",
        "Disc",
    )
    code, out, said = call(*words, "--dry-run")
    assert (code, said) == (0, "")
    one, other = _case(study, "OD late", 0), _case(study, "OS")
    assert f"→ {one} (1 lesion, {(label > 0).sum()} px): new label" in out
    assert f"→ {other} (0 lesions, 0 px): new label" in out
    assert "2 labels with 1 lesion would be imported" in out
    assert not any(study.revision_ids(case) for case in study.case_ids())

    assert call(*words)[0] == 0
    revision = label_of(study, one)
    assert revision is not None
    assert (revision.grader, revision.status, revision.parent) == (
        "import", "done", None,
    )  # fmt: skip
    assert [(lesion.source, lesion.kind) for lesion in revision.lesions] == [
        ("import", "disc")
    ]
    assert np.array_equal(study.load_labels(revision) > 0, label > 0)
    assert _labels(study, _case(study, "OD late", 1)) is None
    empty = _labels(study, other)
    assert empty is not None
    assert not empty.any()  # no leakage is an answer

    code, out, _ = call(*words)
    assert (code, "0 labels" in out) == (0, True)  # the same again is nothing new
    assert len(study.revision_ids(one)) == 1


def test_instances_keep_their_numbers(
    call: Call, study: Study, label: np.ndarray, tmp_path: Path
) -> None:
    masks = tmp_path / "masks"
    _save(masks / "P1" / "OD late.tif", label)
    _save(masks / "P2" / "OD late.png", label.astype(np.uint8))
    code, _, said = call("import-labels", study.folder, masks)
    assert code == 1
    assert "P2/OD late.png" in said  # 3 and 9 in 8 bits may mean anything
    got = _labels(study, _case(study, "OD late", 0))
    assert got is not None
    assert np.array_equal(got, label)
    assert call("import-labels", study.folder, masks, "--instances")[0] == 0
    got = _labels(study, _case(study, "OD late", 1))
    assert got is not None
    assert np.array_equal(got, label)


def test_names_of_several_cases_or_none_and_wrong_sizes_are_named(
    call: Call, study: Study, label: np.ndarray, tmp_path: Path
) -> None:
    binary = (label > 0).astype(np.uint8) * 255
    masks = tmp_path / "masks"
    _save(masks / "OD late.png", binary)
    _save(masks / "OS.png", binary[:30])
    _save(masks / "other.png", binary)
    _save(masks / "P3" / "OS.png", binary)
    code, out, said = call("import-labels", study.folder, masks)
    assert code == 1
    assert "0 labels" in out
    assert "OD late.png fits OD late (" in said
    assert "had no effect: other.png, P3/OS.png. To match by file names" in said
    assert "60 x 30 pixels and its frame 60 x 40" in said
    assert not any(study.revision_ids(case) for case in study.case_ids())


def test_a_graders_answer_is_never_replaced(
    call: Call, study: Study, label: np.ndarray, tmp_path: Path
) -> None:
    case = _case(study, "OS")
    frame = study.load_frame(case)
    mine = study.save_revision(frame, label * 0, grader="anna", parent=None)
    mask = _save(tmp_path / "OS.tif", label)
    code, out, said = call("import-labels", study.folder, mask)
    assert code == 1
    assert "0 labels" in out
    assert "has an answer by anna, which stays" in said
    assert study.revision_ids(case) == [mine.id]
    code, out, _ = call("import-labels", study.folder, mask, "--keep-both")
    assert (code, "1 label " in out) == (0, True)
    with pytest.raises(InConflict, match="anna and import"):
        label_of(study, case)


def test_a_corrected_import_stands_and_an_uncorrected_one_is_brought_up_to_date(
    call: Call, study: Study, label: np.ndarray, tmp_path: Path
) -> None:
    case, mask = _case(study, "OS"), tmp_path / "OS.tif"
    words = ("import-labels", study.folder, mask)
    _save(mask, label)
    assert call(*words)[0] == 0
    label[30:35, 30:35] = 12
    _save(mask, label)
    assert "replaces the label imported before" in call(*words, "--dry-run")[1]
    assert call(*words)[0] == 0
    first, second = study.revision_ids(case)
    assert study.revision(case, second).parent == first
    study.save_revision(study.load_frame(case), label * 0, grader="anna", parent=second)
    _save(mask, (label > 3) * np.uint16(7))
    assert call(*words)[0] == 1
    got = _labels(study, case)
    assert got is not None
    assert not got.any()


def test_proposals_give_way_and_refused_cases_stay_refused(
    call: Call, study: Study, label: np.ndarray, tmp_path: Path
) -> None:
    case, other = _case(study, "OS"), _case(study, "OD late", 0)
    frame = study.load_frame(case)
    study.save_revision(
        frame, label * 0, grader="model", parent=None, status="proposed"
    )
    study.log.write(
        "status", case=other, grader="anna", details={"status": "cannot_grade"}
    )
    _save(tmp_path / "m" / "OS.tif", label)
    _save(tmp_path / "m" / f"{other}.tif", label)
    code, _, said = call("import-labels", study.folder, tmp_path / "m")
    assert code == 1
    assert f"{other} cannot be graded" in said
    got = _labels(study, case)
    assert got is not None
    assert np.array_equal(got, label)
    assert study.revision_ids(other) == []


def test_unsure_areas_are_not_dropped_without_a_word(
    call: Call, study: Study, tmp_path: Path
) -> None:
    mask = np.zeros(SHAPE, np.uint8)
    mask[:5], mask[9:12] = 255, 128
    code, _, said = call(
        "import-labels", study.folder, _save(tmp_path / "OS.png", mask)
    )
    assert code == 1
    assert "OS.png: 180 pixels that are marked as unsure were not kept" in said


def test_a_table_says_which_mask_is_whose(
    call: Call, study: Study, label: np.ndarray, tmp_path: Path
) -> None:
    _save(tmp_path / "masks" / "0001.tif", label)
    table = tmp_path / "masks.csv"
    table.write_text("Image;Mask\nP2/OD late;masks\\0001.tif\nOS;masks/0002.tif\nOS;\n")
    code, _, said = call("import-labels", study.folder, table)
    assert code == 1
    assert "masks.csv, line 4, names no mask." in said
    assert "0002.tif cannot be opened" in said
    got = _labels(study, _case(study, "OD late", 1))
    assert got is not None
    assert np.array_equal(got, label)


# --- COCO -----------------------------------------------------------------------


def _coco(path: Path, annotations: list[dict[str, Any]], **image: object) -> Path:
    image = {"id": 5, "file_name": "P1/OD late.png", "height": 40, "width": 60} | image
    for number, one in enumerate(annotations, start=1):
        one.update({"id": number, "image_id": 5, "category_id": one.get("c", 1)})
    categories = [{"id": 1, "name": "Leakage"}, {"id": 2, "name": "disc"},
                  {"id": 3, "name": "vessel"}]  # fmt: skip
    path.write_text(
        json.dumps({
            "images": [image], "annotations": annotations, "categories": categories,
        })
    )  # fmt: skip
    return path


def _rle(mask: np.ndarray, compressed: bool) -> dict[str, Any]:
    if compressed:
        made = rle.encode(np.asfortranarray(mask.astype(np.uint8)))
        return {"size": list(mask.shape), "counts": made["counts"].decode()}
    flat = mask.T.ravel()
    edges = np.flatnonzero(np.diff(flat.astype(int))) + 1
    runs = np.diff([0, *edges, flat.size]).tolist()
    return {"size": list(mask.shape), "counts": [0, *runs] if flat[0] else runs}


@pytest.mark.parametrize("compressed", [True, False])
def test_coco_rle_with_kinds(
    call: Call, study: Study, label: np.ndarray, tmp_path: Path, compressed: bool
) -> None:
    file = _coco(
        tmp_path / "c.json",
        [
            {"segmentation": _rle(label == 3, compressed)},
            {"segmentation": _rle(label == 9, compressed), "c": 2},
        ],
    )
    assert call("import-labels", study.folder, file)[0] == 0
    case = _case(study, "OD late", 0)
    revision = label_of(study, case)
    assert revision is not None
    got = study.load_labels(revision)
    assert np.array_equal(got, np.select([label == 3, label == 9], [1, 2]))
    assert [lesion.kind for lesion in revision.lesions] == ["", "disc"]


def test_coco_polygons_and_overlaps(call: Call, study: Study, tmp_path: Path) -> None:
    square = [[10, 5, 20, 5, 20, 15, 10, 15]]  # x and y
    parts = [[18, 5, 24, 5, 24, 15, 18, 15], [40, 30, 50, 30, 50, 35, 40, 35]]
    file = _coco(
        tmp_path / "c.json", [{"segmentation": square}, {"segmentation": parts}]
    )
    code, _, said = call("import-labels", study.folder, file)
    assert code == 1
    assert "20 pixels of overlapping lesions went to the earlier one" in said
    got = _labels(study, _case(study, "OD late", 0))
    assert got is not None
    assert (got[5:15, 10:20] == 1).all()
    assert (got[5:15, 20:24] == 2).all()
    assert (got[30:35, 40:50] == 2).all()
    assert np.count_nonzero(got) == 100 + 40 + 50


@pytest.mark.parametrize(
    ("annotations", "image", "said"),
    [
        ([{"bbox": [1, 1, 5, 5]}], {}, "annotation 1, has no outline"),
        ([{"segmentation": [[1, 2, 3]]}], {}, "annotation 1, has no outline"),
        ([{"segmentation": {"size": [9, 9], "counts": [81]}}], {}, "no outline"),
        ([{"segmentation": [[1, 1, 9, 1, 9, 9]]}], {"width": 61}, "61 × 40 pixels"),
        ([{"segmentation": [[70, 50, 80, 50, 80, 60]]}], {}, "outside the frame"),
        ([], {}, "add --empty-is-negative"),
        ([{"segmentation": [[1, 1, 9, 1, 9, 9]]}], {"file_name": "x.png"}, "fits no"),
        ([{"segmentation": [[1, 1, 9, 1, 9, 9]]}], {"file_name": "OD late.png"},
         "OD late.png fits"),
    ],
)  # fmt: skip
def test_coco_that_cannot_be_used_is_named_and_saves_nothing(
    call: Call, study: Study, tmp_path: Path,
    annotations: list[dict[str, Any]], image: dict[str, object], said: str,
) -> None:  # fmt: skip
    file = _coco(tmp_path / "c.json", annotations, **image)
    code, out, complaint = call("import-labels", study.folder, file)
    assert code == 1
    assert said in complaint
    assert "0 labels" in out
    assert not any(study.revision_ids(case) for case in study.case_ids())


def test_what_is_leakage_is_never_guessed(
    call: Call, study: Study, tmp_path: Path
) -> None:
    square = [[10, 5, 20, 5, 20, 15, 10, 15]]
    other = [[40, 30, 50, 30, 50, 35, 40, 35]]
    many = [{"segmentation": square}, {"segmentation": other, "c": 3}]
    file = _coco(tmp_path / "c.json", many)
    code, _, said = call("import-labels", study.folder, file)
    assert code == 2
    assert "(vessel): say with --category" in said
    code, _, said = call("import-labels", study.folder, file, "--category", "haze")
    assert (code, "has no category “haze”" in said) == (2, True)
    assert call("import-labels", study.folder, file, "--category", "leakage")[0] == 0
    got = _labels(study, _case(study, "OD late", 0))
    assert got is not None
    assert np.count_nonzero(got) == 100


def test_our_own_export_comes_back_whole(
    call: Call, study: Study, label: np.ndarray, tmp_path: Path
) -> None:
    one, other = _case(study, "OD late", 0), _case(study, "OS")
    study.save_revision(study.load_frame(one), label, grader="a", parent=None)
    study.save_revision(study.load_frame(other), label * 0, grader="a", parent=None)
    export_study(study, tmp_path / "out")
    # The same pixels under other names, in another study: their hash finds them.
    copy = Study.create(tmp_path / "copy")
    for number, case in enumerate((one, other)):
        path = tmp_path / f"renamed {number}.png"
        Image.fromarray(study.load_frame(case).pixels).save(path)
        copy.add_frame(read_frame(path))
    assert call("import-labels", copy.folder, tmp_path / "out" / "coco.json")[0] == 0
    got = _labels(copy, _case(copy, "renamed 0"))
    assert got is not None
    assert np.array_equal(got, label)
    assert len(copy.revision_ids(_case(copy, "renamed 1"))) == 1
    # and the folder of labels, by ids, into a study that holds the cases themselves
    again = Study.create(tmp_path / "again")
    for case in (one, other):
        frame = study.load_frame(case)
        again.add_frame(frame)
    assert call("import-labels", again.folder, tmp_path / "out")[0] == 0
    got = _labels(again, one)
    assert got is not None
    assert np.array_equal(got, label)
    manifest = tmp_path / "out" / "manifest.csv"
    code, out, _ = call("import-labels", again.folder, manifest)
    assert (code, "0 labels" in out) == (0, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("GONE",), "does not exist"),
        (("EMPTY",), "holds no PNG, TIFF or BMP masks"),
        (("EMPTY", "--status", "finished"), "cannot be imported as “finished”"),
        (("EMPTY", "--kind", "haze"), "no kind “haze”"),
        (("JSON",), "is no valid JSON"),
        (("LIST",), "is no COCO file"),
    ],
)
def test_bad_input_is_one_sentence(
    call: Call, study: Study, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "a.json").write_text("{")
    (tmp_path / "b.json").write_text("[]")
    places = {"GONE": "gone", "EMPTY": "empty", "JSON": "a.json", "LIST": "b.json"}
    given = [tmp_path / places[word] if word in places else word for word in words]
    code, _, complaint = call("import-labels", study.folder, *given)
    assert code == 2
    assert said in complaint
    assert complaint.count("\n") == 1


def test_a_full_disk_ends_the_import_and_it_goes_on_later(
    call: Call, study: Study, label: np.ndarray, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    for case in study.case_ids():
        _save(tmp_path / "m" / f"{case}.tif", label)
    words = ("import-labels", study.folder, tmp_path / "m")
    save, saved = Study.save_revision, []

    def full(self: Study, *args: Any, **kwargs: Any) -> object:
        saved.append(1)
        if len(saved) == 2:
            raise write_error(self.folder, OSError(errno.ENOSPC, "full"))
        return save(self, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(Study, "save_revision", full)
        code, _, said = call(*words)
    assert (code, "disk is full" in said) == (2, True)
    assert call(*words)[0] == 0
    assert [len(study.revision_ids(case)) for case in study.case_ids()] == [1, 1, 1]
