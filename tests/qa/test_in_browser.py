"""The page in a headless Chromium: keys, filters, verdicts, and no error."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import chromium
import numpy as np
import pytest
import tifffile
from predicted import NAMES, a_frame, write_predictions

from napari_mae_sam2.predict.proposals import Proposals
from napari_mae_sam2.qa.page import Inputs, write_page
from napari_mae_sam2.qa.verdicts import read_verdicts, take_in
from napari_mae_sam2.study.folder import Study
from napari_mae_sam2.study.index import Index

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from napari_mae_sam2.predict.results import Results

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(chromium.PROGRAM is None, reason="there is no Chromium here"),
]

SHOWN = "[...document.querySelectorAll('.card .name')].map(e => e.textContent)"
CUT_WORDS = """[...document.querySelectorAll('select')].flatMap(list => {
  const pen = document.createElement('canvas').getContext('2d');
  pen.font = getComputedStyle(list).font;
  const room = list.clientWidth - 36;  // the arrow and the edges
  const words = [...list.options].map(o => o.text);
  return words.filter(t => pen.measureText(t).width > room);
})"""
VERDICTS = "content().verdicts.map(v => v.verdict)"


@pytest.fixture
def page(predictions: Results, tmp_path: Path) -> Iterator[chromium.Page]:
    other = write_predictions(tmp_path / "other", "bbbb", shift=10)
    labels = tmp_path / "labels"
    labels.mkdir()
    truth = np.zeros((90, 120), np.uint16)
    truth[20:40, 60:120] = 1
    tifffile.imwrite(labels / "%%DATA%%.tif", truth)
    path = tmp_path / "qa.html"
    write_page(path, Inputs(predictions.folder, other.folder, labels))
    opened = chromium.Page(tmp_path / "profile")
    try:
        opened.size(1280, 900)
        opened.open(path)
        yield opened
    finally:
        opened.close()


def choose(page: chromium.Page, what: str, value: str) -> None:
    page.run(
        f"document.getElementById('{what}').value = {json.dumps(value)};"
        f"document.getElementById('{what}').dispatchEvent(new Event('input'))"
    )


def test_look_filter_judge(page: chromium.Page) -> None:
    # All are there, the one that is no FA first, and names did nothing.
    assert sorted(page.run(SHOWN)) == sorted(NAMES)
    assert page.run(SHOWN)[0] == "荧光造影 张三"
    assert page.run("document.title") == "model aaaa: 6 frames"
    page.until("document.querySelectorAll('.card image').length === 6")
    assert page.run("document.querySelector('.card .a').getAttribute('d')[0]") == "M"

    # Filters.
    choose(page, "reason", "not FA, or no dye yet")
    assert page.run(SHOWN) == ["荧光造影 张三"]
    page.run("document.getElementById('clear').click()")
    choose(page, "search", "تصوير")
    assert page.run(SHOWN) == ["تصوير الأوعية"]
    page.run("document.getElementById('clear').click()")
    choose(page, "sort", "area")
    assert page.run(SHOWN)[0] == "%%DATA%%"

    # Keys on the sheet and in the enlarged frame.
    page.run("document.querySelector('.card').focus()")
    page.key("a")
    assert page.run(VERDICTS) == ["accept"]
    page.key("r")  # the next has the focus now
    assert page.run(VERDICTS + ".sort()") == ["accept", "reject"]
    page.key("Enter")
    assert page.run("large.open")
    third = page.run("document.getElementById('name').textContent")
    assert third == page.run(SHOWN)[2]
    page.key("f")
    assert page.run(VERDICTS + ".length") == 3
    page.key("ArrowLeft")
    page.key("f")  # the same again takes it back
    assert page.run(VERDICTS + ".length") == 2
    page.key("f")
    page.run("large.close()")
    before = page.run(VERDICTS)
    choose(page, "verdict", "fix")
    assert page.run(SHOWN) == [third]
    choose(page, "search", "no frame is called so")
    for key in ("a", "ArrowDown", "Enter"):  # what is not seen cannot be judged
        page.key(key)
    assert (page.run(VERDICTS), page.run("large.open")) == (before, False)
    choose(page, "search", "")
    page.key("ArrowDown")
    assert page.run("frames[state.current].name") == third

    # Outlines, right and wrong, two models.
    page.run("large.close(); document.getElementById('clear').click()")
    page.run("document.querySelector('.card').click()")
    lines = "document.querySelectorAll('.stage .line').length"
    assert page.run(lines) == 3
    page.key("o")
    assert page.run(lines) == 0
    page.key("o")
    key = "document.getElementById('key').innerText"
    assert page.run(key + ".includes('model bbbb')")
    page.key("e")
    assert page.run("document.querySelectorAll('.stage .tp').length") == 1
    assert page.run(key + ".includes('missed')")
    page.key("e")
    page.key("s")
    stages = "[...document.querySelectorAll('.stage:not([hidden])')]"
    assert page.run(stages + ".length") == 2
    page.key("e")  # right and wrong of each model
    assert page.run(
        stages + ".map(s => s.querySelector('.fp').getAttribute('d'))"
    ) == page.run("[frames[state.current].a, frames[state.current].b]")
    page.key("ArrowRight")  # a frame without a label keeps its outlines
    assert page.run(stages + ".map(s => s.querySelectorAll('.line').length)") == [1, 1]
    page.key("ArrowLeft")
    page.key("e")
    page.key("s")
    page.key("v")
    page.key("s")  # one or the other
    assert page.run("[state.flicker, state.besides]") == [False, True]
    page.key("v")
    assert page.run("[state.flicker, state.besides]") == [True, False]
    page.until("document.querySelector('.stage .b')")
    page.until("document.querySelector('.stage .a')")
    page.key("Escape")
    page.run("large.close()")

    # A range drawn in a plot filters; a click on a dot opens its frame.
    x, y, width = page.run(
        "(({x, y, width}) => [x, y, width])"
        "(document.querySelector('canvas').getBoundingClientRect())"
    )
    page.mouse("mousePressed", x + width / 2, y + 20)
    page.mouse("mouseMoved", x + width - 20, y + 20)
    page.mouse("mouseMoved", x + width, y + 20)
    page.mouse("mouseReleased", x + width, y + 20)
    assert 0 < len(page.run(SHOWN)) < len(NAMES)
    assert "%%DATA%%" in page.run(SHOWN)
    page.run("document.getElementById('clear').click()")
    dot = page.run("(({x, y, index}) => [x, y, index])(plots[0].dots[2])")
    page.mouse("mousePressed", x + dot[0], y + dot[1])
    page.mouse("mouseReleased", x + dot[0], y + dot[1])
    assert page.run("large.open")
    assert page.run("state.current") == dot[2]
    page.run("large.close()")

    # Verdicts are there after the page was opened anew, and can be taken from a file.
    code = "document.getElementById('reviewer')"
    page.run(f"{code}.value = 'AB'; {code}.dispatchEvent(new Event('input'))")
    page.reload()
    assert page.run(VERDICTS + ".length") == 3
    assert page.run("content().reviewer") == "AB"
    saved = page.run("JSON.stringify(content())")
    page.run("localStorage.clear()")
    page.reload()
    assert page.run(VERDICTS + ".length") == 0
    page.run(f"take(new File([{json.dumps(saved)}], 'verdicts.json'))")
    assert page.run(VERDICTS + ".length") == 3
    # So can those of the gallery, which knows no page, and none of other weights.
    page.run("localStorage.clear()")
    page.reload()
    of_gallery = {k: v for k, v in json.loads(saved).items() if k != "page"}
    foreign = of_gallery | {"fingerprint": "cccc"}
    # And those of a page that was made before there were labels.
    earlier = of_gallery | {"page": "another"}
    for content, taken in ((foreign, 0), (of_gallery, 3), (earlier, 3)):
        page.run("state.verdicts = {}")
        page.run(
            f"take(new File([{json.dumps(json.dumps(content))}], 'verdicts.json'))"
        )
        assert page.run(VERDICTS + ".length") == taken
    assert page.said == []


def test_what_was_said_arrives_in_the_queue(
    page: chromium.Page, predictions: Results, tmp_path: Path
) -> None:
    study = Study.create(tmp_path / "study")
    proposals = Proposals(study.folder, predictions.model)
    for number in range(len(NAMES)):
        proposals.add(a_frame(number))
    page.run("document.getElementById('reviewer').value = 'AB'")
    page.run("document.querySelector('.card').focus()")
    for key in "arf":
        page.key(key)
    judged = page.run(SHOWN)[:3]
    file = tmp_path / "verdicts.json"
    file.write_text(page.run("JSON.stringify(content())"), encoding="utf-8")

    done = take_in(study, predictions, read_verdicts(file), grader="")
    assert done.trouble == []
    index = Index.open(study, None)
    index.refresh()
    items = [index.item(case, "", now=0.0) for case in study.case_ids()]
    stands = {item.name: item.status for item in items if item is not None}
    index.close()
    assert [stands[name] for name in judged] == ["done", "new", "proposed"]
    assert sorted(stands.values()) == sorted(["done", "new", *["proposed"] * 4])


@pytest.mark.parametrize("width", [1280, 400])
def test_nothing_is_cut_off(page: chromium.Page, width: int) -> None:
    page.size(width, 800)
    page.run("document.querySelector('#plots').open = true")
    page.run("document.getElementById('filter').click()")  # hidden where there is room
    assert page.run("document.documentElement.scrollWidth") <= width
    cut = page.run(CUT_WORDS)
    assert cut == []
    page.run("document.querySelector('.card').click()")
    assert page.run("large.scrollWidth") <= width
    assert (
        page.run(
            "document.querySelector('[data-verdict=fix]').getBoundingClientRect().right"
        )
        <= width
    )
    assert page.said == []


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (400, 700)])
def test_the_first_screen_shows_keys_and_a_frame(
    page: chromium.Page, width: int, height: int
) -> None:
    page.size(width, height)
    page.reload()
    bottom = "document.querySelector('.card .picture').getBoundingClientRect().bottom"
    assert 0 < page.run(bottom) <= height
    place = "document.getElementById('{}').getBoundingClientRect().bottom"
    assert 0 < page.run(place.format("help")) <= height

    shown = "getComputedStyle(document.getElementById('keys')).display !== 'none'"
    assert not page.run(shown)
    page.key("?")
    assert page.run(shown)
    assert page.run(place.format("keys")) <= height
    page.key("?")
    assert not page.run(shown)
    page.run("document.querySelector('.card').click()")
    page.key("?")  # beside an enlarged frame, too
    inside = "large.contains(document.getElementById('keys'))"
    assert page.run(f"large.open && {inside} && {shown}")
    page.run("large.close()")
    page.until("!large.open && document.getElementById('keys').hidden")
    assert page.said == []


def test_filters_unfold_on_a_narrow_screen(page: chromium.Page) -> None:
    page.size(400, 700)
    page.reload()
    shown = "document.getElementById('reason').getBoundingClientRect().height > 0"
    assert not page.run(shown)
    page.run("document.getElementById('filter').click()")
    assert page.run(shown)
    assert page.run(CUT_WORDS) == []
    page.size(1280, 800)
    assert page.run(shown)


def test_no_verdict_is_saved_without_a_code(page: chromium.Page) -> None:
    page.run(
        "window.saved = 0; URL.createObjectURL = () => { saved++; return 'data:,'; }"
    )
    page.run("document.querySelector('.card').focus()")
    page.key("a")
    asked = "!document.getElementById('missing').hidden"
    for code in ("", "   "):
        page.run(f"document.getElementById('reviewer').value = '{code}'")
        page.run("document.getElementById('save').click()")
        assert page.run("saved") == 0
        assert page.run(asked)
        assert page.run("document.activeElement.id") == "reviewer"
    page.run(
        "document.getElementById('reviewer').value = 'AB';"
        "document.getElementById('reviewer').dispatchEvent(new Event('input'))"
    )
    assert not page.run(asked)
    page.run("document.getElementById('save').click()")
    assert page.run("saved") == 1
    assert page.run("content().reviewer") == "AB"
    assert page.said == []


def test_the_cursor_looks_like_no_verdict(page: chromium.Page) -> None:
    page.run("document.querySelector('.card').focus()")
    for key in "arf":
        page.key(key)
        page.key("ArrowLeft")
        card = "cards[state.current]"
        stamp = f"{card}.querySelector('.stamp')"
        outline, halo = (
            page.run(f"getComputedStyle({card}).{name}")
            for name in ("outlineColor", "boxShadow")
        )
        verdict = page.run(f"getComputedStyle({stamp}).backgroundColor")
        assert "rgb(255, 212, 0)" in halo
        assert verdict not in (outline, halo)
        page.key("ArrowRight")
