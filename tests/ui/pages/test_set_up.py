"""The set-up guide in its page, against the real stand-ins: every press proved, and no state of the window's own."""

from collections.abc import Callable, Iterator
from functools import partial

import pytest
from PySide6.QtWidgets import QLabel, QPlainTextEdit
from pytestqt.qtbot import QtBot

from spoke_admin.domain.systems import Connection
from spoke_admin.ui.pages.set_up import SetUpPage
from spoke_admin.ui.tasks import Tasks
from tests.stand_ins import StandIns
from tests.ui.names import faults_of_names
from tests.ui.pages.test_overview import open_to


def text(page: SetUpPage, name: str) -> str:
    label = page.findChild(QLabel, name)
    assert isinstance(label, QLabel)
    return label.text()


@pytest.fixture
def opened(qtbot: QtBot) -> Iterator[Callable[[Connection], SetUpPage]]:
    """A page of its own tasks on a connection, settled at the first step that is not done."""
    kept: list[tuple[Tasks, Connection]] = []

    def make(connection: Connection) -> SetUpPage:
        tasks = Tasks()
        kept.append((tasks, connection))
        page = SetUpPage(tasks)
        qtbot.addWidget(page)
        page.resize(1080, 780)
        page.show()
        page.set_connection(connection)
        qtbot.waitUntil(lambda: page.settled and tasks.quiet, timeout=20_000)
        return page

    yield make
    for tasks, connection in kept:
        tasks.close(connection.close)


def _moved(page: SetUpPage, title: str) -> bool:
    return page.settled and text(page, "step_title") != title


def walk(page: SetUpPage, qtbot: QtBot, most: int) -> list[str]:
    """Presses act, or next where a step is done, until the guide ends or `most` presses were made; the titles seen."""
    seen = [text(page, "step_title")]
    for _press in range(most):
        title, done = text(page, "step_title"), text(page, "step_status") == "Done"
        if done and not page.buttons.next.isEnabled():
            break
        (page.buttons.next if done else page.buttons.act).click()
        qtbot.waitUntil(partial(_moved, page, title), timeout=20_000)
        seen.append(text(page, "step_title"))
    return seen


def test_the_whole_set_up_takes_few_presses_and_every_step_is_proved(
    opened: Callable[[Connection], SetUpPage], stand_ins: StandIns, qtbot: QtBot
) -> None:
    page = opened(open_to(stand_ins))
    assert text(page, "step_title") == "SAML single sign-on"
    seen = walk(page, qtbot, most=12)
    assert seen[-1] == "Verify what arrived"
    assert len(seen) - 1 <= 8
    items = [page.step_list.item(row).text() for row in range(page.step_list.count())]
    assert all(item.endswith("\nDone") for item in items), items
    assert "ignored as forecast: Phone" in text(page, "step_reason")
    assert faults_of_names(page) == []
    page.buttons.verify.click()
    qtbot.waitUntil(lambda: page.settled)


def test_scim_is_blocked_until_saml_is_active_and_says_so(
    opened: Callable[[Connection], SetUpPage], stand_ins: StandIns, qtbot: QtBot
) -> None:
    page = opened(open_to(stand_ins))
    page.show_part("scim")
    qtbot.waitUntil(lambda: page.settled)
    assert text(page, "step_status") == "Blocked"
    assert "SAML single sign-on comes first" in text(page, "step_reason")
    assert not page.buttons.act.isEnabled()
    assert not page.buttons.next.isEnabled()


def test_what_was_understood_of_the_metadata_shows_before_it_is_used(
    opened: Callable[[Connection], SetUpPage], stand_ins: StandIns, qtbot: QtBot
) -> None:
    page = opened(open_to(stand_ins))
    field = page.findChild(QPlainTextEdit, "metadata")
    assert isinstance(field, QPlainTextEdit)
    assert field.toPlainText() == f"{stand_ins.identity_provider_url}/saml/metadata"
    assert "Understood: identity provider" in text(page, "metadata_understood")
    field.setPlainText("<html>log in</html>")
    qtbot.waitUntil(lambda: "Understood" not in text(page, "metadata_understood"))
    page.buttons.act.click()
    qtbot.waitUntil(lambda: page.message.isVisible() and page.settled)
    assert text(page, "step_title") == "SAML single sign-on"
    assert field.toPlainText() == "<html>log in</html>"  # nothing that was typed is lost


def test_after_a_restart_it_goes_on_where_it_was(
    opened: Callable[[Connection], SetUpPage], stand_ins: StandIns, qtbot: QtBot
) -> None:
    first = opened(open_to(stand_ins))
    walk(first, qtbot, most=1)
    assert text(first, "step_title") == "SCIM connection"
    stand_ins.restart()
    again = opened(open_to(stand_ins))
    assert text(again, "step_title") == "SCIM connection"
    assert text(again, "step_status") == "Ready"


def test_a_server_that_stops_in_the_middle_is_told_with_a_remedy(
    opened: Callable[[Connection], SetUpPage], stand_ins: StandIns, qtbot: QtBot
) -> None:
    page = opened(open_to(stand_ins))
    stand_ins.stop()
    page.buttons.act.click()
    qtbot.waitUntil(lambda: page.message.isVisible() and page.settled, timeout=30_000)
    assert text(page, "set_up_message_title")
    assert text(page, "set_up_message_remedy")
    assert text(page, "step_status") == "Blocked"
