"""A whole session through the window, with undo back to nothing."""

from __future__ import annotations

import pytest
from scripted_session import ScriptedSession, UndoError

from napari_mae_sam2.study.folder import Study


def test_undo_gives_exactly_the_empty_label_after_everything_in_every_case(
    at_work, folder
):
    kinds = []

    def during(kind, act):
        kinds.append(kind)
        act()

    ScriptedSession(at_work, during).run()
    done = set(kinds)
    assert {"propose", "accept a patch", "reject a patch", "click", "refine"} <= done
    assert {"commit", "paint", "erase", "undo", "redo", "next case"} <= done
    assert kinds.count("next case") == kinds.count("case before") == 2
    study = Study.open(folder / "leakage-study")
    assert len(study.case_ids()) == 3
    for case in study.case_ids():
        graded, *_, undone = (
            study.load_labels(study.revision(case, name))
            for name in study.revision_ids(case)
        )
        assert graded.any()
        assert not undone.any()


def test_a_pixel_that_undo_forgets_is_an_error(at_work, monkeypatch):
    script = ScriptedSession(at_work)
    script.grade()
    put = at_work.session.image.put

    def forget(change, back):
        put(change, back)
        at_work.session.labels[0, 0] = 1
        at_work.session.image.take_change(0)

    monkeypatch.setattr(at_work.session.image, "put", forget)
    with pytest.raises(UndoError, match="1 pixels in the labels"):
        script.undo_to_the_start()
