"""The wizard draws any guide; its states come from looks at the live systems, never from the window."""

import asyncio
from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QComboBox, QLabel, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from spoke_admin.ui.page import GoTo
from spoke_admin.ui.tasks import Tasks
from spoke_admin.ui.wizard import Wizard
from tests.ui.small_guide import GUIDE, World, connection_to


class SmallPage(Wizard):
    name = "small"

    def __init__(self, tasks: Tasks) -> None:
        super().__init__(GUIDE, tasks)


Open = Callable[[World], Wizard]


@pytest.fixture
def opened(tasks: Tasks, qtbot: QtBot) -> Open:
    """A wizard on a world, shown and settled."""

    def make(world: World) -> Wizard:
        page = SmallPage(tasks)
        qtbot.addWidget(page)
        page.resize(1000, 700)
        page.show()
        page.set_connection(connection_to(world))
        page.shown()
        qtbot.waitUntil(lambda: page.settled)
        return page

    return make


def found(page: QWidget, name: str) -> QWidget:
    widgets = [it for it in page.findChildren(QWidget, name) if it.isVisibleTo(page)]
    assert len(widgets) == 1, f"{name}: {widgets}"
    return widgets[0]


def text(page: QWidget, name: str) -> str:
    widget = found(page, name)
    assert isinstance(widget, QLabel | QPushButton | QLineEdit)
    return widget.text()


def press(page: QWidget, name: str, qtbot: QtBot) -> None:
    widget = found(page, name)
    assert widget.isEnabled(), f"{name} is disabled"
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton)


def test_opens_at_the_first_step_that_is_not_done(opened: Open) -> None:
    page = opened(World(done={"first"}))
    assert text(page, "step_title") == "Second door"
    assert text(page, "step_status") == "Ready"
    assert page.step_list.currentRow() == 1
    items = [page.step_list.item(row).text() for row in range(page.step_list.count())]
    assert items == ["First door\nDone", "Second door\nReady", "Third door\nBlocked"]


def test_opens_at_the_last_step_when_all_are_done(opened: Open) -> None:
    page = opened(World(done={"first", "second", "third"}))
    assert text(page, "step_title") == "Third door"
    assert text(page, "step_status") == "Done"
    assert not found(page, "next_button").isEnabled()


def test_act_does_the_step_proves_it_and_shows_the_next(opened: Open, qtbot: QtBot) -> None:
    world = World()
    page = opened(world)
    assert text(page, "act_button") == "Open the first door"
    press(page, "act_button", qtbot)
    assert text(page, "step_status").endswith("…")
    assert not found(page, "act_button").isEnabled()
    qtbot.waitUntil(lambda: text(page, "step_title") == "Second door" and page.settled)
    assert world.acts == [("first", {})]
    press(page, "act_button", qtbot)
    qtbot.waitUntil(lambda: text(page, "step_title") == "Third door" and page.settled)
    assert world.acts[1] == ("second", {"label": "askSpoke", "person": "1", "features": "PUSH"})
    press(page, "act_button", qtbot)
    qtbot.waitUntil(lambda: page.settled and text(page, "step_status") == "Done")
    assert text(page, "step_title") == "Third door"
    assert not found(page, "next_button").isEnabled()


def test_a_gate_is_real_and_shows_the_way(opened: Open, qtbot: QtBot) -> None:
    world = World()
    page = opened(world)
    page.step_list.setCurrentRow(1)
    qtbot.waitUntil(lambda: page.settled)
    assert text(page, "step_status") == "Blocked"
    assert text(page, "step_reason") == "First door comes first."
    assert "First door comes first." in text(page, "next_reason")
    assert not found(page, "next_button").isEnabled()
    assert not found(page, "act_button").isEnabled()
    page.next()
    page.act()
    assert text(page, "step_title") == "Second door"
    assert world.acts == []
    press(page, "blocking_button", qtbot)
    assert text(page, "step_title") == "First door"


def test_verify_only_looks_and_a_stale_tick_turns_back(opened: Open, qtbot: QtBot) -> None:
    world = World(done={"first", "second", "third"})
    page = opened(world)
    world.done.discard("third")
    press(page, "verify_button", qtbot)
    qtbot.waitUntil(lambda: page.settled and text(page, "step_status") == "Ready")
    assert world.acts == []
    assert text(page, "step_reason") == "Third door is off."


def test_what_was_typed_survives_going_back(opened: Open, qtbot: QtBot) -> None:
    world = World(done={"first"})
    page = opened(world)
    label = found(page, "label")
    assert isinstance(label, QLineEdit)
    label.selectAll()
    QTest.keyClicks(label, "Ada's door")
    person = found(page, "person")
    assert isinstance(person, QComboBox)
    person.setCurrentIndex(1)
    person.activated.emit(1)
    assert text(page, "person_note") == "phone will be ignored"
    box = found(page, "features_groups")
    assert isinstance(box, QCheckBox)
    box.click()
    press(page, "back_button", qtbot)
    qtbot.waitUntil(lambda: page.settled)
    assert text(page, "step_title") == "First door"
    press(page, "next_button", qtbot)
    qtbot.waitUntil(lambda: page.settled)
    assert text(page, "label") == "Ada's door"
    press(page, "act_button", qtbot)
    qtbot.waitUntil(lambda: bool(world.acts))
    assert world.acts[0][1] == {"label": "Ada's door", "person": "2", "features": "PUSH GROUPS"}
    qtbot.waitUntil(lambda: page.settled)


