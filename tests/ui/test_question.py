"""A question on a page: seen as a whole, answered by the keyboard, which then goes on where it was."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton, QScrollArea, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from spoke_admin.ui.page import scrolling
from spoke_admin.ui.question import Question


class Asked:
    """A small window that scrolls: a button, much room, a question, and a button that follows."""

    def __init__(self, qtbot: QtBot) -> None:
        content = QWidget()
        column = QVBoxLayout(content)
        self.before, self.after = QPushButton("Ask"), QPushButton("Next")
        self.done: list[str] = []
        self.question = Question("hurt", "Hurt", "Leave it", lambda: self.done.append("hurt"))
        column.addWidget(self.before)
        column.addSpacing(400)
        column.addWidget(self.question)
        column.addWidget(self.after)
        self.area: QScrollArea = scrolling(content, "area", "An area")
        qtbot.addWidget(self.area)
        self.area.resize(400, 300)
        self.area.show()
        self.before.setFocus()
        self.question.ask("It hurts.")

    def focus(self) -> QWidget | None:
        return self.area.window().focusWidget()


@pytest.fixture
def asked(qtbot: QtBot) -> Asked:
    return Asked(qtbot)


def test_the_whole_of_it_comes_into_view(asked: Asked, qtbot: QtBot) -> None:
    def whole() -> bool:
        return asked.question.visibleRegion().boundingRect() == asked.question.rect()

    qtbot.waitUntil(whole)
    assert asked.focus() is asked.question.no


@pytest.mark.parametrize("key", [Qt.Key.Key_Space, Qt.Key.Key_Escape])
def test_a_no_gives_the_keyboard_back(asked: Asked, key: Qt.Key) -> None:
    QTest.keyClick(asked.question.no, key)
    assert asked.question.isHidden()
    assert asked.focus() is asked.before
    assert asked.done == []


def test_a_yes_gives_it_back_before_the_work_begins(asked: Asked) -> None:
    asked.question.yes.setFocus()
    QTest.keyClick(asked.question.yes, Qt.Key.Key_Space)
    assert asked.question.isHidden()
    assert asked.focus() is asked.before
    assert asked.done == ["hurt"]


def test_a_question_that_is_asked_again_remembers_who_asked(asked: Asked) -> None:
    asked.question.ask("It still hurts.")
    QTest.keyClick(asked.question.no, Qt.Key.Key_Space)
    assert asked.focus() is asked.before


def test_a_keyboard_that_went_elsewhere_is_left_there(asked: Asked) -> None:
    asked.after.setFocus()
    asked.question.no.click()
    assert asked.focus() is asked.after
