"""The page Users on real files: checked beside the window, every refusal in words, findings filtered and saved."""

import asyncio
import json
import os
import time
from pathlib import Path

import pytest
import xlsxwriter
from PySide6.QtCore import QMimeData, QPointF, Qt, QTimer, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QFileDialog, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from spoke_admin.connection import open_connection, sample_roster
from spoke_admin.domain.systems import Addresses
from spoke_admin.ui.pages.users import UsersPage
from spoke_admin.ui.tasks import Tasks
from spoke_admin.ui.window import Window
from tests.ui.names import faults_of_names
from tests.ui.users_page import HEADER, opened, roster, settle


@pytest.fixture
def page(tasks: Tasks, qtbot: QtBot) -> UsersPage:
    made = UsersPage(tasks)
    qtbot.addWidget(made)
    made.resize(1000, 760)
    made.show()
    return made


def test_before_a_file_there_is_only_the_way_to_one(page: UsersPage) -> None:
    assert page.summary.text() == "No file is open."
    assert not page.findings.table.isVisible()
    assert not page.save_button.isEnabled()
    assert faults_of_names(page) == []


def test_the_sample_shows_counts_bars_and_findings(page: UsersPage, qtbot: QtBot) -> None:
    opened(page, sample_roster(), qtbot)
    assert "40 rows, utf-8, delimiter comma" in page.summary.text()
    assert page.findings.model.rowCount() > 15
    assert page.findChild(QPushButton, "bar_phone_toll_free_800_888")
    count = page.findChild(QLabel, "count_phone_toll_free_800_888")
    assert isinstance(count, QLabel)
    assert count.text() == "2"
    assert faults_of_names(page) == []


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
    assert not page.progress.isVisible()


def test_cancel_leaves_the_file_and_another_one_replaces_it(page: UsersPage, qtbot: QtBot, tmp_path: Path) -> None:
    big = roster(tmp_path, 60_000)
    page.open_file(big)
    assert page.progress.isVisible()
    page.cancel()
    assert "stopped" in page.summary.text()
    settle(page, qtbot)
    assert page.findings.model.rowCount() == 0
    page.open_file(big)
    opened(page, sample_roster(), qtbot)
    assert "40 rows" in page.summary.text()


def test_a_workbook_is_checked_like_a_text_file(page: UsersPage, qtbot: QtBot) -> None:
    panel = opened(page, sample_roster().with_name("hr-export.xlsx"), qtbot).findings
    found = "3 rows, sheet People of an Excel workbook. 6 warnings; every row can be imported."
    assert page.summary.text().startswith(found)
    panel.table.selectRow(0)
    settle(page, qtbot)
    assert panel.card.row_words.text() == "Line 2: 9 cells"
    marked = panel.card.table.currentIndex()
    assert (panel.card.model.data(marked.siblingAtColumn(0)), panel.card.model.data(marked)) == (
        "employeeNumber",
        "1001",
    )


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


