"""The page Doctor against the real stand-ins: runs, is left, filters, tells one result in full, saves."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from spoke_admin.connection import open_connection
from spoke_admin.doctor.running import CHECKS
from spoke_admin.domain.secret import Secret
from spoke_admin.domain.systems import Addresses, Connection
from spoke_admin.ui import theme
from spoke_admin.ui.application import application
from spoke_admin.ui.pages.doctor import DoctorPage
from spoke_admin.ui.tasks import Tasks
from tests.doctor.lasting import lasting
from tests.stand_ins import StandIns, StartStandIns
from tests.ui.names import faults_of_names


@pytest.fixture
def page(tasks: Tasks, qtbot: QtBot) -> Iterator[DoctorPage]:
    application()
    made = DoctorPage(tasks)
    qtbot.addWidget(made)
    made.resize(980, 760)
    made.show()
    yield made
    if made.connection is not None:
        tasks.close(made.connection.close)


def settle(page: DoctorPage, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: page.tasks.quiet, timeout=60_000)


def open_to(stand_ins: StandIns, token: str | None = None) -> Connection:
    keys = {stand_ins.scim_url: Secret(token or stand_ins.token or "none"), stand_ins.settings_url: Secret("x" * 20)}
    return asyncio.run(open_connection(Addresses("Sandbox", stand_ins.scim_url, stand_ins.settings_url), keys))


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIns]:
    """askSpoke with people in it."""
    with lasting(tmp_path_factory.mktemp("service"), "--scenario", "migrate-users", "--people", "3") as stand_ins:
        yield stand_ins


def names(service: StandIns) -> list[str]:
    headers = {"authorization": f"Bearer {service.token}"}
    page = httpx.get(f"{service.scim_url}/Users", headers=headers, trust_env=False).json()
    return [user["userName"] for user in page["Resources"]]


def test_without_a_connection_there_is_nothing_to_run(page: DoctorPage) -> None:
    page.set_connection(None)
    assert not page.run_button.isEnabled()
    assert "Open a connection" in page.summary.text()
    page.verify()
    assert page.tasks.quiet
    assert faults_of_names(page) == []


def test_it_reads_and_lists_the_worst_first(page: DoctorPage, qtbot: QtBot, service: StandIns, tmp_path: Path) -> None:
    page.set_connection(open_to(service, "wrong-token-of-nobody"))
    page.run_button.click()
    assert page.progress.isVisible()
    assert not page.run_button.isEnabled()
    settle(page, qtbot)
    assert page.summary.text().startswith("1 failed, ")
    assert page.model.rowCount() == len(CHECKS)
    assert page.model.result(0).code == "token_accepted"
    page.table.selectRow(0)
    assert page.card.isVisible()
    assert "refused" in page.card.lines["found"].text()
    assert "Copy the token again" in page.card.lines["fix"].text()
    assert "authorization: Bearer …" in page.card.calls.toPlainText()
    assert "wrong-token-of-nobody" not in page.card.calls.toPlainText()
    assert faults_of_names(page) == []
    page.save_report(tmp_path / "report.md")
    settle(page, qtbot)
    assert "report.md" in page.message.title.text()
    assert "token_accepted" in (tmp_path / "report.md").read_text()
    page.save_report(tmp_path / "none" / "report.json")
    settle(page, qtbot)
    assert "could not be saved" in page.message.title.text()


def test_test_objects_are_made_after_a_question_and_are_gone(
    page: DoctorPage, qtbot: QtBot, service: StandIns, tmp_path: Path
) -> None:
    before = names(service)
    page.set_connection(open_to(service))
    page.write_check.setChecked(True)
    page.run_button.click()
    assert page.sure.isVisible()
    assert page.sure.no.hasFocus()
    assert "the rehearsal" in page.sure.words.text()
    page.sure.no.click()
    assert page.tasks.quiet
    page.run_button.click()
    page.sure.yes.click()
    settle(page, qtbot)
    assert "0 failed" in page.summary.text()
    assert "6 as the profile declares" in page.summary.text()
    assert names(service) == before
    page.save_report(tmp_path / "report.json")
    page.save_report(tmp_path / "report.xml")
    settle(page, qtbot)
    assert json.loads((tmp_path / "report.json").read_text())["write"] is True
    assert (tmp_path / "report.xml").read_bytes().startswith(b"<?xml")


def test_test_users_can_have_addresses_of_another_domain(page: DoctorPage, qtbot: QtBot, service: StandIns) -> None:
    page.set_connection(open_to(service))
    assert not page.domain.isVisible()
    page.write_check.setChecked(True)
    assert page.domain.isVisible()
    assert faults_of_names(page) == []
    page.domain.setText("jane@acme.example")
    page.run_button.click()
    assert "mail domain for test users is none" in page.message.title.text()
    assert not page.sure.isVisible()
    page.domain.setText("Acme.example")
    page.run_button.click()
    assert "at acme.example, where mail to them comes back" in page.sure.words.text()
    page.domain.setText("other.example")
    assert not page.sure.isVisible()
    page.run_button.click()
    page.sure.yes.click()
    settle(page, qtbot)
    assert "0 failed" in page.summary.text()
    page.table.selectRow(page.model.row_of("create_okta"))
    assert "-okta@other.example" in page.card.calls.toPlainText()


def test_f5_only_reads_whatever_the_box_says(page: DoctorPage, qtbot: QtBot, service: StandIns) -> None:
    page.set_connection(open_to(service))
    page.write_check.setChecked(True)
    page.verify()
    settle(page, qtbot)
    assert "reading only" in page.summary.text()


def test_what_was_made_is_removed_when_it_is_left_in_the_middle(
    page: DoctorPage, qtbot: QtBot, service: StandIns
) -> None:
    before = names(service)
    page.set_connection(open_to(service))
    page.write_check.setChecked(True)
    page.run_button.click()
    page.sure.yes.click()
    qtbot.waitUntil(lambda: page.model.row_of("create_okta") >= 0, timeout=30_000)
    page.cancel()
    assert "Stopped" in page.summary.text()
    assert page.run_button.isEnabled()
    qtbot.waitUntil(lambda: names(service) == before, timeout=30_000)


def test_another_connection_takes_nothing_of_the_old_ones(page: DoctorPage, qtbot: QtBot, service: StandIns) -> None:
    old = open_to(service)
    page.set_connection(old)
    page.run_button.click()
    page.set_connection(open_to(service))
    settle(page, qtbot)
    QCoreApplication.processEvents()
    assert page.model.rowCount() == 0
    assert "not looked at yet" in page.summary.text()
    assert not page.save_button.isEnabled()
    page.tasks.run(old.close, lambda _nothing: None, lambda error: pytest.fail(error.title))
    settle(page, qtbot)


def test_the_list_is_filtered_and_the_chosen_result_stays(page: DoctorPage, qtbot: QtBot, service: StandIns) -> None:
    page.set_connection(open_to(service, "wrong-token-of-nobody"))
    page.verify()
    settle(page, qtbot)
    page.filter.setText("token")
    page.table.selectRow(page.model.row_of("token_accepted"))
    page.only_problems.setChecked(True)
    assert page.model.rowCount() == 1
    assert page.card.isVisible()
    page.filter.setText("no such words")
    assert page.model.rowCount() == 0
    assert not page.card.isVisible()
    QTest.keyClick(page.filter, Qt.Key.Key_Escape)
    page.only_problems.setChecked(False)
    assert page.model.rowCount() == len(CHECKS)
    page.table.selectRow(3)
    QTest.keyClick(page.card, Qt.Key.Key_Escape)
    page.card.close_button.click()
    assert not page.card.isVisible()
    theme.apply(application(), "dark")
    theme.apply(application(), "light")


def test_a_service_that_does_not_answer_is_told(page: DoctorPage, qtbot: QtBot, start_stand_ins: StartStandIns) -> None:
    service = start_stand_ins(scenario="migrate-users", people=3)
    page.set_connection(open_to(service))
    service.stop()
    page.verify()
    settle(page, qtbot)
    assert "Nothing listens" in page.message.title.text()
    assert page.run_button.isEnabled()
