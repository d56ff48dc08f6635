from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from mae_sam2_training.__main__ import main
from mae_sam2_training.data.study_folder import read_study
from mae_sam2_training.rounds.config import RoundConfig
from mae_sam2_training.rounds.errors import RoundError
from mae_sam2_training.rounds.folder import Rounds
from mae_sam2_training.rounds.freezing import divide, freeze
from mae_sam2_training.rounds.frozen_test import FILE, read_frozen_test, reserve
from mae_sam2_training.rounds.places import bench_of, machine_code
from mae_sam2_training.rounds.records import ModelUsed, RoundRecord, left_out
from mae_sam2_training.rounds.sides import assign_sides
from napari_mae_sam2.fa.frame import Frame, pixel_sha256
from napari_mae_sam2.study import files
from napari_mae_sam2.study.conflicts import InConflict
from napari_mae_sam2.study.files import StudyError
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.relabel import relabel

if TYPE_CHECKING:
    from pathlib import Path

    from mae_sam2_training.rounds.folder import Status

BASE = ModelUsed(name="base", fingerprint="b" * 64)


def label(
    folder: Path, number: int, patient: str | None, value: int = 1, name: str = "more"
) -> str:
    study = Study.open_or_create(folder)
    pixels = np.full((32, 32), number, np.uint8)
    frame = Frame(pixels, f"{name} {number}", None, pixel_sha256(pixels))
    case = study.add_frame(frame, patient=patient)
    labels = np.zeros((32, 32), np.uint16)
    labels[4:9, 4:9] = value
    revisions = study.revision_ids(case.id)
    parent = revisions[-1] if revisions else None
    study.save_revision(frame, labels, grader="test", parent=parent)
    return case.id


def test_a_round_says_exactly_what_it_is(study: Path) -> None:
    rounds = Rounds(study)
    record = freeze(rounds, RoundConfig(), BASE, BASE)
    assert rounds.numbers() == [1]
    assert rounds.read(1) == record
    assert rounds.status(1) == "frozen"
    read = Study.open(study)
    for member in record.members:
        revision = read.revision(member.case, member.revision)
        assert revision.label_sha256 == member.label_sha256
        assert revision.frame_sha256 == member.frame_sha256
    assert [len(record.side(side)) for side in ("train", "val", "test")] == [4, 1, 1]
    assert {(m.clicks, m.seconds) for m in record.members} == {(4.0, 30.0)}
    assert RoundConfig.model_validate(record.config) == RoundConfig()
    assert record.machine == machine_code()
    assert len(record.code_sha256) == 64
    assert str(study) not in (rounds.place(1) / "round.json").read_text()


def test_who_tests_never_trains_and_the_other_way_round(study: Path) -> None:
    rounds = Rounds(study)
    first = freeze(rounds, RoundConfig(), BASE, BASE)
    for number in range(10, 24):
        label(study, number, f"Q{number}")
    other_seed = RoundConfig.model_validate({"finetune": {"run": {"seed": 7}}})
    second = freeze(rounds, other_seed, BASE, BASE)
    tested = {m.group for m in first.side("test")}
    assert tested < {m.group for m in second.side("test")}
    trained = {m.group for m in first.members} - tested
    assert not trained & {m.group for m in second.side("test")}
    assert len(second.side("test")) == 4  # a fifth of twenty


def test_sides_do_not_depend_on_who_else_is_there() -> None:
    people = [f"P{n}" for n in range(40)]
    few = assign_sides(people[:20], {}, None, test=0.25, val=0.2, seed=3)
    many = assign_sides(people, few, None, test=0.25, val=0.2, seed=3)
    assert sum(side == "test" for side in many.values()) == 10
    assert {p for p in few if few[p] == "test"} <= {
        p for p in many if many[p] == "test"
    }
    assert not {p for p in few if few[p] != "test"} & {
        p for p in many if many[p] == "test"
    }
    assert few != assign_sides(people[:20], {}, None, test=0.25, val=0.2, seed=4)
    assert assign_sides(["A"], {}, None, test=0.5, val=0.5, seed=0) == {"A": "train"}


def test_a_reserved_set_is_the_only_test_and_never_changes(study: Path) -> None:
    reserved = reserve(study, share=0.34, seed=1)
    assert len(reserved.cases) == 2
    assert read_frozen_test(study) == reserved
    with pytest.raises(RoundError, match="already"):
        reserve(study, share=0.5)
    patient = sorted(reserved.groups)[0].removeprefix("patient ")
    new = label(study, 50, patient)
    record = freeze(Rounds(study), RoundConfig(), BASE, BASE)
    assert record.reserved
    assert {m.case for m in record.side("test")} == set(reserved.cases)
    # a new frame of a patient who tests neither trains nor tests
    assert new not in {m.case for m in record.members}
    before = record.test_sha256
    assert before == freeze(Rounds(study), RoundConfig(), BASE, BASE).test_sha256


