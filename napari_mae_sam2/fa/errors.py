"""The base of every error whose message is meant for the person at the window."""

from __future__ import annotations


class PlainError(Exception):
    """An error whose message is one sentence a grader can act on.

    The window shows the message as it is, and the command line prints it and ends
    with exit code 2. Anything else that escapes is a bug of ours, not bad input.
    """
