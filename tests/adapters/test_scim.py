"""SCIM reads from services that keep to the standard, bend it, or are none."""

import asyncio
import json
import string
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spoke_admin.adapters import profiles
from spoke_admin.adapters.http import HttpCaller
from spoke_admin.adapters.scim import ScimClient, attributes, value_at
from spoke_admin.adapters.scim_pacing import Pacing
from spoke_admin.domain.error import AdminError
from spoke_admin.domain.secret import Secret
from spoke_admin.domain.systems import ScimCounts
from tests.adapters.hostile import CANARY, Server, answering, http, serving

TOKEN = Secret(CANARY)
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
SPOKE = "urn:ietf:params:scim:schemas:extension:SpokeCustom:2.0:User"
ADA: dict[str, Any] = {
    "id": "1",
    "userName": "Ada@example.com",
    "name": {"givenName": "Ada", "familyName": "Lovelace"},
    "emails": [{"type": "home", "value": "h@x"}, {"type": "Work", "value": "ada@example.com", "primary": True}],
    "phoneNumbers": [{"type": "work", "value": "+1 415 555 2671"}],
    "addresses": [{"type": "work", "locality": "London"}],
    "active": True,
    ENTERPRISE: {"department": "Engines", "manager": {"value": "7", "displayName": "Charles"}},
    SPOKE: {"startDate": "1843-01-01"},
}


def scim(content: object) -> bytes:
    return http(200, json.dumps(content).encode(), "application/scim+json")


def listing(*resources: object, **more: object) -> bytes:
    return scim({"totalResults": len(resources), "Resources": resources, **more})


def counts(users: bytes, groups: bytes = listing(), path: str = "/scim/v2") -> tuple[ScimCounts, list[bytes]]:
    async def run() -> tuple[ScimCounts, list[bytes]]:
        answers = {f"GET {path}/Users": users, f"GET {path}/Groups": groups}
        async with serving(answering(lambda: server, answers)) as server, HttpCaller(deadline=10) as caller:
            return await ScimClient(server.url(path), caller, pacing=Pacing(first_pause=0.001)).counts(
                TOKEN
            ), server.requests

    return asyncio.run(run())


def refused(users: bytes, path: str = "/scim/v2") -> AdminError:
    with pytest.raises(AdminError) as caught:
        counts(users, path=path)
    assert CANARY not in str(caught.value.document())
    return caught.value


def found(user_name: str, users: bytes) -> tuple[Mapping[str, str] | None, str]:
    """The answer of find_user, and the filter that was sent."""

    async def run() -> tuple[Mapping[str, str] | None, str]:
        server: Server
        async with serving(answering(lambda: server, {"GET /Users": users})) as server, HttpCaller() as caller:
            user = await ScimClient(server.url("").rstrip("/"), caller).find_user(
                user_name, profiles.profile("askspoke"), TOKEN
            )
            target = server.requests[0].split(b" ")[1].decode()
            return user, parse_qs(urlsplit(target).query)["filter"][0]

    return asyncio.run(run())


def test_users_and_groups_are_counted_with_one_small_read_each() -> None:
    answer, requests = counts(scim({"totalResults": 412}), scim({"totalResults": 3}))
    assert answer == ScimCounts(412, 3)
    assert [request.split(b" ")[1] for request in requests] == [
        b"/scim/v2/Users?startIndex=1&count=1",
        b"/scim/v2/Groups?startIndex=1&count=1",
    ]
    assert all(b"accept: application/scim+json, application/json\r\n" in request for request in requests)


@pytest.mark.parametrize(
    ("answer", "number"),
    [
        ({"totalResults": "412"}, 412),
        ({"totalResults": 412.0}, 412),
        ({"TOTALRESULTS": 412}, 412),
        ({"Resources": [ADA, ADA]}, 2),
        ({"resources": [ADA]}, 1),
        ({"totalResults": None, "Resources": []}, 0),
        ({"totalResults": "many", "Resources": [ADA]}, 1),
        ({"totalResults": -1, "Resources": [ADA]}, 1),
        ({"totalResults": True, "Resources": [ADA]}, 1),
        ({"totalResults": float("nan"), "Resources": [ADA]}, 1),
        ({"totalResults": [], "Resources": [1, None, ADA]}, 1),
        ({"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"]}, 0),
    ],
)
def test_a_count_that_is_written_otherwise_is_read(answer: object, number: int) -> None:
    assert counts(scim(answer))[0].users == number


