"""The page Tokens against the real stand-ins, the real Secret Service, and keychains that refuse."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from spoke_admin.adapters.keychain import Backend, Keychain
from spoke_admin.connection import check_token, open_connection
from spoke_admin.domain.rotation import TRIAL
from spoke_admin.domain.secret import Secret
from spoke_admin.domain.systems import Addresses, Connection, KeychainState
from spoke_admin.guides.set_up import GUIDE
from spoke_admin.ui.page import GoTo
from spoke_admin.ui.pages.tokens import TokensPage
from spoke_admin.ui.tasks import Tasks
from tests.end_to_end.desktop import desktop, needs_a_desktop
from tests.stand_ins import StandIns
from tests.ui.names import faults_of_names
from tests.ui.pages.test_overview import open_to
from tests.ui.tokens_page import tokens_page

PASTED = "pasted-token-0123456789-abcd"
Found = tuple[str, Backend | None, KeychainState]


@pytest.fixture(autouse=True)
def no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one test keeps in the process's memory is not another one's, whose port may be the same."""
    monkeypatch.setattr(Keychain, "_memory", {})


@pytest.fixture
def page(tasks: Tasks, qtbot: QtBot) -> Iterator[TokensPage]:
    yield from tokens_page(tasks, qtbot)


def settle(page: TokensPage, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: page.tasks.quiet, timeout=20_000)


def walked(page: TokensPage, connection: Connection, qtbot: QtBot) -> None:
    """SAML active, SCIM connected: there is a token."""

    async def walk() -> None:
        for step in GUIDE.steps[1:3]:
            filled = await step.fill(connection)
            await GUIDE.act(step, connection, {name: it.value for name, it in filled.items()}, lambda _words: None)

    page.tasks.run(walk, lambda _nothing: None, lambda error: pytest.fail(f"{error.title} {error.detail}"))
    settle(page, qtbot)
    shown(page, connection, qtbot)


def shown(page: TokensPage, connection: Connection, qtbot: QtBot) -> TokensPage:
    page.set_connection(connection)
    settle(page, qtbot)
    return page


def kept_by(connection: Connection, backend: Callable[[], Found], deadline: float = 3.0) -> Connection:
    """The connection with a keychain of its own."""
    return replace(connection, tokens=Keychain(deadline=deadline, backend=backend))


class Drawer:
    """A keychain in this test's memory. `refuses`: raised at every write."""

    def __init__(self, refuses: type[Exception] | None = None) -> None:
        self.held: dict[str, str] = {}
        self.refuses = refuses

    def get_password(self, service: str, username: str) -> str | None:
        return self.held.get(service)

    def set_password(self, service: str, username: str, password: str) -> None:
        if self.refuses is not None:
            raise self.refuses
        self.held[service] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.held[service]

    def found(self) -> Found:
        return "Drawer", self, KeychainState.AVAILABLE


class KeyringLocked(Exception):  # noqa: N818  # keyring's own name for it
    pass


def works(address: str, secret: str) -> bool:
    return asyncio.run(check_token(address, Secret(secret)))


def words_shown(page: QWidget) -> str:
    """Everything that can be read on a page, seen, heard or pointed at; the text of masked fields as it is heard."""
    words = []
    for it in (page, *page.findChildren(QWidget)):
        words += [it.objectName(), it.windowTitle(), it.toolTip(), it.statusTip(), it.whatsThis(), repr(it)]
        words += [it.accessibleName(), it.accessibleDescription()]
        if isinstance(it, QLabel):
            words.append(it.text())
        interface = QAccessible.queryAccessibleInterface(it)
        words += [interface.text(kind) for kind in (QAccessible.Text.Name, QAccessible.Text.Value)]
    return "\n".join(words)


def test_without_a_connection_nothing_can_be_pressed(page: TokensPage) -> None:
    assert "Overview" in page.status.text()
    for it in (page.field, page.save_button, page.copy_button, page.forget_button, page.regenerate_button, page.owner):
        assert not it.isEnabled()
    assert faults_of_names(page) == []


def test_before_scim_is_connected_a_new_token_is_refused_in_words(
    page: TokensPage, qtbot: QtBot, stand_ins: StandIns
) -> None:
    shown(page, open_to(stand_ins), qtbot)
    assert "no keychain" in page.status.text()
    page.regenerate_button.click()
    page.sure.yes.click()
    settle(page, qtbot)
    assert page.message.isVisible()
    assert "SCIM" in page.message.title.text()
    assert page.regenerate_button.isEnabled()


