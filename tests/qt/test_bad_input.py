"""Bad input is one sentence in the window; nothing is lost and nothing else stops."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
import tifffile
from bad_frames import BAD, write_bad
from PIL import Image

TOP = (10, 12)


def commit_a_lesion(grader):
    grader.click(TOP)
    grader.wait_for_proposal()
    grader.press("C")


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_frame_between_two_good_ones(grader, folder, kind):
    (folder / "eye 1.png").unlink()
    bad = write_bad(kind, folder, "eye 1")
    grader.widget.open_paths([folder])
    grader.wait_until_ready()
    commit_a_lesion(grader)
    grader.press("N")
    grader.wait(lambda: bad.name in grader.widget.messages.text, "the sentence")
    sentence = grader.widget.messages.text
    assert "\n" not in sentence
    assert sentence.endswith(".")
    grader.push("Next ▶")
    grader.wait_until_ready()
    commit_a_lesion(grader)
    grader.widget.desk.go(0)
    grader.wait(lambda: grader.widget.desk.worklist.index == 0, "going back")
    grader.wait_until_ready()
    assert grader.session.labels[TOP] == 1


def test_rgba_is_a_good_frame(grader, tmp_path):
    pixels = np.full((64, 64, 4), 40, np.uint8)
    pixels[10:20, 10:20, :3] = 200
    pixels[..., 3] = 255
    Image.fromarray(pixels).save(tmp_path / "with alpha.png")
    grader.widget.open_paths([tmp_path / "with alpha.png"])
    grader.wait_until_ready()
    assert grader.session.frame.pixels.shape == (64, 64, 3)
    assert grader.widget.layers.frame.data.ndim == 2


def test_a_folder_without_images(at_work, tmp_path):
    (tmp_path / "empty").mkdir()
    at_work.widget.open_paths([tmp_path / "empty"])
    at_work.wait(lambda: "empty" in at_work.widget.messages.text, "the sentence")
    commit_a_lesion(at_work)


def test_a_label_of_another_size(at_work, folder):
    commit_a_lesion(at_work)
    at_work.press("S", shift=True)
    at_work.wait(lambda: "Saved" in at_work.widget.messages.text, "saving")
    (label,) = (folder / "leakage-study").rglob("lesions.tif")
    tifffile.imwrite(label, np.zeros((9, 9), np.uint16))
    # A case that is open is not read again: these are the same frames elsewhere.
    elsewhere = shutil.copytree(folder, folder.with_name("elsewhere"))
    at_work.widget.open_paths([elsewhere])
    at_work.wait(lambda: "lesions.tif" in at_work.widget.messages.text, "the sentence")
    at_work.push("Next ▶")
    at_work.wait_until_ready()
    commit_a_lesion(at_work)


def test_a_frame_that_vanished(at_work, folder):
    (folder / "eye 1.png").unlink()
    at_work.press("N")
    at_work.wait(lambda: "eye 1.png" in at_work.widget.messages.text, "the sentence")
    at_work.push("Next ▶")
    at_work.wait_until_ready()


def test_an_export_that_cannot_be_written(at_work, folder):
    commit_a_lesion(at_work)
    at_work.press("S", shift=True)
    at_work.wait(lambda: "Saved" in at_work.widget.messages.text, "saving")
    (folder / "leakage-study" / "export").write_text("in the way")
    at_work.push("Export")
    at_work.wait(lambda: "export" in at_work.widget.messages.text, "the sentence")
    assert "Exported" not in at_work.widget.messages.text
    assert at_work.session.labels[TOP] == 1


def test_a_folder_read_by_napari_becomes_the_list(grader, folder):
    grader.viewer.open(str(folder), plugin="napari-mae-sam2")
    grader.wait_until_ready()
    assert len(grader.widget.desk.worklist.cases) == 3


def test_files_dropped_on_the_canvas_become_cases(grader, folder):
    files = [str(folder / f"eye {index}.png") for index in range(3)]
    grader.viewer.open(files, plugin="napari", stack=False)
    grader.wait(lambda: len(grader.widget.desk.worklist.cases) == 3, "three cases")
    grader.wait_until_ready()
    names = {layer.name for layer in grader.viewer.layers}
    assert {"leakage", "found", "proposal", "prompts"} < names
    assert len(names) == 5


def test_a_read_only_study_folder_is_a_sentence(at_work, folder, tmp_path):
    shutil.rmtree(folder / "leakage-study", ignore_errors=True)
    at_work.widget.desk.set_folder(tmp_path / "file" / "below")
    (tmp_path / "file").write_text("a file cannot hold a folder")
    at_work.wait(lambda: at_work.widget.desk.session is not None, "the case to open")
    commit_a_lesion(at_work)
    at_work.press("S", shift=True)
    at_work.wait(lambda: bool(at_work.widget.messages.text), "the sentence")
    assert "Saved" not in at_work.widget.messages.text
    assert at_work.session.saves.unsaved