@pytest.mark.parametrize(
    ("answer", "title", "remedy"),
    [
        (http(200, b"<html>", "text/html; charset=utf-8"), "is not a SCIM service: it answered text/html", "settings"),
        (http(200, b"", ""), "something without a type", ""),
        (http(200, b"hello", "text/plain"), "it answered text/plain", ""),
        (http(200, b'{"totalResults": 1', "application/json"), "broken JSON", "Try again"),
        (http(200, b"[" * 99_999, "application/json"), "broken JSON", ""),
        (scim([1]), "JSON of another kind", ""),
        (scim({"error": "x"}), "JSON of another kind", ""),
        (scim({"Resources": {"a": 1}}), "JSON of another kind", ""),
        (scim("x" * 2_000_000), "larger than 1 MB", ""),
        (http(401, b'{"detail": "bad"}'), "refuses the API token", "regenerate it"),
        (http(403), "forbids this", "SCIM is enabled"),
        (http(404, b"<html>", "text/html"), "There is no SCIM service at", "Compare"),
        (http(429), "asks to wait", ""),
        (http(500, b"<html>", "text/html"), "out of order", "Try again later"),
        (http(400), "refuses the call", ""),
    ],
)  # fmt: skip
def test_what_is_no_scim_service_is_told_in_words(answer: bytes, title: str, remedy: str) -> None:
    error = refused(answer)
    assert title in error.title
    assert remedy in error.remedy


@pytest.mark.parametrize("status", [403, 404, 200])
def test_a_base_url_without_scim_gets_the_usual_one_as_a_hint(status: int) -> None:
    error = refused(http(status, b"<html>", "text/html"), path="")
    assert "often ends in /scim/v2" in error.remedy


def test_the_services_own_words_are_in_the_detail_and_the_token_is_not() -> None:
    said = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "detail": f"Token {CANARY} ended.\n\x1b[2J"}
    error = refused(http(401, json.dumps(said).encode()))
    assert error.detail == "HTTP 401: Token … ended. [2J"
    assert refused(http(401, b'{"detail": {"a": 1}}')).detail == "HTTP 401"
    assert CANARY not in refused(http(200, f"You sent {CANARY}".encode(), "text/plain")).detail


def test_a_user_is_found_by_attribute_paths_of_the_profile() -> None:
    user, _ = found("ada@EXAMPLE.com", listing(ADA))
    assert user == {
        "userName": "Ada@example.com",
        'emails[type eq "work"].value': "ada@example.com",
        "name.givenName": "Ada",
        "name.familyName": "Lovelace",
        'phoneNumbers[type eq "work"].value': "+1 415 555 2671",
        'addresses[type eq "work"].locality': "London",
        f"{ENTERPRISE}:department": "Engines",
        f"{ENTERPRISE}:manager.value": "7",
        f"{SPOKE}:startDate": "1843-01-01",
    }


def test_who_is_not_there_is_none_and_an_ignored_filter_is_said() -> None:
    assert found("ada@example.com", listing())[0] is None
    with pytest.raises(AdminError, match="ignores the filter"):
        found("bob@example.com", listing(ADA))


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ('a"b', 'userName eq "a\\"b"'),
        ("a\\b", 'userName eq "a\\\\b"'),
        ('" or userName pr or "', 'userName eq "\\" or userName pr or \\""'),
        ("a+b&c=d%20@x", 'userName eq "a+b&c=d%20@x"'),
        ("Zoë 李", 'userName eq "Zoë 李"'),
    ],
)
def test_a_name_cannot_change_the_filter(name: str, sent: str) -> None:
    assert found(name, listing())[1] == sent


@pytest.mark.parametrize(
    ("resource", "path", "text"),
    [
        ({"title": "Boss"}, "title", "Boss"),
        ({"TITLE": "Boss"}, "title", "Boss"),
        ({"title": None}, "title", ""),
        ({"title": 7}, "title", "7"),
        ({"active": False}, "active", "false"),
        ({"title": ["a"]}, "title", ""),
        ({"title": "half \ud800"}, "title", "half ?"),
        ({"name": "Ada"}, "name.givenName", ""),
        ({ENTERPRISE: {"manager": "7"}}, f"{ENTERPRISE}:manager.value", "7"),
        ({ENTERPRISE: {"manager": {"value": "7"}}}, f"{ENTERPRISE}:manager.value", "7"),
        ({ENTERPRISE.lower(): {"manager": {"Value": 7}}}, f"{ENTERPRISE}:manager.value", "7"),
        ({ENTERPRISE: [1]}, f"{ENTERPRISE}:manager.value", ""),
        ({"emails": "a@b"}, 'emails[type eq "work"].value', ""),
        ({"emails": [None, "x", {"type": 3}, {"type": "work"}]}, 'emails[type eq "work"].value', ""),
        ({"emails": {"type": "work", "value": "x"}}, 'emails[type eq "work"].value', ""),
    ],
)
def test_a_value_is_read_at_its_path(resource: Mapping[str, Any], path: str, text: str) -> None:
    assert value_at(resource, path) == text


PROFILE = profiles.profile("askspoke")
KEYS = st.sampled_from(
    [*ADA, ENTERPRISE, SPOKE, "value", "type", "department", "manager", "locality", "work"]
) | st.text(max_size=4)
FOREIGN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4) | st.just("work"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=25,
)


@given(st.dictionaries(KEYS, FOREIGN), st.text(st.sampled_from(string.ascii_letters + '.[]":= ')))
def test_no_foreign_json_breaks_the_reader(resource: dict[str, Any], path: str) -> None:
    read = attributes(resource, PROFILE)
    assert all(text and isinstance(text, str) for text in read.values())
    assert isinstance(value_at(resource, path), str)
    "".join(read.values()).encode()
