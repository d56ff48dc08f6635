from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from predicted import NAMES

from napari_mae_sam2.qa import ranking
from napari_mae_sam2.qa.gallery import Gallery, Wanted
from napari_mae_sam2.qa.page import Inputs, write_page
from napari_mae_sam2.qa.ranking import Known, rank_results
from napari_mae_sam2.qa.thumbnails import COLOUR, SIDE, Thumbnails
from napari_mae_sam2.qa.verdicts import (
    VERDICTS,
    is_rejected,
    keep_verdicts,
    read_verdicts,
    verdicts_of,
)
from napari_mae_sam2.study.files import StudyError

if TYPE_CHECKING:
    from pathlib import Path

    from napari_mae_sam2.predict.results import Results


@pytest.fixture
def gallery(predictions: Results) -> Gallery:
    made = Gallery()
    made.show(predictions, rank_results(predictions))
    return made


def _names(gallery: Gallery) -> list[str]:
    return [gallery[place].record.name for place in range(len(gallery))]


def test_the_order_is_that_of_the_page(
    gallery: Gallery, predictions: Results, tmp_path: Path
) -> None:
    page = tmp_path / "qa.html"
    write_page(page, Inputs(predictions.folder))
    text = page.read_text("utf-8").split('id="data">', 1)[1].split("</script>")[0]
    weights = {one["name"]: one["attention"] for one in json.loads(text)["frames"]}
    assert _names(gallery) == sorted(NAMES, key=lambda name: -weights[name])
    assert _names(gallery)[0] == NAMES[3]  # no FA


def test_filters(gallery: Gallery) -> None:
    resets: list[int] = []
    gallery.reset.connect(lambda: resets.append(len(gallery)))
    reasons = dict(gallery.reasons())
    assert reasons["no leakage found"] == 1
    gallery.want(Wanted(reason="no leakage found"))
    assert _names(gallery) == [NAMES[0]]
    gallery.want(Wanted(text="OWNED"))
    assert sorted(_names(gallery)) == sorted(NAMES[1:3])
    gallery.want(Wanted(which="look"))
    looked_at = len(gallery)
    assert 0 < looked_at < len(NAMES)
    gallery.move(0)
    gallery.judge("accept")
    assert len(gallery) == looked_at  # nothing jumps away under one's eyes
    gallery.want(Wanted(which="accept"))
    assert len(gallery) == 1
    gallery.want(Wanted(which="look"))
    assert len(gallery) == looked_at - 1
    gallery.want(Wanted(which="open"))
    assert len(gallery) == len(NAMES) - 1
    assert resets == [1, 2, looked_at, 1, looked_at - 1, len(NAMES) - 1]


def test_judging_goes_on_and_the_next_worst_has_no_verdict(gallery: Gallery) -> None:
    judged: list[int] = []
    gallery.judged.connect(judged.append)
    gallery.judge("accept")  # nothing is in hand
    gallery.move(0)
    gallery.judge("reject")
    assert gallery.place == 1
    gallery.move(2)
    gallery.judge("fix")
    gallery.move(0)
    assert gallery.next_worst()
    assert gallery.place == 1
    assert gallery.next_worst()
    assert gallery.place == 3
    gallery.move(2)
    gallery.judge("fix")  # once more takes it back, and stays
    assert gallery.place == 2
    assert judged == [0, 2, 2]
    assert gallery.counts() == {"reject": 1}
    for place in range(1, len(gallery)):
        gallery.move(place)
        gallery.judge("accept")
    assert not gallery.next_worst()


def test_more_of_a_run_leaves_what_is_seen(predictions: Results) -> None:
    known: Known = {}
    every = rank_results(predictions, known=known)
    gallery = Gallery()
    gallery.show(predictions, every[1:4])
    gallery.want(Wanted(which="open"))
    gallery.move(1)
    gallery.judge("fix")
    in_hand = gallery.in_hand
    grown: list[bool] = []
    gallery.reset.connect(grown.append)
    gallery.show(predictions, every)
    assert _names(gallery) == [one.record.name for one in every]
    assert gallery.in_hand is in_hand
    assert gallery.counts() == {"fix": 1}
    gallery.show(predictions, rank_results(predictions, known=known))  # no more of it
    assert grown == [True]
    gallery.show(predictions, every, verdicts_of(predictions))  # as the file has it
    assert gallery.counts() == {}


def test_a_record_is_read_once_and_one_that_is_damaged_or_gone_is_passed_over(
    predictions: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    known: Known = {}
    first, second, third, *_ = predictions.record_files()
    rank_results(predictions, known=known)
    read: list[Path] = []
    load = ranking.load_record
    monkeypatch.setattr(
        ranking, "load_record", lambda path: read.append(path) or load(path)
    )
    first.write_text("{")
    second.write_text(second.read_text())
    third.unlink()
    assert len(rank_results(predictions, known=known)) == len(NAMES) - 2
    assert read == [first, second]


def test_verdicts_are_kept_as_the_page_writes_them(
    gallery: Gallery, predictions: Results
) -> None:
    gallery.move(0)
    gallery.judge("reject")
    keep_verdicts(predictions, gallery.verdicts("AB"))
    said = read_verdicts(predictions.folder / VERDICTS)
    assert (said.reviewer, said.fingerprint) == ("AB", "aaaa")
    assert is_rejected(predictions, gallery[0].record.id)
    assert not is_rejected(predictions, gallery[1].record.id)

    again = Gallery()
    again.show(predictions, rank_results(predictions), verdicts_of(predictions))
    assert again.verdict(again[0]) == "reject"
    foreign = said.verdicts[0].model_copy(update={"frame_sha256": "other"})
    assert again.take(said.model_copy(update={"verdicts": [foreign]})) == 0

    (predictions.folder / VERDICTS).write_text("{")
    assert verdicts_of(predictions).verdicts == []
    for path in (predictions.folder / "records").iterdir():
        path.unlink()
    with pytest.raises(StudyError, match="no predicted frame"):
        rank_results(predictions)


def test_thumbnails_are_drawn_once(predictions: Results, tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    thumbnails = Thumbnails(folder, most=1)
    record = next(one for one in predictions.records() if one.lesions)
    outlined = thumbnails.get(predictions, record, True)
    plain = thumbnails.get(predictions, record, False)
    assert outlined.shape == plain.shape == (SIDE, SIDE, 3)
    assert (outlined == COLOUR).all(-1).any()
    assert not (plain == COLOUR).all(-1).any()
    assert not plain[0].any()  # the frame is wider than it is high
    assert len(list(folder.iterdir())) == 2

    predictions.preview(record.id).unlink()
    found = thumbnails.get(predictions, record, True)
    assert np.abs(found.astype(int) - outlined).mean() < 10
    thumbnails.make_room()
    assert len(list(folder.iterdir())) == 1
    for path in folder.iterdir():
        path.write_bytes(b"nothing")
    assert len(np.unique(thumbnails.get(predictions, record, False))) == 2  # a cross
