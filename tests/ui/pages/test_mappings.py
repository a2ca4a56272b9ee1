"""The page Mappings against the real stand-ins: default mapping, one forecast, compared with what is there."""

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtWidgets import QTableWidget
from pytestqt.qtbot import QtBot

from spoke_admin.domain.systems import Connection
from spoke_admin.ui.pages.mappings import MappingsPage
from spoke_admin.ui.tasks import Tasks
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
