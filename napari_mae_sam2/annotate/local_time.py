"""Times of records as a grader reads them."""

from __future__ import annotations

from datetime import datetime


def when(time: str) -> str:
    """Say an ISO 8601 time in the time of this computer; empty where it is none."""
    try:
        return f"{datetime.fromisoformat(time).astimezone():%d %b %H:%M}"
    except (ValueError, OverflowError, OSError):
        return ""
