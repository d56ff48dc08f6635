from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile
from PIL import Image
from pycocotools.coco import COCO

from napari_mae_sam2.fa.frame import Frame, pixel_sha256
from napari_mae_sam2.fa.lesions import LabelError
from napari_mae_sam2.fa.reading import list_frames
from napari_mae_sam2.study.coco import write_study_coco
from napari_mae_sam2.study.export import export_label, label_paths
from napari_mae_sam2.study.files import StudyError
from napari_mae_sam2.study.records import LesionRecord, ModelRecord, PromptRecord
from napari_mae_sam2.study.study_export import export_study

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_mae_sam2.study.folder import Study


@pytest.fixture
def filled(study: Study, make_frame: Callable[..., Frame], labels: np.ndarray) -> Study:
    """Three cases: two lesions, none, and one of a kind of the study's own."""
    kinds = [LesionRecord(id=1, kind="disc")]
    study.save_revision(
        make_frame("f1", 1), labels, grader="g", parent=None, lesions=kinds
    )
    study.save_revision(make_frame("f2", 2), labels * 0, grader="g", parent=None)
    own = [LesionRecord(id=7, kind="fern-like")]
    study.save_revision(
        make_frame("f3", 3, "uint16"), np.where(labels == 7, 7, 0), grader="g",
        parent=None, lesions=own,
    )  # fmt: skip
    return study


def _check_coco(coco: COCO, labels: np.ndarray) -> None:
    assert len(coco.imgs) == 3
    assert len(coco.anns) == 3
    first = [a for a in coco.anns.values() if a["image_id"] == 1]
    for annotation, lesion in zip(first, (1, 7), strict=True):
        mask = coco.annToMask(annotation)
        assert np.array_equal(mask, labels == lesion)  # the hole too
        assert annotation["area"] == mask.sum()
        left, top, width, height = annotation["bbox"]
        box = np.argwhere(mask)
        assert (top, left) == tuple(box.min(axis=0))
        assert (top + height - 1, left + width - 1) == tuple(box.max(axis=0))
    names = {c["id"]: c["name"] for c in coco.cats.values()}
    kinds = [names[a["category_id"]] for a in coco.anns.values()]
    assert kinds == ["disc", "leakage", "fern-like"]


# pycocotools itself triggers it when it decodes.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_pycocotools_opens_a_study(filled: Study, labels: np.ndarray) -> None:
    path = write_study_coco(filled)
    coco = COCO(str(path))
    _check_coco(coco, labels)
    for image in coco.imgs.values():
        assert (path.parent / image["file_name"]).is_file()
        assert (image["height"], image["width"]) == (40, 60)


def test_the_coco_file_follows_the_newest_revision(
    filled: Study, make_frame: Callable[..., Frame], labels: np.ndarray
) -> None:
    frame = make_frame("f1", 1)
    case = filled.find_case(frame)
    assert case is not None
    parent = filled.latest_revision(case.id)
    assert parent is not None
    filled.save_revision(frame, labels * 0, grader="g", parent=parent.id)
    content = json.loads(write_study_coco(filled).read_text("utf-8"))
    assert [a["image_id"] for a in content["annotations"]] == [3]