def test_a_kept_token_is_told_by_its_end_proved_and_shown_nowhere(
    page: TokensPage, qtbot: QtBot, stand_ins: StandIns
) -> None:
    walked(page, open_to(stand_ins), qtbot)
    token = page.field.text()
    assert works(stand_ins.scim_url, token)
    assert f"ends in {token[-4:]} and is kept in memory until this program ends" in page.status.text()
    assert "askSpoke takes it." in page.status.text()
    assert page.field.echoMode() is QLineEdit.EchoMode.Password
    page.copy_button.click()
    page.regenerate_button.click()
    assert token not in words_shown(page)
    assert token[:-4] not in words_shown(page)
    assert "taken away in 30 s" in page.countdown.text()
    assert QGuiApplication.clipboard().text() == token
    assert faults_of_names(page) == []


def test_it_is_revealed_while_pressed_and_never_longer(page: TokensPage, qtbot: QtBot, stand_ins: StandIns) -> None:
    walked(page, open_to(stand_ins), qtbot)
    QTest.keyPress(page.reveal_button, Qt.Key.Key_Space)
    assert page.field.echoMode() is QLineEdit.EchoMode.Normal
    QTest.keyRelease(page.reveal_button, Qt.Key.Key_Space)
    assert page.field.echoMode() is QLineEdit.EchoMode.Password
    QTest.mousePress(page.reveal_button, Qt.MouseButton.LeftButton)
    assert page.field.echoMode() is QLineEdit.EchoMode.Normal
    QTest.mouseRelease(page.reveal_button, Qt.MouseButton.LeftButton)
    assert page.field.echoMode() is QLineEdit.EchoMode.Password
    page.field.setFocus()
    page.reveal_button.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # as on macOS: losing the focus releases nothing
    QTest.mousePress(page.reveal_button, Qt.MouseButton.LeftButton)
    page.hide()
    assert page.field.echoMode() is QLineEdit.EchoMode.Password
    QTest.mouseRelease(page.reveal_button, Qt.MouseButton.LeftButton)


@pytest.mark.parametrize(
    ("pasted", "word"),
    [
        ("two\nlines-of-a-token", "line break"),
        ("a token with blanks", "blank"),
        ("tokén-beyond-ascii", "ASCII"),
        ("x" * 9000, "9,000 characters"),
    ],
)
def test_what_can_be_no_token_is_refused_and_stays(
    page: TokensPage, qtbot: QtBot, stand_ins: StandIns, pasted: str, word: str
) -> None:
    drawer = Drawer()
    shown(page, kept_by(open_to(stand_ins), drawer.found), qtbot)
    QGuiApplication.clipboard().setText(pasted)
    page.field.setFocus()
    page.field.paste()
    page.save_button.click()
    settle(page, qtbot)
    assert word in page.message.title.text()
    assert "token" in page.field.text() or page.field.text() == pasted
    assert drawer.held == {}
    assert pasted not in words_shown(page)


def test_a_wrong_token_is_kept_and_said_to_be_refused(page: TokensPage, qtbot: QtBot, stand_ins: StandIns) -> None:
    drawer = Drawer()
    shown(page, kept_by(open_to(stand_ins), drawer.found), qtbot)
    assert page.status.text() == "No token is kept for this address."
    page.field.setText(f"  {PASTED}  ")
    page.save_button.click()
    settle(page, qtbot)
    assert list(drawer.held.values()) == [PASTED]
    assert "kept in Drawer" in page.status.text()
    assert "refuses it" in page.status.text()
    assert not page.save_button.isEnabled()


def test_a_look_again_leaves_what_is_being_typed(page: TokensPage, qtbot: QtBot, stand_ins: StandIns) -> None:
    drawer = Drawer()
    connection = kept_by(open_to(stand_ins), drawer.found)
    asyncio.run(connection.tokens.keep(stand_ins.scim_url, Secret(PASTED)))
    shown(page, connection, qtbot)
    page.field.setText("being-typed")
    page.verify()
    settle(page, qtbot)
    assert page.field.text() == "being-typed"
    assert page.save_button.isEnabled()
    page.copy_button.click()
    assert QGuiApplication.clipboard().text() == PASTED


