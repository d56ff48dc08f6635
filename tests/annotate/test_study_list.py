"""Running a study, without a window: list, describe, add, check, read again."""

from __future__ import annotations

import numpy as np
import pytest
from grey import make_frame
from PIL import Image
from predicted import write_answer

from napari_mae_sam2.annotate.study_chores import StudyChores
from napari_mae_sam2.annotate.study_list import ReadAgain, StudyList, View
from napari_mae_sam2.annotate.study_thread import StudyThread
from napari_mae_sam2.predict.results import Results
from napari_mae_sam2.predict.stored import results_folder
from napari_mae_sam2.predict.told import Told
from napari_mae_sam2.predict.told_cases import Wanted
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.index_query import Filter
from napari_mae_sam2.study.readings import Reading
from napari_mae_sam2.study.records import ModelRecord
from napari_mae_sam2.study.relabel import relabel


@pytest.fixture
def made(tmp_path):
    """Anna answered two of three cases, ben one of them once more, in parallel."""
    study = Study.create(tmp_path / "made")
    for seed in range(3):
        frame = make_frame(f"eye {seed}", seed)
        study.add_frame(frame)
        labels = np.zeros(frame.shape, np.uint16)
        if seed < 2:
            study.save_revision(frame, labels, grader="anna", parent=None)
        if seed == 0:
            study.save_revision(frame, labels + 1, grader="ben", parent=None)
    return study


@pytest.fixture
def ask(inbox, tmp_path, made):
    thread = StudyThread(inbox.post, tmp_path / "index")
    listing = StudyList(thread)
    heard = []
    listing.listed.connect(heard.append)
    listing.said.connect(heard.append)
    thread.warned.connect(heard.append)

    def ask(name, *arguments):
        before = len(heard)
        getattr(listing, name)(made.folder, *arguments)
        inbox.run_until(lambda: len(heard) > before)
        return heard[-1]

    yield ask
    thread.close()


@pytest.fixture
def chore(inbox):
    chores, reports = StudyChores(inbox.post), []
    chores.ended.connect(reports.append)

    def chore(name, *arguments, **options):
        before = len(reports)
        getattr(chores, name)(*arguments, **options)
        inbox.run_until(lambda: len(reports) > before)
        return reports[-1]

    chore.all = chores
    yield chore
    chores.close()


def test_cases_are_listed_filtered_and_sorted(ask):
    page = ask("ask", View())
    assert [item.name for item in page.items] == ["eye 0", "eye 1", "eye 2"]
    assert page.total == 3
    assert page.graders == ("anna", "ben")
    page = ask("ask", View(Filter(conflict=True)))
    assert [(item.name, len(item.heads)) for item in page.items] == [("eye 0", 2)]
    page = ask("ask", View(order="name", descending=True))
    assert [item.name for item in page.items] == ["eye 2", "eye 1", "eye 0"]
    assert [item.name for item in ask("ask", View(), 2).items] == ["eye 2"]


def test_cases_are_described_and_meant_for_a_grader(ask, made):
    items = ask("ask", View()).items[:2]
    about = {"patient": "P-1", "eye": "left"}
    assert ask("describe", "head", items, about) == "2 cases are described anew."
    assert ask("describe", "head", items, {"eye": None}) == (
        "2 cases are described anew."
    )
    said = [(item.patient, item.eye) for item in ask("ask", View()).items]
    assert said == [("P-1", ""), ("P-1", ""), ("", "")]
    assert "neither right nor left" in ask("describe", "head", items, {"eye": "up"})
    assert ask("assign", "head", items, "carla") == "2 cases are assigned to carla."
    page = ask("ask", View(Filter(assigned="carla")))
    assert (page.total, page.graders) == (2, ("anna", "ben", "carla"))
    logged = [(e.event, e.grader) for e in made.log.events()][-6:]
    assert logged == [("relabelled", "head")] * 4 + [("assign", "head")] * 2
    assert "Enter your code" in ask("assign", "", items, "ben")


