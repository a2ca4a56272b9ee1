"""The comparison with a real stand-in service: counts first, then who; every way in which it can fail."""

import asyncio
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from spoke_admin.adapters.http import HttpCaller
from spoke_admin.connection import open_connection
from spoke_admin.domain.exchange import Call
from spoke_admin.domain.secret import Secret
from spoke_admin.domain.systems import Addresses, Connection, ServiceUser, ServiceUsers
from spoke_admin.ui.comparison import NAMES, Comparison, compare
from spoke_admin.ui.cross_check_card import CrossCheckCard
from spoke_admin.ui.tasks import Tasks
from tests.roster.profiles import GENERIC
from tests.stand_ins import StandIns
from tests.ui.names import faults_of_names

SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:User"
HEADER = "login,email,firstName,lastName\n"


@pytest.fixture
def card(tasks: Tasks, qtbot: QtBot) -> CrossCheckCard:
    made = CrossCheckCard(tasks)
    qtbot.addWidget(made)
    made.resize(800, 700)
    return made


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "users.csv"
    logins = ["ada@example.com", "GRACE@example.com", "new@example.com", "zoë@example.com", ""]
    made.write_text(HEADER + "".join(f"{login},x@example.com,A,B\n" for login in logins), encoding="utf-8")
    return made


def open_to(stand_ins: StandIns, token: str | None) -> Connection:
    keys = {stand_ins.scim_url: Secret(token)} if token else {}
    return asyncio.run(open_connection(Addresses("Plain", stand_ins.scim_url, profile="generic"), keys))


def fill(stand_ins: StandIns, names: dict[str, str]) -> None:
    """Users by name, each with an external ID or without one ("")."""

    async def run() -> None:
        async with HttpCaller(deadline=20) as caller:
            for name, external in names.items():
                body = {"schemas": [SCHEMA], "userName": name, "externalId": external or None}
                call = Call("POST", f"{stand_ins.scim_url}/Users", body=body, authorization=f"Bearer {stand_ins.token}")
                reply = await caller(call)
                assert reply.ok, reply.body

    asyncio.run(run())


def settle(card: CrossCheckCard, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: card._tasks.quiet, timeout=20_000)


def listed(card: CrossCheckCard) -> list[tuple[object, ...]]:
    model = card.model
    return [tuple(model.data(model.index(row, column)) for column in range(3)) for row in range(model.rowCount())]


def label(card: CrossCheckCard, name: str) -> str:
    found = card.findChild(QLabel, name)
    assert isinstance(found, QLabel)
    return found.text()


def test_counts_come_with_their_meaning_and_the_list_is_filtered(
    card: CrossCheckCard, qtbot: QtBot, path: Path, rfc_stand_ins: StandIns
) -> None:
    fill(rfc_stand_ins, {"ada@example.com": "okta-1", "grace@example.com": "", "else@example.com": ""})
    connection = open_to(rfc_stand_ins, rfc_stand_ins.token)
    card.compare(path, connection)
    assert card.progress_row.isVisible()
    assert faults_of_names(card) == []
    settle(card, qtbot)
    assert not card.progress_row.isVisible()
    assert card.summary.text() == "5 logins of the file, 3 users of SCIM 2.0 service."
    counts = {name: label(card, f"count_{name}") for name in NAMES if card.findChild(QLabel, f"count_{name}")}
    assert counts == {"exists": "1", "linked": "1", "created": "2", "no_login": "1", "only_there": "1"}
    assert "Provisioning creates one." in label(card, "meaning_created")
    assert listed(card)[:3] == [
        ("ada@example.com", "2", "Exists already"),
        ("GRACE@example.com", "3", "Will be linked"),
        ("new@example.com", "4", "Will be created"),
    ]
    assert listed(card)[-1] == ("else@example.com", "", "Not in the roster")
    created = card.findChild(QPushButton, "standing_created")
    assert isinstance(created, QPushButton)
    created.click()
    settle(card, qtbot)
    assert [row[0] for row in listed(card)] == ["new@example.com", "zoë@example.com"]
    assert card.shown_label.text() == "2 of 6"
    card.search.setText("ZOË")
    settle(card, qtbot)
    assert [row[0] for row in listed(card)] == ["zoë@example.com"]
    created.click()
    card.search.setText("nobody")
    settle(card, qtbot)
    assert card.shown_label.text() == "Nobody fits"
    assert faults_of_names(card) == []
    with qtbot.waitSignal(card.closed):
        card.back_button.click()
    assert not card.isVisible()
    asyncio.run(connection.close())


