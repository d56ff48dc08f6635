from __future__ import annotations

import napari
import pytest
from grader_hand import Grader
from grey import GreyPredictor, make_frame
from PIL import Image

from napari_mae_sam2._qt.bridge import GuiThread
from napari_mae_sam2._qt.leakage_widget import LeakageWidget
from napari_mae_sam2._widgets import _frame_of
from napari_mae_sam2.annotate.annotator import Annotator
from napari_mae_sam2.annotate.desk import Desk
from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.study.places import Places
from napari_mae_sam2.study.preferences import Preferences


@pytest.fixture
def models():
    """Models by the name that a grader would choose them by."""
    return {None: GreyPredictor()}


@pytest.fixture
def grader(qtbot, models, tmp_path, monkeypatch):
    """A grader in front of a window whose model is made of grey levels."""
    monkeypatch.setenv("NAPARI_MAE_SAM2_HOME", str(tmp_path / "home"))

    def load(choice, tell):
        if choice not in models:
            raise PlainError(f"{choice} is no checkpoint.")
        return models[choice]

    settings = tmp_path / "window.json"
    if not settings.exists():
        settings.write_text('{"grader": "tester"}')
    viewer = napari.Viewer(show=True)
    viewer.window.resize(1200, 800)
    gui = GuiThread()
    annotator = Annotator(gui.post, load)
    desk = Desk(annotator, gui.post, Places(), tmp_path / "labels", tmp_path / "state")
    widget = LeakageWidget(
        viewer,
        desk,
        lambda: make_frame("sample"),
        _frame_of,
        Preferences(settings),
    )
    viewer.window.add_dock_widget(widget, name="leakage")
    annotator.load_model()
    made = Grader(viewer, widget, say=lambda _line: None)
    yield made
    viewer.close()
    widget.shut_down()
    gui.close()


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "frames"
    made.mkdir()
    for index in range(3):
        Image.fromarray(make_frame(seed=index).pixels).save(made / f"eye {index}.png")
    return made


@pytest.fixture
def at_work(grader, folder):
    """The grader with the first of three cases in hand."""
    grader.widget.open_paths([folder])
    grader.wait_until_ready()
    return grader
