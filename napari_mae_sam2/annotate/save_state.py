"""Whether what the grader did is on disk, on its way there, or in memory alone."""

from __future__ import annotations


class SaveState:
    """Counts the edits of a case and those that were saved.

    Asked and told by the thread of the window, and told by the thread that writes:
    every field is a plain value that is replaced whole.

    Parameters
    ----------
    revision : str, optional
        Id of the saved revision that the labels were opened from.
    """

    def __init__(self, revision: str | None) -> None:
        self.revision = revision
        """Id of the saved revision that the next one corrects."""
        self.merges: tuple[str, ...] = ()
        """Parallel revisions that the next one is chosen over, or made of."""
        self.parallel: tuple[str, ...] = ()
        """Who else answered the case, as the last save found: a conflict."""
        self.is_moved = False
        """True where the study is another one than the case was opened from."""
        self.study = 0
        """Which of the studies that the case was moved to is meant."""
        self.edits = 0
        """How many changes the labels hold."""
        self.is_elsewhere = False
        """True where they were saved to a study that is not their own."""
        self._saved = 0
        self._saving: int | None = None

    @property
    def saved(self) -> int:
        """How many of the changes their study has; -1 where it has none of them."""
        return -1 if self.is_elsewhere else self._saved

    def take_up(self, edits: int, saved: int) -> None:
        """Go on counting where the case was left."""
        self.edits, self._saved = edits, saved

    @property
    def unsaved(self) -> bool:
        """True where the labels hold changes that are not on their way to disk."""
        is_there = self.edits == self._saved and not self.is_elsewhere
        return not is_there and self.edits != self._saving

    @property
    def is_saved(self) -> bool:
        """True where what is in the labels now is on disk, or never changed."""
        return self.edits == self._saved

    def begin(self) -> None:
        """Take note that the labels as they are now are being written."""
        self._saving = self.edits

    def written(self, edits: int, study: int, revision: str) -> None:
        """Take note that so many edits are on disk; called by the thread that writes.

        A case that was moved to another study meanwhile is not saved there yet.
        """
        if study == self.study:
            self.is_elsewhere = False
            self.is_moved = False
            self.revision = revision
            self.merges = ()
            self._saved = edits

    def ended(self, edits: int) -> None:
        """Take note that writing so many edits succeeded or failed."""
        if self._saving == edits:
            self._saving = None

    def move(self) -> None:
        """Take note that the labels belong to another study from now on.

        What the grader changed is to be saved there; what was only looked at is not.
        """
        self.study += 1
        self.revision = None
        self.merges = ()
        self.is_moved = True
        self._saving = None
        if self.edits:
            self._saved = -1
