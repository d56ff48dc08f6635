from __future__ import annotations

import stat
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

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


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Puts a script in the place of Python, for processes that are started from now on.

    `sys.argv[1:]` is what Python itself would have been told.
    """

    def put(script: str) -> Path:
        program = tmp_path / "python"
        body = textwrap.dedent(script)
        program.write_text(f"#!{real}\nimport json, sys, time\n{body}\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setattr(sys, "executable", str(program))
        return program

    real = sys.executable
    return put


@pytest.fixture
def call(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Run `napari-mae-sam2 study`: exit code, what it printed and complained of."""
    from napari_mae_sam2 import cli

    def run(*arguments: object) -> tuple[int, str, str]:
        words = ["napari-mae-sam2", "study", *map(str, arguments)]
        monkeypatch.setattr(sys, "argv", words)
        with pytest.raises(SystemExit) as end:
            cli.main()
        said = capsys.readouterr()
        return int(end.value.code or 0), said.out, said.err

    return run
