"""The base of every error whose message is meant for the person at the window."""

from __future__ import annotations


class PlainError(Exception):
    """An error whose message is one sentence a grader can act on.

    The window shows the message as it is, and the command line prints it and ends
    with exit code 2. Anything else that escapes is a bug of ours, not bad input.
    """

    def __str__(self) -> str:
        """Give the sentence as text that can be shown, stored and sent.

        It may name a file whose name is no UTF-8; see `odd_names`.
        """
        text = super().__str__()
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
