"""How the engine is named in the window."""

from __future__ import annotations

import pytest

from napari_mae_sam2._qt.model_panel import short_engine


@pytest.mark.parametrize(
    ("engine", "shown"),
    [
        ("OpenVINO float32 on cpu", "OpenVINO (CPU)"),
        ("OpenVINO bf16 on cpu", "OpenVINO bf16 (CPU)"),
        ("PyTorch float32 on cuda:1", "PyTorch (GPU)"),
        (
            "PyTorch float32 on cpu (OpenVINO float32 is being prepared)",
            "PyTorch (CPU); OpenVINO is being prepared",
        ),
        ("something else", "something else"),
    ],
)
def test_an_engine_is_named_in_short(engine, shown):
    assert short_engine(engine) == shown
