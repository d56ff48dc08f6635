"""Whether a window could open here: a Qt binding, a display, OpenGL.

The graphics card is asked by a process of its own, because Qt ends a process that has
no display instead of raising an error.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

from napari_mae_sam2 import findings
from napari_mae_sam2.findings import Finding

QT_LIBRARIES = (
    "sudo apt-get install -y libgl1 libegl1 libgl1-mesa-dri libxkbcommon-x11-0 "
    "libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0 "
    "libxcb-shape0 libxcb-xinerama0 libxcb-xkb1 libxcb-cursor0 libdbus-1-3 "
    "libfontconfig1"
)
"""The line that brings what Qt and OpenGL need on Debian and Ubuntu."""

NO_DISPLAY = (
    "Start it on a desktop, or without one: xvfb-run -a napari-mae-sam2 open "
    "(the other commands need no display)."
)

_UNSEEN = ("offscreen", "minimal", "minimalegl", "vnc")
"""Platform plugins of Qt that draw windows where nobody sees them."""

_BINDINGS = ("PyQt5", "PyQt6", "PySide6", "PySide2")  # qtpy takes the first it finds

_ASK_OPENGL = """
import json
from qtpy import API_NAME, QT_VERSION, QtGui, QtWidgets
app = QtWidgets.QApplication([])
surface = QtGui.QOffscreenSurface()
surface.create()
context = QtGui.QOpenGLContext()
answer = {"qt": f"{API_NAME} (Qt {QT_VERSION})", "renderer": ""}
if context.create() and context.makeCurrent(surface):
    from OpenGL import GL
    text = [GL.glGetString(name) for name in (GL.GL_RENDERER, GL.GL_VERSION)]
    answer["renderer"] = ", OpenGL ".join(t.decode() for t in text if t)
    context.doneCurrent()
print(json.dumps(answer), flush=True)
"""


def find_qt() -> Finding:
    """Find the Qt binding that napari will use, without loading it."""
    found = {
        name: v
        for name in _BINDINGS
        if (v := findings.installed_version(name)) is not None
    }
    if not found:
        advice = findings.INSTALL.format("app")
        return Finding("Qt binding", "none", False, advice, needed=True)
    wanted = os.environ.get("QT_API", "").lower()
    name = next((n for n in found if n.lower() == wanted), next(iter(found)))
    if wanted and name.lower() != wanted:
        return Finding(
            "Qt binding",
            f"{name} {found[name]}, but QT_API asks for {wanted}",
            False,
            f"Unset QT_API, or run: pip install {wanted}",
            needed=True,
        )
    return Finding("Qt binding", f"{name} {found[name]}", needed=True)


def find_display() -> Finding:
    """Find out whether there is a screen to open a window on."""
    if sys.platform in ("win32", "darwin"):
        return Finding("Display", "the desktop", needed=True)
    asked = os.environ.get("QT_QPA_PLATFORM", "")
    if asked.partition(":")[0] in _UNSEEN:
        return Finding(
            "Display",
            f"QT_QPA_PLATFORM={asked}, which shows no window",
            False,
            "Unset QT_QPA_PLATFORM to see the window.",
        )
    for name in ("WAYLAND_DISPLAY", "DISPLAY"):
        if os.environ.get(name):
            return Finding("Display", f"{name}={os.environ[name]}", needed=True)
    return Finding(
        "Display",
        "no display",
        False,
        NO_DISPLAY,
        needed=True,
    )


def find_opengl(timeout: float = 60) -> Finding:
    """Ask Qt for the OpenGL renderer, in a process of its own.

    Parameters
    ----------
    timeout : float
        Seconds after which the driver counts as hung.
    """
    display = find_display()
    if (display.needed and not display.ok) or not find_qt().ok:
        return Finding("OpenGL", "not asked, since no window can be opened")
    try:
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", _ASK_OPENGL],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Finding(
            "OpenGL",
            f"no answer within {timeout:.0f} s",
            False,
            "Update the graphics driver, or start with LIBGL_ALWAYS_SOFTWARE=1.",
            needed=True,
        )
    try:
        answer = json.loads(done.stdout.splitlines()[-1])
    except (ValueError, IndexError):
        reason, advice = _why_qt_does_not_start(done.stderr, done.returncode)
        return Finding(
            "OpenGL", f"Qt does not start ({reason})", False, advice, needed=True
        )
    if not answer["renderer"]:
        value, advice = f"none through {answer['qt']}", f"Run: {QT_LIBRARIES}"
        asked = os.environ.get("QT_QPA_PLATFORM", "")
        if asked.partition(":")[0] in _UNSEEN and not os.environ.get("DISPLAY"):
            value += f": QT_QPA_PLATFORM={asked} has none without a display"
            advice = f"Unset QT_QPA_PLATFORM. {NO_DISPLAY}"
        return Finding("OpenGL", value, False, advice, needed=True)
    return Finding("OpenGL", f"{answer['renderer']}, {answer['qt']}", needed=True)


def _why_qt_does_not_start(said: str, code: int) -> tuple[str, str]:
    """Give the reason that Qt wrote, and what to do about it."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    asked = os.environ.get("QT_QPA_PLATFORM", "")
    if "could not connect to display" in said.lower():
        name = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or "none"
        return f"the display {name} does not answer", NO_DISPLAY
    if asked and "could not find the qt platform plugin" in said.lower():
        return (
            f"QT_QPA_PLATFORM={asked} is unknown to this Qt",
            "Unset QT_QPA_PLATFORM.",
        )
    return lines[-1] if lines else f"exit code {code}", f"Run: {QT_LIBRARIES}"
