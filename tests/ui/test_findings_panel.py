"""The list of findings: filtered, sorted, by keyboard, with the row of the chosen one."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from spoke_admin.connection import sample_roster
from spoke_admin.ui.code_bars import CodeBars
from spoke_admin.ui.pages.users import UsersPage
from spoke_admin.ui.tasks import Tasks
from tests.ui.names import faults_of_names
from tests.ui.users_page import HEADER, opened, roster, settle


@pytest.fixture
def page(tasks: Tasks, qtbot: QtBot) -> UsersPage:
    made = UsersPage(tasks)
    qtbot.addWidget(made)
    made.resize(1000, 760)
    made.show()
    return made


def test_filters_by_kind_by_text_and_by_what_stops_a_row(page: UsersPage, qtbot: QtBot, tmp_path: Path) -> None:
    opened(page, roster(tmp_path, 30), qtbot)
    assert page.findings.model.rowCount() == 10 + 6
    bar = page.findChild(QPushButton, "bar_missing_value")
    assert isinstance(bar, QPushButton)
    bar.click()
    settle(page, qtbot)
    assert page.findings.model.rowCount() == 6
    assert {page.findings.model.finding(row).code for row in range(6)} == {"missing_value"}
    page.findings.bars.wanted.emit("")
    page.findings.only_errors.setChecked(True)
    settle(page, qtbot)
    assert page.findings.model.rowCount() == 6
    page.findings.only_errors.setChecked(False)
    page.findings.search.setText("1-800")
    settle(page, qtbot)
    assert page.findings.model.rowCount() == 10
    page.findings.search.setText("no such thing")
    settle(page, qtbot)
    assert page.findings.model.rowCount() == 0
    assert page.findings.shown_label.text() == "No finding fits"


def test_a_chosen_finding_says_what_to_do_and_quotes_the_guide(page: UsersPage, qtbot: QtBot, tmp_path: Path) -> None:
    opened(page, roster(tmp_path, 4), qtbot)
    page.findings.search.setText("1-800")
    settle(page, qtbot)
    page.findings.table.selectRow(0)
    assert page.findings.card.detail.text().startswith("Line 2, primaryPhone:")
    assert "does not accept 1-800 or 1-888" in page.findings.card.detail.text()
    page.findings.table.sortByColumn(0, Qt.SortOrder.DescendingOrder)
    settle(page, qtbot)
    assert page.findings.model.finding(0).line == 5


def test_what_cannot_be_seen_in_a_value_is_named(page: UsersPage, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "users.csv"
    path.write_text(HEADER + "a@example.com,a@example.com,A\u202eda,B,415-555-2671\r\n", encoding="utf-8")
    opened(page, path, qtbot)
    page.findings.table.selectRow(0)
    assert "A⟨U+202E⟩da" in page.findings.card.detail.text()
    assert "\u202e" not in page.findings.card.detail.text()


def test_bars_fit_the_width_and_work_by_keyboard(page: UsersPage, qtbot: QtBot) -> None:
    opened(page, sample_roster(), qtbot)
    tall = page.findings.bars.height()
    page.resize(400, 760)
    qtbot.waitUntil(lambda: page.findings.bars.width() < 400)
    assert page.findings.bars.height() > tall
    bar = page.findChild(QPushButton, "bar_missing_value")
    assert isinstance(bar, QPushButton)
    assert bar.accessibleName() == "Error: missing value, once; list these"
    bar.setFocus()
    QTest.keyClick(bar, Qt.Key.Key_Space)
    settle(page, qtbot)
    assert page.findings.model.rowCount() == 1
    assert bar.isChecked()
    QTest.keyClick(bar, Qt.Key.Key_Space)
    settle(page, qtbot)
    assert page.findings.model.rowCount() > 1
    assert not bar.isChecked()


def test_the_bars_tell_which_code_was_chosen(qtbot: QtBot, page: UsersPage) -> None:
    opened(page, sample_roster(), qtbot)
    bars = page.findChild(CodeBars, "code_bars")
    assert isinstance(bars, CodeBars)
    bar = bars.findChild(QPushButton, "bar_too_long")
    assert isinstance(bar, QPushButton)
    with qtbot.waitSignal(bars.wanted) as wanted:
        bar.click()
    assert wanted.args == ["too_long"]
    with qtbot.waitSignal(bars.wanted) as wanted:
        bar.click()
    assert wanted.args == [""]


def test_the_page_is_at_home_on_the_keyboard(page: UsersPage, qtbot: QtBot, tmp_path: Path) -> None:
    panel = opened(page, roster(tmp_path, 3_000), qtbot).findings
    window = page.window()
    QTest.keyClick(window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert window.focusWidget() is panel.search
    QTest.keyClicks(panel.search, "1-800")
    settle(page, qtbot)
    assert panel.model.rowCount() == 1_000
    QTest.keyClick(panel.search, Qt.Key.Key_Escape)
    settle(page, qtbot)
    assert panel.search.text() == ""
    assert panel.model.rowCount() == 1_600
    QTest.keyClick(panel.search, Qt.Key.Key_Down)
    assert window.focusWidget() is panel.table
    for key, row in (
        (Qt.Key.Key_End, 1_599), (Qt.Key.Key_Up, 1_598), (Qt.Key.Key_Home, 0), (Qt.Key.Key_Down, 1),
    ):  # fmt: skip
        QTest.keyClick(panel.table, key)
        assert panel.table.currentIndex().row() == row
    QTest.keyClick(panel.table, Qt.Key.Key_PageDown)
    assert panel.table.currentIndex().row() > 1
    QTest.keyClick(panel.table, Qt.Key.Key_PageUp)
    settle(page, qtbot)
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Space):
        QTest.keyClick(panel.table, key)
        assert window.focusWidget() is panel.card.table
        QTest.keyClick(panel.card.table, Qt.Key.Key_Escape)
        assert window.focusWidget() is panel.table
    panel.card.close_button.click()
    assert not panel.card.isVisible()
    QTest.keyClick(panel.table, Qt.Key.Key_Return)
    assert panel.card.isVisible()
    settle(page, qtbot)


def test_the_chosen_finding_stays_chosen_when_others_are_listed(page: UsersPage, qtbot: QtBot, tmp_path: Path) -> None:
    panel = opened(page, roster(tmp_path, 90), qtbot).findings
    panel.table.selectRow(20)
    line = panel.model.finding(20).line
    panel.table.sortByColumn(0, Qt.SortOrder.DescendingOrder)
    settle(page, qtbot)
    current = panel.table.currentIndex().row()
    assert current > 20
    assert panel.model.finding(current).line == line
    assert panel.card.isVisible()
    panel.search.setText("nothing of the kind")
    settle(page, qtbot)
    assert not panel.card.isVisible()
    panel.search.clear()
    settle(page, qtbot)
    assert panel.shown_label.text() == "All 48"


def test_logins_that_only_the_file_has_are_listed_and_searched(
    page: UsersPage, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spoke_admin.roster.choosing.MOST_READ", 10)
    path = tmp_path / "users.csv"
    rows = [f"u{number // 2}@example.com,u@example.com,A,B,\r\n" for number in range(2_400)]
    path.write_text(HEADER + "".join(rows))
    panel = opened(page, path, qtbot).findings
    assert panel.model.rowCount() == 1_200
    qtbot.waitUntil(lambda: panel.model.data(panel.model.index(0, 3)) == "u0@example.com")
    panel.search.setText("u1199@")
    settle(page, qtbot)
    assert panel.model.rowCount() == 0
    assert panel.unread_label.text() == "1,190 values that are not in memory were not searched."
    assert faults_of_names(page) == []
    panel.search_on.click()
    settle(page, qtbot)
    assert panel.model.rowCount() == 1
    assert not panel.unread_row.isVisible()
    qtbot.waitUntil(lambda: panel.model.finding(0).value == "u1199@example.com")
    opened(page, path, qtbot)
    assert panel.shown_label.text() == "No finding fits"  # the text that is filtered by stays
    path.write_text(HEADER)
    panel.search_on.click()
    settle(page, qtbot)
    assert "was changed since" in page.message.title.text()
    page.message.button.click()
    settle(page, qtbot)
    assert "0 rows" in page.summary.text()


def test_a_row_of_a_file_that_changed_offers_to_check_it_again(page: UsersPage, qtbot: QtBot, tmp_path: Path) -> None:
    path = roster(tmp_path, 10)
    panel = opened(page, path, qtbot).findings
    path.write_text(HEADER + "a@example.com,a@example.com,A,,415-555-2671\r\n")
    panel.table.selectRow(0)
    settle(page, qtbot)
    assert "was changed since" in panel.card.message.title.text()
    assert faults_of_names(page) == []
    panel.card.message.button.click()
    settle(page, qtbot)
    assert "1 row" in page.summary.text()
    assert panel.model.rowCount() == 1
