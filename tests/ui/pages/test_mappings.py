"""The page Mappings against the real stand-ins: default mapping, one forecast, compared with what is there."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QPushButton, QTableWidget
from pytestqt.qtbot import QtBot

from spoke_admin.connection import open_connection, sample_roster
from spoke_admin.domain.systems import Addresses, Connection
from spoke_admin.guides.set_up import GUIDE
from spoke_admin.ui.page import GoTo
from spoke_admin.ui.pages.mappings import MappingsPage
from spoke_admin.ui.tasks import Tasks
from spoke_admin.ui.window import Window
from tests.stand_ins import StandIns
from tests.ui.names import faults_of_names
from tests.ui.pages.test_overview import open_to


@pytest.fixture
def opened(qtbot: QtBot) -> Iterator[Callable[[Connection], MappingsPage]]:
    kept: list[tuple[Tasks, Connection]] = []

    def make(connection: Connection) -> MappingsPage:
        tasks = Tasks()
        kept.append((tasks, connection))
        page = MappingsPage(tasks)
        qtbot.addWidget(page)
        page.show()
        page.set_connection(connection)
        page.shown()
        qtbot.waitUntil(lambda: tasks.quiet, timeout=20_000)
        return page

    yield make
    for tasks, connection in kept:
        tasks.close(connection.close)


def lines(table: QTableWidget) -> list[list[str]]:
    return [
        [it.text() if (it := table.item(row, column)) else "" for column in range(table.columnCount())]
        for row in range(table.rowCount())
    ]


def test_the_mapping_is_the_profiles_with_its_rules(
    opened: Callable[[Connection], MappingsPage], stand_ins: StandIns
) -> None:
    page = opened(open_to(stand_ins))
    mapping = {line[1]: line for line in lines(page.mapping)}
    assert mapping["Phone"][0] == "user.primaryPhone, else user.mobilePhone"
    assert "not 1-800 or 1-888" in mapping["Phone"][3]
    assert "a later change is ignored" in mapping["User name"][3]
    assert faults_of_names(page) == []


def test_a_persons_forecast_names_what_will_be_lost(
    opened: Callable[[Connection], MappingsPage], stand_ins: StandIns, qtbot: QtBot
) -> None:
    page = opened(open_to(stand_ins))
    assert page.person.count() == 12
    verdicts = {line[0]: line for line in lines(page.preview)}
    assert verdicts["Phone"][3] == "will be ignored"
    assert "1-800" in verdicts["Phone"][4]
    assert verdicts["First name"][3] == "will be set"
    assert "1 will be ignored" in page.summary.text()
    page.person.setCurrentIndex(1)
    qtbot.waitUntil(lambda: page.tasks.quiet, timeout=20_000)
    verdicts = {line[0]: line for line in lines(page.preview)}
    assert verdicts["Phone"][3] == "will be set"
    assert "ignored" not in page.summary.text()


def test_without_a_connection_it_says_where_to_open_one(tasks: Tasks, qtbot: QtBot) -> None:
    page = MappingsPage(tasks)
    qtbot.addWidget(page)
    page.show()
    page.shown()
    assert "Overview" in page.summary.text()
    assert not page.person.isEnabled()
    assert faults_of_names(page) == []


def test_stand_ins_that_are_gone_are_said_in_words(
    opened: Callable[[Connection], MappingsPage], stand_ins: StandIns, qtbot: QtBot
) -> None:
    connection = open_to(stand_ins)
    stand_ins.stop()
    page = opened(connection)
    assert page.message.isVisible()
    assert "Nothing listens" in page.message.title.text()


def walked(page: MappingsPage, connection: Connection, qtbot: QtBot) -> None:
    """The whole set-up, one person assigned and pushed."""

    async def walk() -> None:
        for step in GUIDE.steps[1:]:
            filled = await step.fill(connection)
            await GUIDE.act(step, connection, {name: it.value for name, it in filled.items()}, lambda _words: None)

    page.tasks.run(walk, lambda _nothing: None, lambda error: pytest.fail(f"{error.title} {error.detail}"))
    settle(page, qtbot)


def settle(page: MappingsPage, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: page.tasks.quiet, timeout=20_000)


def test_a_person_who_is_there_is_compared_with_the_live_profile(
    opened: Callable[[Connection], MappingsPage], stand_ins: StandIns, qtbot: QtBot
) -> None:
    page = opened(open_to(stand_ins))
    assert page.compared.text().startswith("Not compared with the live profile: ")
    assert page.connection is not None
    walked(page, page.connection, qtbot)
    page.verify()
    settle(page, qtbot)
    assert page.compared.text() == "askSpoke holds this person already. Compared with the live profile."
    verdicts = {line[0]: line for line in lines(page.preview)}
    assert verdicts["First name"][3] == "unchanged"
    assert verdicts["Phone"][3] == "will be ignored"
    page.person.setCurrentIndex(3)
    settle(page, qtbot)
    assert "does not know this person yet" in page.compared.text()
    chosen = page.person.currentText()
    page.verify()
    settle(page, qtbot)
    assert page.person.currentText() == chosen


def live(scim_url: str = "https://acme.example/scim/v2") -> Connection:
    """A connection whose identity provider cannot be asked."""
    return asyncio.run(open_connection(Addresses("Acme", scim_url)))


def test_without_a_provider_to_ask_it_offers_the_way_to_a_file(
    opened: Callable[[Connection], MappingsPage], qtbot: QtBot
) -> None:
    page = opened(live())
    assert page.summary.text() == "There is nobody to preview yet."
    assert page.mapping.rowCount() == 13
    with qtbot.waitSignal(page.go) as wish:
        page.message.button.click()
    assert wish.args == [GoTo("users")]


def test_the_people_of_a_file_that_was_opened_are_offered_then(
    opened: Callable[[Connection], MappingsPage], qtbot: QtBot
) -> None:
    page = opened(live())
    page.set_roster(sample_roster())
    settle(page, qtbot)
    assert not page.message.isVisible()
    page.person.setCurrentIndex(page.person.findText("Grace Curie (grace.curie@example.com)"))
    settle(page, qtbot)
    verdicts = {line[0]: line for line in lines(page.preview)}
    assert verdicts["Phone"][2:4] == ["1-800-555-0199", "will be ignored"]
    assert page.compared.text().startswith("Not compared with the live profile: ")
    page.set_roster(Path("/nowhere/users.csv"))
    settle(page, qtbot)
    assert "There is no file" in page.message.title.text()
    assert page.person.count() == 0
    assert page.preview.rowCount() == 0


def test_the_window_hands_a_file_of_users_on_to_the_mappings(qtbot: QtBot) -> None:
    window = Window()
    qtbot.addWidget(window)
    window.show()
    window.open_file(sample_roster())
    qtbot.waitUntil(lambda: window.tasks.quiet, timeout=30_000)
    page = window.page("mappings")
    assert isinstance(page, MappingsPage)
    page.set_connection(live())
    window.show_page("mappings")
    qtbot.waitUntil(lambda: window.tasks.quiet, timeout=30_000)
    assert page.person.count() > 30
    window.close()


def test_another_connection_takes_no_people_of_the_old_one(
    opened: Callable[[Connection], MappingsPage], stand_ins: StandIns, qtbot: QtBot
) -> None:
    page_connection = open_to(stand_ins)
    page = opened(page_connection)
    assert page.person.count()
    page.verify()
    page.set_connection(live())
    settle(page, qtbot)
    assert page.person.count() == 0
    assert page.preview.rowCount() == 0
    page.set_connection(page_connection)
    page.verify()
    page.set_connection(None)
    settle(page, qtbot)
    assert (page.mapping.rowCount(), page.person.count()) == (0, 0)
    assert "No connection is open" in page.summary.text()


def test_rules_and_reasons_are_read_whole(opened: Callable[[Connection], MappingsPage], stand_ins: StandIns) -> None:
    page = opened(open_to(stand_ins))
    page.resize(700, 700)
    heights = {page.mapping.item(row, 1).text(): page.mapping.rowHeight(row) for row in range(13)}  # type: ignore[union-attr]  # each cell is filled
    assert heights["Phone"] > heights["City"]


@pytest.mark.parametrize("row", [0, 6])
def test_a_verdict_is_an_icon_and_a_word(
    opened: Callable[[Connection], MappingsPage], stand_ins: StandIns, row: int
) -> None:
    page = opened(open_to(stand_ins))
    verdict = page.preview.item(row, 3)
    assert verdict is not None
    assert verdict.text()
    assert not verdict.icon().isNull()
    assert page.findChild(QPushButton, "mappings_message_button")
