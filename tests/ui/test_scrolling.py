"""What a page scrolls in, as a screen reader meets it."""

from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from spoke_admin.ui.page import scrolling


def test_an_area_has_as_many_children_whether_it_scrolls_or_not(qtbot: QtBot) -> None:
    """Qt reads beyond them where one is asked for that has just gone: the program ended by that."""
    content = QWidget()
    column = QVBoxLayout(content)
    area = scrolling(content, "area", "An area")
    qtbot.addWidget(area)
    area.resize(300, 200)
    area.show()
    bar = area.verticalScrollBar()
    qtbot.waitUntil(area.isVisible)
    short = QAccessible.queryAccessibleInterface(area).childCount()
    assert not bar.isEnabled(), "there is nothing to scroll, and no handle"
    for number in range(40):
        column.addWidget(QLabel(f"line {number}"))
    qtbot.waitUntil(lambda: bar.maximum() > 0)
    assert bar.isEnabled()
    assert QAccessible.queryAccessibleInterface(area).childCount() == short
    for label in content.findChildren(QLabel):
        label.hide()
    qtbot.waitUntil(lambda: bar.maximum() == 0)
    assert not bar.isEnabled()
    assert QAccessible.queryAccessibleInterface(area).childCount() == short
