"""npe2 commands: what napari's command palette offers of the dock.

Each does what a key or a button of the open dock does; the manifest names it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def _key(key: str) -> Callable[[], None]:
    """Make the command that does what a key does, in napari's notation."""

    def command() -> None:
        from napari_mae_sam2._qt.palette import press

        press(key)

    return command


def _kind(place: int) -> Callable[[], None]:
    """Make the command for a kind of lesion; each study has its own names and keys."""

    def command() -> None:
        from napari_mae_sam2._qt.palette import set_kind

        set_kind(place)

    return command


def _button(name: str) -> Callable[[], None]:
    """Make the command for what has no key."""

    def command() -> None:
        from napari_mae_sam2._qt.palette import push

        push(name)

    return command


segment = _key("S")
all_in_view = _key("X")
polarity = _key("T")
candidate = _key("Q")
commit = _key("C")
accept = _key("A")
reject = _key("R")
undo = _key("Z")
redo = _key("Shift-Z")
close_up = _key("W")
drag = _key("Shift-D")
take_in_more = _key(",")
take_in_less = _key(".")
redraw = _key("Shift-L")

next_patch = _key("Right")
previous_patch = _key("Left")
accept_all = _key("Shift-A")
reject_all = _key("Shift-R")

paint = _key("P")
erase = _key("E")
fill = _key("F")
polygon = _key("3")
new_lesion = _key("M")
smart_brush = _key("Shift-P")
grading_layout = _key("Shift-W")
accept_group = _key("Control-Shift-A")
reject_group = _key("Control-Shift-R")

pick = _key("L")
delete = _key("Delete")
kind_1, kind_2, kind_3 = _kind(1), _kind(2), _kind(3)
kind_4, kind_5, kind_6 = _kind(4), _kind(5), _kind(6)
kind_7, kind_8, kind_9 = _kind(7), _kind(8), _kind(9)

fill_holes = _key("Shift-F")
drop_islands = _key("Shift-I")
smooth = _key("Shift-M")
grow = _key("Shift-G")
shrink = _key("Shift-K")
snap = _key("Shift-E")
split_necks = _key("Shift-X")
merge = _key("Shift-J")
split_parts = _button("split parts")
cut_to_gradable = _button("cut to gradable")

bare_frame = _key("D")
opacity = _key("O")
outlines = _key("U")
inverted = _key("I")
local_contrast = _key("K")
green = _key("Shift-U")
compare = _key("J")
grid = _key("G")
scale_bar = _key("Shift-Y")
mini_map = _key("Y")
overlay = _key("Shift-O")
version_a_or_b = _key("B")
flicker = _key("Shift-B")
stretch_contrast = _button("stretch contrast")
reset_contrast = _button("reset contrast")

next_case = _key("N")
previous_case = _key("Shift-N")
save = _key("Shift-S")
export = _button("export")
lesions_csv = _button("lesions as CSV")
choose_study = _button("choose study")
open_folder = _button("open folder")
open_files = _button("open files")
open_sample = _button("open sample")

done = _key("Alt-D")
queue_next = _key("Alt-N")
queue_back = _key("Alt-B")
no_leakage = _key("Alt-0")
for_review = _key("Alt-R")
cannot_grade = _key("Alt-X")
study_window = _button("study")

choose_model = _button("choose model")
packaged_model = _button("packaged model")
predict_frames = _button("predict all frames")
cancel_predicting = _button("cancel predicting")
gallery = _key("Alt-G")
next_worst = _key("Alt-W")
verdicts_of_page = _button("verdicts of a page")
train_round = _button("train a round")
cancel_round = _button("cancel the round")
use_new_model = _button("use the new model")

show_keys = _key("H")
guided_tour = _key("Shift-H")
end_tour = _key("Escape")
tab_grade = _button("tab Grade")
tab_correct = _button("tab Correct")
tab_lesions = _button("tab Lesions")
tab_view = _button("tab View")
tab_model = _button("tab Model")