def test_who_was_trained_on_cannot_be_reserved(study: Path) -> None:
    record = freeze(Rounds(study), RoundConfig(), BASE, BASE)
    with pytest.raises(RoundError, match="trained on in an earlier round"):
        reserve(study, cases=[record.side("train")[0].case])
    assert not (study / "rounds" / FILE).exists()
    with pytest.raises(RoundError, match="at least two patients"):
        reserve(study)
    tested = record.side("test")[0]
    assert reserve(study, cases=[tested.case]).groups == {tested.group}


def test_a_test_case_whose_patient_was_corrected_never_trains(tmp_path: Path) -> None:
    folder = tmp_path / "study"
    cases = [label(folder, n, f"P{n}") for n in range(4)]
    reserve(folder, cases=cases[:1])
    relabel(Study.open(folder), cases[0], {"patient": "P1"})
    record = freeze(Rounds(folder), RoundConfig(), BASE, BASE)
    assert {m.case for m in record.side("test")} == {cases[0]}
    # nor does anything else of the patient that it belongs to now
    assert {m.case for m in record.members} == {cases[0], cases[2], cases[3]}


def test_a_frame_that_trained_does_not_test_under_another_patient(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "study"
    for number in range(6):
        label(folder, number, f"P{number}")
    rounds = Rounds(folder)
    first = freeze(rounds, RoundConfig(), BASE, BASE)
    tester, trained = first.side("test")[0], first.side("train")[0]
    patient = tester.group.removeprefix("patient ")
    relabel(Study.open(folder), trained.case, {"patient": patient})
    second = freeze(rounds, RoundConfig(), BASE, BASE)
    assert trained.case not in {m.case for m in second.side("test")}
    with pytest.raises(RoundError, match="trained on in an earlier round"):
        reserve(folder, cases=[trained.case])


def test_a_corrected_test_label_is_seen_in_the_hash(tmp_path: Path) -> None:
    folder = tmp_path / "study"
    cases = [label(folder, n, f"P{n}") for n in range(4)]
    reserve(folder, cases=cases[:1])
    first = freeze(Rounds(folder), RoundConfig(), BASE, BASE)
    label(folder, 0, "P0", value=2)
    second = freeze(Rounds(folder), RoundConfig(), BASE, BASE)
    assert first.test_sha256 != second.test_sha256
    assert second.side("test")[0].revision.startswith("0002-")


@pytest.mark.parametrize("part", ["frame.tif", "lesions.tif"])
def test_changed_pixels_take_no_part_and_are_named(study: Path, part: str) -> None:
    read = Study.open(study)
    one = next(iter(read.labelled()))
    path = next(read.case_folder(one.case.id).rglob(part))
    other = next(
        p for p in study.rglob(part) if one.case.id not in p.as_posix()
    ).read_bytes()
    path.write_bytes(other)
    record = freeze(Rounds(study), RoundConfig(), BASE, BASE)
    assert one.case.id not in {member.case for member in record.members}
    (sentence,) = record.damaged
    assert "hash changed" in sentence
    assert one.case.id in sentence


def test_a_study_without_labels_is_one_sentence(tmp_path: Path) -> None:
    Study.create(tmp_path / "study")
    with pytest.raises(RoundError, match="no labelled case"):
        freeze(Rounds(tmp_path / "study"), RoundConfig(), BASE, BASE)
    assert not (tmp_path / "study" / "rounds").exists()


def test_two_who_freeze_at_once_get_a_number_each(study: Path) -> None:
    rounds = Rounds(study)
    record = freeze(rounds, RoundConfig(), BASE, BASE)
    asked: list[int] = []

    def slow(number: int) -> object:
        if not asked:  # somebody else is quicker
            rounds.freeze(lambda n: record.model_copy(update={"number": n}))
        asked.append(number)
        return record.model_copy(update={"number": number})

    rounds.freeze(slow)  # type: ignore[arg-type]
    assert asked == [2, 3]
    assert [rounds.read(n).number for n in rounds.numbers()] == [1, 2, 3]


def test_a_record_of_a_newer_program_is_refused(study: Path) -> None:
    rounds = Rounds(study)
    freeze(rounds, RoundConfig(), BASE, BASE)
    path = rounds.place(1) / "round.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"schema": 9}))
    with pytest.raises(StudyError, match="newer version"):
        rounds.read(1)
    with pytest.raises(RoundError, match="has no round 5: it has 1"):
        rounds.read(5)


def test_a_result_is_there_whole_or_not_at_all(
    study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds = Rounds(study)
    freeze(rounds, RoundConfig(), BASE, BASE)
    rounds.add_event(1, "started")
    files = {"model.safetensors": b"m" * 1000, "result.json": b"{}"}
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", _full_disk)
        with pytest.raises(StudyError, match="disk is full"):
            rounds.publish(1, files)
    assert sorted(p.name for p in rounds.place(1).iterdir()) == ["events", "round.json"]
    rounds.publish(1, files)
    assert rounds.status(1) == "done"
    with pytest.raises(RoundError, match="has a result already"):
        rounds.publish(1, {"result.json": b"other"})
    assert rounds.result(1) == {}
    # a kill between the result and the word of it
    assert rounds.settle() == []
    assert rounds.events(1)[-1]["status"] == "done"


@pytest.mark.parametrize("status", ["started", "exported"])
def test_only_what_nobody_writes_any_more_is_tidied_up(
    study: Path, status: Status
) -> None:
    rounds = Rounds(study)
    freeze(rounds, RoundConfig(), BASE, BASE)
    rounds.add_event(1, status)
    unfinished = rounds.place(1) / ".tmp-result-0a1b2c3d"
    unfinished.mkdir()
    assert rounds.settle() == ([1] if status == "started" else [])
    assert unfinished.exists() == (status == "exported")


def _full_disk(handle: int) -> None:
    raise OSError(28, "No space left on device")


def test_the_bench_is_for_one_and_keeps_embeddings_alone(study: Path) -> None:
    bench = bench_of(study)
    with bench.lock(), bench.work() as work:
        (work / "run" / "embeddings").mkdir()
        (work / "run" / "embeddings" / "a").touch()
        (work / "state.pt").touch()
        again = subprocess.run(
            [sys.executable, "-c", _LOCKED, str(study)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert "running on this computer already" in again.stderr
    with bench.lock(), bench.work() as work:
        assert [p.name for p in work.rglob("*")] == ["run", "embeddings", "a"]
    assert sorted(p.name for p in bench.folder.iterdir()) == ["embeddings", "lock"]


_LOCKED = """
import sys
from pathlib import Path
from mae_sam2_training.rounds.places import bench_of
with bench_of(Path(sys.argv[1])).lock():
    pass
"""


def write_for_ever(study: Path, record: RoundRecord) -> None:
    """Freeze and publish one round after the other."""
    rounds = Rounds(study)
    while True:
        number = rounds.freeze(
            lambda number: record.model_copy(update={"number": number})
        ).number
        rounds.add_event(number, "started")
        rounds.publish(number, {"model": b"m" * 3_000_000, "result.json": b"{}"})
        rounds.add_event(number, "done")


def test_a_process_that_is_killed_at_any_moment_leaves_nothing_half(
    study: Path,
) -> None:
    rng = np.random.default_rng(0)
    rounds = Rounds(study)
    record = freeze(rounds, RoundConfig(), BASE, BASE)
    statuses = set()
    for _ in range(int(os.environ.get("MAE_SAM2_KILLS", "20"))):
        writer = os.fork()
        if not writer:
            try:
                write_for_ever(study, record)
            finally:
                os._exit(1)
        time.sleep(float(rng.uniform(0, 0.8)))  # a round also logs what it wrote
        os.kill(writer, signal.SIGKILL)
        os.waitpid(writer, 0)
        killed = rounds.settle()
        for number in rounds.numbers()[-5:]:
            rounds.read(number)
            status = rounds.status(number)
            statuses.add(status)
            assert status == "killed" or number not in killed
            names = {path.name for path in rounds.place(number).iterdir()}
            assert names <= {"round.json", "events", "result"}
            if status == "done":
                result = rounds.place(number) / "result"
                assert (result / "model").stat().st_size == 3_000_000
                assert (result / "result.json").read_bytes() == b"{}"
    assert statuses == {"done", "killed"}


def test_a_case_in_conflict_takes_no_part_and_is_named(
    study: Path, caplog: pytest.LogCaptureFixture
) -> None:
    opened = Study.open(study)
    torn = next(iter(opened.labelled())).case
    frame = opened.load_frame(torn.id)
    empty = np.zeros(frame.shape, np.uint16)
    opened.save_revision(frame, empty, grader="Eve", parent=None)
    record = freeze(Rounds(study), RoundConfig(), BASE, BASE)
    assert len(record.members) == 5
    assert record.in_conflict == [torn.id]
    assert left_out(record.in_conflict, record.damaged) == (
        f"1 case in conflict is left out until somebody chooses: {torn.id}."
    )
    assert len(read_study(study)) == 5
    assert f"The case {torn.id} is in conflict" in caplog.text
    left, right = opened.revision_ids(torn.id)
    opened.save_revision(frame, empty, grader="Eve", parent=left, merges=[right])
    assert freeze(Rounds(study), RoundConfig(), BASE, BASE).in_conflict == []


def test_a_damaged_case_is_left_out_and_named(study: Path) -> None:
    opened = Study.open(study)
    cases = [one.case for one in opened.labelled()]
    rounds = Rounds(study)
    divided = divide(rounds, RoundConfig())
    members = [one for one in divided.labelled if divided.side(one) != "test"]
    opened.frame_path(members[0].case).write_bytes(b"II*")
    record = freeze(rounds, RoundConfig(), BASE, BASE)
    assert len(record.members) == len(cases) - 1
    (sentence,) = record.damaged
    assert members[0].case.id in sentence
    assert str(study) not in sentence  # the record is for all computers
    assert left_out([], record.damaged) == f"Left out: {sentence}"
    # The record of another: it is named before any pixel is read.
    folder = opened.revision_folder(members[1].case.id, members[1].revision.id)
    (folder / "revision.json").write_bytes(b"{")
    assert len(divide(rounds, RoundConfig()).damaged) == 1
    assert len(freeze(rounds, RoundConfig(), BASE, BASE).damaged) == 2
    others = [one.case for one in members[2:] if divided.side(one) == "train"]
    opened.frame_path(others[0]).write_bytes(b"II*")
    with pytest.raises(RoundError, match="3 of 6 labelled cases cannot be read"):
        freeze(rounds, RoundConfig(), BASE, BASE)
    for path in study.rglob("lesions.tif"):
        path.write_bytes(b"II*")
    with pytest.raises(StudyError, match="damaged"):
        freeze(rounds, RoundConfig(), BASE, BASE)


@pytest.mark.parametrize("part", ["frame.tif", "revision.json"])
def test_a_damaged_case_of_the_reserved_test_stops_a_round(
    study: Path, part: str
) -> None:
    opened = Study.open(study)
    first = next(iter(opened.labelled())).case
    reserve(study, cases=[first.id])
    next(opened.case_folder(first.id).rglob(part)).write_bytes(b"{")
    with pytest.raises(StudyError, match=first.id):
        freeze(Rounds(study), RoundConfig(), BASE, BASE)
    if part == "revision.json":
        with pytest.raises(StudyError, match=first.id):
            read_study(study)


def test_a_damaged_event_may_have_refused_a_case_and_stops_a_round(
    study: Path,
) -> None:
    opened = Study.open(study)
    case = next(iter(opened.labelled())).case.id
    opened.log.write("status", case=case, details={"status": "cannot_grade"})
    newest = max((study / "log").rglob("*.json"), key=lambda p: p.stat().st_mtime_ns)
    newest.write_bytes(b"{")
    with pytest.raises(StudyError, match="damaged"):
        freeze(Rounds(study), RoundConfig(), BASE, BASE)


def test_a_damaged_earlier_revision_costs_no_more_than_its_clicks(
    study: Path,
) -> None:
    opened = Study.open(study)
    case = label(study, 77, "P77")
    label(study, 77, "P77", value=2)
    earlier = opened.revision_folder(case, opened.revision_ids(case)[0])
    (earlier / "revision.json").write_bytes(b"{")
    record = freeze(Rounds(study), RoundConfig(), BASE, BASE)
    assert case in {member.case for member in record.members}
    assert record.damaged == []


def test_a_study_of_nothing_but_conflicts_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "torn"
    case = label(folder, 1, "P1")
    opened = Study.open(folder)
    empty = np.zeros((32, 32), np.uint16)
    opened.save_revision(opened.load_frame(case), empty, grader="Eve", parent=None)
    with pytest.raises(InConflict, match="test and Eve answered it"):
        freeze(Rounds(folder), RoundConfig(), BASE, BASE)


@pytest.mark.parametrize(
    "words", ["promote 1", "refuse 1", "rollback", "history", "take-back r.zip"]
)
def test_a_drive_that_is_gone_is_named_by_every_command(
    words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command, *rest = words.split()
    with pytest.raises(SystemExit) as ended:
        main([command, str(tmp_path / "gone"), *rest])
    assert ended.value.code == 2
    assert "gone is not a study" in capsys.readouterr().err


def test_a_test_set_that_cannot_be_written_is_named_by_its_own_name(
    study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files, "_write_flushed", full)
    with pytest.raises(StudyError, match=rf"rounds.{FILE} was not saved, the disk is"):
        reserve(study)
    assert list((study / "rounds").iterdir()) == []
