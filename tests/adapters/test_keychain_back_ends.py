"""Every keychain an admin may have: fine, none, locked, denied, hanging, null, plaintext, hijacked. Never a file."""

import asyncio
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import keyring.backend
import keyring.backends.null
import keyring.core
import pytest
import secretstorage

from spoke_admin.adapters import secret_service
from spoke_admin.adapters.keychain import WINDOWS, WINDOWS_LIMIT, Backend, Keychain, platform_backend, service_of
from spoke_admin.domain.secret import Secret
from spoke_admin.domain.systems import KeychainState
from tests.keyring_session import KeyringSession, keyring_session, needs_a_keyring, session_bus, started

ADDRESS = "https://acme.askspoke.com/scim/v2"
TOKEN = Secret("canary-token-0123456789")
WALLET = Path(__file__).with_name("kwallet_stand_in.py")
Found = tuple[str, Backend | None, KeychainState]


@pytest.fixture(autouse=True)
def no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Keychain, "_memory", {})


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[KeyringSession]:
    with keyring_session(tmp_path) as found:
        live_in(monkeypatch, found.environment)
        yield found


def live_in(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> None:
    for name in ("DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "HOME"):
        monkeypatch.setenv(name, environment[name])


class PlaintextKeyring(keyring.backend.KeyringBackend):
    """As keyrings.alt has one: everything into a file."""

    priority = 9.0

    def get_password(self, service: str, username: str) -> str | None:
        return None

    def set_password(self, service: str, username: str, password: str) -> None:
        (Path(os.environ["HOME"]) / "passwords.cfg").write_text(password)

    def delete_password(self, service: str, username: str) -> None:
        return None


class Drawer:
    def __init__(self) -> None:
        self.held: dict[str, str] = {}
        self.threads: set[str] = set()

    def get_password(self, service: str, username: str) -> str | None:
        self.threads.add(threading.current_thread().name)
        return self.held.get(service)

    def set_password(self, service: str, username: str, password: str) -> None:
        self.held[service] = password

    def delete_password(self, service: str, username: str) -> None:
        self.held.pop(service)


class Denying(Drawer):
    def get_password(self, service: str, username: str) -> str | None:
        raise PermissionError

    def set_password(self, service: str, username: str, password: str) -> None:
        raise PermissionError


class Hanging(Drawer):
    go_on = threading.Event()

    def get_password(self, service: str, username: str) -> str | None:
        self.go_on.wait(20)
        return None


def usable(backend: Backend) -> Callable[[], Found]:
    return lambda: ("Some keychain", backend, KeychainState.AVAILABLE)


def hijacked(monkeypatch: pytest.MonkeyPatch) -> Callable[[], Found]:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", f"{PlaintextKeyring.__module__}.{PlaintextKeyring.__name__}")
    folder = Path(os.environ["XDG_CONFIG_HOME"]) / "python_keyring"
    folder.mkdir(parents=True)
    (folder / "keyringrc.cfg").write_text("[backend]\ndefault-keyring=keyring.backends.null.Keyring\n")
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "disabled:")
    monkeypatch.setenv("XDG_RUNTIME_DIR", "")
    return platform_backend


def hijacked_by_file(monkeypatch: pytest.MonkeyPatch) -> Callable[[], Found]:
    found = hijacked(monkeypatch)
    monkeypatch.delenv("PYTHON_KEYRING_BACKEND")
    return found


def only_plaintext(monkeypatch: pytest.MonkeyPatch) -> Callable[[], Found]:
    """What keyring itself would take: a program around ours chose it, or it is the only one that is installed."""
    no_keychain(monkeypatch)
    monkeypatch.setattr(keyring.core, "_keyring_backend", PlaintextKeyring())  # type: ignore[no-untyped-call]  # it has no types
    keyring.set_password("that one", "would", "take it")
    passwords = Path(os.environ["HOME"]) / "passwords.cfg"
    assert passwords.read_text() == "take it"
    passwords.unlink()
    return platform_backend


def no_keychain(monkeypatch: pytest.MonkeyPatch) -> Callable[[], Found]:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere/at/all")
    monkeypatch.setenv("XDG_RUNTIME_DIR", "")
    return platform_backend


@pytest.mark.parametrize(
    ("kind", "state", "words"),
    [
        ("fine", KeychainState.AVAILABLE, ""),
        ("none", KeychainState.SESSION_ONLY, "There is no keychain that can be used on this computer."),
        ("locked", KeychainState.LOCKED, "The keychain is locked."),
        ("denied", KeychainState.DENIED, "The keychain refuses Spoke Admin."),
        ("hanging", KeychainState.TIMED_OUT, "The keychain did not answer in time."),
        ("null", KeychainState.DENIED, "Some keychain took the token and does not hold it."),
        ("plaintext", KeychainState.SESSION_ONLY, "There is no keychain that can be used on this computer."),
        ("hijacked", KeychainState.SESSION_ONLY, "There is no keychain that can be used on this computer."),
        ("hijacked by file", KeychainState.SESSION_ONLY, "There is no keychain that can be used on this computer."),
    ],
)
def test_each_kind_is_said_in_its_own_words_and_none_leaves_a_file(
    kind: str, state: KeychainState, words: str, monkeypatch: pytest.MonkeyPatch, own_folders: Path
) -> None:
    kinds: dict[str, Callable[[], Callable[[], Found]]] = {
        "fine": lambda: usable(Drawer()),
        "none": lambda: no_keychain(monkeypatch),
        "locked": lambda: lambda: ("Some keychain", Drawer(), KeychainState.LOCKED),
        "denied": lambda: usable(Denying()),
        "hanging": lambda: usable(Hanging()),
        "null": lambda: usable(keyring.backends.null.Keyring()),  # type: ignore[no-untyped-call]  # it has no types
        "plaintext": lambda: only_plaintext(monkeypatch),
        "hijacked": lambda: hijacked(monkeypatch),
        "hijacked by file": lambda: hijacked_by_file(monkeypatch),
    }
    keychain = Keychain(deadline=0.4, backend=kinds[kind]())
    began = time.monotonic()
    kept = asyncio.run(keychain.keep(ADDRESS, TOKEN))
    assert time.monotonic() - began < 1.5
    Hanging.go_on.set()
    assert (kept.state, kept.title) == (state, words)
    assert bool(kept.remedy) is bool(words)
    assert kept.secret == TOKEN, "it lives on in memory where no keychain took it"
    assert not [path for path in own_folders.rglob("*") if path.is_file() and TOKEN.reveal() in path.read_text()]


@pytest.fixture(autouse=True)
def hanging_ends() -> Iterator[None]:
    Hanging.go_on.clear()
    yield
    Hanging.go_on.set()


def test_no_back_end_is_asked_on_the_thread_that_waits() -> None:
    drawer = Drawer()
    asyncio.run(Keychain(backend=usable(drawer)).keep(ADDRESS, TOKEN))
    assert drawer.threads == {"keychain"}


def test_windows_takes_so_much_and_no_more() -> None:
    drawer = Drawer()
    keychain = Keychain(backend=lambda: (WINDOWS, drawer, KeychainState.AVAILABLE))
    longest, longer = Secret("x" * WINDOWS_LIMIT), Secret("x" * (WINDOWS_LIMIT + 1))
    assert asyncio.run(keychain.keep(ADDRESS, longest)).state is KeychainState.AVAILABLE
    kept = asyncio.run(keychain.keep(ADDRESS, longer))
    assert (kept.state, kept.title) == (KeychainState.TOO_LARGE, "The token is too long for the keychain.")
    assert "1,280" in kept.remedy
    assert drawer.held == {service_of(ADDRESS): longest.reveal()}


def test_a_change_of_the_store_is_told_and_nothing_is_overwritten() -> None:
    drawer, records = Drawer(), {ADDRESS: "KWallet"}
    keychain = Keychain(
        backend=lambda: ("Secret Service", drawer, KeychainState.AVAILABLE),
        remembered=lambda address: records.get(address, ""), remember=records.__setitem__,
    )  # fmt: skip
    missing = asyncio.run(keychain.read(ADDRESS))
    assert missing.title == f"The token of {ADDRESS} was kept in KWallet; now Secret Service answers and holds none."
    assert records == {ADDRESS: "KWallet"}, "a look changes nothing"
    kept = asyncio.run(keychain.keep(ADDRESS, TOKEN))
    assert "before, it was KWallet" in kept.title
    assert "left as it is" in kept.remedy
    assert records == {ADDRESS: "Secret Service"}
    records[ADDRESS] = "KWallet"
    both = asyncio.run(keychain.read(ADDRESS))
    assert (both.state, both.secret) == (KeychainState.AVAILABLE, TOKEN)
    assert "holds one, too" in both.title
    gone = asyncio.run(keychain.forget(ADDRESS))
    assert "KWallet may" in gone.title
    assert records == {ADDRESS: "KWallet"}, "it is still there"


def test_what_is_forgotten_is_looked_for_again() -> None:
    class Sticky(Drawer):
        def delete_password(self, service: str, username: str) -> None:
            return None

    keychain = Keychain(backend=usable(Sticky()))
    asyncio.run(keychain.keep(ADDRESS, TOKEN))
    kept = asyncio.run(keychain.forget(ADDRESS))
    assert (kept.state, kept.title) == (KeychainState.DENIED, "Some keychain did not remove the token.")


def test_a_person_is_waited_for_when_asked_to_and_a_cancel_ends_the_wait() -> None:
    answered = threading.Event()

    class Asking(Drawer):
        def get_password(self, service: str, username: str) -> str | None:
            answered.wait(20)
            return TOKEN.reveal()

    keychain = Keychain(deadline=0.2, backend=lambda: ("Some keychain", Asking(), KeychainState.LOCKED))

    async def run() -> None:
        assert (await keychain.read(ADDRESS)).state is KeychainState.LOCKED, "a look asks nobody"
        waiting = asyncio.ensure_future(keychain.unlock(ADDRESS))
        await asyncio.sleep(0.3)
        assert not waiting.done(), "longer than a look"
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        again = asyncio.ensure_future(keychain.unlock(ADDRESS))
        answered.set()
        assert (await again).secret == TOKEN
        assert (await keychain.unlock(ADDRESS, seconds=5)).state is KeychainState.AVAILABLE

    asyncio.run(run())


# the real ones


@needs_a_keyring
def test_a_real_keyring_that_is_locked_after_a_token_was_stored(session: KeyringSession) -> None:
    keychain = Keychain()
    assert asyncio.run(keychain.keep(ADDRESS, TOKEN)).state is KeychainState.AVAILABLE
    bus = secretstorage.dbus_init()
    secretstorage.Collection(bus, secret_service.DEFAULT).lock()
    bus.close()
    locked = asyncio.run(keychain.read(ADDRESS))
    assert (locked.state, locked.secret) == (KeychainState.LOCKED, None)
    assert locked.remedy.startswith("Unlock it")
    unlocked = asyncio.run(keychain.unlock(ADDRESS, seconds=20))
    assert unlocked.state is KeychainState.LOCKED, "without a display its own window cannot ask: as if it was closed"


@pytest.fixture
def wallet(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """KDE's wallet on a bus of its own, in the state that the test names."""
    from tests.keyring_session import private_environment

    environment = private_environment(tmp_path)
    with ExitStack() as stack:
        environment["DBUS_SESSION_BUS_ADDRESS"] = session_bus(stack, environment)
        command = [sys.executable, str(WALLET), request.param]
        process = started(stack, command, environment, stdout=subprocess.PIPE)
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        live_in(monkeypatch, environment)
        monkeypatch.setenv("XDG_CURRENT_DESKTOP", "KDE")
        # the machine's Secret Service would be started by this bus, too
        monkeypatch.setattr(secret_service, "state", lambda: KeychainState.SESSION_ONLY)
        yield request.param


@needs_a_keyring
@pytest.mark.parametrize("wallet", ["open"], indirect=True)
def test_kwallet_keeps_a_token_too(wallet: str) -> None:
    keychain = Keychain()
    missing = asyncio.run(keychain.read(ADDRESS))
    assert (missing.state, missing.backend) == (KeychainState.MISSING, "KWallet")
    assert asyncio.run(keychain.keep(ADDRESS, TOKEN)).state is KeychainState.AVAILABLE
    assert asyncio.run(Keychain().read(ADDRESS)).secret == TOKEN
    assert asyncio.run(keychain.forget(ADDRESS)).state is KeychainState.MISSING
    assert asyncio.run(keychain.read(ADDRESS)).secret is None


@needs_a_keyring
@pytest.mark.parametrize("wallet", ["closed"], indirect=True)
def test_a_closed_wallet_is_locked_and_a_person_may_say_no(wallet: str) -> None:
    assert asyncio.run(Keychain().read(ADDRESS)).state is KeychainState.LOCKED
    assert asyncio.run(Keychain().unlock(ADDRESS, seconds=10)).state is KeychainState.LOCKED


@needs_a_keyring
@pytest.mark.parametrize("wallet", ["off"], indirect=True)
def test_a_wallet_that_is_switched_off_is_none(wallet: str) -> None:
    assert asyncio.run(Keychain().read(ADDRESS)).state is KeychainState.SESSION_ONLY