def test_a_refusal_is_said_on_the_page_with_one_button(opened: Open, qtbot: QtBot) -> None:
    world = World(refused={"first"})
    page = opened(world)
    press(page, "act_button", qtbot)
    qtbot.waitUntil(lambda: page.message.isVisible() and page.settled)
    assert text(page, "small_message_title") == "First door was refused."
    assert text(page, "small_message_remedy") == "Ask for the right."
    assert text(page, "step_title") == "First door"
    world.refused.clear()
    press(page, "small_message_button", qtbot)
    qtbot.waitUntil(lambda: text(page, "step_title") == "Second door" and page.settled)
    assert not page.message.isVisible()


def test_done_but_not_proved_stays_and_says_so(opened: Open, qtbot: QtBot) -> None:
    page = opened(World(fails_to_prove={"first"}))
    press(page, "act_button", qtbot)
    qtbot.waitUntil(lambda: page.message.isVisible() and page.settled)
    assert text(page, "step_title") == "First door"
    assert "proof" in text(page, "small_message_title")


def test_a_system_that_does_not_answer_is_told_with_a_remedy(opened: Open, qtbot: QtBot) -> None:
    world = World(broken={"first"})
    page = opened(world)
    assert text(page, "step_status") == "Blocked"
    assert text(page, "step_reason") == "First door cannot be asked."
    assert text(page, "small_message_remedy") == "Start it."
    world.broken.clear()
    press(page, "small_message_button", qtbot)
    qtbot.waitUntil(lambda: page.settled and text(page, "step_status") == "Ready")


def test_a_manual_step_shows_where_and_act_is_not_offered(opened: Open) -> None:
    page = opened(World(by_hand={"first"}))
    assert text(page, "step_status") == "Manual"
    assert text(page, "place_path") == "Settings > Integrations > First door"
    assert "by hand" in text(page, "place_title")
    assert found(page, "open_place_button").toolTip() == "https://acme-admin.okta.com/admin"
    assert not found(page, "act_button").isEnabled()
    assert not found(page, "next_button").isEnabled()


def test_what_nobody_can_prove_does_not_hold_up(opened: Open, qtbot: QtBot) -> None:
    page = opened(World(by_hand={"first"}, unprovable={"first"}))
    assert text(page, "step_status") == "Manual"
    press(page, "next_button", qtbot)
    qtbot.waitUntil(lambda: page.settled)
    assert text(page, "step_status") == "Ready"


def test_evidence_stands_beside_what_was_expected_and_can_be_copied(opened: Open, qtbot: QtBot) -> None:
    page = opened(World())
    assert text(page, "fact_1_found") == "off"
    assert text(page, "fact_1_expected") == "on"
    assert text(page, "fact_1_match") == "✗ differs"
    press(page, "copy_fact_2", qtbot)
    assert text(page, "copy_fact_2") == "✓ Copied"
    from PySide6.QtGui import QGuiApplication

    assert QGuiApplication.clipboard().text() == "http://127.0.0.1:9/scim/v2"


def test_the_warning_and_the_guides_words_show(opened: Open, qtbot: QtBot) -> None:
    page = opened(World())
    press(page, "quotes_button", qtbot)
    assert "Click Connect under SCIM." in text(page, "step_quotes")
    assert "askSpoke" in found(page, "step_drawing").accessibleName()
    page.step_list.setCurrentRow(1)
    qtbot.waitUntil(lambda: page.settled)
    assert "removes the account" in text(page, "step_warning")


def test_a_page_never_waits_and_says_that_it_is_looking(tasks: Tasks, qtbot: QtBot) -> None:
    world = World()
    world.waiting = asyncio.Event()
    page = SmallPage(tasks)
    qtbot.addWidget(page)
    page.show()
    page.set_connection(connection_to(world))
    assert text(page, "step_status") == "Looking…"
    qtbot.waitUntil(lambda: world.looks > 0)
    assert text(page, "step_status") == "Looking…"
    waiting = world.waiting

    async def open_gate() -> None:
        waiting.set()

    tasks.run(open_gate, lambda _nothing: None, lambda _error: None)
    qtbot.waitUntil(lambda: page.settled)
    assert text(page, "step_status") == "Ready"


def test_what_comes_of_an_act_on_another_connection_is_dropped(opened: Open, qtbot: QtBot) -> None:
    world, other = World(), World(done={"first", "second"})
    page = opened(world)
    press(page, "act_button", qtbot)
    page.set_connection(connection_to(other))
    page.shown()
    qtbot.waitUntil(lambda: page.settled and page.tasks.quiet)
    assert text(page, "step_title") == "Third door"
    assert other.acts == []


def test_without_a_connection_it_says_so_and_leads_to_the_overview(tasks: Tasks, qtbot: QtBot) -> None:
    page = SmallPage(tasks)
    qtbot.addWidget(page)
    page.show()
    page.set_connection(None)
    assert "No connection is open" in text(page, "step_reason")
    assert not found(page, "act_button").isEnabled()
    with qtbot.waitSignal(page.go) as wish:
        press(page, "blocking_button", qtbot)
    assert wish.args == [GoTo("overview")]


def test_every_control_has_a_name_of_its_own(opened: Open, qtbot: QtBot) -> None:
    from tests.ui.names import faults_of_names

    page = opened(World(done={"first"}))
    assert faults_of_names(page) == []
