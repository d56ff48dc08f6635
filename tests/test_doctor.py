from __future__ import annotations

import json
import subprocess
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from napari_mae_sam2 import cli, doctor, doctor_window, findings
from napari_mae_sam2.doctor import app_can_run
from napari_mae_sam2.findings import Finding

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAPARI_MAE_SAM2_HOME", str(tmp_path / "home"))


@pytest.fixture
def _no_display(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)


def _doctor(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["napari-mae-sam2", "doctor", *arguments])
    with pytest.raises(SystemExit) as end:
        cli.main()
    return int(end.value.code or 0)


def test_json_holds_all_that_was_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code = _doctor(monkeypatch, "--json")
    content = json.loads(capsys.readouterr().out)
    assert code == (0 if content["app_can_run"] else 1)
    names = [finding["name"] for finding in content["findings"]]
    assert {
        "Python", "Qt binding", "OpenGL", "napari", "torch", "Device", "openvino",
        "Weights", "Cache", "Free disk",
    } <= set(names)  # fmt: skip
    for finding in content["findings"]:
        assert finding["value"]
        assert "\n" not in finding["advice"]
        assert bool(finding["advice"]) == (not finding["ok"]), finding


def test_no_path_is_cut_in_the_table(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = "/a" * 200
    monkeypatch.setattr(doctor, "examine", lambda: [Finding("Cache", path)])
    assert _doctor(monkeypatch) == 0
    said = capsys.readouterr().out
    assert said.count("/a") == 200
    assert "…" not in said


@pytest.mark.usefixtures("_no_display")
def test_without_a_display_the_app_could_not_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _doctor(monkeypatch) == 1
    said = capsys.readouterr().out
    assert "no display" in said
    assert "xvfb-run" in said
    assert "cannot open" in said


def test_what_is_not_needed_does_not_stop_the_app() -> None:
    good = Finding("a", "b", needed=True)
    assert app_can_run([good, Finding("openvino", "none", False, "install it")])
    assert not app_can_run([good, Finding("napari", "none", False, "install", True)])


def test_missing_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(findings, "installed_version", lambda package: None)
    assert not doctor_window.find_qt().ok
    napari, openvino = (f for f in doctor.examine() if f.name in ("napari", "openvino"))
    assert napari.needed
    assert "napari-mae-sam2[app]" in napari.advice
    assert not openvino.needed
    assert not openvino.ok


def test_the_qt_binding_that_qt_api_asks_for(monkeypatch: pytest.MonkeyPatch) -> None:
    versions = {"PyQt5": "5.15", "PyQt6": "6.9"}
    monkeypatch.setattr(findings, "installed_version", versions.get)
    monkeypatch.delenv("QT_API", raising=False)
    assert doctor_window.find_qt().value == "PyQt5 5.15"
    monkeypatch.setenv("QT_API", "pyqt6")
    assert doctor_window.find_qt().value == "PyQt6 6.9"
    monkeypatch.setenv("QT_API", "pyside6")
    assert "QT_API" in doctor_window.find_qt().advice


@pytest.mark.parametrize(
    ("out", "error", "code", "said"),
    [
        ("", "ImportError: libGL.so.1: cannot open", 1, "libGL.so.1"),
        ("", 'qt.qpa: could not load "xcb"\n', -6, "xcb"),
        ("", "", -11, "exit code -11"),
        ('{"qt": "PyQt5 (Qt 5)", "renderer": ""}', "", 0, "none through PyQt5"),
    ],
)
def test_opengl_that_does_not_work(
    monkeypatch: pytest.MonkeyPatch, out: str, error: str, code: int, said: str
) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    done = SimpleNamespace(stdout=out, stderr=error, returncode=code)
    monkeypatch.setattr(subprocess, "run", lambda *args, **kwargs: done)
    finding = doctor_window.find_opengl()
    assert said in finding.value
    assert finding.advice.startswith("Run: sudo apt-get install")
    assert not app_can_run([finding])


@pytest.mark.parametrize(
    ("environment", "value", "advice"),
    [
        ({"QT_QPA_PLATFORM": "offscreen"}, "offscreen has none", "Unset QT_QPA"),
        ({"QT_QPA_PLATFORM": "minimal"}, "minimal has none", "Unset QT_QPA"),
        ({"QT_QPA_PLATFORM": "fax", "DISPLAY": ":77"}, "unknown", "Unset QT_QPA"),
        ({"DISPLAY": ":77"}, ":77 does not answer", "xvfb-run"),
    ],
)
def test_what_is_wrong_is_said_and_no_library_asked_for_that_is_there(
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    value: str,
    advice: str,
) -> None:
    """Qt itself is asked, in a process of its own."""
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    for name, wanted in environment.items():
        monkeypatch.setenv(name, wanted)
    finding = doctor_window.find_opengl()
    assert value in finding.value
    assert advice in finding.advice
    assert "apt-get" not in finding.advice
    assert not app_can_run([finding])


def test_a_platform_without_windows_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    finding = doctor_window.find_display()
    assert "shows no window" in finding.value
    assert "Unset QT_QPA_PLATFORM" in finding.advice


def test_a_driver_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    monkeypatch.setattr(doctor_window, "_ASK_OPENGL", "import time; time.sleep(60)")
    finding = doctor_window.find_opengl(timeout=0.5)
    assert "no answer" in finding.value
    assert not finding.ok


def test_opengl_is_asked_for_real() -> None:
    if not doctor_window.find_display().ok:
        assert "not asked" in doctor_window.find_opengl().value
        return
    finding = doctor_window.find_opengl()
    assert finding.ok, finding
    assert "Qt" in finding.value


@pytest.fixture
def weights(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    from napari_mae_sam2.model import weights

    monkeypatch.setattr(weights, "packaged_weights", lambda: tmp_path / "none")
    return weights


def _save_weights(path: Path) -> None:
    import torch

    from napari_mae_sam2.model.card import ModelCard
    from napari_mae_sam2.model.weight_file import write_weights

    card = ModelCard(architecture="tiny", name="mine", round=3, licence="Apache-2.0")
    write_weights(path, {"a": torch.zeros(3, 4)}, card, compact=False)


def test_weights_are_named_with_their_card(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, weights: Any
) -> None:
    path = tmp_path / "mine.safetensors"
    _save_weights(path)
    weights.remember_weights(path)
    finding = doctor.find_weights_in_use()
    assert finding.ok
    for fact in ("mine.safetensors", "chosen", "mine, round 3", "Apache-2.0"):
        assert fact in finding.value


def test_damaged_and_vanished_weights(tmp_path: Path, weights: Any) -> None:
    path = tmp_path / "mine.safetensors"
    path.write_bytes(b"garbage")
    weights.remember_weights(path)
    finding = doctor.find_weights_in_use()
    assert not finding.ok
    assert "mine.safetensors" in finding.advice
    path.unlink()
    assert "are gone" in doctor.find_weights_in_use().advice


def test_no_weights_at_all_downloads_nothing(tmp_path: Path, weights: Any) -> None:
    finding = doctor.find_weights_in_use()
    assert not finding.ok
    assert "online" in finding.advice
    assert not (tmp_path / "home").exists()


def test_the_cache_is_measured(tmp_path: Path) -> None:
    folder = tmp_path / "home" / "cache" / "deep"
    folder.mkdir(parents=True)
    (folder / "a").write_bytes(bytes(3 * 2**20))
    cache, disk = doctor._folders()
    assert "(3 MB)" in cache.value
    assert disk.value.endswith(" GB")
