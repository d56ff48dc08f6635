"""The table of lesions: no figure is cut, and it is saved as CSV."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from qtpy.QtWidgets import QFileDialog

from napari_mae_sam2._qt.dock_tabs import Tab
from napari_mae_sam2._qt.lesions_part import LesionsPart


@pytest.fixture
def panel(at_work):
    (part,) = (p for p in at_work.widget.parts if isinstance(p, LesionsPart))
    at_work.session.labels[5:45, 5:45] = 1
    at_work.session.labels[50:54, 50:54] = 2
    at_work.session.painted()
    at_work.session.describe([2], kind="capillary", comment="small")
    at_work.widget.tabs.show_tab(Tab.LESIONS)
    at_work.wait(lambda: part.field.of(at_work.session.frame) is not None, "the field")
    at_work.settle(0.1)
    return part.panel


def test_no_figure_is_cut_at_the_narrowest_dock(at_work, panel):
    model, metrics = panel.table.model(), panel.table.fontMetrics()
    assert "." in model.index(0, 3).data()
    for column in (0, 2, 3, 4):
        for row in range(model.rowCount()):
            text = model.index(row, column).data()
            width = metrics.horizontalAdvance(text)
            assert panel.table.columnWidth(column) >= width + 8, text
    panel.table.make_room({0: "1", 2: "9 999 999", 3: "100.00", 4: "65535"})
    wide = metrics.horizontalAdvance("9 999 999")
    assert panel.table.columnWidth(2) >= wide + 8
    viewport = panel.table.viewport().width()
    assert sum(panel.table.columnWidth(column) for column in range(5)) <= viewport


def read(file):
    with file.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.parametrize("way", ["button", "menu"])
def test_the_table_is_saved_as_csv(at_work, panel, tmp_path, monkeypatch, way):
    file = tmp_path / "lesions.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(file), ""))
    panel.filter.setText("capillary")  # all lesions are saved, not those shown
    if way == "button":
        at_work.push("CSV…")
    else:
        (action,) = (a for a in panel.menu().actions() if "CSV" in a.text())
        action.trigger()
    rows = read(file)
    assert [row["lesion"] for row in rows] == ["1", "2"]
    assert [int(row["area_px"]) for row in rows] == [
        int(np.count_nonzero(at_work.session.labels == number)) for number in (1, 2)
    ]
    assert rows[1]["kind"] == "capillary"
    assert rows[1]["comment"] == "small"
    assert float(rows[0]["percent_of_field"]) > 20
    assert str(file) in at_work.widget.messages.text


def test_nothing_is_written_where_the_grader_thinks_better_of_it(
    at_work, panel, monkeypatch
):
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: ("", ""))
    at_work.push("CSV…")
    assert at_work.widget.messages.text == ""


def test_a_folder_that_is_gone_is_said(at_work, panel, tmp_path, monkeypatch):
    file = tmp_path / "gone" / "lesions.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(file), ""))
    at_work.push("CSV…")
    assert at_work.widget.messages.text
    assert "Saved" not in at_work.widget.messages.text