def test_without_a_token_it_says_so_and_tries_again(
    card: CrossCheckCard, qtbot: QtBot, path: Path, rfc_stand_ins: StandIns
) -> None:
    connection = open_to(rfc_stand_ins, None)
    card.compare(path, connection)
    settle(card, qtbot)
    assert card.message.isVisible()
    assert card.summary.text() == "Nothing could be compared."
    card.message.button.click()
    assert card.progress_row.isVisible()
    settle(card, qtbot)
    assert card.message.isVisible()
    asyncio.run(connection.close())


def test_a_file_without_logins_or_without_a_file_is_said_in_words(
    card: CrossCheckCard, qtbot: QtBot, tmp_path: Path, rfc_stand_ins: StandIns
) -> None:
    connection = open_to(rfc_stand_ins, rfc_stand_ins.token)
    card.compare(tmp_path / "missing.csv", connection)
    settle(card, qtbot)
    assert "There is no file" in card.message.title.text()
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    card.compare(tmp_path / "other.csv", connection)
    settle(card, qtbot)
    assert "no column for logins" in card.message.title.text()
    asyncio.run(connection.close())


def test_cancel_ends_it_and_what_comes_late_is_dropped(
    card: CrossCheckCard, qtbot: QtBot, path: Path, rfc_stand_ins: StandIns
) -> None:
    connection = open_to(rfc_stand_ins, rfc_stand_ins.token)
    card.compare(path, connection)
    card.cancel_button.click()
    assert "stopped" in card.summary.text()
    assert not card.progress_row.isVisible()
    card._tell((7, 9))
    settle(card, qtbot)
    assert "stopped" in card.summary.text()
    assert card.model.rowCount() == 0
    asyncio.run(connection.close())


def test_users_that_were_read_are_told(card: CrossCheckCard, qtbot: QtBot, path: Path, rfc_stand_ins: StandIns) -> None:
    connection = open_to(rfc_stand_ins, rfc_stand_ins.token)
    card.compare(path, connection)
    card._tell((100, 250))
    assert card.summary.text() == "Reading the users of SCIM 2.0 service: 100 of 250…"
    assert (card.progress.value(), card.progress.maximum()) == (100, 250)
    card._tell((300, 0))
    assert card.progress.maximum() == 0
    settle(card, qtbot)
    asyncio.run(connection.close())


def test_a_pause_that_the_service_asks_for_is_told(
    card: CrossCheckCard, qtbot: QtBot, path: Path, rfc_stand_ins: StandIns
) -> None:
    fault = {"fault": "too_many_requests", "retry_after": 1, "times": 1}

    async def limit() -> None:
        async with HttpCaller(deadline=20) as caller:
            url, key = f"{rfc_stand_ins.settings_url}/faults", f"Bearer {rfc_stand_ins.key}"
            reply = await caller(Call("PUT", url, body={"seed": 1, "faults": [fault]}, authorization=key))
            assert reply.ok, reply.body

    asyncio.run(limit())
    connection = open_to(rfc_stand_ins, rfc_stand_ins.token)
    card.compare(path, connection)
    qtbot.waitUntil(
        lambda: card.summary.text() == "SCIM 2.0 service asks to wait 1 s; the reading goes on then…", timeout=20_000
    )
    settle(card, qtbot)
    assert card.model.rowCount() == 5
    asyncio.run(connection.close())


def test_users_that_a_service_did_not_show_are_warned_of(
    card: CrossCheckCard, qtbot: QtBot, path: Path, rfc_stand_ins: StandIns
) -> None:
    connection = open_to(rfc_stand_ins, rfc_stand_ins.token)
    card.compare(path, connection)
    settle(card, qtbot)
    users = ServiceUsers((ServiceUser("1", "ada@example.com"),), complete=False)
    card._show(compare(path, users, connection.profile, lambda: False))
    settle(card, qtbot)
    assert "may have users that it did not show" in card.message.title.text()
    assert "perhaps" in str(listed(card)[2][2])
    asyncio.run(connection.close())


def test_a_comparison_that_is_no_longer_wanted_ends_early(path: Path) -> None:
    ended = compare(path, ServiceUsers((), complete=True), GENERIC, lambda: True)
    assert len(ended.logins) == 0


def test_many_logins_are_filtered_at_once(tmp_path: Path) -> None:
    path = tmp_path / "many.csv"
    path.write_text(HEADER + "".join(f"u{number}@example.com,e,A,B\n" for number in range(5_000)))
    users = ServiceUsers(tuple(ServiceUser(str(n), f"U{n}@example.com") for n in range(0, 5_000, 2)), complete=True)
    found: Comparison = compare(path, users, GENERIC, lambda: False)
    assert found.counts[NAMES.index("linked")] == found.counts[NAMES.index("created")] == 2_500
    assert found.chosen("linked", "u499", lambda: False).tolist() == [4990, 4992, 4994, 4996, 4998]
