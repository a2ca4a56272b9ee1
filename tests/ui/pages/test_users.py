"""The page Users on real files: checked beside the window, every refusal in words, findings filtered and saved."""

import asyncio
import json
import os
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QTimer, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from spoke_admin.connection import open_connection, sample_roster
from spoke_admin.domain.systems import Addresses
from spoke_admin.ui.code_bars import CodeBars
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
    assert not page.table.isVisible()


def test_a_service_of_other_rules_checks_the_file_anew(page: UsersPage, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "users.csv"
    path.write_text(HEADER + "a@example.com,a@example.com,A,B,1-800-555-0199\r\n")
    opened(page, path, qtbot)
    assert page.model.rowCount() == 1
    same = asyncio.run(open_connection(Addresses("Acme", "https://acme.example/scim/v2")))
    page.set_connection(same)
    assert page.tasks.quiet
    assert page.model.rowCount() == 1
    plain = asyncio.run(open_connection(Addresses("Plain", "https://scim.example/v2", profile="generic")))
    page.set_connection(plain)
    settle(page, qtbot)
    assert page.model.rowCount() == 0
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
    monkeypatch.setattr("spoke_admin.ui.pages.users.SECONDS_TO_TELL", 0.0)  # however fast this computer reads
    beats, told = [0], list[str]()
    timer = QTimer()
    timer.timeout.connect(lambda: beats.__setitem__(0, beats[0] + 1))
    page.open_file(roster(tmp_path, 15_000))
    timer.start(10)

    def done() -> bool:
        told.append(page.rate.text())
        return page.tasks.quiet

    qtbot.waitUntil(done, timeout=60_000)
    timer.stop()
    assert beats[0] > 0  # were the file read by the window itself, there would be none
    assert page.progress.value() > 0
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


def test_what_cannot_be_seen_in_a_value_is_named(page: UsersPage, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "users.csv"
    path.write_text(HEADER + "a@example.com,a@example.com,A\u202eda,B,415-555-2671\r\n", encoding="utf-8")
    opened(page, path, qtbot)
    page.table.selectRow(0)
    assert "A⟨U+202E⟩da" in page.detail.text()
    assert "\u202e" not in page.detail.text()


def test_bars_fit_the_width_and_work_by_keyboard(page: UsersPage, qtbot: QtBot) -> None:
    opened(page, sample_roster(), qtbot)
    tall = page.bars.height()
    page.resize(400, 760)
    qtbot.waitUntil(lambda: page.bars.height() > tall)
    bar = page.findChild(QPushButton, "bar_missing_value")
    assert isinstance(bar, QPushButton)
    assert bar.accessibleName() == "Error: missing value, once; list these"
    bar.setFocus()
    QTest.keyClick(bar, Qt.Key.Key_Space)
    settle(page, qtbot)
    assert page.model.rowCount() == 1
    assert bar.isChecked()
    QTest.keyClick(bar, Qt.Key.Key_Space)
    settle(page, qtbot)
    assert page.model.rowCount() > 1
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


def test_nothing_on_the_page_takes_a_dropped_file_for_itself(page: UsersPage) -> None:
    assert not page.search.acceptDrops()
