"""The keychain: a real Secret Service, and every way in which there is none that helps."""

import asyncio
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spoke_admin.adapters.keychain import Keychain, normal, service_of, set_at
from spoke_admin.domain.secret import Secret
from spoke_admin.domain.systems import KeychainState
from tests.keyring_session import KeyringSession, keyring_session, needs_a_keyring

ADDRESS = "https://acme.askspoke.com/scim/v2"
TOKEN = Secret("canary-token-0123456789")


class Refusing:
    """A back end that says no, as a person or a policy would."""

    def get_password(self, service: str, username: str) -> str | None:
        raise PermissionError("no")

    def set_password(self, service: str, username: str, password: str) -> None:
        raise PermissionError("no")

    def delete_password(self, service: str, username: str) -> None:
        raise PermissionError("no")


class Swallowing:
    """A back end that takes everything and keeps nothing."""

    def get_password(self, service: str, username: str) -> str | None:
        return None

    def set_password(self, service: str, username: str, password: str) -> None:
        return None

    def delete_password(self, service: str, username: str) -> None:
        return None


class Hanging(Swallowing):
    def __init__(self) -> None:
        self.go_on = threading.Event()

    def get_password(self, service: str, username: str) -> str | None:
        self.go_on.wait(20)
        return None


@pytest.fixture(autouse=True)
def no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Keychain, "_memory", {})


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[KeyringSession]:
    with keyring_session(tmp_path) as found:
        for name in ("DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "HOME"):
            monkeypatch.setenv(name, found.environment[name])
        yield found


@needs_a_keyring
def test_a_token_goes_in_is_seen_by_others_and_comes_out(session: KeyringSession) -> None:
    keychain = Keychain()
    assert asyncio.run(keychain.read(ADDRESS)).state is KeychainState.MISSING
    kept = asyncio.run(keychain.keep(f" {ADDRESS}/ ", TOKEN))
    assert (kept.state, kept.backend) == (KeychainState.AVAILABLE, "Secret Service")
    assert session.secrets() == {service_of(ADDRESS): TOKEN.reveal()}, "the bare token, one name an address"
    assert asyncio.run(Keychain().read("HTTPS://ACME.askspoke.com/scim/v2")).secret == TOKEN
    assert asyncio.run(Keychain().read(f"{ADDRESS}/other")).secret is None
    assert asyncio.run(set_at(ADDRESS)) is not None
    assert asyncio.run(keychain.forget(ADDRESS)).state is KeychainState.MISSING
    assert session.secrets() == {}


@needs_a_keyring
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=3000))
def test_whatever_a_secret_may_be_comes_back_equal(session: KeyringSession, text: str) -> None:
    secret = Secret(text)
    assert asyncio.run(Keychain().keep(ADDRESS, secret)).state is KeychainState.AVAILABLE
    assert asyncio.run(Keychain().read(ADDRESS)).secret == secret