def test_a_failed_write_keeps_the_old_coco_file(
    filled: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_study_coco(filled)
    before = path.read_bytes()

    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(StudyError, match="disk is full"):
        write_study_coco(filled)
    assert path.read_bytes() == before
    assert not list(path.parent.glob(".tmp-*"))


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_export_of_a_study(filled: Study, labels: np.ndarray, tmp_path: Path) -> None:
    out = tmp_path / "a new" / "folder"
    steps: list[tuple[int, int]] = []
    done = export_study(filled, out, lambda i, n: steps.append((i, n)))
    assert (done.cases, done.lesions, done.trouble) == (3, 3, [])
    assert steps == [(1, 3), (2, 3), (3, 3)]
    coco = COCO(str(out / "coco.json"))
    _check_coco(coco, labels)
    with (out / "manifest.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3
    for row in rows:
        assert (out / row["image"]).is_file()
        with Image.open(out / row["mask"]) as image:
            assert set(np.unique(np.array(image))) <= {0, 255}
    assert len(list((out / "labels").glob("*.leakage.json"))) == 3
    assert export_study(filled, out).cases == 3  # again into the same folder


def test_a_bad_case_is_left_out_and_named(filled: Study, tmp_path: Path) -> None:
    case = filled.case_ids()[1]
    (filled.case_folder(case) / "frame.tif").write_bytes(b"II*\0")
    done = export_study(filled, tmp_path / "out")
    assert done.cases == 2
    assert len(done.trouble) == 1
    assert case in done.trouble[0]


def test_a_study_without_labels_or_a_bad_folder(
    study: Study, filled: Study, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StudyError, match="is a file"):
        export_study(filled, tmp_path / "file")
    for case in list(study.folder.glob("cases/*")):
        for path in sorted(case.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        case.rmdir()
    with pytest.raises(StudyError, match="no finished label"):
        export_study(study, tmp_path / "out")


@pytest.mark.parametrize(
    ("chosen", "stem"),
    [
        ("OD  1.png", "OD  1"),
        ("OD 1.leakage.tif", "OD 1"),
        ("a.b", "a.b"),
        ("眼底.ome.tif", "眼底"),
        ("x.JSON", "x"),
        ("x", "x"),
        (".leakage.png", "frame"),
    ],
)
def test_names_beside_the_chosen_path(chosen: str, stem: str) -> None:
    names = [path.name for path in label_paths(Path("d") / chosen)]
    assert names == [f"{stem}.leakage{end}" for end in (".tif", ".png", ".json")]


def test_export_of_one_label(tmp_path: Path, frame: Frame, labels: np.ndarray) -> None:
    original = tmp_path / "OD 1.png"
    Image.fromarray(frame.pixels).save(original)
    before = original.read_bytes()
    prompts = PromptRecord(points=[(9, 5)], labels=[1])
    paths = export_label(
        original,
        labels,
        frame=frame,
        grader="g",
        lesions=[LesionRecord(id=1, kind="disc", prompts=prompts)],
        model=ModelRecord(name="tiny", fingerprint="f00"),
    )
    assert original.read_bytes() == before
    assert list_frames(tmp_path) == [original]  # the label is not taken for a frame
    assert np.array_equal(tifffile.imread(paths[0]), labels)
    assert tifffile.imread(paths[0]).dtype == np.uint16
    with Image.open(paths[1]) as image:
        assert np.array_equal(np.array(image), (labels > 0) * 255)
    record = json.loads(paths[2].read_text("utf-8"))
    assert record["frame_sha256"] == frame.sha256
    assert record["label_sha256"] == pixel_sha256(labels)
    assert record["grader"] == "g"
    assert record["model"]["fingerprint"] == "f00"
    assert record["software"].startswith("napari-mae-sam2 ")
    first, second = record["lesions"]
    assert first["prompts"]["points"] == [[9, 5]]
    assert first["kind"] == "disc"
    assert first["area_px"] == 91
    assert second["bbox"] == [30, 40, 35, 50]
    assert frame.name not in paths[2].read_text("utf-8")


def test_export_without_a_frame_and_of_a_wrong_size(
    tmp_path: Path, frame: Frame, labels: np.ndarray
) -> None:
    paths = export_label(tmp_path / "a", labels)
    assert json.loads(paths[2].read_text("utf-8"))["frame_sha256"] is None
    with pytest.raises(LabelError, match="the frame is 60 × 40"):
        export_label(tmp_path / "b", labels[:-1], frame=frame)
    with pytest.raises(LabelError):
        export_label(tmp_path / "b", np.zeros((2, 40, 60), np.uint16))
    with pytest.raises(StudyError, match="gone"):
        export_label(tmp_path / "no" / "a", labels)
    assert sorted(tmp_path.iterdir()) == sorted(paths)
