"""A frame whose file has another name than its case: shown, and offered to be changed.

The label belongs to the pixels and is found by them; the name of the case only follows
where the grader wants it to.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from napari_mae_sam2.annotate.leaving_study import Offer
from napari_mae_sam2.fa.errors import PlainError
from napari_mae_sam2.study.relabel import rename

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_mae_sam2.annotate.worklist import Case
    from napari_mae_sam2.fa.frame import Frame


def offer_new_name(
    case: Case,
    frame: Frame,
    known_as: str,
    grader: Callable[[], str],
    post: Callable[[Callable[[], None]], None],
    said: tuple[Callable[[str], None], Callable[[str], None]],
) -> Offer:
    """Say that a frame is known by another name, and offer to rename its case.

    Parameters
    ----------
    case : Case
        As it is in the list.
    frame : Frame
        With the name that its file has now.
    known_as : str
        The name in the study.
    grader : callable
        Gives the code of who renames it, for the log.
    post : callable
        Runs a function on the thread that owns the window.
    said : tuple of callable
        Tell a sentence, and warn with one.
    """
    tell, warn = said

    def work() -> None:
        try:
            rename(case.place.open(), frame, grader=grader())
        except PlainError as error:
            sentence = str(error)
            post(lambda: warn(sentence))
        else:
            post(lambda: tell(f"The study calls this frame {frame.name} now."))

    def act() -> None:
        # A study may lie on a slow drive.
        threading.Thread(target=work, name="rename case").start()

    return Offer(
        f"{frame.name} was graded under the name {known_as}: these are its labels.",
        "Use the new name",
        act,
    )
