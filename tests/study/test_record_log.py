from __future__ import annotations

import pytest

from napari_mae_sam2.study.files import StudyError
from napari_mae_sam2.study.record_log import MAGIC, RecordLog

RECORDS = [b"one", b"two" * 500, b"three"]


@pytest.fixture
def path(tmp_path):
    made = tmp_path / "journals" / "case.journal"
    log = RecordLog(made)
    log.begin(RECORDS[:1])
    log.append(RECORDS[1:2])
    log.append(RECORDS[2:])
    return made


def test_what_was_written_is_read(path):
    found = RecordLog(path).read()
    assert list(found.payloads) == RECORDS
    assert found.is_whole
    assert found.end == path.stat().st_size


@pytest.mark.parametrize("cut", [1, 5, 12])
def test_a_record_cut_short_is_passed_over_and_replaced(path, cut):
    path.write_bytes(path.read_bytes()[:-cut])
    log = RecordLog(path)
    found = log.read()
    assert list(found.payloads) == RECORDS[:2]
    assert found.is_whole
    log.append([b"next"])
    assert list(RecordLog(path).read().payloads) == [*RECORDS[:2], b"next"]


def test_damage_in_the_middle_costs_what_follows(path):
    content = bytearray(path.read_bytes())
    content[len(MAGIC) + 8 + 3 + 8 + 700] ^= 255
    path.write_bytes(bytes(content))
    found = RecordLog(path).read()
    assert list(found.payloads) == RECORDS[:1]
    assert not found.is_whole


def test_another_version_is_left_as_it_is(path):
    path.write_bytes(b"MAE-SAM2 journal 2\n whatever")
    with pytest.raises(StudyError, match="another version"):
        RecordLog(path).read()


def test_a_missing_file_is_empty(tmp_path):
    found = RecordLog(tmp_path / "none").read()
    assert found.payloads == ()
    assert found.is_whole


def test_a_log_that_cannot_be_written_says_so(path, tmp_path):
    log = RecordLog(path)
    log.read()
    path.unlink()
    with pytest.raises(StudyError, match="was not saved"):
        log.append([b"next"])
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StudyError, match="was not saved"):
        RecordLog(tmp_path / "file" / "case.journal").begin(RECORDS)
