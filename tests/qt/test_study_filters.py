"""The filter by what heads told, in the window on a study."""

from __future__ import annotations

from napari_mae_sam2._qt.study.filters import ANYTHING, FilterBar
from napari_mae_sam2.predict.told_cases import Wanted


def test_what_was_told_can_be_chosen_where_there_is_any(qtbot):
    bar = FilterBar()
    qtbot.addWidget(bar)
    bar.show()
    changes = []
    bar.changed.connect(lambda: changes.append(bar.wanted_told()))
    assert not bar.told.isVisible()
    assert bar.wanted_told() is None

    late = Wanted("fa_phase", "late")
    bar.show_told((Wanted("fa_phase", "early"), late))
    assert bar.told.isVisible()
    texts = [bar.told.itemText(n) for n in range(bar.told.count())]
    assert texts == [ANYTHING, "fa phase: early", "fa phase: late"]
    bar.told.setCurrentText("fa phase: late")
    assert changes == [late]

    bar.show_told((late,))  # stays chosen, and nobody is asked again
    assert bar.wanted_told() == late
    assert changes == [late]
    bar.show_told(())
    assert not bar.told.isVisible()
    assert bar.wanted_told() is None
