from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from predicted import write_predictions

if TYPE_CHECKING:
    from pathlib import Path

    from napari_mae_sam2.predict.results import Results


@pytest.fixture
def predictions(tmp_path: Path) -> Results:
    return write_predictions(tmp_path / "predicted", "aaaa")
