"""The page Activity: what the log holds, newest first; what is done to the log is said; long logs do not stop it."""

import json
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QTableView
from pytestqt.qtbot import QtBot

from spoke_admin.adapters import audit_log
from spoke_admin.adapters.audit_chain import End, Entry, link
from spoke_admin.adapters.audit_log import AuditLog
from spoke_admin.adapters.folders import data_folder
from spoke_admin.ui import activity_model
from spoke_admin.ui.activity_model import HEADS, when
from spoke_admin.ui.application import application
from spoke_admin.ui.pages.activity import ActivityPage
from spoke_admin.ui.tasks import Tasks
from spoke_admin.ui.window import Window
from tests.ui.names import faults_of_names


def entry(number: int, result: str = "done (200)") -> Entry:
    time = f"2026-03-0{1 + number % 9}T05:06:07.008Z"
    return Entry(time, "PATCH", "acme.example:443", "/scim/v2/Users/{id}", f"Zoë{number}@example.com", result, 200, 0.5)


def filled(count: int) -> Path:
    written = AuditLog()
    for number in range(count):
        written.note(entry(number, ("done (200)", "refused (409)", "unknown (no answer)")[number % 3]))
    assert written.flush(30)
    return data_folder() / "activity.log"


def long_log(count: int) -> None:
    """Written at once: the chain is the same."""
    folder = data_folder()
    folder.mkdir(parents=True)
    end, lines = End(), []
    for number in range(count):
        line, end = link(entry(number).payload(), end)
        lines.append(line)
    (folder / "activity.log").write_bytes(b"".join(lines))
    mark = {"size": end.size, "lines": end.lines, "digest": end.digest.hex()}
    (folder / "activity.mark").write_text(json.dumps(mark))


@pytest.fixture
def page(tasks: Tasks, qtbot: QtBot) -> ActivityPage:
    application()
    made = ActivityPage(tasks)
    qtbot.addWidget(made)
    made.resize(980, 700)
    made.show()
    return made


def settled(page: ActivityPage, qtbot: QtBot) -> ActivityPage:
    qtbot.waitUntil(lambda: page.tasks.quiet, timeout=20_000)
    return page


def shown(page: ActivityPage, qtbot: QtBot) -> ActivityPage:
    page.shown()
    return settled(page, qtbot)


def cells(page: ActivityPage, row: int) -> list[str]:
    return [str(page.model.index(row, column).data()) for column in range(page.model.columnCount())]


def test_before_anything_was_changed(page: ActivityPage, qtbot: QtBot) -> None:
    shown(page, qtbot)
    assert page.status.text() == "Nothing was changed yet."
    assert page.model.rowCount() == 0
    assert page.count.text() == "All 0"
    assert faults_of_names(page) == []


def test_changes_newest_first_with_their_results_in_word_and_sign(page: ActivityPage, qtbot: QtBot) -> None:
    filled(4)
    shown(page, qtbot)
    assert "The chain holds: 4 changes" in page.status.text()
    assert page.sign.accessibleName() == "In order"
    assert cells(page, 0) == [
        when("2026-03-04T05:06:07.008Z"), "done (200)", "Zoë3@example.com", "acme.example:443",
        "PATCH /scim/v2/Users/{id}",
    ]  # fmt: skip
    assert cells(page, 1)[1] == "unknown (no answer)"
    assert page.model.index(1, 1).data(Qt.ItemDataRole.DecorationRole) is not None
    assert page.model.index(1, 0).data(Qt.ItemDataRole.DecorationRole) is None
    assert page.count.text() == "All 4"
    page.table.selectRow(1)
    assert page.detail.isVisible()
    assert "2026-03-03T05:06:07.008Z" in page._values["time"].text()
    assert page._values["person"].text() == "Zoë2@example.com"
    assert "after 0.5 s" in page._values["result"].text()
    assert faults_of_names(page) == []


def test_the_filter_takes_words_and_the_chosen_change_stays(page: ActivityPage, qtbot: QtBot) -> None:
    filled(6)
    shown(page, qtbot)
    page.table.selectRow(2)
    chosen = page._values["person"].text()
    page.filter.setText("ZOË3 patch")
    settled(page, qtbot)
    assert (page.model.rowCount(), page.count.text()) == (1, "1 of 6")
    assert page._values["person"].text() == chosen == "Zoë3@example.com"
    assert page.table.currentIndex().row() == 0
    page.filter.setText("nobody of that name")
    settled(page, qtbot)
    assert page.count.text() == "No change fits"
    assert not page.detail.isVisible()
    QTest.keyClick(page.filter, Qt.Key.Key_Escape)
    settled(page, qtbot)
    assert page.model.rowCount() == 6


def test_new_changes_and_tampering_show_at_the_next_look(page: ActivityPage, qtbot: QtBot) -> None:
    path = filled(3)
    shown(page, qtbot)
    filled(1)
    page.verify_button.click()
    settled(page, qtbot)
    assert page.model.rowCount() == 4
    path.write_bytes(path.read_bytes().replace(b"409", b"200"))
    page.verify()
    settled(page, qtbot)
    assert "line 2" in page.status.text()
    assert page.sign.accessibleName() == "Tampered with or damaged"
    assert page.model.rowCount() == 4, "what is there is shown all the same"


