"""Every change of the keychain leaves a line in the activity log, and no token or part of one."""

import asyncio
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from spoke_admin import connection
from spoke_admin.adapters import audit_log
from spoke_admin.adapters.audit_chain import Entry
from spoke_admin.adapters.audit_log import AuditLog
from spoke_admin.adapters.audited_tokens import AuditedTokens
from spoke_admin.adapters.keychain import WINDOWS, WINDOWS_LIMIT, Backend, Keychain
from spoke_admin.domain.rotation import Place
from spoke_admin.domain.secret import Secret
from spoke_admin.domain.systems import KeychainState, Unlocks
from tests.adapters.test_token_rotation import Drawer

ADDRESS = "https://acme.askspoke.com/scim/v2"
TOKEN = Secret("canary-token-0123456789")
SECONDS = 0.4


@pytest.fixture(autouse=True)
def no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Keychain, "_memory", {})


def noted(
    tmp_path: Path, backend: Backend | None, state: KeychainState = KeychainState.AVAILABLE, name: str = "Drawer"
) -> list[Entry]:
    """The lines that one token leaves that is set, looked at and forgotten."""
    log = AuditLog(tmp_path)
    tokens = AuditedTokens(Keychain(deadline=SECONDS, backend=lambda: (name, backend, state)), log)

    async def run() -> None:
        await tokens.keep(ADDRESS, TOKEN)
        await tokens.read(ADDRESS)
        await tokens.forget(f"{ADDRESS}/")

    asyncio.run(run())
    return told(log, tmp_path)


def told(log: AuditLog, folder: Path) -> list[Entry]:
    assert log.flush()
    reading = audit_log.read(folder)
    assert reading.verdict.verified
    data = (folder / "activity.log").read_text() if reading.entries else ""
    assert TOKEN.reveal() not in data
    assert TOKEN.last_four not in data
    return reading.entries


def lines(entries: list[Entry]) -> list[tuple[str, str]]:
    return [(it.method, it.result) for it in entries]


def test_what_was_set_and_forgotten_is_told_like_any_other_change(tmp_path: Path) -> None:
    kept, forgotten = noted(tmp_path, Drawer())
    assert (kept.host, kept.path, kept.person, kept.status) == ("acme.askspoke.com:443", "/scim/v2", None, None)
    assert lines([kept, forgotten]) == [("KEYCHAIN SET", "done (Drawer)"), ("KEYCHAIN FORGET", "done (Drawer)")]
    assert kept.time <= forgotten.time
    assert (forgotten.host, forgotten.path) == (kept.host, kept.path)


def test_a_keychain_that_refuses_is_told(tmp_path: Path) -> None:
    locked = noted(tmp_path / "locked", Drawer(), KeychainState.LOCKED)
    assert lines(locked) == [("KEYCHAIN SET", "refused (locked)"), ("KEYCHAIN FORGET", "refused (locked)")]
    strict = Drawer()
    strict.refuses = True
    assert lines(noted(tmp_path / "denied", strict)) == [("KEYCHAIN SET", "refused (denied)")], "there was none"
    swallowing = Drawer()
    swallowing.swallows = True
    assert lines(noted(tmp_path / "null", swallowing)) == [("KEYCHAIN SET", "refused (denied)")]


def test_a_token_that_is_too_long_is_told(tmp_path: Path) -> None:
    log = AuditLog(tmp_path)
    tokens = AuditedTokens(Keychain(backend=lambda: (WINDOWS, Drawer(), KeychainState.AVAILABLE)), log)
    asyncio.run(tokens.keep(ADDRESS, Secret("x" * (WINDOWS_LIMIT + 1))))
    assert lines(told(log, tmp_path)) == [("KEYCHAIN SET", "refused (too large)")]


class Hanging(Drawer):
    def __init__(self) -> None:
        super().__init__()
        self.asked, self.go_on = threading.Event(), threading.Event()

    def set_password(self, service: str, username: str, password: str) -> None:
        self.asked.set()
        self.go_on.wait(20)


@pytest.fixture
def hanging() -> Iterator[Hanging]:
    made = Hanging()
    yield made
    made.go_on.set()


def test_what_the_keychain_never_answered_is_unknown(tmp_path: Path, hanging: Hanging) -> None:
    assert lines(noted(tmp_path, hanging)) == [("KEYCHAIN SET", "unknown (timed out)")]


def test_what_nobody_waits_for_any_more_is_unknown(tmp_path: Path, hanging: Hanging) -> None:
    log = AuditLog(tmp_path)
    tokens = AuditedTokens(Keychain(deadline=20, backend=lambda: ("Slow", hanging, KeychainState.AVAILABLE)), log)

    async def run() -> None:
        keeping = asyncio.ensure_future(tokens.keep(ADDRESS, TOKEN))
        assert await asyncio.to_thread(hanging.asked.wait, 20)
        keeping.cancel()
        with pytest.raises(asyncio.CancelledError):
            await keeping

    asyncio.run(run())
    assert lines(told(log, tmp_path)) == [("KEYCHAIN SET", "unknown (given up)")]


def test_without_a_keychain_none_is_changed(tmp_path: Path) -> None:
    assert noted(tmp_path, None, KeychainState.SESSION_ONLY, "memory") == []


def test_an_address_is_shown_without_what_may_be_a_secret_and_with_the_item(tmp_path: Path) -> None:
    log, drawer = AuditLog(tmp_path), Drawer()
    tokens = AuditedTokens(Keychain(backend=drawer.found), log)
    asyncio.run(tokens.keep(f"https://acme.example:8443/hooks/{TOKEN.reveal()}/scim/v2{Place.NEW}", TOKEN))
    (entry,) = told(log, tmp_path)
    assert (entry.host, entry.path) == ("acme.example:8443", "/{id}/{id}/scim/v2 (new)")


def test_the_program_s_own_keychain_is_the_audited_one_and_still_asks_a_person() -> None:
    kept = connection.keychain()
    assert isinstance(kept, AuditedTokens)
    assert isinstance(kept, Unlocks)


def test_lines_are_json_of_one_form(tmp_path: Path) -> None:
    noted(tmp_path, Drawer())
    for line in (tmp_path / "activity.log").read_bytes().splitlines():
        assert list(json.loads(line))[:4] == ["time", "method", "host", "path"]
