"""The row of a finding: read beside the window, the marked cell in sight, whatever the row looks like."""

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from spoke_admin.domain.finding import Severity
from spoke_admin.roster.checking import Result, check_file
from spoke_admin.roster.choosing import Chooser
from spoke_admin.ui.row_card import Row, RowCard, RowModel, look
from spoke_admin.ui.tasks import Tasks
from tests.roster.profiles import ASKSPOKE
from tests.ui.names import faults_of_names

HEADER = "login,email,firstName,lastName,primaryPhone\n"
Role = Qt.ItemDataRole


@pytest.fixture
def card(tasks: Tasks, qtbot: QtBot) -> RowCard:
    made = RowCard(tasks)
    qtbot.addWidget(made)
    made.resize(800, 300)
    return made


def checked(path: Path, text: str) -> tuple[Result, Chooser]:
    path.write_text(text, encoding="utf-8")
    result = check_file(path, ASKSPOKE)
    return result, Chooser(result.findings, result.columns)


def place_of(result: Result, code: str) -> int:
    return next(place for place, it in enumerate(result.findings) if it.code == code)


def show(card: RowCard, result: Result, chooser: Chooser, code: str, qtbot: QtBot) -> None:
    place = place_of(result, code)
    card.show_result(result)
    card.show_finding(chooser, place, chooser.outline(place))
    qtbot.waitUntil(lambda: card._tasks.quiet)


def shown(card: RowCard) -> list[tuple[object, object]]:
    model = card.model
    return [(model.data(model.index(row, 0)), model.data(model.index(row, 1))) for row in range(model.rowCount())]


def test_the_row_shows_with_the_marked_cell_in_sight(card: RowCard, qtbot: QtBot, tmp_path: Path) -> None:
    result, chooser = checked(tmp_path / "a.csv", HEADER + 'a@example.com,nobody,A,"B\nC",1-800-555-0199\n')
    show(card, result, chooser, "email_invalid", qtbot)
    assert shown(card) == [
        ("login", "a@example.com"), ("email", "nobody"), ("firstName", "A"), ("lastName", "B⏎C"),
        ("primaryPhone", "1-800-555-0199"),
    ]  # fmt: skip
    assert card.kind.text() == "Error: email invalid"
    assert card.detail.text().startswith("Line 2, email: nobody\nIt is not a valid e-mail address.")
    assert card.row_words.text() == "Line 2: 5 cells"
    model, marked = card.model, card.model.index(1, 1)
    assert card.table.currentIndex() == marked
    assert model.data(marked, Role.DecorationRole) is not None
    assert model.data(marked, Role.BackgroundRole) is not None
    font: Any = model.data(marked, Role.FontRole)
    assert font.bold()
    assert model.data(marked, Role.AccessibleTextRole) == "nobody (error: the cell that is meant)"
    other = model.index(4, 1)
    assert model.data(other, Role.DecorationRole) is not None  # something is found there as well
    assert model.data(other, Role.BackgroundRole) is None
    assert model.data(model.index(0, 1), Role.DecorationRole) is None
    assert faults_of_names(card) == []


def test_too_few_and_too_many_cells_are_named(card: RowCard, qtbot: QtBot, tmp_path: Path) -> None:
    text = HEADER + "a@example.com,a@example.com,\n" + "b@example.com,b@example.com,B,B,,six,\u202eseven\n"
    result, chooser = checked(tmp_path / "a.csv", text)
    show(card, result, chooser, "row_too_short", qtbot)
    assert shown(card)[2:] == [("firstName", "empty"), ("lastName", "missing"), ("primaryPhone", "missing")]
    assert card.row_words.text() == "Line 2: 3 cells, the header has 5"
    show(card, result, chooser, "row_too_long", qtbot)
    assert shown(card)[4:] == [
        ("primaryPhone", "empty"), ("beyond the header", "six"), ("beyond the header", "⟨U+202E⟩seven"),
    ]  # fmt: skip
    font: Any = card.model.data(card.model.index(5, 0), Role.FontRole)
    assert font.italic()
    assert card.model.data(card.model.index(5, 1), Role.FontRole) is None


def test_a_finding_of_the_header_shows_the_header(card: RowCard, qtbot: QtBot, tmp_path: Path) -> None:
    result, chooser = checked(tmp_path / "a.csv", "login,email,firstName,Quux\na@example.com,a@example.com,A,B\n")
    show(card, result, chooser, "unknown_column", qtbot)
    assert shown(card)[3] == ("column 4", "Quux")
    assert card.model.data(card.model.index(3, 1), Role.BackgroundRole) is not None
    assert card.row_words.text() == "The header, line 1"
    show(card, result, chooser, "missing_column", qtbot)
    assert card.detail.text().startswith("Line 1, lastName")