def test_what_others_wrote_into_it_is_shown_as_text(page: ActivityPage, qtbot: QtBot) -> None:
    path = filled(1)
    evil = Entry("yesterday\u202e", "<b>", "h\n", "/" + "x" * 9000, "<img src=x>", "done", None, 1e300)
    path.write_bytes(path.read_bytes() + evil.payload() + b"\n{\n[]\n" + b"\xff" * 10 + b"\n")
    shown(page, qtbot)
    assert "line 2" in page.status.text()
    page.table.selectRow(0)
    assert "⟨U+202E⟩" in cells(page, 0)[0]
    assert max(map(len, cells(page, 0))) <= 200
    assert page._values["person"].text() == "<img src=x>"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other rights")
def test_a_log_that_cannot_be_read_is_said_in_words(page: ActivityPage, qtbot: QtBot) -> None:
    data_folder().mkdir(parents=True)
    (data_folder() / "activity.log").mkdir()
    (data_folder() / "activity.log" / "x").touch()
    shown(page, qtbot)
    assert page.message.isVisible()
    assert "cannot be used" in page.message.title.text()


def test_the_export_is_written_and_told_with_its_digest(page: ActivityPage, qtbot: QtBot, tmp_path: Path) -> None:
    path = filled(3)
    shown(page, qtbot)
    page.export_button.click()
    dialog = page.findChild(QFileDialog, "export_dialog")
    assert isinstance(dialog, QFileDialog)
    dialog.close()
    page.export(tmp_path / "copy.log")
    settled(page, qtbot)
    verdict = audit_log.verify_file(tmp_path / "copy.log")
    assert verdict.verified
    assert verdict.digest in page.message.remedy.text()
    page.export(tmp_path / "missing" / "copy.log")
    settled(page, qtbot)
    assert "could not be saved" in page.message.title.text()
    path.write_bytes(path.read_bytes()[:-400])
    page.export(tmp_path / "copy.log")
    settled(page, qtbot)
    assert "does not hold" in page.message.title.text()


def test_a_hundred_thousand_changes_do_not_stop_the_window(page: ActivityPage, qtbot: QtBot) -> None:
    long_log(100_000)
    longest = Longest()
    page.shown()
    longest.until(lambda: page.tasks.quiet, qtbot)
    assert page.model.rowCount() == 100_000
    assert "100,000 changes" in page.status.text()
    for text in ("zoë9999", "zoë99999", "", "acme patch 2026"):
        page.filter.setText(text)
        longest.until(lambda: page.tasks.quiet, qtbot)
    assert page.model.rowCount() == 100_000
    assert longest.seconds < 0.5


def test_of_a_long_log_the_last_are_listed_and_a_chosen_change_stays(
    page: ActivityPage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(activity_model, "MOST_LISTED", 10)
    filled(14)
    shown(page, qtbot)
    assert page.model.rowCount() == 10
    assert page.count.text() == "The last 10 of 14; an export has all"
    assert "14 changes" in page.status.text(), "the chain of all of them was followed"
    page.table.selectRow(3)
    chosen = cells(page, 3)
    filled(2)
    page.verify()
    settled(page, qtbot)
    assert cells(page, page.table.currentIndex().row()) == chosen
    assert page.table.currentIndex().row() == 5
    page.filter.setText("refused")
    settled(page, qtbot)
    assert page.count.text() == f"{page.model.rowCount()} of the last 10 of 16; an export has all"
    filled(9)
    page.filter.setText("")
    page.verify()
    settled(page, qtbot)
    assert page.detail.isHidden(), "it is not listed any more"


def test_usual_values_are_not_cut(page: ActivityPage, qtbot: QtBot) -> None:
    written = AuditLog()
    for result in ("done (Secret Service)", "done (macOS Keychain)", "unknown (no answer)", "refused (too large)"):
        written.note(replace(entry(1, result), host="127.0.0.1:44331", person="ada.lovelace@example.com"))
    assert written.flush(30)
    shown(page, qtbot)
    for column in range(page.model.columnCount()):
        assert page.table.sizeHintForColumn(column) <= page.table.columnWidth(column), HEADS[column]


class Longest:
    """The longest time in which the window answered nothing."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def until(self, done: object, qtbot: QtBot) -> None:
        from PySide6.QtCore import QCoreApplication

        assert callable(done)
        end = time.monotonic() + 60
        while not done() and time.monotonic() < end:
            began = time.monotonic()
            QCoreApplication.processEvents()
            self.seconds = max(self.seconds, time.monotonic() - began)
            qtbot.wait(1)
        assert done()


def test_the_window_has_the_page_and_f5_looks_again(qtbot: QtBot) -> None:
    application()
    window = Window()
    window.show()
    filled(2)
    window.show_page("activity")
    page = window.page("activity")
    assert isinstance(page, ActivityPage)
    settled(page, qtbot)
    filled(1)
    window.verify()
    settled(page, qtbot)
    table = window.findChild(QTableView, "activity_table")
    assert isinstance(table, QTableView)
    assert table.model().rowCount() == 3
    assert faults_of_names(page) == []
    window.resize(560, 400)
    window.set_colours("dark")
    window.set_colours("light")
    window.close()
    window.deleteLater()
