"""A new token from the page Tokens: without a gap, gone on with after a stop, with a part that a person does."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from spoke_admin.adapters.hand_over import HandingOver
from spoke_admin.adapters.keychain import Keychain, service_of
from spoke_admin.connection import rotate_token
from spoke_admin.domain.error import AdminError
from spoke_admin.domain.rotation import Outcome, Place
from spoke_admin.domain.secret import Secret
from spoke_admin.domain.systems import Connection, KeptToken, KeychainState, ScimCounts
from spoke_admin.domain.token_kinds import fingerprint
from spoke_admin.ui.pages.overview import OverviewPage
from spoke_admin.ui.pages.tokens import TokensPage
from spoke_admin.ui.survey import Line
from spoke_admin.ui.tasks import Tasks
from spoke_admin.ui.token_renewal import Renewal, Renewed, gap_words, outcome_words
from tests.stand_ins import StandIns
from tests.ui.pages.test_overview import open_to, text
from tests.ui.pages.test_tokens import Drawer, kept_by, settle, shown, words_shown, works
from tests.ui.tokens_page import tokens_page


@pytest.fixture(autouse=True)
def no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Keychain, "_memory", {})


@pytest.fixture
def page(tasks: Tasks, qtbot: QtBot) -> Iterator[TokensPage]:
    yield from tokens_page(tasks, qtbot)


@pytest.fixture
def drawer(rfc_stand_ins: StandIns) -> Drawer:
    made = Drawer()
    made.held[service_of(rfc_stand_ins.scim_url)] = rfc_stand_ins.token or ""
    return made


def by_hand(stand_ins: StandIns, drawer: Drawer) -> Connection:
    """A connection whose identity provider cannot be asked."""
    return replace(kept_by(open_to(stand_ins), drawer.found), identity_provider=None)


async def interrupted(connection: Connection) -> None:
    with pytest.raises(AdminError):
        await rotate_token(connection, lambda _: None, HandingOver(command="exit 1", grace_s=0.0))


def test_where_two_may_live_nothing_stands_still(
    page: TokensPage, qtbot: QtBot, rfc_stand_ins: StandIns, drawer: Drawer
) -> None:
    shown(page, kept_by(open_to(rfc_stand_ins), drawer.found), qtbot)
    page.regenerate_button.click()
    page.sure.yes.click()
    settle(page, qtbot)
    assert page.message.title.text() == "The new token works; the old one has ended."
    assert "nothing stood still" in page.message.remedy.text()
    new = page.field.text()
    assert drawer.held == {service_of(rfc_stand_ins.scim_url): new}
    assert not works(rfc_stand_ins.scim_url, rfc_stand_ins.token or "")
    assert new not in words_shown(page)
    shown_details = {name: label.text() for name, label in page.details._values.items()}
    assert shown_details["token_last_four"] == new[-4:], "of the new token, not of the one before"
    assert shown_details["token_fingerprint"] == fingerprint(Secret(new))


def test_the_keyboard_stays_on_the_page(
    page: TokensPage, qtbot: QtBot, rfc_stand_ins: StandIns, drawer: Drawer
) -> None:
    shown(page, kept_by(open_to(rfc_stand_ins), drawer.found), qtbot)
    for answer, then in ((page.sure.no, page.regenerate_button), (page.sure.yes, page.regenerate_button)):
        page.regenerate_button.setFocus()
        page.regenerate_button.click()
        answer.setFocus()
        QTest.keyClick(answer, Qt.Key.Key_Space)
        settle(page, qtbot)
        assert page.window().focusWidget() is then
    assert page.message.isVisible()
    page.forget_button.click()
    page.sure_to_forget.yes.setFocus()
    QTest.keyClick(page.sure_to_forget.yes, Qt.Key.Key_Space)
    settle(page, qtbot)
    assert page.window().focusWidget() is page.field
    assert page.message.isHidden(), "it told of the token that is forgotten now"


def test_what_a_person_has_to_do_is_said_and_then_gone_on_with(
    page: TokensPage, qtbot: QtBot, rfc_stand_ins: StandIns, drawer: Drawer
) -> None:
    shown(page, by_hand(rfc_stand_ins, drawer), qtbot)
    page.regenerate_button.click()
    page.sure.yes.click()
    settle(page, qtbot)
    assert page.message.title.text() == "The new token works; one thing is left for you."
    assert "Enter the new token" in page.message.remedy.text()
    new = page.field.text()
    page.copy_button.click()
    assert QGuiApplication.clipboard().text() == new, "what is to be entered is what Copy copies"
    assert works(rfc_stand_ins.scim_url, rfc_stand_ins.token or ""), "Okta still has the old one"
    page.message.button.click()
    settle(page, qtbot)
    assert page.message.title.text() == "The new token works; the old one has ended."
    assert drawer.held == {service_of(rfc_stand_ins.scim_url): new}
    assert not works(rfc_stand_ins.scim_url, rfc_stand_ins.token or "")


def test_an_interrupted_one_is_seen_and_finished(
    page: TokensPage, qtbot: QtBot, rfc_stand_ins: StandIns, drawer: Drawer
) -> None:
    connection = kept_by(open_to(rfc_stand_ins), drawer.found)
    page.tasks.run(lambda: interrupted(connection), lambda _: None, lambda error: pytest.fail(error.title))
    settle(page, qtbot)
    drawer.held.pop(service_of(rfc_stand_ins.scim_url + Place.HAND_OVER))
    shown(page, connection, qtbot)
    assert page.message.title.text() == "The regeneration of this token was interrupted."
    page.message.button.click()
    settle(page, qtbot)
    assert page.message.title.text() == "The new token works; the old one has ended."
    assert list(drawer.held) == [service_of(rfc_stand_ins.scim_url)]


def test_the_overview_tells_of_it(tasks: Tasks, qtbot: QtBot, rfc_stand_ins: StandIns, drawer: Drawer) -> None:
    connection = kept_by(open_to(rfc_stand_ins), drawer.found)
    overview = OverviewPage(tasks)
    qtbot.addWidget(overview)
    overview.show()
    tasks.run(lambda: interrupted(connection), lambda _: None, lambda error: pytest.fail(error.title))
    qtbot.waitUntil(lambda: tasks.quiet, timeout=20_000)
    overview.set_connection(connection)
    overview.shown()
    qtbot.waitUntil(lambda: bool(text(overview, "groups_age")), timeout=20_000)
    assert text(overview, "token_state") == "Needs you"
    assert "interrupted" in text(overview, "token_summary")
    qtbot.waitUntil(lambda: tasks.quiet)
    tasks.close(connection.close)


def test_a_second_one_is_not_begun_meanwhile(
    tasks: Tasks, qtbot: QtBot, rfc_stand_ins: StandIns, drawer: Drawer
) -> None:
    renewal = Renewal(tasks, tasks)
    connection = by_hand(rfc_stand_ins, drawer)
    told: list[str] = []
    renewal.told.connect(told.append)
    with qtbot.waitSignal(renewal.ended, timeout=20_000) as ended:
        renewal.begin(connection)
        renewal.begin(connection)
    (renewed,) = ended.args
    assert isinstance(renewed, Renewed)
    assert renewed.outcome is not None
    assert renewed.outcome.state == "waiting"
    assert told[0].startswith("The new token opens SCIM")
    qtbot.waitUntil(lambda: tasks.quiet)
    tasks.close(connection.close)


KEPT = KeptToken(KeychainState.AVAILABLE, "Secret Service", Secret("a-new-token-0123456789-abcd"))


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (
            Outcome("done", "ended", kept=KEPT, counts=ScimCounts(1, 2)),
            "The new token ends in abcd and is kept in Secret Service. It opens SCIM: 1 user, 2 groups.",
        ),
        (Outcome("none"), "There was nothing left to finish."),
        (Outcome("taken_back", "alive", kept=KEPT, words="No new token was made."), "No new token was made."),
        (
            Outcome("done", "ended", kept=replace(KEPT, state=KeychainState.LOCKED)),
            "The new token ends in abcd and is kept in memory until this program ends.",
        ),
    ],
)
def test_an_outcome_is_said_in_words(outcome: Outcome, words: str) -> None:
    assert outcome_words(outcome) == words


def test_a_gap_is_said_in_words() -> None:
    assert gap_words(Outcome("waiting")) == ""
    assert gap_words(Outcome("done", overlap=True, gap_s=0.0)) == "Both lived at once: nothing stood still."
    assert "for 0.4 s" in gap_words(Outcome("done", gap_s=0.42))


def test_the_expiry_is_saved_as_a_calendar(
    tasks: Tasks, qtbot: QtBot, stand_ins: StandIns, tmp_path_factory: pytest.TempPathFactory
) -> None:
    connection = open_to(stand_ins)
    overview = OverviewPage(tasks)
    qtbot.addWidget(overview)
    overview.show()
    overview.set_connection(connection)
    overview.shown()
    qtbot.waitUntil(lambda: bool(text(overview, "groups_age")), timeout=20_000)
    assert text(overview, "expiry_state") == "In order"
    assert "The signing certificate of Okta ends on 20" in text(overview, "expiry_summary")
    path = tmp_path_factory.mktemp("calendar") / "expiry.ics"
    overview.save_calendar(path)
    qtbot.waitUntil(lambda: tasks.quiet)
    assert overview.message.title.text() == "The calendar is saved as expiry.ics."
    data = path.read_bytes()
    assert data.count(b"BEGIN:VEVENT") == 1
    assert b"SUMMARY:The signing certificate of Okta ends (Sandbox)" in data
    row = overview._rows["expiry"]
    assert isinstance(row.line, Line)
    row._button.click()
    dialog = overview.findChild(QFileDialog, "save_calendar_dialog")
    assert isinstance(dialog, QFileDialog)
    dialog.reject()
    tasks.close(connection.close)
