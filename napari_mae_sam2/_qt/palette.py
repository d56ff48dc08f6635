"""Does in the open dock what napari's command palette asks for."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeVar

import napari
from napari.utils.notifications import show_warning

from napari_mae_sam2._qt.clean_part import CleanPart
from napari_mae_sam2._qt.dock_tabs import Tab
from napari_mae_sam2._qt.docks import find_dock
from napari_mae_sam2._qt.gallery_part import GalleryPart
from napari_mae_sam2._qt.lesions_part import LesionsPart
from napari_mae_sam2._qt.predict_part import TITLE as PREDICT
from napari_mae_sam2._qt.predict_part import PredictPart
from napari_mae_sam2._qt.queue_part import QueuePart
from napari_mae_sam2._qt.view.part import ViewPart
from napari_mae_sam2.fa.clean_lesions import CleanUp

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_mae_sam2._qt.leakage_widget import LeakageWidget
    from napari_mae_sam2._qt.parts import Part

P = TypeVar("P", bound="Part")

NO_DOCK = "Open the dock first: menu Plugins, MAE-SAM2 leakage."
NO_CASE = "Open the frames to grade first, or drop them here."

WITHOUT_A_CASE = ("Shift-W", "H", "Shift-H", "Escape", "Alt-N", "Alt-G", "Alt-W")
"""Keys that need no frame."""


def press(key: str) -> None:
    """Do what a key does, in napari's notation."""
    dock = _dock()
    if dock is None or (key not in WITHOUT_A_CASE and not _has_case(dock)):
        return
    for known in dock.keys:
        if key in known.keys:
            if known.released is None:
                known.act()
            else:  # there is nothing to hold here: once on, once off
                _toggle_bare_frame(dock)


def set_kind(place: int) -> None:
    """Say that the lesions in hand are of the study's kind with this number, from 1."""
    dock = _dock()
    if dock is None or not _has_case(dock) or dock.session is None:
        return
    kinds = dock.session.kinds
    if place > len(kinds):
        dock.messages.tell(f"This study has {len(kinds)} kinds of lesions.")
    else:
        _part(dock, LesionsPart).set_kind(kinds[place - 1].name)


def push(name: str) -> None:
    """Do what has a button but no key; see `BUTTONS`."""
    dock = _dock()
    if dock is None:
        return
    act, needs_case = BUTTONS[name]
    if not needs_case or _has_case(dock):
        act(dock)


def _dock() -> LeakageWidget | None:
    viewer = napari.current_viewer()
    dock = None if viewer is None else find_dock(viewer)
    if dock is None:
        show_warning(NO_DOCK)
    return dock


def _has_case(dock: LeakageWidget) -> bool:
    if dock.session is None:
        dock.messages.tell(NO_CASE)
    return dock.session is not None


def _part(dock: LeakageWidget, kind: type[P]) -> P:
    return next(part for part in dock.parts if isinstance(part, kind))


def _toggle_bare_frame(dock: LeakageWidget) -> None:
    view = _part(dock, ViewPart)
    if view.marks.is_bare:
        view.bring()
    else:
        view.hide()


def _clean(what: CleanUp, dock: LeakageWidget) -> None:
    _part(dock, CleanPart).panel.choose(what)


def _show(tab: Tab, dock: LeakageWidget) -> None:
    dock.tabs.show_tab(tab)


def _train(dock: LeakageWidget) -> None:
    dock.tabs.show_tab(Tab.MODEL, "Train a round")
    dock.training.train.click()


def _predict(dock: LeakageWidget) -> None:
    dock.tabs.show_tab(Tab.MODEL, PREDICT)
    _part(dock, PredictPart).start()


def _use_new_model(dock: LeakageWidget) -> None:
    if dock.verdict.promote.isVisibleTo(dock.verdict):
        dock.verdict.promote.click()
    else:
        dock.messages.tell("There is no new model yet; train a round first.")


BUTTONS: dict[str, tuple[Callable[[LeakageWidget], object], bool]] = {
    "split parts": (partial(_clean, CleanUp.SPLIT_PARTS), True),
    "cut to gradable": (partial(_clean, CleanUp.GRADABLE), True),
    "stretch contrast": (lambda dock: _part(dock, ViewPart).display.stretch(), True),
    "reset contrast": (lambda dock: _part(dock, ViewPart).display.reset(), True),
    "lesions as CSV": (lambda dock: _part(dock, LesionsPart).save_csv(), True),
    "export": (lambda dock: dock.commands.export(), True),
    "choose study": (lambda dock: dock.labels.folder_wanted.emit(), False),
    "open folder": (lambda dock: dock.cases.folder_wanted.emit(), False),
    "open files": (lambda dock: dock.cases.files_wanted.emit(), False),
    "open sample": (lambda dock: dock.open_sample(), False),
    "study": (lambda dock: _part(dock, QueuePart).study.show(), False),
    "choose model": (lambda dock: dock.model.file_wanted.emit(), False),
    "packaged model": (lambda dock: dock.commands.use_packaged_model(), False),
    "predict all frames": (_predict, True),
    "cancel predicting": (
        lambda dock: _part(dock, PredictPart).predicting.cancel(),
        False,
    ),
    "verdicts of a page": (
        lambda dock: _part(dock, GalleryPart).widget().page_wanted.emit(),
        False,
    ),
    "train a round": (_train, True),
    "cancel the round": (lambda dock: dock.rounds.cancel(), False),
    "use the new model": (_use_new_model, False),
    **{f"tab {tab.value}": (partial(_show, tab), False) for tab in Tab},
}
"""What is done in the dock, and whether a case must be open."""
