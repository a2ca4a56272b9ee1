"""A field that filters a list."""

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QToolButton
from pytestqt.qtbot import QtBot

from spoke_admin.ui.text_filter import TextFilter


def test_a_filter_is_cleared_by_esc_and_leads_to_its_list(qtbot: QtBot) -> None:
    field = TextFilter("some_filter", "Filter by text", "Text")
    qtbot.addWidget(field)
    clear = field.findChild(QToolButton, "clear_some_filter_button")
    assert isinstance(clear, QToolButton)
    assert clear.accessibleName() == "Clear: Filter by text"
    QTest.keyClicks(field, "abc")
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert field.text() == ""
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Down, Qt.Key.Key_Enter):
        with qtbot.waitSignal(field.entered):
            QTest.keyClick(field, key)
    assert not field.acceptDrops()