def test_a_click_chooses_the_whole_token_so_that_a_paste_replaces_it(
    page: TokensPage, qtbot: QtBot, stand_ins: StandIns
) -> None:
    walked(page, open_to(stand_ins), qtbot)
    QGuiApplication.clipboard().setText(PASTED)
    QTest.mouseClick(page.field, Qt.MouseButton.LeftButton)
    page.field.paste()
    assert page.field.text() == PASTED


def test_a_new_token_ends_the_old_one_after_a_question(page: TokensPage, qtbot: QtBot, stand_ins: StandIns) -> None:
    walked(page, open_to(stand_ins), qtbot)
    old = page.field.text()
    page.regenerate_button.click()
    assert page.sure.isVisible()
    assert "ends at once" in page.sure.words.text()
    QTest.keyClick(page.sure, Qt.Key.Key_Escape)
    assert not page.sure.isVisible()
    assert works(stand_ins.scim_url, old)
    page.regenerate_button.click()
    page.sure.yes.click()
    assert not page.regenerate_button.isEnabled()
    page.verify()
    assert page.status.text() == "Regenerating…"
    settle(page, qtbot)
    new = page.field.text()
    assert new != old
    assert (works(stand_ins.scim_url, old), works(stand_ins.scim_url, new)) == (False, True)
    assert "It opens SCIM: 0 users, 0 groups." in page.status.text()
    assert new not in words_shown(page)
    with qtbot.waitSignal(page.go) as wish:
        page.message.button.click()
    assert wish.args == [GoTo("set_up", "api_integration")]
    assert "api_integration" in [step.id for step in GUIDE.steps]


def test_another_connection_does_not_end_what_is_shown_once(
    page: TokensPage, qtbot: QtBot, stand_ins: StandIns
) -> None:
    drawer = Drawer()
    connection = open_to(stand_ins)
    walked(page, connection, qtbot)
    shown(page, kept_by(connection, drawer.found), qtbot)
    page.regenerate_button.click()
    page.sure.yes.click()
    shown(page, live(), qtbot)
    (new,) = drawer.held.values()
    assert works(stand_ins.scim_url, new)
    assert page.field.text() == ""
    assert page.regenerate_button.isEnabled() is False  # no settings API there
    page.tasks.run(connection.close, lambda _nothing: None, lambda error: pytest.fail(error.title))
    settle(page, qtbot)


def test_a_new_token_that_no_keychain_takes_stays_on_the_page(
    page: TokensPage, qtbot: QtBot, stand_ins: StandIns
) -> None:
    connection = open_to(stand_ins)
    walked(page, connection, qtbot)
    drawer = Drawer(refuses=KeyringLocked)
    shown(page, kept_by(connection, drawer.found), qtbot)
    page.regenerate_button.click()
    page.sure.yes.click()
    settle(page, qtbot)
    assert "not in the keychain" in page.message.title.text()
    assert "locked" in page.message.title.text()
    new = page.field.text()
    assert works(stand_ins.scim_url, new)
    page.copy_button.click()
    assert QGuiApplication.clipboard().text() == new
    drawer.refuses = None
    page.save_button.click()
    settle(page, qtbot)
    assert list(drawer.held.values()) == [new]
    assert "kept in Drawer" in page.status.text()


def test_a_new_token_is_not_lost_when_the_service_goes_away(
    page: TokensPage, qtbot: QtBot, stand_ins: StandIns
) -> None:
    drawer = Drawer()
    connection = open_to(stand_ins)
    walked(page, connection, qtbot)
    shown(page, kept_by(connection, drawer.found), qtbot)
    keep = drawer.set_password
    ended: list[int] = []

    def keep_and_end(service: str, username: str, password: str) -> None:
        keep(service, username, password)
        if password != TRIAL.reveal() and not ended:
            ended.append(stand_ins.stop())

    drawer.set_password = keep_and_end  # type: ignore[method-assign]  # the service ends between keeping and proving
    page.regenerate_button.click()
    page.sure.yes.click()
    settle(page, qtbot)
    assert "Nothing listens" in page.status.text()
    assert page.message.button.text() == "Finish it"
    (new,) = drawer.held.values()
    stand_ins.restart()
    assert works(stand_ins.scim_url, new)


