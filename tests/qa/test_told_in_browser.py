"""What heads told, on the page in a headless Chromium: cards, filters, side panel."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import chromium
import pytest
from predicted import NAMES

from napari_mae_sam2.predict.told import Told
from napari_mae_sam2.qa.page import Inputs, write_page

if TYPE_CHECKING:
    from pathlib import Path

    from napari_mae_sam2.predict.results import Results

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(chromium.PROGRAM is None, reason="there is no Chromium here"),
]

SHOWN = "[...document.querySelectorAll('.card .name')].map(e => e.textContent)"
OPTIONS = "[...document.getElementById('told-{}').options].map(o => o.text)"


def choose(page: chromium.Page, what: str, value: str) -> None:
    page.run(
        f"document.getElementById('{what}').value = {json.dumps(value)};"
        f"document.getElementById('{what}').dispatchEvent(new Event('input'))"
    )


def tell(predictions: Results) -> dict[str, str]:
    """Every frame but the last has a phase; two have a harmful class beside it."""
    phases = {}
    by_name = {record.name: record for record in predictions.records()}
    for number, name in enumerate(NAMES[:-1]):
        phases[name] = ("early", "late", "late")[number % 3]
        told = {"fa_phase": Told(value=phases[name], probability=0.999)}
        if number < 2:
            told["constructor"] = Told(value="<b>=1+1</b>", probability=0.5)
        record = by_name[name].model_copy(update={"told": told})
        predictions.write_record(record)
    return phases


def test_filter_by_what_was_told(predictions: Results, tmp_path: Path) -> None:
    phases = tell(predictions)
    path = tmp_path / "qa.html"
    write_page(path, Inputs(predictions.folder))
    page = chromium.Page(tmp_path / "profile")
    try:
        page.size(1280, 900)
        page.open(path)
        assert page.run(OPTIONS.format("fa_phase")) == [
            "Any fa phase", "early (2)", "late (3)", "No fa phase (1)",
        ]  # fmt: skip
        assert page.run(OPTIONS.format("constructor")) == [
            "Any constructor", "<b>=1+1</b> (2)", "No constructor (4)",
        ]  # fmt: skip
        choose(page, "told-fa_phase", "late")
        late = sorted(name for name, phase in phases.items() if phase == "late")
        assert sorted(page.run(SHOWN)) == late
        choose(page, "told-constructor", "<b>=1+1</b>")
        assert page.run(SHOWN) == [NAMES[1]]
        page.run("document.querySelector('.card').click()")
        figures = page.run("document.getElementById('figures').innerText")
        assert "Fa phase\tlate 99 %" in figures.replace("\n", "\t")
        page.run("large.close(); document.getElementById('clear').click()")
        choose(page, "told-fa_phase", "\0")
        assert page.run(SHOWN) == [NAMES[-1]]
        page.run("document.getElementById('clear').click()")
        assert len(page.run(SHOWN)) == len(NAMES)
        line = "[...document.querySelectorAll('.card .told')].map(e => e.textContent)"
        assert "<b>=1+1</b> 50 % · early 99 %" in page.run(line)
        for width in (1280, 400):  # nothing is wider than the page
            page.size(width, 800)
            wide = "document.documentElement.scrollWidth"
            assert page.run(wide) <= width
    finally:
        page.close()


def test_a_page_without_heads_has_no_such_filter(
    predictions: Results, tmp_path: Path
) -> None:
    path = tmp_path / "qa.html"
    write_page(path, Inputs(predictions.folder))
    page = chromium.Page(tmp_path / "profile")
    try:
        page.open(path)
        assert page.run("document.querySelectorAll('[id^=told-]').length") == 0
        assert page.run("document.querySelectorAll('.card .told').length") == 0
    finally:
        page.close()
