from __future__ import annotations

import io
import json
import math

from mae_sam2_training.engine.progress import JsonReporter


def test_small_figures_are_told_and_what_is_none_is_null() -> None:
    stream = io.StringIO()
    values = {"learning_rate": 1.23456789e-7, "loss": math.nan, "eta_s": math.inf}
    JsonReporter(stream).report("step", step=3, nested={"dice": 0.5}, **values)
    assert json.loads(stream.getvalue()) == {
        **{"event": "step", "step": 3, "nested": {"dice": 0.5}},
        **{"learning_rate": 1.23457e-7, "loss": None, "eta_s": None},
    }
