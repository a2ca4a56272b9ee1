"""The overview against the real stand-ins: six subjects with state, evidence and age; how a connection is opened."""

import asyncio

import pytest
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from spoke_admin.connection import open_connection
from spoke_admin.domain.error import AdminError
from spoke_admin.domain.secret import Secret
from spoke_admin.domain.systems import Addresses, Connection
from spoke_admin.guides.set_up import GUIDE
from spoke_admin.ui.opening import NotOpened, Opened, Opening
from spoke_admin.ui.page import GoTo
from spoke_admin.ui.pages.overview import OverviewPage, age
from spoke_admin.ui.survey import SUBJECTS, Line, survey
from spoke_admin.ui.tasks import Tasks
from tests.stand_ins import StandIns
from tests.ui.names import faults_of_names


def open_to(stand_ins: StandIns) -> Connection:
    """A connection to the stand-ins; without a keychain its token is kept in memory."""
    key = Secret(stand_ins.key)
    addresses = Addresses("Sandbox", stand_ins.scim_url, stand_ins.settings_url, stand_ins.identity_provider_url)
    keys = {stand_ins.settings_url: key, stand_ins.identity_provider_url: key}
    return asyncio.run(open_connection(addresses, keys))


async def surveyed(connection: Connection, walked: bool) -> dict[str, Line]:
    lines: list[Line] = []
    if walked:
        for step in GUIDE.steps[1:]:
            filled = await step.fill(connection)
            answers = {name: it.value for name, it in filled.items()}
            await GUIDE.act(step, connection, answers, lambda _words: None)
    await survey(connection, GUIDE, lines.append)
    await connection.close()
    assert sorted(line.subject for line in lines) == sorted(SUBJECTS)
    return {line.subject: line for line in lines}


def test_before_the_set_up_it_says_what_comes_first(stand_ins: StandIns) -> None:
    lines = asyncio.run(surveyed(open_to(stand_ins), walked=False))
    assert lines["saml"].state == "attention"
    assert lines["scim"].state == "blocked"
    assert "SAML" in lines["scim"].summary
    assert lines["users"].state == "unknown"
    assert lines["mapping"].state == "attention"
    assert "would ignore" in lines["mapping"].summary


def test_after_the_set_up_it_says_what_is_there_and_what_expires_when(stand_ins: StandIns) -> None:
    lines = asyncio.run(surveyed(open_to(stand_ins), walked=True))
    assert {lines[subject].state for subject in ("saml", "scim", "token", "users")} == {"good"}
    assert "certificate valid to 20" in lines["saml"].summary
    assert "expire" in lines["token"].summary
    assert lines["users"].summary.startswith("1 in askSpoke, 1 assigned")


def text(page: OverviewPage, name: str) -> str:
    label = page.findChild(QLabel, name)
    assert isinstance(label, QLabel)
    return label.text()


def test_the_page_shows_every_subject_with_its_age(tasks: Tasks, qtbot: QtBot, stand_ins: StandIns) -> None:
    connection = open_to(stand_ins)
    page = OverviewPage(tasks)
    qtbot.addWidget(page)
    page.show()
    page.set_connection(connection)
    page.shown()
    assert text(page, "groups_state") == "Looking…"
    qtbot.waitUntil(lambda: all(text(page, f"{subject}_age") for subject in SUBJECTS), timeout=10_000)
    assert text(page, "saml_state") == "Needs you"
    assert text(page, "saml_age") == "looked at just now"
    assert faults_of_names(page) == []
    it = page.findChild(QPushButton, "scim_button")
    assert isinstance(it, QPushButton)
    with qtbot.waitSignal(page.go) as wish:
        it.click()
    assert wish.args == [GoTo("set_up", "scim")]
    qtbot.waitUntil(lambda: tasks.quiet)
    tasks.close(connection.close)


def test_a_server_that_went_away_is_said_and_the_page_lives(tasks: Tasks, qtbot: QtBot, stand_ins: StandIns) -> None:
    connection = open_to(stand_ins)
    stand_ins.stop()
    page = OverviewPage(tasks)
    qtbot.addWidget(page)
    page.show()
    page.set_connection(connection)
    page.shown()
    qtbot.waitUntil(lambda: all(text(page, f"{subject}_age") for subject in SUBJECTS), timeout=20_000)
    assert text(page, "saml_state") == "Blocked"
    qtbot.waitUntil(lambda: tasks.quiet)
    tasks.close(connection.close)


def test_without_a_connection_it_offers_to_rehearse(tasks: Tasks, qtbot: QtBot) -> None:
    page = OverviewPage(tasks)
    qtbot.addWidget(page)
    page.show()
    page.shown()
    qtbot.waitUntil(lambda: page.form.profile.count() >= 2)
    assert faults_of_names(page) == []
    with qtbot.waitSignal(page.rehearse):
        page.form.start_button.click()


def test_an_address_that_cannot_be_used_is_said_and_stays_typed(tasks: Tasks, qtbot: QtBot) -> None:
    page = OverviewPage(tasks)
    qtbot.addWidget(page)
    page.show()
    opening = Opening(tasks, page)
    page.wanted.connect(opening.open)
    opening.failed.connect(lambda failed: page.opening_failed(failed.error))
    page.form.scim_url.setText("acme.askspoke.com/scim")
    with qtbot.waitSignal(opening.failed) as failed:
        page.form.open_button.click()
    assert isinstance(failed.args[0], NotOpened)
    assert page.message.isVisible()
    assert page.form.scim_url.text() == "acme.askspoke.com/scim"


def test_a_connection_that_opens_is_kept_for_the_next_time(tasks: Tasks, qtbot: QtBot) -> None:
    from spoke_admin.connection import preferences

    page = OverviewPage(tasks)
    qtbot.addWidget(page)
    opening = Opening(tasks, page)
    addresses = Addresses("Acme", "https://acme.example.com/scim/v2")
    with qtbot.waitSignal(opening.opened) as opened:
        opening.open(addresses)
    assert isinstance(opened.args[0], Opened)
    assert opened.args[0].connection.sandbox is False
    assert preferences().connection("Acme") == addresses
    with qtbot.waitSignal(opening.opened):
        opening.open_kept("Acme")
    with qtbot.waitSignal(opening.failed) as failed:
        opening.open_kept("Zoë")
    assert failed.args == [failed.args[0]]
    error = failed.args[0].error
    assert isinstance(error, AdminError)
    assert "Acme" in error.remedy
    tasks.close(opening.farewell)


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "just now"), (59, "just now"), (60, "1 min ago"), (7199, "1 h ago"), (7200, "2 h ago")]
)
def test_age_is_said_in_words(seconds: float, words: str) -> None:
    assert age(seconds) == f"looked at {words}"
