"""The one place that shows a fault: what happened, how to fix it, one button, raw text folded below."""

from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from spoke_admin.domain.error import AdminError
from spoke_admin.ui.messages import Message
from tests.ui.names import faults_of_names


def shown(qtbot: QtBot) -> tuple[QWidget, Message]:
    page = QWidget()
    qtbot.addWidget(page)
    message = Message(page)
    page.show()
    return page, message


def test_an_error_shows_its_three_parts_and_one_button(qtbot: QtBot) -> None:
    page, message = shown(qtbot)
    assert not message.isVisible()
    pressed: list[str] = []
    message.show_error(
        AdminError("SCIM refused.", "Activate SAML.", "409 saml_not_active"), lambda: pressed.append("x")
    )
    assert message.isVisible()
    assert (message.title.text(), message.remedy.text()) == ("SCIM refused.", "Activate SAML.")
    assert not message.detail.isVisible()
    message.fold.click()
    assert message.detail.isVisible()
    assert message.detail.toPlainText() == "409 saml_not_active"
    assert faults_of_names(page) == []
    message.button.click()
    assert pressed == ["x"]
    assert not message.isVisible()


def test_what_is_not_there_is_not_shown(qtbot: QtBot) -> None:
    _page, message = shown(qtbot)
    message.show_error(AdminError("It broke.", "Mend it."))
    assert not message.button.isVisible()
    assert not message.fold.isVisible()
    message.show_note("Saved.")
    assert not message.remedy.isVisible()
    assert message.property("role") == "note_box"
    message.clear()
    assert not message.isVisible()


def test_a_fault_while_a_button_is_pressed_stays_shown(qtbot: QtBot) -> None:
    _page, message = shown(qtbot)
    message.show_error(AdminError("One.", "a"), lambda: message.show_error(AdminError("Two.", "b")))
    message.button.click()
    assert message.isVisible()
    assert message.title.text() == "Two."
