"""The page Users on real files: checked beside the window, every refusal in words, findings filtered and saved."""

import json
import os
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from spoke_admin.connection import sample_roster
from spoke_admin.ui.pages.users import UsersPage
from spoke_admin.ui.tasks import Tasks
from spoke_admin.ui.window import Window
from tests.ui.names import faults_of_names

HEADER = "login,email,firstName,lastName,primaryPhone\r\n"


@pytest.fixture
def page(tasks: Tasks, qtbot: QtBot) -> UsersPage:
    made = UsersPage(tasks)
    qtbot.addWidget(made)
    made.resize(1000, 760)
    made.show()
    return made


def settle(page: UsersPage, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: page.tasks.quiet, timeout=30_000)


def opened(page: UsersPage, path: Path, qtbot: QtBot) -> UsersPage:
    page.open_file(path)
    settle(page, qtbot)
    return page


def roster(folder: Path, rows: int) -> Path:
    path = folder / "users.csv"
    with path.open("w", newline="") as file:
        file.write(HEADER)
        for number in range(rows):
            phone = "1-800-555-0199" if number % 3 == 0 else "415-555-2671"
            file.write(f"u{number}@example.com,u{number}@example.com,Ada,{'' if number % 5 == 0 else 'B'},{phone}\r\n")
    return path


def test_before_a_file_there_is_only_the_way_to_one(page: UsersPage) -> None:
    assert page.summary.text() == "No file is open."
    assert not page.table.isVisible()
    assert not page.save_button.isEnabled()
    assert faults_of_names(page) == []


def test_the_sample_shows_counts_bars_and_findings(page: UsersPage, qtbot: QtBot) -> None:
    opened(page, sample_roster(), qtbot)
    assert "40 rows, utf-8, delimiter comma" in page.summary.text()
    assert page.model.rowCount() > 15
    assert page.findChild(QPushButton, "bar_phone_toll_free_800_888")
    count = page.findChild(QLabel, "count_phone_toll_free_800_888")
    assert isinstance(count, QLabel)
    assert count.text() == "2"
    assert faults_of_names(page) == []


def test_filters_by_kind_by_text_and_by_what_stops_a_row(page: UsersPage, qtbot: QtBot, tmp_path: Path) -> None:
    opened(page, roster(tmp_path, 30), qtbot)
    assert page.model.rowCount() == 10 + 6
    bar = page.findChild(QPushButton, "bar_missing_value")
    assert isinstance(bar, QPushButton)
    bar.click()
    settle(page, qtbot)
    assert page.model.rowCount() == 6
    assert {page.model.finding(row).code for row in range(6)} == {"missing_value"}
    page.bars.wanted.emit("")
    page.only_errors.setChecked(True)
    settle(page, qtbot)
    assert page.model.rowCount() == 6
    page.only_errors.setChecked(False)
    page.search.setText("1-800")
    settle(page, qtbot)
    assert page.model.rowCount() == 10
    page.search.setText("no such thing")
    settle(page, qtbot)
    assert page.model.rowCount() == 0
    assert page.detail.text() == "No finding fits the filter."


def test_a_chosen_finding_says_what_to_do_and_quotes_the_guide(page: UsersPage, qtbot: QtBot, tmp_path: Path) -> None:
    opened(page, roster(tmp_path, 4), qtbot)
    page.search.setText("1-800")
    settle(page, qtbot)
    page.table.selectRow(0)
    assert page.detail.text().startswith("Line 2, primaryPhone:")
    assert "does not accept 1-800 or 1-888" in page.detail.text()
    page.table.sortByColumn(0, Qt.SortOrder.DescendingOrder)
    settle(page, qtbot)
    assert page.model.finding(0).line == 5


def test_a_clean_file_says_so(page: UsersPage, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "clean.csv"
    path.write_text(HEADER + "a@example.com,a@example.com,A,B,415-555-2671\r\n")
    opened(page, path, qtbot)
    assert "every row can be imported" in page.summary.text()


@pytest.mark.parametrize("kind", ["missing", "folder", "empty", "blank", "binary", "workbook", "pipe"])
def test_what_cannot_be_read_is_said_in_words(page: UsersPage, qtbot: QtBot, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "users.csv"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind != "missing":
        bodies = {"empty": b"", "blank": b" \r\n\r\n", "binary": bytes(range(256)) * 64, "workbook": b"PK\x03\x04zip"}
        path.write_bytes(bodies[kind])
    opened(page, path, qtbot)
    assert page.message.isVisible()
    assert page.message.title.text()
    assert page.message.remedy.text()
    assert page.summary.text() == "No file is open."
    assert not page.progress_row.isVisible()


def test_cancel_leaves_the_file_and_another_one_replaces_it(page: UsersPage, qtbot: QtBot, tmp_path: Path) -> None:
    big = roster(tmp_path, 60_000)
    page.open_file(big)
    assert page.progress_row.isVisible()
    page.cancel()
    assert "stopped" in page.summary.text()
    settle(page, qtbot)
    assert page.model.rowCount() == 0
    page.open_file(big)
    opened(page, sample_roster(), qtbot)
    assert "40 rows" in page.summary.text()


def test_the_report_is_saved_and_never_over_the_file(page: UsersPage, qtbot: QtBot, tmp_path: Path) -> None:
    path = roster(tmp_path, 30)
    before = path.read_bytes()
    opened(page, path, qtbot)
    page.save_report(tmp_path / "report.json")
    settle(page, qtbot)
    assert json.loads((tmp_path / "report.json").read_text())["counts"]["error"] == 6
    assert "report.json" in page.message.title.text()
    page.save_report(path)
    settle(page, qtbot)
    assert "overwrite" in page.message.title.text()
    assert path.read_bytes() == before


def test_a_file_dropped_anywhere_on_the_window_is_opened(qtbot: QtBot, tmp_path: Path) -> None:
    window = Window()
    qtbot.addWidget(window)
    window.show()
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(roster(tmp_path, 3)))])
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    window.dropEvent(QDropEvent(QPointF(50, 50), Qt.DropAction.CopyAction, data, buttons, keys))
    page = window.page("users")
    assert isinstance(page, UsersPage)
    settle(page, qtbot)
    assert window.current is page
    assert "3 rows" in page.summary.text()
    window.close()
