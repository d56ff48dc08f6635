"""Leakage of many frames without a window: what goes in, how it is asked, the files."""
