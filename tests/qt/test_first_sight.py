"""What can be clicked has a tip, and what is empty says what to do."""

from __future__ import annotations

from qtpy.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QScrollBar,
    QTabWidget,
    QToolButton,
    QWidget,
)

INTERACTIVE = (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
)


def silent(dock):
    """Find what Qt would show no tip for: a tip of what holds a widget is its own."""
    found = []
    for widget in dock.findChildren(QWidget):
        if not isinstance(widget, INTERACTIVE) or isinstance(widget, QScrollBar):
            continue
        if widget.window() is not dock.window():
            continue  # a list that drops down
        if type(widget.parent()).__name__ == "QTabBar":
            continue  # Qt's own, for more tabs than fit
        holder = widget
        while holder is not dock and not holder.toolTip():
            holder = holder.parentWidget()
        if holder is dock:
            text = widget.text() if hasattr(widget, "text") else ""
            found.append(f"{type(widget).__name__} {text!r} {widget.accessibleName()}")
    return found


def test_everything_has_a_tip_with_and_without_a_case(grader, folder):
    assert not silent(grader.widget), "\n".join(silent(grader.widget))
    grader.widget.open_paths([folder])
    grader.wait_until_ready()
    grader.click((40, 60))
    grader.wait_for_proposal()
    grader.look()
    assert not silent(grader.widget), "\n".join(silent(grader.widget))
    grader.press("C")
    grader.look()
    assert not silent(grader.widget), "\n".join(silent(grader.widget))


def test_every_tab_says_what_it_is_for(grader):
    (tabs,) = grader.widget.findChildren(QTabWidget)
    tips = [tabs.tabToolTip(index) for index in range(tabs.count())]
    assert all(tips)
    assert len(set(tips)) == tabs.count() == 5


def test_what_is_empty_says_what_to_do(grader, folder):
    def shown():
        every = [
            *grader.widget.findChildren(QLabel),
            *grader.widget.findChildren(QToolButton),
        ]
        return " | ".join(one.text() for one in every if not one.isHidden())

    assert "Open frames or a study, or drop them here." in shown()
    assert "open one in the Grade tab" in shown()
    assert "Clean up (open a frame first)" in shown()
    assert "Smart brush (open a frame first)" in shown()
    grader.widget.open_paths([folder])
    grader.wait_until_ready()
    grader.look()
    assert "open a frame first" not in shown()
    assert "click on a leak in the frame and commit it with C" in shown()
    assert "candidates for your click appear here" in shown()
    grader.click((40, 60))
    grader.wait_for_proposal()
    grader.look()
    assert "candidates for your click appear here" not in shown()