def test_a_mended_file_is_checked_again_by_f5(page: UsersPage, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "users.csv"
    path.write_text(HEADER + "a@example.com,a@example.com,A,,415-555-2671\r\n")
    opened(page, path, qtbot)
    assert "1 row, utf-8, delimiter comma. 1 error." in page.summary.text()
    path.write_text(HEADER + "a@example.com,a@example.com,A,B,1-800-555-0199\r\n")
    page.verify()
    settle(page, qtbot)
    assert "1 warning; every row can be imported." in page.summary.text()
    path.unlink()
    page.verify()
    settle(page, qtbot)
    assert "There is no file" in page.message.title.text()
    assert not page.findings.table.isVisible()


def test_a_service_of_other_rules_checks_the_file_anew(page: UsersPage, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "users.csv"
    path.write_text(HEADER + "a@example.com,a@example.com,A,B,1-800-555-0199\r\n")
    opened(page, path, qtbot)
    assert page.findings.model.rowCount() == 1
    same = asyncio.run(open_connection(Addresses("Acme", "https://acme.example/scim/v2")))
    page.set_connection(same)
    assert page.tasks.quiet
    assert page.findings.model.rowCount() == 1
    plain = asyncio.run(open_connection(Addresses("Plain", "https://scim.example/v2", profile="generic")))
    page.set_connection(plain)
    settle(page, qtbot)
    assert page.findings.model.rowCount() == 0
    assert "Checked by the rules of SCIM 2.0 service." in page.summary.text()
    asyncio.run(same.close())
    asyncio.run(plain.close())


def test_a_file_that_was_read_is_told_to_the_other_pages(page: UsersPage, qtbot: QtBot, tmp_path: Path) -> None:
    path = roster(tmp_path, 3)
    with qtbot.waitSignal(page.roster_read, timeout=20_000) as told:
        page.open_file(path)
    assert told.args == [path]
    with qtbot.assertNotEmitted(page.roster_read):
        opened(page, tmp_path / "missing.csv", qtbot)


def test_the_window_is_served_while_a_file_is_read_and_progress_is_told(
    page: UsersPage, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spoke_admin.ui.progress_row.SECONDS_TO_TELL", 0.0)  # however fast this computer reads
    beats, told = [0], list[str]()
    timer = QTimer()
    timer.timeout.connect(lambda: beats.__setitem__(0, beats[0] + 1))
    page.open_file(roster(tmp_path, 15_000))
    timer.start(10)

    def done() -> bool:
        told.append(page.progress.label.text())
        return page.tasks.quiet

    qtbot.waitUntil(done, timeout=60_000)
    timer.stop()
    assert beats[0] > 0  # were the file read by the window itself, there would be none
    assert page.progress.bar.value() > 0
    assert any("MB/s" in words and "s left" in words for words in told)
    assert "15,000 rows" in page.summary.text()


def test_the_report_is_named_by_the_kind_that_was_chosen(page: UsersPage, qtbot: QtBot, tmp_path: Path) -> None:
    opened(page, roster(tmp_path, 4), qtbot)
    page.save_button.click()
    dialog = page.findChild(QFileDialog, "save_report_dialog")
    assert isinstance(dialog, QFileDialog)
    dialog.selectNameFilter("JSON (*.json)")
    dialog.filterSelected.emit("JSON (*.json)")
    dialog.selectFile(str(tmp_path / "report"))
    dialog.accept()
    settle(page, qtbot)
    assert json.loads((tmp_path / "report.json").read_text())["rows"] == 4


def test_a_file_is_chosen_in_a_dialog_that_leaves_the_page_alive(page: UsersPage, qtbot: QtBot, tmp_path: Path) -> None:
    path = roster(tmp_path, 4)
    page.open_button.click()
    dialog = page.findChild(QFileDialog, "open_file_dialog")
    assert isinstance(dialog, QFileDialog)
    dialog.setDirectory(str(tmp_path))
    dialog.selectFile(str(path))
    dialog.accept()
    settle(page, qtbot)
    assert "4 rows" in page.summary.text()


def test_cancel_of_a_big_file_is_prompt(page: UsersPage, qtbot: QtBot, tmp_path: Path) -> None:
    """From the click to the idle page, and to the worker that has stopped, too."""
    path = roster(tmp_path, 2_000)
    body = path.read_bytes().partition(b"\r\n")[2]
    with path.open("ab") as file:
        for _ in range(400):
            file.write(body)
    page.open_file(path)
    qtbot.waitUntil(lambda: page.progress.bar.value() > 100, timeout=30_000)
    began = time.perf_counter()
    with qtbot.waitSignal(page.tasks.settled, timeout=5_000):
        page.progress.cancel_button.click()
        idle = time.perf_counter() - began
    stopped = time.perf_counter() - began
    assert not page.progress.isVisible()
    assert "stopped" in page.summary.text()
    assert idle < 0.1
    assert stopped < 0.5  # 0.1 where nothing else is computed; this computer may be busy


def test_the_comparison_takes_the_place_of_the_findings(page: UsersPage, qtbot: QtBot, tmp_path: Path) -> None:
    assert not page.compare_button.isVisible()
    connection = asyncio.run(open_connection(Addresses("Acme", "http://127.0.0.1:9/scim/v2")))
    page.set_connection(connection)
    assert page.compare_button.isVisible()
    assert page.compare_button.text().replace("&", "") == "Compare with askSpoke"
    assert not page.compare_button.isEnabled()
    opened(page, roster(tmp_path, 6), qtbot)
    page.compare_button.click()
    assert page.cross_check.isVisible()
    assert not page.findings.isVisible()
    settle(page, qtbot)
    assert page.cross_check.message.isVisible()
    assert faults_of_names(page) == []
    page.cross_check.back_button.click()
    assert page.findings.isVisible()
    page.compare_button.click()
    opened(page, roster(tmp_path, 6), qtbot)
    assert not page.cross_check.isVisible()
    assert page.findings.isVisible()
    asyncio.run(connection.close())


def test_nothing_on_the_page_takes_a_dropped_file_for_itself(page: UsersPage) -> None:
    assert not page.findings.search.acceptDrops()


def test_another_sheet_of_a_workbook_may_be_chosen(page: UsersPage, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "people.xlsx"
    with xlsxwriter.Workbook(path) as book:
        for name, login in (("Staff", "a@example.com"), ("Guests", "no address"), ("Empty", "")):
            sheet = book.add_worksheet(name)
            if login:
                sheet.write_row(0, 0, ["login", "email", "firstName", "lastName"])
                sheet.write_row(1, 0, [login, "a@example.com", "Ada", "Lovelace"])
    opened(page, path, qtbot)
    assert not page.sheet_row.isHidden()
    assert [page.sheet_picker.itemText(place) for place in range(page.sheet_picker.count())] == [
        "Staff", "Guests", "Empty"
    ]  # fmt: skip
    assert page.sheet_picker.currentText() == "Staff"
    assert page.findings.model.rowCount() == 0
    page.sheet_picker.setCurrentText("Guests")
    page.sheet_picker.textActivated.emit("Guests")
    settle(page, qtbot)
    assert page.sheet_picker.currentText() == "Guests"
    assert page.findings.model.rowCount() == 1
    page.verify()
    settle(page, qtbot)
    assert page.sheet_picker.currentText() == "Guests"
    opened(page, sample_roster(), qtbot)
    assert page.sheet_row.isHidden()
