"""What the page Tokens knows and asks: details, a keychain that a person opens, a paste of another kind."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import keyring.backends.null
import pytest
import secretstorage
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from spoke_admin.adapters import secret_service
from spoke_admin.adapters.keychain import Keychain, service_of
from spoke_admin.adapters.token_notes import TokenNotes
from spoke_admin.domain.secret import Secret
from spoke_admin.domain.systems import KeychainState
from spoke_admin.domain.token_kinds import fingerprint
from spoke_admin.ui.pages.tokens import TokensPage
from spoke_admin.ui.tasks import Tasks
from spoke_admin.ui.token_details import moment
from spoke_admin.ui.token_states import owners
from tests.adapters.test_keychain_back_ends import hijacked, no_keychain, only_plaintext
from tests.end_to_end.desktop import desktop, needs_a_desktop
from tests.stand_ins import StandIns
from tests.ui.names import faults_of_names
from tests.ui.pages.test_overview import open_to
from tests.ui.pages.test_tokens import Drawer, Found, kept_by, live, settle, shown
from tests.ui.tokens_page import tokens_page

OKTA = "00" + "aB3_-xY9" * 5
LONGEST_PAUSE_S = 0.1


@pytest.fixture(autouse=True)
def no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Keychain, "_memory", {})
    monkeypatch.setattr(TokenNotes, "_noted", {})


@pytest.fixture
def page(tasks: Tasks, qtbot: QtBot) -> Iterator[TokensPage]:
    yield from tokens_page(tasks, qtbot)


def known(page: TokensPage) -> dict[str, str]:
    names = ("backend", "last_four", "set_at", "fingerprint", "last_used", "expires")
    labels = {name: page.findChild(QLabel, f"token_{name}") for name in names}
    return {name: label.text() for name, label in labels.items() if isinstance(label, QLabel)}


def test_what_is_known_of_a_token_is_shown(page: TokensPage, qtbot: QtBot, rfc_stand_ins: StandIns) -> None:
    drawer, token = Drawer(), rfc_stand_ins.token or ""
    drawer.held[service_of(rfc_stand_ins.scim_url)] = token
    shown(page, kept_by(open_to(rfc_stand_ins), drawer.found), qtbot)
    found = known(page)
    assert (found["backend"], found["last_four"]) == ("Drawer", token[-4:])
    assert found["fingerprint"] == fingerprint(Secret(token))
    assert (found["set_at"], found["last_used"], found["expires"]) == ("—", "—", "—")
    page.verify()
    settle(page, qtbot)
    assert known(page)["last_used"].startswith(f"{datetime.now():%Y-}"), "the look before used it"  # noqa: DTZ005  # local
    assert faults_of_names(page) == []


def test_the_rehearsals_okta_has_a_token_too_and_it_is_kept_nowhere(
    page: TokensPage, qtbot: QtBot, stand_ins: StandIns
) -> None:
    connection = kept_by(open_to(stand_ins), Drawer().found)
    given = open_to(stand_ins)
    assert [it.words for it in owners(connection)] == ["askSpoke, SCIM", "Okta, API"]
    shown(page, given, qtbot)
    page.owner.setCurrentIndex(1)
    settle(page, qtbot)
    assert "given for this run by the rehearsal" in page.status.text()
    assert "Okta takes it." in page.status.text()
    assert not page.save_button.isEnabled()
    assert not page.forget_button.isEnabled()
    page.tasks.run(connection.close, lambda _: None, lambda error: pytest.fail(error.title))
    settle(page, qtbot)


def test_oktas_own_token_ends_unless_it_is_used(page: TokensPage, qtbot: QtBot) -> None:
    drawer, used = Drawer(), datetime.now(UTC) - timedelta(days=10)
    drawer.held[service_of("https://acme.okta.example")] = OKTA
    TokenNotes(now=lambda: used).used("https://acme.okta.example")
    connection = kept_by(live(), drawer.found)
    page.set_connection(connection)
    page.owner.setCurrentIndex(1)
    qtbot.waitUntil(lambda: known(page)["expires"] != "—", timeout=10_000)
    assert known(page)["last_used"].endswith("(10 days ago)")
    assert known(page)["expires"].endswith("(in 19 days), unless it is used")
    settle(page, qtbot)


def test_oktas_token_in_the_services_place_is_asked_about(page: TokensPage, qtbot: QtBot, stand_ins: StandIns) -> None:
    drawer = Drawer()
    shown(page, kept_by(open_to(stand_ins), drawer.found), qtbot)
    page.field.setText("https://acme.okta.com")
    page.save_button.click()
    assert "looks like a URL" in page.message.title.text()
    assert not page.message.button.isVisible()
    page.field.setText(OKTA)
    page.save_button.click()
    assert "looks like an Okta API token" in page.message.title.text()
    assert drawer.held == {}
    page.message.button.click()
    settle(page, qtbot)
    assert list(drawer.held.values()) == [OKTA]


class Dialog(Drawer):
    """A keychain that is closed until a person answers its own window."""

    def __init__(self) -> None:
        super().__init__()
        self.answered = threading.Event()
        self.open = False

    def get_password(self, service: str, username: str) -> str | None:
        if not self.open:
            self.answered.wait(20)
            self.open = True
        return super().get_password(service, username)

    def found(self) -> Found:
        return "Dialog", self, KeychainState.AVAILABLE if self.open else KeychainState.LOCKED


def test_a_locked_keychain_is_opened_by_a_person_and_a_cancel_leaves_it(
    page: TokensPage, qtbot: QtBot, stand_ins: StandIns
) -> None:
    dialog = Dialog()
    dialog.held[service_of(stand_ins.scim_url)] = "a-token-that-was-kept-0123456789"
    try:
        shown(page, kept_by(open_to(stand_ins), dialog.found, deadline=0.2), qtbot)
        assert page.status.text().startswith("The keychain is locked.")
        assert page.unlock_button.isVisible()
        page.unlock_button.click()
        assert page.cancel_button.isVisible()
        assert "own window" in page.status.text()
        qtbot.wait(300)
        assert page.cancel_button.isVisible(), "a person is given longer than a look"
        page.cancel_button.click()
        settle(page, qtbot)
        assert page.status.text().startswith("The keychain was not waited for")
        page.unlock_button.click()
        dialog.answered.set()
        settle(page, qtbot)
        assert "is kept in Dialog" in page.status.text()
        assert not page.unlock_button.isVisible()
        assert not page.cancel_button.isVisible()
    finally:
        dialog.answered.set()


@needs_a_desktop
def test_the_real_dialog_of_a_real_keyring_is_waited_for_and_left(
    page: TokensPage, qtbot: QtBot, stand_ins: StandIns, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with desktop(tmp_path / "desktop") as here:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", here.environment["DBUS_SESSION_BUS_ADDRESS"])
        bus = secretstorage.dbus_init()
        secretstorage.Collection(bus, secret_service.DEFAULT).lock()
        bus.close()
        shown(page, open_to(stand_ins), qtbot)
        assert page.status.text().startswith("The keychain is locked.")
        page.unlock_button.click()
        qtbot.wait(3500)
        assert page.cancel_button.isVisible(), "its own window asks for the password"
        page.cancel_button.click()
        settle(page, qtbot)
        assert "may still be open" in page.status.text()


class Slow(Drawer):
    """Each call takes longer than a window may stand still."""

    def get_password(self, service: str, username: str) -> str | None:
        assert threading.current_thread() is not threading.main_thread()
        time.sleep(0.3)
        return super().get_password(service, username)


class Hanging(Drawer):
    """No call is answered before the test is over."""

    over = threading.Event()

    def get_password(self, service: str, username: str) -> str | None:
        self.over.wait(20)
        return None


@pytest.fixture
def answered_at_the_end() -> Iterator[None]:
    Hanging.over.clear()
    yield
    Hanging.over.set()


KINDS: dict[str, Callable[[pytest.MonkeyPatch], Callable[[], Found]]] = {
    "fine": lambda _: Drawer().found,
    "slow": lambda _: Slow().found,
    "none": no_keychain,
    "locked": lambda _: lambda: ("Some keychain", Drawer(), KeychainState.LOCKED),
    "denied": lambda _: Drawer(refuses=PermissionError).found,
    "hanging": lambda _: Hanging().found,
    "null": lambda _: lambda: ("Null", keyring.backends.null.Keyring(), KeychainState.AVAILABLE),  # type: ignore[no-untyped-call]  # it has no types
    "plaintext": only_plaintext,
    "hijacked": hijacked,
}


@pytest.mark.usefixtures("answered_at_the_end")
@pytest.mark.parametrize("kind", KINDS)
def test_no_keychain_holds_the_window(
    page: TokensPage, qtbot: QtBot, stand_ins: StandIns, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """None is asked on the window's thread, and by its own clock no turn of that is long, whatever the machine does."""
    kept = KINDS[kind](monkeypatch)

    def found() -> Found:
        assert threading.current_thread() is not threading.main_thread()
        return kept()

    connection = kept_by(open_to(stand_ins), found, deadline=1.0)
    turns: list[float] = []
    before = [time.thread_time()]

    def turn() -> None:
        now = time.thread_time()
        turns.append(now - before[0])
        before[0] = now

    beat = QTimer(page)
    beat.setInterval(0)
    beat.timeout.connect(turn)
    shown(page, connection, qtbot)
    before[0] = time.thread_time()
    beat.start()
    page.field.setText("a-token-to-be-kept-0123456789")
    page.save_button.click()
    settle(page, qtbot)
    beat.stop()
    assert len(turns) > 3
    assert max(turns) < LONGEST_PAUSE_S


NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        (0, "just now"),
        (0.1, "in 6 minutes"),
        (1, "in 1 hour"),
        (25, "in 1 day"),
        (240, "in 10 days"),
        (-5, "5 hours ago"),
    ],
)
def test_a_moment_is_told_with_how_far_it_is(hours: float, words: str) -> None:
    assert moment(NOW + timedelta(hours=hours), NOW).endswith(f"({words})")
