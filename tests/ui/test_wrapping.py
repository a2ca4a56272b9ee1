"""A line of controls that goes on in the next one."""

from PySide6.QtWidgets import QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from spoke_admin.ui.wrapping import SPACING, WrappingLine


def test_what_does_not_fit_goes_into_the_next_line(qtbot: QtBot) -> None:
    buttons = [QPushButton(f"Button number {number}") for number in range(4)]
    line = WrappingLine("line", *buttons)
    qtbot.addWidget(line)
    line.resize(line.sizeHint())
    line.show()
    assert len({it.y() for it in buttons}) == 1
    two = 2 * buttons[0].sizeHint().width() + SPACING
    assert line.heightForWidth(two) > line.heightForWidth(1_000)
    line.resize(two, line.heightForWidth(two))
    assert len({it.y() for it in buttons}) == 2
    assert [it.x() for it in buttons[2:]] == [it.x() for it in buttons[:2]]
    assert max(it.geometry().bottom() for it in buttons) < line.height()
    buttons[1].hide()
    qtbot.waitUntil(lambda: buttons[2].y() == 0)  # it leaves no gap
    buttons[0].setText("Another button with many more words")
    qtbot.waitUntil(lambda: buttons[0].width() > buttons[2].width())
    line.resize(60, 400)
    assert len({it.y() for it in (buttons[0], *buttons[2:])}) == 3
    assert line.minimumSizeHint().width() <= buttons[0].sizeHint().width()


def test_one_that_may_grow_takes_what_is_left(qtbot: QtBot) -> None:
    field, key = QLineEdit(), QPushButton("Go")
    line = WrappingLine("line", field, key)
    qtbot.addWidget(line)
    line.resize(600, 60)
    line.show()
    assert field.width() == 600 - SPACING - key.width()
    assert key.geometry().right() == 599