def test_cases_are_read_again_and_compared(ask, chore, made):
    assert "No blinded reading was asked for" in chore("compare", made.folder).words
    wish = ReadAgain(share=1.0, second=("anna", "ben"))
    assert ask("read_again", "head", wish).startswith("1 case is to be read again")
    assert "fewer are done" in ask("read_again", "head", wish)
    assert "needs two graders" in ask("read_again", "head", ReadAgain(0.5, ("anna",)))
    assert ask("ask", View()).total == 3  # readings are not listed
    event = next(one for one in made.log.events() if one.event == "reading")
    frame = make_frame("eye 1", 1)
    view = Reading(made, event.details["reading"])
    labels = np.zeros(frame.shape, np.uint16)
    view.save_revision(frame, labels, grader="ben", parent=None)
    report = chore("compare", made.folder)
    assert report.words == "1 of 1 blinded readings have a label."
    assert report.lines == ("anna and ben, 1 case: Dice 1.00",)


@pytest.mark.parametrize("reference", [False, True])
def test_a_study_is_made_of_frames(chore, tmp_path, reference):
    frames = tmp_path / "frames"
    frames.mkdir()
    for seed in range(2):
        Image.fromarray(make_frame(seed=seed).pixels).save(frames / f"f{seed}.png")
    (frames / "broken.png").write_bytes(b"no picture")
    folder = tmp_path / "new"
    told = []
    chore.all.progressed.connect(lambda *what: told.append(what))
    about = {"patient": "P-7"}
    table = tmp_path / "about.csv"
    table.write_text("file,phase\nf1.png,late\n")
    report = chore(
        *("add", folder, "head", [frames], about), table=table, reference=reference
    )
    assert report.words == "2 cases added, 0 known before; 1 could not be added."
    assert not report.is_good
    assert "broken.png" in report.lines[0]
    assert ("Adding", 1, 3) in told
    study = Study.open(folder)
    assert [study.case(case).patient for case in study.case_ids()] == ["P-7"] * 2
    assert {study.case(case).phase for case in study.case_ids()} == {None, "late"}
    copied = [(study.case_folder(case) / "frame.tif").exists()
              for case in study.case_ids()]  # fmt: skip
    assert copied == [not reference] * 2
    again = chore("add", folder, "head", [frames / "f0.png"], {})
    assert (again.words, again.is_good) == ("0 cases added, 1 known before.", True)


def test_a_check_names_what_is_wrong(chore, made):
    report = chore("check", made.folder)
    assert (report.is_good, report.words) == (True, "Everything is as it was saved.")
    path = made.case_folder(made.case_ids()[2]) / "frame.tif"
    path.unlink()
    report = chore("check", made.folder)
    assert (report.is_good, report.words) == (False, "1 thing is wrong.")
    assert str(path) in report.lines[0]
    assert "holds no study.json" in chore("check", made.folder / "cases").words


def test_adding_can_be_stopped_and_keeps_what_was_added(chore, made, tmp_path):
    files = []
    for seed in range(5, 9):
        files.append(tmp_path / f"g{seed}.png")
        Image.fromarray(make_frame(seed=seed).pixels).save(files[-1])
    chores = chore.all
    count = chores._count

    def stop_after_two(what, each):
        for done, file in enumerate(count(what, each)):
            if done == 2:
                chores.stop()
            yield file

    chores._count = stop_after_two
    report = chore("add", made.folder, "head", files, {})
    assert report.words == "3 cases added, 0 known before; stopped before the end."
    assert len(made.case_ids()) == 6


def test_the_list_is_filtered_by_what_heads_told(ask, made):
    model = ModelRecord(name="m", fingerprint="a" * 64)
    results = Results.create(results_folder(made.folder, model.fingerprint), model)
    assert ask("ask", View()).told == ()

    def tell(seed, phase):
        frame = make_frame(f"eye {seed}", seed)
        told = {"phase": Told(value=phase, probability=0.9)}
        write_answer(results, frame, np.zeros(frame.shape, np.uint16), told=told)

    tell(0, "late")
    tell(1, "late")
    early, late = Wanted("phase", "early"), Wanted("phase", "late")
    page = ask("ask", View(told=late))
    assert page.told == (late,)
    assert [item.name for item in page.items] == ["eye 0", "eye 1"]
    assert page.total == 2

    # a grader says otherwise, and a new prediction is seen at once
    relabel(made, ask("ask", View()).items[1].case, {"phase": "early"}, grader="anna")
    tell(2, "early")
    page = ask("ask", View(told=late))
    assert [item.name for item in page.items] == ["eye 0"]
    assert page.told == (early, late)
    page = ask("ask", View(told=early))
    assert [item.name for item in page.items] == ["eye 1", "eye 2"]

    # what another study was filtered by hides nothing here
    assert ask("ask", View(told=Wanted("diagnosis", "uveitis"))).total == 3
