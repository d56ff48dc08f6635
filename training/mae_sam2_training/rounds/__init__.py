"""Rounds of a study: frozen, trained, measured, decided on, and looked back at.

What lies on disk is in docs/rounds.md. Everything here works on a study folder and
needs no window.
"""
