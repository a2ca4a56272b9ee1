"""Form rows carry their names, and a value can be carried elsewhere."""

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from spoke_admin.ui.form import CopyButton, form, row, value_row
from tests.ui.names import faults_of_names


def test_a_row_sets_buddy_names_and_help_together(qtbot: QtBot) -> None:
    page, layout, line = QWidget(), form(), QLineEdit()
    qtbot.addWidget(page)
    page.setLayout(layout)
    caption = row(layout, "&Base URL", line, "base_url", "Where Okta pushes to.")
    page.show()
    assert caption.buddy() is line
    assert line.objectName() == "base_url"
    assert line.accessibleName() == "Base URL"
    assert line.toolTip() == "Where Okta pushes to."
    shown = page.findChild(QLabel, "base_url_help")
    assert isinstance(shown, QLabel)
    assert shown.text() == "Where Okta pushes to."
    assert faults_of_names(page) == []


def test_a_value_is_copied_with_a_tick_and_stays_readable(qtbot: QtBot) -> None:
    page, layout = QWidget(), form()
    qtbot.addWidget(page)
    page.setLayout(layout)
    value = value_row(layout, "Base URL", "base_url", "http://127.0.0.1:1/scim/v2")
    page.show()
    assert value.label.accessibleName() == ""  # a name would hide the text
    copy = page.findChild(CopyButton, "copy_base_url")
    assert isinstance(copy, CopyButton)
    value.set_text("http://127.0.0.1:2/scim/v2")
    copy.click()
    assert QGuiApplication.clipboard().text() == "http://127.0.0.1:2/scim/v2"
    assert copy.text() == "✓ Copied"
    qtbot.waitUntil(lambda: copy.text() == "Copy", timeout=4000)
    assert faults_of_names(page) == []


def test_text_of_a_server_is_never_markup(qtbot: QtBot) -> None:
    page, layout = QWidget(), form()
    qtbot.addWidget(page)
    page.setLayout(layout)
    value = value_row(layout, "Name", "name", "<b>Zoë</b><img src='file:///etc/passwd'>")
    assert value.label.text().startswith("<b>")
    from PySide6.QtCore import Qt

    assert value.label.textFormat() is Qt.TextFormat.PlainText
