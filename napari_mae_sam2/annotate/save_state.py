"""Whether what the grader did is on disk, on its way there, or in memory alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_mae_sam2.study.records import Status


class SaveState:
    """Counts the edits of a case and those that were saved, and keeps its answer.

    Asked and told by the thread of the window, and told by the thread that writes:
    every field is a plain value that is replaced whole.

    Parameters
    ----------
    revision : str, optional
        Id of the saved revision that the labels were opened from.
    status : str, optional
        What that revision says of the case.
    """

    def __init__(self, revision: str | None, status: Status | None = None) -> None:
        self.revision = revision
        """Id of the saved revision that the next one corrects."""
        self.status = status
        """What that revision says of the case; None where there is none."""
        self.merges: tuple[str, ...] = ()
        """Parallel revisions that the next answer is chosen over, or made of."""
        self.parallel: tuple[str, ...] = ()
        """Who else answered the case, as the last save found: a conflict."""
        self.edits = 0
        """How many changes the labels hold."""
        self.is_elsewhere = False
        """True where they were saved to a study that is not their own."""
        self._saved = 0
        self._saving: tuple[int, Status | None] | None = None
        self._word: tuple[int, Status] | None = None

    @property
    def saved(self) -> int:
        """How many of the changes their study has; -1 where it has none of them."""
        return -1 if self.is_elsewhere else self._saved

    @property
    def word(self) -> Status | None:
        """The grader's answer that is not on disk yet; None where there is none.

        It is about the labels as they were then: whoever goes on editing has not
        answered any more.
        """
        said = self._word
        return said[1] if said is not None and said[0] == self.edits else None

    def say(self, status: Status) -> None:
        """Take the grader's answer; it is written with the next save, and kept till."""
        self._word = (self.edits, status)

    @property
    def standing(self) -> Status | None:
        """Where the case stands with what is in memory; None for an untouched one."""
        if self.word is not None:
            return self.word
        return self.status if self.edits == self._saved else "in_work"

    def take_up(self, edits: int, saved: int, word: Status | None = None) -> None:
        """Go on counting where the case was left."""
        self.edits, self._saved = edits, saved
        if word is not None:
            self.say(word)

    @property
    def is_under_way(self) -> bool:
        """True while something is being written."""
        return self._saving is not None

    @property
    def unsaved(self) -> bool:
        """True where something is not on disk and not on its way there."""
        is_there = self.is_saved and not self.is_elsewhere
        return not is_there and (self.edits, self.word) != self._saving

    @property
    def is_saved(self) -> bool:
        """True where labels and answer are on disk, or there is nothing to save."""
        is_answered = self.word is None or self.is_elsewhere
        return self.edits == self._saved and is_answered

    def begin(self) -> None:
        """Take note that the labels as they are now are being written."""
        self._saving = self.edits, self.word

    def written(self, edits: int, revision: str, status: Status) -> None:
        """Take note that so many edits are on disk; called by the thread that writes.

        Parameters
        ----------
        edits : int
            How many changes the revision holds.
        revision : str
            Its id.
        status : str
            What it says of the case.
        """
        self.is_elsewhere = False
        self.revision, self.status = revision, status
        self._saved = edits
        if status != "in_work":
            self.merges = ()
        if self._word == (edits, status):
            self._word = None

    def written_elsewhere(self, edits: int) -> None:
        """Take note that another study took so many edits: their own lacks them."""
        self.is_elsewhere = True
        self._saved = edits

    def ended(self, edits: int, word: Status | None = None) -> None:
        """Take note that writing so many edits, so answered, succeeded or failed."""
        if self._saving == (edits, word):
            self._saving = None