def test_forgetting_asks_first_and_cleans_the_clipboard(page: TokensPage, qtbot: QtBot, stand_ins: StandIns) -> None:
    drawer = Drawer()
    connection = kept_by(open_to(stand_ins), drawer.found)
    asyncio.run(connection.tokens.keep(stand_ins.scim_url, Secret(PASTED)))
    shown(page, connection, qtbot)
    page.copy_button.click()
    page.forget_button.click()
    assert page.sure_to_forget.no.hasFocus()
    assert drawer.held
    page.sure_to_forget.yes.click()
    settle(page, qtbot)
    assert drawer.held == {}
    assert page.field.text() == ""
    assert page.status.text() == "No token is kept for this address."
    assert QGuiApplication.clipboard().text() == ""
    assert not page.forget_button.isEnabled()


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (KeychainState.LOCKED, "The keychain is locked. Unlock it"),
        (KeychainState.DENIED, "The keychain refuses Spoke Admin. Allow it"),
        (KeychainState.TOO_LARGE, "The token is too long for the keychain."),
        (KeychainState.SESSION_ONLY, "There is no keychain that can be used on this computer."),
    ],
)
def test_a_keychain_that_cannot_be_used_is_said_in_its_words(
    page: TokensPage, qtbot: QtBot, stand_ins: StandIns, state: KeychainState, words: str
) -> None:
    shown(page, kept_by(open_to(stand_ins), lambda: ("Some keychain", None, state)), qtbot)
    assert page.status.text().startswith(words)
    assert not page.copy_button.isEnabled()
    page.field.setText(PASTED)
    page.save_button.click()
    settle(page, qtbot)
    assert "kept in memory until this program ends" in page.status.text()
    assert page.field.text() == PASTED


def test_a_keychain_that_never_answers_does_not_hold_the_window(
    page: TokensPage, qtbot: QtBot, stand_ins: StandIns
) -> None:
    end = threading.Event()

    def stalled() -> Found:
        end.wait(20)
        return "Stalled", None, KeychainState.LOCKED

    try:
        shown(page, kept_by(open_to(stand_ins), stalled, deadline=0.2), qtbot)
        assert page.status.text().startswith("The keychain did not answer in time.")
    finally:
        end.set()


@needs_a_desktop
def test_the_real_secret_service_keeps_it_and_tells_since_when(
    page: TokensPage, qtbot: QtBot, stand_ins: StandIns, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with desktop(tmp_path / "desktop") as here:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", here.environment["DBUS_SESSION_BUS_ADDRESS"])
        walked(page, open_to(stand_ins), qtbot)
        assert "is kept in Secret Service, set 20" in page.status.text()
        assert "askSpoke takes it." in page.status.text()
        page.forget()
        settle(page, qtbot)
        assert page.status.text() == "No token is kept for this address."


def live(settings_url: str = "") -> Connection:
    addresses = Addresses("Acme", "https://acme.example/scim/v2", settings_url, "https://acme.okta.example")
    return asyncio.run(open_connection(addresses))


def test_a_live_connection_has_a_key_for_each_address(page: TokensPage, qtbot: QtBot) -> None:
    shown(page, live("https://acme.example/api/v1/integrations/sso"), qtbot)
    names = [page.owner.itemText(place) for place in range(page.owner.count())]
    assert names == ["askSpoke, SCIM", "askSpoke, settings", "Okta, API"]
    assert page.regenerate_button.isEnabled()
    page.field.setText("typed-for-another-address")
    page.owner.setCurrentIndex(2)
    settle(page, qtbot)
    assert page.address.text() == "https://acme.okta.example"
    assert page.field.text() == ""
    assert not page.regenerate_button.isEnabled()
    assert "console of Okta" in page.reason.text()


def test_without_a_settings_api_it_says_where_a_new_token_is_made(page: TokensPage, qtbot: QtBot) -> None:
    shown(page, live(), qtbot)
    assert not page.regenerate_button.isEnabled()
    assert "Settings › Integrations › SSO › SCIM › API token" in page.reason.text()


def test_another_connection_takes_nothing_of_the_old_ones(page: TokensPage, qtbot: QtBot, stand_ins: StandIns) -> None:
    old = open_to(stand_ins)
    walked(page, old, qtbot)
    assert page.field.text()
    page.verify()
    shown(page, live(), qtbot)
    assert page.field.text() == ""
    assert page.address.text() == "https://acme.example/scim/v2"
    assert "acme" not in page.status.text()
    page.tasks.run(old.close, lambda _nothing: None, lambda error: pytest.fail(error.title))
    settle(page, qtbot)
