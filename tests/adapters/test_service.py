"""The settings API of a service: its states, gates and refusals, and answers that no such API gives."""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spoke_admin.adapters import profiles
from spoke_admin.adapters.http import HttpCaller
from spoke_admin.adapters.service import ScimService
from spoke_admin.domain.error import AdminError
from spoke_admin.domain.exchange import Call, Reply
from spoke_admin.domain.secret import Secret
from spoke_admin.domain.systems import Fact, KeptToken, KeychainState, ServiceSettings, TokenFacts
from tests.adapters.hostile import CANARY, answering, http, saying, serving

KEY = Secret(CANARY)
NEW = "fresh-token-5d1f8a0c"
SSO = "/api/v1/integrations/sso"
SETTINGS: dict[str, Any] = {
    "plan": "plus",
    "saml": {"state": "active", "issuer": "http://www.okta.com/x", "sign_on_url": "https://acme.okta.com/sso"},
    "scim": {
        "state": "connected",
        "base_url": "https://acme.askspoke.com/scim/v2",
        "token": {"last4": "ab12", "created": "2026-11-01T10:00:00Z", "expires": None},
    },
}
Use = Callable[[ScimService], Awaitable[Any]]


class Held:
    """Tokens given for the test: a keychain that holds this one, or none."""

    def __init__(self, secret: Secret | None) -> None:
        self.secret = secret

    async def read(self, address: str) -> KeptToken:
        return KeptToken(KeychainState.AVAILABLE if self.secret else KeychainState.MISSING, "the test", self.secret)

    async def keep(self, address: str, secret: Secret) -> KeptToken:
        raise NotImplementedError

    forget = read


def using(
    use: Use, answers: Mapping[str, bytes], key: Secret | None = KEY, token: Secret | None = None
) -> tuple[Any, list[bytes]]:
    async def settings_key() -> Secret | None:
        return key

    async def run() -> tuple[Any, list[bytes]]:
        async with serving(answering(lambda: server, answers)) as server, HttpCaller(deadline=10) as caller:
            profile = profiles.profile("askspoke")
            urls = server.url("/scim/v2"), server.url(SSO)
            service = ScimService(profile, *urls, caller, Held(token), settings_key)
            return await use(service), server.requests

    return asyncio.run(run())


def refused(use: Use, answers: Mapping[str, bytes], key: Secret | None = KEY) -> AdminError:
    with pytest.raises(AdminError) as caught:
        using(use, answers, key)
    shown = str(caught.value.document())
    assert CANARY not in shown
    assert NEW not in shown
    return caught.value


def document(content: object, status: int = 200) -> bytes:
    return http(status, json.dumps(content).encode())


def test_the_settings_are_read_with_the_key() -> None:
    read, requests = using(ScimService.settings, {f"GET {SSO}": document(SETTINGS)})
    assert read == ServiceSettings(
        plan="plus",
        saml="active",
        scim="connected",
        scim_url="https://acme.askspoke.com/scim/v2",
        token=TokenFacts("ab12", datetime(2026, 11, 1, 10, tzinfo=UTC)),
        saml_issuer="http://www.okta.com/x",
        saml_sign_on_url="https://acme.okta.com/sso",
    )
    assert f"authorization: Bearer {CANARY}\r\n".encode() in requests[0]


def test_settings_with_nothing_in_them_yet() -> None:
    off = {"plan": "free", "saml": {"state": "off"}, "scim": {"state": "off", "base_url": None, "token": None}}
    assert using(ScimService.settings, {f"GET {SSO}": document(off)})[0] == ServiceSettings("free", "off", "off")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"saml": {"state": "pending"}}, "state of SAML that is not known: pending"),
        ({"saml": {}}, "state of SAML that is not known: none"),
        ({"scim": {"state": "tested"}}, "state of SCIM that is not known: tested"),
        ({"scim": {"state": ["off"]}}, "state of SCIM"),
        ({"scim": {"state": {"a": 1}}}, "state of SCIM"),
        ({"scim": None}, "tell nothing of SCIM"),
        ({"saml": "active"}, "tell nothing of SAML"),
    ],
)
def test_a_state_that_is_missing_or_unknown_is_told_in_words(change: dict[str, Any], words: str) -> None:
    error = refused(ScimService.settings, {f"GET {SSO}": document(SETTINGS | change)})
    assert words in error.title
    assert error.remedy


CALLS: dict[str, tuple[Use, str]] = {
    "settings": (ScimService.settings, f"GET {SSO}"),
    "connect_saml": (lambda service: service.connect_saml("<xml/>"), f"PUT {SSO}/saml"),
    "test_saml": (ScimService.test_saml, f"POST {SSO}/saml/test"),
    "activate_saml": (ScimService.activate_saml, f"POST {SSO}/saml/activate"),
    "connect_scim": (ScimService.connect_scim, f"POST {SSO}/scim"),
    "regenerate_token": (ScimService.regenerate_token, f"POST {SSO}/scim/token"),
}
every_call = pytest.mark.parametrize("name", CALLS)