@needs_a_keyring
def test_environment_and_keyringrc_divert_nothing(session: KeyringSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    config = Path(os.environ["XDG_CONFIG_HOME"]) / "python_keyring"
    config.mkdir(parents=True)
    (config / "keyringrc.cfg").write_text("[backend]\ndefault-keyring=keyring.backends.fail.Keyring\n")
    assert asyncio.run(Keychain().keep(ADDRESS, TOKEN)).state is KeychainState.AVAILABLE
    assert session.secrets() == {service_of(ADDRESS): TOKEN.reveal()}


@needs_a_keyring
def test_a_stalled_service_is_left_after_the_deadline(session: KeyringSession) -> None:
    assert session.keyring is not None
    session.keyring.send_signal(signal.SIGSTOP)
    try:
        began = time.monotonic()
        kept = asyncio.run(Keychain(deadline=0.5).read(ADDRESS))
        assert time.monotonic() - began < 1.5
    finally:
        session.keyring.send_signal(signal.SIGCONT)
    for thread in threading.enumerate():
        if thread.name == "keychain":  # it was answered now: it ends before its service does
            thread.join(5)
    assert kept.state is KeychainState.TIMED_OUT
    assert kept.title
    assert kept.remedy


@needs_a_keyring
def test_a_keyring_nobody_unlocked_is_locked_and_nothing_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with keyring_session(tmp_path, unlocked=False) as session:
        for name in ("DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "HOME"):
            monkeypatch.setenv(name, session.environment[name])
        kept = asyncio.run(Keychain().keep(ADDRESS, TOKEN))
        assert kept.state is KeychainState.LOCKED
        assert kept.secret == TOKEN, "what is shown once stays in memory"
        assert kept.backend == "memory"
        assert asyncio.run(Keychain().read(ADDRESS)).secret == TOKEN
    assert not list(tmp_path.rglob("*.keyring"))


@pytest.mark.parametrize(
    "environment",
    [
        {"DBUS_SESSION_BUS_ADDRESS": "disabled:", "XDG_RUNTIME_DIR": ""},
        {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nowhere/at/all", "XDG_RUNTIME_DIR": ""},
        {"DBUS_SESSION_BUS_ADDRESS": "", "XDG_RUNTIME_DIR": "/nowhere"},
    ],
    ids=["no bus", "dead socket", "no runtime folder"],
)
def test_without_a_keychain_a_token_lives_in_this_process(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    kept = asyncio.run(Keychain().keep(ADDRESS, TOKEN))
    assert kept.state is KeychainState.SESSION_ONLY
    assert asyncio.run(Keychain().read(f"{ADDRESS}/")).secret == TOKEN, "shared by the keychains of a process"
    assert asyncio.run(Keychain().forget(ADDRESS)).state is KeychainState.MISSING
    assert asyncio.run(Keychain().read(ADDRESS)).secret is None


def test_without_the_keychain_that_holds_it_a_token_is_not_called_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "")
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/nowhere")
    kept = asyncio.run(Keychain(remembered=lambda _address: "Secret Service").forget(ADDRESS))
    assert (kept.state, kept.backend) == (KeychainState.SESSION_ONLY, "Secret Service")
    assert "may still hold" in kept.title


def test_a_back_end_that_refuses_is_said() -> None:
    keychain = Keychain(backend=lambda: ("Strict", Refusing(), KeychainState.AVAILABLE))
    kept = asyncio.run(keychain.keep(ADDRESS, TOKEN))
    assert kept.state is KeychainState.DENIED
    assert kept.secret == TOKEN
    assert kept.remedy


def test_a_back_end_that_swallows_is_found_out_by_reading_back() -> None:
    keychain = Keychain(backend=lambda: ("Null", Swallowing(), KeychainState.AVAILABLE))
    kept = asyncio.run(keychain.keep(ADDRESS, TOKEN))
    assert kept.state is KeychainState.DENIED
    assert "does not hold it" in kept.title


def test_a_back_end_that_hangs_is_left() -> None:
    hanging = Hanging()
    keychain = Keychain(deadline=0.3, backend=lambda: ("Slow", hanging, KeychainState.AVAILABLE))
    began = time.monotonic()
    assert asyncio.run(keychain.read(ADDRESS)).state is KeychainState.TIMED_OUT
    assert time.monotonic() - began < 1.3
    before = threading.active_count()
    began = time.monotonic()
    assert asyncio.run(keychain.read(ADDRESS)).state is KeychainState.TIMED_OUT, "not asked again meanwhile"
    assert (time.monotonic() - began < 0.25, threading.active_count()) == (True, before)
    hanging.go_on.set()
    for thread in threading.enumerate():
        if thread.name == "keychain":
            thread.join(5)
    assert asyncio.run(keychain.read(ADDRESS)).state is KeychainState.MISSING, "it answers again"


def test_another_store_than_before_is_said() -> None:
    backends: dict[str, str] = {}
    keychain = Keychain(
        backend=lambda: ("New", Swallowing(), KeychainState.AVAILABLE), remembered=lambda _: "KWallet",
        remember=backends.__setitem__,
    )  # fmt: skip
    kept = asyncio.run(keychain.read(ADDRESS))
    assert kept.state is KeychainState.MISSING
    assert "was kept in KWallet; now New answers" in kept.title
    assert backends == {}


HOSTS = st.sampled_from(["acme.askspoke.com", "127.0.0.1:8765", "[::1]:9"])
PATHS = st.text(st.sampled_from("abcXYZ019/-_."), max_size=12)
AROUND = st.text(st.sampled_from(" \t\n"), max_size=3)


@given(st.sampled_from(["http", "https"]), HOSTS, PATHS, AROUND, AROUND, st.integers(0, 3))
def test_an_address_has_one_form(scheme: str, host: str, path: str, before: str, after: str, slashes: int) -> None:
    plain = f"{scheme}://{host}/{path}".rstrip("/")
    typed = f"{before}{scheme.upper()}://{host.upper()}/{path}{'/' * slashes}{after}"
    assert normal(typed) == normal(plain) == plain
    assert normal(normal(typed)) == normal(typed)
