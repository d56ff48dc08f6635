"""Colours that mean the same in the window and on the page of `qa`.

From Okabe and Ito, Color Universal Design (2008): told apart with every kind of colour
blindness.
"""

from __future__ import annotations

from typing import Final

MODEL: Final = "#E69F00"
"""What the model calls leakage; where a label is compared, what it alone calls so."""

OTHER: Final = "#CC79A7"
"""The same of another model, or of another version of the label."""

LABEL: Final = "#56B4E9"
"""What people called leakage; where a model is compared, what it missed."""

BOTH: Final = "#F0E442"
"""What both call leakage."""
