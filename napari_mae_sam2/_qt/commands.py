"""Everything a grader can do by key or button, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_mae_sam2._qt.keys import PAINT, Key
from napari_mae_sam2.fa.errors import PlainError

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_mae_sam2._qt.leakage_widget import LeakageWidget
    from napari_mae_sam2.annotate.session import CaseSession


class Commands:
    """The grader's commands, acting on what is in hand.

    Parameters
    ----------
    widget : LeakageWidget
        The dock they act through.
    """

    def __init__(self, widget: LeakageWidget) -> None:
        self._widget = widget
        prompting, cases = "Segment", "Cases and labels"
        self.keys: tuple[Key, ...] = (
            Key(
                ("S",), "segment: click again, or all leakage", self.segment, prompting
            ),
            Key(
                ("T",), "left click says: leakage / not leakage", self.toggle, prompting
            ),
            Key(("Q",), "the model's next candidate", self.next_candidate, prompting),
            Key(("C",), "commit the proposal as one lesion", self.commit, prompting),
            Key(
                ("A",),
                "accept each patch as a lesion, or this one",
                self.accept,
                prompting,
            ),
            Key(("R",), "reject the proposal", self.reject, prompting),
            Key(
                ("X",),
                "all leakage in what you see",
                self.all_in_view,
                prompting,
                # napari would make an eraser of the brush without a word
                while_painting=True,
            ),
            # Also while painting, where napari has a way to move the picture on Z: one
            # history has one key. Space moves the picture with every tool.
            Key(("Z", "Control-Z"), "undo, also paint", self.undo, prompting, True),
            Key(("Shift-Z", "Control-Shift-Z"), "redo", self.redo, prompting, True),
            Key(("P",), "paint", self._tool("paint"), PAINT),
            Key(
                ("E",), "erase; in a review, edit the patch", self.edit_or_erase, PAINT
            ),
            Key(
                ("M",),
                "a new lesion with the next stroke",
                self.new_lesion,
                PAINT,
                while_painting=True,
            ),
            Key(("F",), "fill", self._tool("fill"), PAINT),
            Key(("3",), "polygon", self._tool("polygon"), PAINT),
            Key(("N",), "next case, this one is kept", self.next_case, cases),
            Key(
                ("Shift-N",),
                "previous case, this one is kept",
                self.previous_case,
                cases,
            ),
            Key(("Shift-S",), "save; answers nothing", self.save, cases),
            Key(("H",), "this sheet", widget.show_keys, cases),
        )

    # --- prompting -------------------------------------------------------------

    def segment(self) -> None:
        """Go back to clicking; pressed again without a prompt: all leakage."""
        session = self._widget.session
        if not self._widget.layers.is_prompting:
            self._widget.layers.start_prompting()
        elif session is not None and session.draft.is_empty:
            session.ask_for_everything()

    def all_leakage(self) -> None:
        """Ask the model for all leakage in the frame."""
        if self._widget.session is not None:
            self._widget.layers.start_prompting()
            self._widget.session.ask_for_everything()

    def all_in_view(self) -> None:
        """Ask the model for all leakage in what is seen of the frame."""
        session = self._widget.session
        if session is not None:
            self._widget.layers.start_prompting()
            annotator = self._widget.desk.annotator
            session.ask_for_everything(annotator.part_in_view(), annotator.view.seen)

    def toggle(self) -> None:
        """Change what the left mouse button says."""
        self._widget.segment.show_polarity(not self._widget.mouse.left_is_positive)

    def next_candidate(self) -> None:
        """Show the model's next candidate."""
        if self._widget.session is not None:
            self._widget.session.next_candidate()

    def commit(self) -> None:
        """Make the proposal one lesion, and let the brush paint on it."""
        session = self._widget.session
        if session is None:
            return
        act = session.accept_patch if session.is_reviewing else session.commit
        made: list[int] = []
        if self.attempt(lambda: made.append(act())):
            self._widget.layers.choose_label(made[0])

    def accept(self) -> None:
        """Make each patch of the proposal a lesion; in a review, the one in hand."""
        session = self._widget.session
        if session is None:
            return
        if session.is_reviewing:
            self.commit()
            return
        made: list[int] = []
        if self.attempt(lambda: made.extend(session.commit_patches())):
            self._widget.layers.choose_label(made[-1])

    def reject(self) -> None:
        """Drop the prompts and the proposal; in a review, the patch in hand."""
        session = self._widget.session
        if session is not None and session.is_reviewing:
            session.reject_patch()
        elif session is not None:
            session.reject()

    def edit_or_erase(self) -> None:
        """Correct the patch in hand with clicks; without one, erase."""
        session = self._widget.session
        if session is not None and session.is_reviewing:
            self.attempt(session.edit_patch)
        else:
            self._widget.layers.start_painting("erase")

    def new_lesion(self) -> None:
        """Let the next stroke begin a lesion of its own, with the tool in hand."""
        session, layers = self._widget.session, self._widget.layers
        if session is None:
            return
        session.painted()
        numbered = self.attempt(lambda: layers.strokes.begin(session.next_number()))
        if numbered and layers.is_prompting:
            layers.start_painting("paint")

    def undo(self) -> None:
        """Take back the last thing that was done to the case."""
        under_way = [part.interrupt() for part in self._widget.parts]
        if self._widget.session is not None and not any(under_way):
            self._widget.session.undo()

    def redo(self) -> None:
        """Do again what was taken back."""
        if self._widget.session is not None:
            self._widget.session.redo()

    # --- cases -----------------------------------------------------------------

    def next_case(self) -> None:
        """Go on; what was done is kept and answers nothing."""
        self._widget.desk.step(1)

    def previous_case(self) -> None:
        """Go back; what was done is kept and answers nothing."""
        self._widget.desk.step(-1)

    def save(self) -> None:
        """Keep the labels of the case in hand; that finishes nothing."""
        desk, messages = self._widget.desk, self._widget.messages
        session = self._widget.session
        if session is None:
            return
        if desk.is_practising:
            messages.tell("Nothing is saved during the tour.")
            return
        session.painted()
        if session.saves.revision is None and session.saves.is_saved:
            messages.tell(
                "There is nothing to save yet. No leakage (Alt + 0) says that the "
                "frame shows none."
            )
            return
        words = f"Saved in {desk.folder}."
        desk.save(lambda: messages.tell(words + _still_open(session)))

    def export(self) -> None:
        """Save what changed, then write the whole study for other programs."""
        desk = self._widget.desk
        if desk.is_practising:
            self._widget.messages.tell("Nothing is exported during the tour.")
            return
        desk.save_changes(lambda: self._widget.exports.start(desk.folder))

    # --- models ----------------------------------------------------------------

    def use_model(self, path: str) -> None:
        """Load a checkpoint; the model in use stays until it is there."""
        self._widget.desk.annotator.load_model(path)

    def use_packaged_model(self) -> None:
        """Go back to the model that came with the program."""
        self._widget.desk.annotator.load_model("packaged")

    # --- inside ----------------------------------------------------------------

    def _tool(self, mode: str) -> Callable[[], None]:
        return lambda: self._widget.layers.start_painting(mode)

    def attempt(self, act: Callable[[], object]) -> bool:
        """Do something, or show why it cannot be done; True where it was done."""
        self._widget.messages.leave()  # before: the act may have something to say
        try:
            act()
        except PlainError as error:
            self._widget.messages.warn(str(error))
            return False
        return True


def _still_open(session: CaseSession) -> str:
    is_open = session.saves.standing in (None, "in_work", "proposed")
    return " Done (Alt + D) finishes the case." if is_open else ""
