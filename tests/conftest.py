from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of real FA images; tests that need it skip where it is absent."""
    folder = SHARED / "data"
    if not (folder / "huapu4_FFA").is_dir():
        pytest.skip("the real images of ../shared/data are not here")
    return folder


@pytest.fixture(scope="session")
def base_weights() -> Path:
    """SAM 2 tiny's image weights as float16; skips where they are absent."""
    path = SHARED / "weights" / "sam2_hiera_tiny_image_fp16.safetensors"
    if not path.is_file():
        pytest.skip("the base weights of ../shared/weights are not here")
    return path
