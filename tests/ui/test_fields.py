"""A document by address, file, paste or drop; what was understood is said at once."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel, QPlainTextEdit, QWidget
from pytestqt.qtbot import QtBot

from spoke_admin.domain.error import AdminError
from spoke_admin.domain.guide import Field, Filled
from spoke_admin.ui.fields import DOCUMENT_BYTES, DocumentField, read_document, understood
from spoke_admin.ui.form import form
from spoke_admin.ui.tasks import Tasks
from tests.saml.test_metadata import METADATA
from tests.ui.small_guide import World, connection_to

FIELD = Field("metadata", "Metadata", "xml", "Its address, a file, or the document itself.")


@pytest.fixture
def document(tasks: Tasks, qtbot: QtBot) -> Iterator[tuple[DocumentField, Callable[[], str]]]:
    page, layout = QWidget(), form()
    qtbot.addWidget(page)
    page.setLayout(layout)
    field = DocumentField(FIELD, tasks, connection_to(World()), page)
    field.add_to(layout)
    page.show()
    label = page.findChild(QLabel, "metadata_understood")
    assert isinstance(label, QLabel)
    yield field, label.text  # noqa: PT022  # the page lives as long as this frame


def test_what_is_no_metadata_is_said_below_the_field(
    document: tuple[DocumentField, Callable[[], str]], qtbot: QtBot
) -> None:
    field, said = document
    field.fill(Filled("<html><body>Log in</body></html>"))
    qtbot.waitUntil(lambda: bool(said()))
    assert "<html>" not in said()
    assert len(said()) > 20
    assert not field.edited


def test_typing_marks_it_edited_and_is_understood_after_a_moment(
    document: tuple[DocumentField, Callable[[], str]], qtbot: QtBot
) -> None:
    field, said = document
    text = field.widget
    assert isinstance(text, QPlainTextEdit)
    text.setPlainText("no xml at all")
    assert field.edited
    assert field.answer() == "no xml at all"
    qtbot.waitUntil(lambda: bool(said()))


def test_a_file_is_read_into_the_field(
    document: tuple[DocumentField, Callable[[], str]], qtbot: QtBot, tmp_path: Path
) -> None:
    field, _said = document
    path = tmp_path / "metadata.xml"
    path.write_text("<a>Zoë</a>", encoding="utf-16")
    field.open_file(path)
    qtbot.waitUntil(lambda: field.answer() == "<a>Zoë</a>")


def test_an_address_without_a_way_to_read_it_is_said(
    document: tuple[DocumentField, Callable[[], str]], qtbot: QtBot
) -> None:
    field, said = document
    field.fill(Filled("http://127.0.0.1:9/metadata"))
    qtbot.waitUntil(lambda: "Paste the document" in said())


@pytest.mark.parametrize("name", ["missing.xml", "folder"])
def test_what_is_no_file_is_refused_in_words(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(AdminError) as refusal:
        read_document(tmp_path / name)
    assert name in refusal.value.title


def test_an_enormous_file_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "big.xml"
    with path.open("wb") as file:
        file.truncate(DOCUMENT_BYTES + 1)
    with pytest.raises(AdminError) as refusal:
        read_document(path)
    assert "5,242,881 bytes" in refusal.value.title


def test_what_was_understood_names_issuer_address_and_expiry() -> None:
    words = understood(METADATA)
    assert "http://www.okta.com/exk1" in words
    assert "https://x.okta.com/p" in words
    assert "valid to 2035-12-30" in words
