"""The gallery beside the dock: opens it, opens its frames, keeps its verdicts."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from qtpy.compat import isalive

from napari_mae_sam2._qt.bridge import GuiThread
from napari_mae_sam2._qt.dock_tabs import Tab
from napari_mae_sam2._qt.docks import GALLERY, menu_name, show_dock
from napari_mae_sam2._qt.file_dialogs import ask_folder, ask_verdicts
from napari_mae_sam2._qt.gallery_widget import GalleryWidget
from napari_mae_sam2._qt.keys import Key
from napari_mae_sam2._qt.parts import Part
from napari_mae_sam2._qt.predict_part import PredictPart
from napari_mae_sam2._qt.queue_part import QueuePart
from napari_mae_sam2._qt.soon import Soon
from napari_mae_sam2.annotate.gallery_desk import GalleryDesk, find_open
from napari_mae_sam2.model.folders import cache_folder
from napari_mae_sam2.qa.thumbnails import Thumbnails

if TYPE_CHECKING:
    from pathlib import Path

    from qtpy.QtWidgets import QWidget

    from napari_mae_sam2._qt.dock_tabs import DockTabs
    from napari_mae_sam2._qt.leakage_widget import LeakageWidget

KEEP_MS = 1_000
"""A verdict is on disk so much later."""

GROW_MS = 2_000
"""What a run has predicted meanwhile is shown this much later, all at once."""


class GalleryPart(Part):
    """Has the gallery; its widget is a dock of its own, made when it is wanted.

    Parameters
    ----------
    dock : LeakageWidget
        The dock it is a part of.
    """

    def __init__(self, dock: LeakageWidget) -> None:
        self._dock = dock
        self._gui = GuiThread(dock)
        self._widget: GalleryWidget | None = None
        self._host: QWidget | None = None
        self._predict: PredictPart | None = None
        self.desk = GalleryDesk(self._gui.post, lambda: dock.desk.grader)
        self._thumbnails = Thumbnails(cache_folder() / "thumbnails")
        self._keep_soon = Soon(self.desk.keep, KEEP_MS)
        self._grow_soon = Soon(self._look_anew, GROW_MS)
        group = "Gallery"
        self.keys = (
            Key(("Alt-G",), "the gallery of what was predicted", self.open, group),
            Key(("Alt-W",), "open its next worst frame", self.open_next, group),
        )
        self.desk.told.connect(dock.messages.tell)
        self.desk.warned.connect(dock.messages.warn)
        self.desk.taken.connect(self._on_taken)
        self.desk.gallery.judged.connect(self._keep_soon)
        dock.desk.folder_changed.connect(self._look)

    def add_panels(self, tabs: DockTabs) -> None:
        """Offer the gallery where frames are predicted, and follow that."""
        for part in self._dock.parts:
            if isinstance(part, PredictPart):
                self._predict = part
                part.panel.gallery_wanted.connect(self.open)
                part.predicting.started.connect(self._show_running)
                part.predicting.progressed.connect(self._grow_soon)
                part.predicting.ended.connect(self._on_end)

    def close(self) -> None:
        """Keep what was said, and take the gallery away."""
        self._keep_soon.stop()
        self._grow_soon.stop()
        self._dock.desk.folder_changed.disconnect(self._look)
        if self._predict is not None:
            predicting = self._predict.predicting
            predicting.started.disconnect(self._show_running)
            predicting.progressed.disconnect(self._grow_soon)
            predicting.ended.disconnect(self._on_end)
        self.desk.close()
        widget, self._widget = self._widget, None
        if widget is not None:
            widget.close_down()
            if isalive(widget) and isalive(self._dock):
                self._close_host()
        self._gui.close()

    # --- what the grader does --------------------------------------------------

    def open(self) -> None:
        """Show the gallery below the frame, or bring it back."""
        from napari_mae_sam2._qt.gallery_dock import GalleryDock

        host = self._host
        if host is None:
            viewer = self._dock.viewer
            host = GalleryDock(viewer)
            viewer.window.add_dock_widget(
                host, name=menu_name(GALLERY), area="bottom", add_vertical_stretch=False
            )
        show_dock(host)
        self.widget().list.setFocus()

    def lend_to(self, host: QWidget) -> GalleryWidget:
        """Give the gallery to what is docked; what had it before is closed."""
        self._close_host()
        self._host = host
        return self.widget()

    def take_back(self, host: QWidget) -> None:
        """Take the gallery from what is docked no longer."""
        if self._host is host:
            self._host = None
            if self._widget is not None and isalive(self._widget):
                self._widget.setParent(None)

    def widget(self) -> GalleryWidget:
        """Give the gallery, which is made once."""
        if self._widget is None or not isalive(self._widget):
            made = GalleryWidget(self.desk.gallery, self._thumbnails, self._gui.post)
            made.opened.connect(self._open_in_hand)
            made.newest_wanted.connect(self._show_newest)
            made.results_wanted.connect(self._choose_results)
            made.page_wanted.connect(self._take_page)
            made.take_wanted.connect(self._take_in)
            made.shown.connect(self._look_anew)
            if self._predict is not None:
                made.predict_wanted.connect(self._predict.start)
            self._dock.latin_keys.watch(made.list)
            self._widget = made
            self._show_running()
        return self._widget

    def open_next(self) -> None:
        """Open the next frame without a verdict to be corrected."""
        gallery = self.desk.gallery
        if not gallery.total:
            self.open()
        elif gallery.next_worst():
            self._open_in_hand()
        else:
            self._dock.messages.tell(
                "Every frame shown in the gallery has its verdict."
            )

    # --- inside ----------------------------------------------------------------

    def _open_in_hand(self) -> None:
        one, results = self.desk.gallery.in_hand, self.desk.gallery.results
        if one is None or results is None:
            return
        record, desk = one.record, self._dock.desk
        place = find_open(record, desk.worklist.cases)
        study = next(
            (
                folder
                for folder in (desk.folder, results.folder.parent.parent)
                if (folder / "cases" / record.id).is_dir()
            ),
            None,
        )
        if place is not None:
            desk.go(place)
        elif study is not None:
            case = desk.study_cases.of(study, record.id, record.name)
            desk.open_case(desk.listed(case))
        else:
            self._dock.messages.warn(
                f"{record.name} is not open here, and no case of the study: open the "
                "folder of its frames first."
            )
            return
        self._dock.tabs.show_tab(Tab.GRADE)
        # From here on the keys judge patches, and not the whole frame.
        window = self._dock.window()
        if window is not None:
            window.setFocus()

    def _look(self, *_: object, anew: bool = False) -> None:
        widget = self._widget
        if widget is not None and isalive(widget) and widget.isVisible():
            self.desk.follow(self._dock.desk.folder, anew)

    def _look_anew(self, *_: object) -> None:
        self._look(anew=True)

    def _show_running(self) -> None:
        widget, predict = self._widget, self._predict
        if widget is not None and isalive(widget) and predict is not None:
            widget.show_running(predict.predicting.is_running)

    def _on_end(self, _end: object) -> None:
        self._grow_soon.stop()
        self._show_running()
        self._look_anew()

    def _show_newest(self) -> None:
        self.desk.load(self._dock.desk.folder)

    def _choose_results(self) -> None:
        folder = ask_folder(self._dock, "Open a folder that predict wrote")
        if folder is not None:
            self.desk.load(self._dock.desk.folder, folder)

    def _take_page(self) -> None:
        file = ask_verdicts(self._dock)
        if file is not None:
            self._take_in(file)

    def _take_in(self, page: Path | None = None) -> None:
        desk = self._dock.desk
        if not desk.grader and page is None:
            self._dock.code.need(lambda: self._take_in(page))
            return
        # Labels that are on their way count: nobody's answer is overruled.
        desk.save_changes(lambda: self.desk.take_in(desk.folder, page))

    def _on_taken(self) -> None:
        self._dock.desk.read_again()
        for part in self._dock.parts:
            if isinstance(part, QueuePart):
                part.look_soon()

    def _close_host(self) -> None:
        host = self._host
        if host is not None and isalive(host):
            with suppress(LookupError):  # closed by hand meanwhile
                self._dock.viewer.window.remove_dock_widget(host)
        self._host = None