@pytest.mark.parametrize("header", ['login,email,first"Name,lastName', 'login,email,"firstName,lastName'])
def test_a_quote_in_the_header_is_shown_there(card: RowCard, qtbot: QtBot, tmp_path: Path, header: str) -> None:
    result, chooser = checked(tmp_path / "a.csv", f"{header}\na@example.com,a@example.com,A,B\n")
    show(card, result, chooser, next(code for code in result.by_code if code.startswith("quote")), qtbot)
    assert card.row_words.text() == "The header, line 1"
    assert not card.message.isVisible()


def test_a_login_that_is_there_twice_is_read_from_the_file(card: RowCard, qtbot: QtBot, tmp_path: Path) -> None:
    row = "a@example.com,a@example.com,A,B,\n"
    result, chooser = checked(tmp_path / "a.csv", HEADER + row + row)
    show(card, result, chooser, "duplicate_identifier", qtbot)
    assert "a@example.com\nThe same login stands on line 2." in card.detail.text()
    assert card.row_words.text() == "Line 3: 5 cells"


@pytest.mark.parametrize("gone", [False, True])
def test_a_file_that_is_not_as_it_was_is_said_with_a_way_on(
    card: RowCard, qtbot: QtBot, tmp_path: Path, gone: bool
) -> None:
    path = tmp_path / "a.csv"
    result, chooser = checked(path, HEADER + "a@example.com,a@example.com,A,,\n")
    if gone:
        path.unlink()
    else:
        path.write_text(HEADER)
    show(card, result, chooser, "missing_value", qtbot)
    assert card.message.isVisible()
    assert ("There is no file" if gone else "was changed since") in card.message.title.text()
    assert not card.table.isVisible()
    assert card.kind.text() == "Error: missing value"
    with qtbot.waitSignal(card.again):
        card.message.button.click()
    path.write_text(HEADER + "a@example.com,a@example.com,A,,\n")
    result, chooser = checked(path, path.read_text())
    show(card, result, chooser, "missing_value", qtbot)
    assert card.table.isVisible()
    assert not card.message.isVisible()


def test_only_the_last_of_quick_choices_is_shown(card: RowCard, qtbot: QtBot, tmp_path: Path) -> None:
    rows = "".join(f"u{number}@example.com,u@example.com,A,,\n" for number in range(50))
    result, chooser = checked(tmp_path / "a.csv", HEADER + rows)
    card.show_result(result)
    for place in range(len(result.findings)):
        card.show_finding(chooser, place, chooser.outline(place))
    qtbot.waitUntil(lambda: card._tasks.quiet)
    assert card.row_words.text() == "Line 51: 5 cells"
    card.close_button.click()
    assert not card.isVisible()


def test_ten_thousand_columns_are_no_ten_thousand_widgets(card: RowCard, qtbot: QtBot, tmp_path: Path) -> None:
    names = ",".join(f"c{number}" for number in range(10_000))
    text = f"login,email,firstName,lastName,{names}\na@example.com,a@example.com,A,,{',' * 9_999}\n"
    result, chooser = checked(tmp_path / "a.csv", text)
    show(card, result, chooser, "missing_value", qtbot)
    assert card.model.rowCount() == 10_004
    assert card.table.currentIndex().row() == 3
    assert shown(card)[-1] == ("c9999", "empty")


def test_cells_that_were_not_kept_are_counted(qtmodeltester: ModelTester) -> None:
    model = RowModel()
    model.show_row(Row(["a", "b"], ["1", "2", "3"], "", more=5, marks={2: Severity.WARNING}, marked=2))
    check: Any = qtmodeltester
    check.check(model)
    assert model.data(model.index(3, 0)) == "beyond the header"
    assert model.data(model.index(3, 1)) == "and 5 cells more"
    assert model.headerData(0, Qt.Orientation.Horizontal) == "Column"


def test_esc_leads_back_and_a_narrow_card_stacks_its_parts(card: RowCard, qtbot: QtBot, tmp_path: Path) -> None:
    result, chooser = checked(tmp_path / "a.csv", HEADER + "a@example.com,a@example.com,A,,\n")
    show(card, result, chooser, "missing_value", qtbot)
    assert card.table.x() > card.detail.geometry().right()
    with qtbot.waitSignal(card.left):
        QTest.keyClick(card, Qt.Key.Key_Escape)
    card.resize(400, 500)
    qtbot.waitUntil(lambda: card.table.y() > card.detail.geometry().bottom())


def test_looking_needs_no_window(tmp_path: Path) -> None:
    result, chooser = checked(tmp_path / "a.csv", HEADER + "a@example.com,a@example.com,A,,\n")
    looked = look(result, chooser, place_of(result, "missing_value"))
    assert looked.row.cells == ["a@example.com", "a@example.com", "A", "", ""]
    assert looked.row.marks == {3: Severity.ERROR}
