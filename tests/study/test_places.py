from __future__ import annotations

from pathlib import Path

from napari_mae_sam2.study.places import STUDY_NAME, Places


def test_two_windows_keep_each_others_choices(tmp_path: Path) -> None:
    file = tmp_path / "config" / "studies.json"
    one, other = Places(file), Places(file)
    one.choose(tmp_path / "a", tmp_path / "study a")
    other.choose(tmp_path / "b", tmp_path / "study b")
    later = Places(file)
    assert later.study_of(tmp_path / "a") == tmp_path / "study a"
    assert later.study_of(tmp_path / "b") == tmp_path / "study b"
    assert later.study_of(tmp_path / "c") == tmp_path / "c" / STUDY_NAME


def test_a_file_that_cannot_be_read_counts_as_no_choice(tmp_path: Path) -> None:
    file = tmp_path / "studies.json"
    file.write_text("[1, 2", encoding="utf-8")
    places = Places(file)
    places.choose(Path("a"), Path("b"))
    assert Places(file).study_of(Path("a")) == Path("b").absolute()
