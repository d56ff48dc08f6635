"""Leakage annotation on fluorescein angiograms with MAE-SAM2.

Holds the version and nothing else, so that importing it costs nothing: no torch,
no Qt.
"""

__version__ = "0.1.0"
