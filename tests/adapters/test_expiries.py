"""What of a connection ends when: against the stand-ins, and from this computer's notes where nothing answers."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from spoke_admin.adapters.expiries import expiries, token_ends
from spoke_admin.adapters.keychain import Backend, Keychain
from spoke_admin.adapters.token_notes import TokenNotes
from spoke_admin.connection import open_connection
from spoke_admin.domain.expiry import OKTA_UNUSED, Expiry
from spoke_admin.domain.secret import Secret
from spoke_admin.domain.systems import Addresses, Connection, KeychainState
from tests.adapters.hostile import http, saying, serving
from tests.stand_ins import StandIns

OKTA = Secret("00" + "aB3_-xY9" * 5)
NOW = datetime(2026, 3, 1, tzinfo=UTC)
ADDRESS = "https://acme.okta.example"


@pytest.fixture(autouse=True)
def no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Keychain, "_memory", {})
    monkeypatch.setattr(TokenNotes, "_noted", {})


@pytest.fixture
def notes(tmp_path: Path) -> TokenNotes:
    return TokenNotes(tmp_path, lambda: NOW)


def nowhere() -> tuple[str, Backend | None, KeychainState]:
    return "memory", None, KeychainState.SESSION_ONLY


def found(
    addresses: Addresses, keys: dict[str, Secret], notes: TokenNotes, first: Callable[[Connection], Awaitable[None]]
) -> list[Expiry]:
    async def run() -> list[Expiry]:
        opened = replace(await open_connection(addresses, keys), tokens=Keychain(backend=nowhere))
        try:
            await first(opened)
            return await expiries(opened, notes)
        finally:
            await opened.close()

    return asyncio.run(run())


def test_the_certificate_that_both_have_is_named_once(stand_ins: StandIns, notes: TokenNotes) -> None:
    key = Secret(stand_ins.key)
    addresses = Addresses("Sandbox", stand_ins.scim_url, stand_ins.settings_url, stand_ins.identity_provider_url)

    async def connect(opened: Connection) -> None:
        assert opened.identity_provider is not None
        await opened.service.connect_saml(await opened.identity_provider.metadata())
        settings = await opened.service.settings()
        assert settings.saml_certificate_ends is not None

    keys = {stand_ins.settings_url: key, stand_ins.identity_provider_url: key}
    (one,) = found(addresses, keys, notes, connect)
    assert one.what == "The signing certificate of Okta"
    assert one.when > datetime.now(UTC) + timedelta(days=300)
    assert "sign-on stops" in one.todo


def test_where_nothing_answers_the_notes_do(notes: TokenNotes) -> None:
    scim = "https://127.0.0.1:9/scim/v2"
    notes.learned(scim, NOW + timedelta(days=50))
    notes.used(ADDRESS)

    async def keep(opened: Connection) -> None:
        await opened.tokens.keep(scim, Secret("a-token-0123456789"))
        await opened.tokens.keep(ADDRESS, OKTA)

    got = found(Addresses("Acme", scim, "https://127.0.0.1:9/api/v1/integrations/sso", ADDRESS), {}, notes, keep)
    assert [(it.what, it.when, it.unused) for it in got] == [
        ("The API token of Okta", NOW + OKTA_UNUSED, True),
        ("The API token of askSpoke", NOW + timedelta(days=50), False),
    ]


def test_what_the_service_tells_is_noted(notes: TokenNotes) -> None:
    token = {"last4": "abcd", "created": "2026-01-01T00:00:00Z", "expires": "2026-03-06T00:00:00"}
    certificate = {"not_after": "2026-05-01T00:00:00+02:00"}
    saml = {"state": "active", "certificate": certificate}
    document = {"plan": "plus", "saml": saml, "scim": {"state": "connected", "base_url": "", "token": token}}

    async def run() -> tuple[str, list[Expiry]]:
        async with serving(saying(http(200, json.dumps(document).encode()))) as server:
            scim, settings = server.url("/scim/v2"), server.url("/api/v1/integrations/sso")
            opened = await open_connection(Addresses("Acme", scim, settings), {settings: Secret("a-key-0123456789")})
            try:
                return scim, await expiries(replace(opened, tokens=Keychain(backend=nowhere)), notes)
            finally:
                await opened.close()

    scim, (one, other) = asyncio.run(run())
    assert (one.what, one.when) == ("The API token of askSpoke", NOW + timedelta(days=5))
    assert other.when == datetime(2026, 4, 30, 22, tzinfo=UTC)
    assert "that askSpoke holds" in other.what
    assert notes.of(scim).expires == one.when


@pytest.mark.parametrize(
    ("secret", "set_at", "ends"),
    [
        (None, None, (None, False)),
        (Secret("plain-token-0123456789"), NOW, (None, False)),
        (OKTA, None, (None, True)),
        (OKTA, NOW, (NOW + OKTA_UNUSED, True)),
    ],
)
def test_a_tokens_end_is_known_or_not(
    notes: TokenNotes, secret: Secret | None, set_at: datetime | None, ends: tuple[datetime | None, bool]
) -> None:
    assert token_ends(ADDRESS, secret, notes, set_at) == ends


def test_the_last_use_puts_oktas_rule_off(notes: TokenNotes) -> None:
    notes.used(ADDRESS)
    assert token_ends(ADDRESS, OKTA, notes, NOW - timedelta(days=20)) == (NOW + OKTA_UNUSED, True)
    assert token_ends(ADDRESS, OKTA, notes, NOW + timedelta(days=2)) == (NOW + timedelta(days=32), True)