@every_call
def test_a_refusal_keeps_its_words_and_its_code(name: str) -> None:
    use, line = CALLS[name]
    error = {
        "code": "saml_not_active",
        "title": "SAML must be active.",
        "remedy": "Activate SAML first.",
        "detail": "x",
    }
    said = refused(use, {line: document({"error": error}, 409)})
    assert (said.title, said.remedy, said.detail) == (error["title"], error["remedy"], "saml_not_active x")


@every_call
@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (http(401, b"no", "text/plain"), "refuses the key"),
        (document({"error": "x"}, 403), "refuses the key"),
        (document({"error": {"title": 1}}, 404), "no settings API"),
        (http(404, b"<html>", "text/html"), "no settings API"),
        (http(502, b"<html>", "text/html"), "out of order"),
        (document([1]), "JSON of another kind"),
        (http(200, b"<html>", "text/html"), "instead of JSON"),
        (http(302, b"", location="https://evil.example/"), "sends the call on to evil.example:443"),
    ],
)
def test_what_is_no_settings_api_is_told_in_words(name: str, answer: bytes, words: str) -> None:
    use, line = CALLS[name]
    assert words in refused(use, {line: answer}).title


@every_call
def test_without_a_settings_api_it_is_done_by_hand(name: str) -> None:
    async def nobody(call: Call) -> Reply:
        raise AssertionError("no call is made")

    async def no_key() -> Secret | None:
        raise AssertionError("no key is asked for")

    async def run() -> None:
        service = ScimService(profiles.profile("askspoke"), "https://x.example", None, nobody, Held(None), no_key)
        with pytest.raises(AdminError, match="done by hand"):
            await CALLS[name][0](service)

    asyncio.run(run())


@every_call
def test_without_a_key_nothing_is_sent(name: str) -> None:
    use, line = CALLS[name]
    assert "No key" in refused(use, {line: document(SETTINGS)}, key=None).title


def test_metadata_is_handed_over_as_json() -> None:
    _, requests = using(CALLS["connect_saml"][0], {f"PUT {SSO}/saml": document({})})
    assert requests[0].endswith(b'{"metadata": "<xml/>"}')
    assert b"content-type: application/json\r\n" in requests[0]


def test_a_test_of_saml_tells_what_was_compared() -> None:
    check = {"name": "issuer", "passed": True, "found": "a", "expected": "a"}
    line = f"POST {SSO}/saml/test"
    facts, _ = using(ScimService.test_saml, {line: document({"state": "tested", "checks": [check, 3]})})
    assert facts == [Fact("issuer", "a", "a", ok=True)]
    assert using(ScimService.test_saml, {line: document({})})[0] == []
    failed = refused(ScimService.test_saml, {line: document({"checks": [check | {"passed": False, "found": "b"}]})})
    assert failed.detail == "issuer: found b, expected a"


@pytest.mark.parametrize("name", ["connect_scim", "regenerate_token"])
def test_a_new_token_is_given_as_a_secret(name: str) -> None:
    use, line = CALLS[name]
    assert using(use, {line: document({"token": NEW}, 201)})[0] == Secret(NEW)


@pytest.mark.parametrize("name", ["connect_scim", "regenerate_token"])
@pytest.mark.parametrize(
    "answer",
    [
        document({}, 201),
        document({"token": None}, 201),
        document({"token": f"{NEW}\nX: y"}, 201),
        document({"token": [NEW]}, 201),
        http(201, f'{{"token": "{NEW}'.encode()),
        http(201, f"token={NEW}".encode(), "text/plain"),
        http(201, b""),
    ],
)
def test_a_token_that_cannot_be_read_is_not_shown_in_the_error(name: str, answer: bytes) -> None:
    use, line = CALLS[name]
    error = refused(use, {line: answer})
    assert "made a token" in error.title
    assert "Regenerate" in error.remedy


def test_the_scim_door_opens_with_the_stored_token_alone() -> None:
    users = {"GET /scim/v2/Users": document({"totalResults": 1, "Resources": [{"userName": "ada@example.com"}]})}
    found, requests = using(lambda service: service.find_user("ada@example.com"), users, token=Secret("scim-token-1"))
    assert found == {"userName": "ada@example.com"}
    assert b"authorization: Bearer scim-token-1\r\n" in requests[0]
    assert CANARY.encode() not in requests[0]
    with pytest.raises(AdminError, match="No API token of askSpoke"):
        using(lambda service: service.find_user("ada@example.com"), users)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["active", "off", "connected"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["state", "token", "last4", "created", "issuer", "plan", "title"]), inner)
    ),
    max_leaves=8,
)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(st.sampled_from(["plan", "saml", "scim", "error", "checks", "token"]), JSON_VALUES),
    st.sampled_from([200, 201, 400, 500]),
    st.sampled_from(sorted(CALLS)),
)
def test_any_json_is_read_or_refused_in_words(content: dict[str, Any], status: int, name: str) -> None:
    async def key() -> Secret | None:
        return KEY

    async def run() -> None:
        async with serving(saying(document(content, status))) as server, HttpCaller(deadline=10) as caller:
            urls = server.url("/scim/v2"), server.url(SSO)
            service = ScimService(profiles.profile("askspoke"), *urls, caller, Held(None), key)
            with contextlib.suppress(AdminError):
                await CALLS[name][0](service)

    asyncio.run(run())
