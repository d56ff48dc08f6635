from __future__ import annotations

from pathlib import Path

import pytest
from grey import Inbox

from napari_mae_sam2.annotate import predicting
from napari_mae_sam2.annotate.predicting import Predicting
from napari_mae_sam2.annotate.prediction_run import Predicted

STUDY, NEW = Path("study"), Path("new.safetensors")


@pytest.fixture
def runs(monkeypatch):
    """Runs that end when they are told to."""
    made = []

    class Run:
        def __init__(
            self, study, inputs, on_progress, on_end, weights=None, _all=False
        ):
            self.asked = (study, inputs, weights)
            self.end = lambda: on_end(Predicted(None, 1, 0, (), False, "done"))
            made.append(self)

        def cancel(self):
            self.end()

        close = cancel

    monkeypatch.setattr(predicting, "PredictionRun", Run)
    return made


def test_new_weights_take_the_place_of_a_run_under_way(runs):
    inbox, ended = Inbox(), []
    one = Predicting(inbox.post)
    one.ended.connect(ended.append)
    one.start(STUDY)
    one.start(STUDY, (), NEW)
    inbox.run_until(lambda: len(runs) == 2)
    assert runs[1].asked == (STUDY, (), NEW)
    assert one.is_running
    assert not ended
    runs[1].end()
    inbox.run_until(lambda: bool(ended))
    assert not one.is_running


def test_a_run_that_cannot_be_started_is_said_to_be_so(monkeypatch):
    def fail(*_arguments):
        raise OSError("no such program")

    monkeypatch.setattr(predicting, "PredictionRun", fail)
    one, ended = Predicting(lambda function: function()), []
    one.ended.connect(ended.append)
    one.start(STUDY)
    assert "no such program" in ended[0].message
    assert not one.is_running
