"""What goes over the wire is what Okta sends; whatever a service answers is an outcome in words."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spoke_admin.adapters.http import HttpCaller
from spoke_admin.connection import profile
from spoke_admin.domain.person import Person
from spoke_admin.domain.secret import Secret
from spoke_admin.sandbox.identity_provider.scim_body import scim_user
from spoke_admin.sandbox.identity_provider.scim_push import PushFailed, ScimPush
from spoke_admin.sandbox.people import people
from tests.adapters.hostile import Answer, Server, answering, dripping, hanging_up_after, http, saying, serving

TOKEN = Secret("canary-token-of-the-push")
ADA = people(1)[0]
PROFILE = profile("askspoke")
EMPTY = http(200, b'{"schemas": [], "totalResults": 0, "Resources": []}')


def pushed(
    act: Callable[[ScimPush], Awaitable[Any]], answers: "Mapping[str, bytes] | Answer"
) -> tuple[Any, list[bytes]]:
    """What `act` returned or the words it failed with, and the requests that came."""

    async def run() -> tuple[Any, list[bytes]]:
        held: list[Server] = []
        answer = answering(lambda: held[0], answers) if isinstance(answers, Mapping) else answers
        async with serving(answer) as server, HttpCaller(deadline=1) as caller:
            held.append(server)
            try:
                outcome = await act(ScimPush(caller, server.url("/scim/v2"), TOKEN, PROFILE))
            except PushFailed as failed:
                outcome = failed
            return outcome, server.requests

    return asyncio.run(run())


def first_line(request: bytes) -> str:
    return request.split(b"\r\n")[0].decode()


def body(request: bytes) -> Any:
    return json.loads(request.partition(b"\r\n\r\n")[2])


def test_the_test_of_credentials_asks_for_two_users_and_a_hundred_groups() -> None:
    answers = {"GET /scim/v2/Users": EMPTY, "GET /scim/v2/Groups": EMPTY}
    outcome, requests = pushed(lambda push: push.test(), answers)
    assert outcome is None
    assert [first_line(it) for it in requests] == [
        "GET /scim/v2/Users?startIndex=1&count=2 HTTP/1.1",
        "GET /scim/v2/Groups?startIndex=1&count=100 HTTP/1.1",
    ]
    head = requests[0].lower()
    assert b"user-agent: okta scim client 1.0.0" in head
    assert f"authorization: bearer {TOKEN.reveal()}".encode() in head


def test_a_creation_looks_first_and_sends_the_whole_person() -> None:
    answers = {"GET /scim/v2/Users": EMPTY, "POST /scim/v2/Users": http(201, b'{"id": "77"}')}
    outcome, requests = pushed(lambda push: push.create(ADA), answers)
    assert outcome == "77"
    assert "filter=userName%20eq%20%22ada.lovelace%40example.com%22" in first_line(requests[0]).replace("+", "%20")
    sent = body(requests[1])
    assert sent["externalId"] == ADA.id
    assert sent["groups"] == []
    assert len(sent.pop("password")) > 12
    assert sent["active"] is True
    assert sent["emails"] == [{"type": "work", "value": ADA.login, "primary": True}]
    assert sent["urn:ietf:params:scim:schemas:extension:SpokeCustom:2.0:User"] == {"startDate": "2026-01-01"}
    assert sent["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"]["department"] == "IT"


def test_who_is_there_already_is_linked_and_updated() -> None:
    there = b'{"totalResults": 1, "Resources": [{"id": "5", "userName": "ADA.lovelace@example.com"}]}'
    kept = b'{"id": "5", "schemas": ["urn:x"], "userName": "ada.lovelace@example.com", "nickName": "A", "meta": {}}'
    answers = {"GET /scim/v2/Users": http(200, there), "GET /scim/v2/Users/5": http(200, kept)}
    answers["PUT /scim/v2/Users/5"] = http(200)
    outcome, requests = pushed(lambda push: push.create(ADA), answers)
    assert outcome == "5"
    assert [first_line(it).split(" ")[0] for it in requests] == ["GET", "GET", "PUT"]
    sent = body(requests[2])
    assert sent["nickName"] == "A", "what Okta does not map is kept"
    assert sent["title"] == ADA.attributes["title"]
    assert "urn:x" in sent["schemas"]
    assert "meta" not in sent


def test_deactivation_is_a_patch_without_a_path() -> None:
    outcome, requests = pushed(lambda push: push.deactivate("a b"), {"PATCH /scim/v2/Users/a%20b": http(204, b"")})
    assert outcome is None
    assert body(requests[0])["Operations"] == [{"op": "replace", "value": {"active": False}}]


def test_groups_are_made_empty_renamed_by_id_and_filled_by_one_patch() -> None:
    async def act(push: ScimPush) -> str:
        made = await push.create_group("IT")
        await push.rename_group(made, "Tech")
        await push.change_members(made, added=["1", "2"], removed=["3"])
        return made

    answers = {"POST /scim/v2/Groups": http(201, b'{"id": "g"}'), "PATCH /scim/v2/Groups/g": http(204, b"")}
    outcome, requests = pushed(act, answers)
    assert outcome == "g"
    assert body(requests[0])["members"] == []
    assert body(requests[1])["Operations"] == [{"op": "replace", "value": {"id": "g", "displayName": "Tech"}}]
    assert body(requests[2])["Operations"] == [
        {"op": "remove", "path": 'members[value eq "3"]'},
        {"op": "add", "path": "members", "value": [{"value": "1"}, {"value": "2"}]},
    ]


def test_an_import_reads_pages_of_a_hundred_and_ends() -> None:
    user = b'{"id": "1", "userName": "a@example.com"}'
    one_page = http(200, b'{"totalResults": 1, "Resources": [' + user + b"]}")
    outcome, requests = pushed(lambda push: push.users(), {"GET /scim/v2/Users": one_page})
    assert outcome == ([{"id": "1", "userName": "a@example.com"}], 1)
    assert "startIndex=1&count=100" in first_line(requests[0])
    for_ever = http(200, b'{"totalResults": 9999999, "Resources": [' + user + b"]}")
    failed, requests = pushed(lambda push: push.users(), {"GET /scim/v2/Users": for_ever})
    assert isinstance(failed, PushFailed)
    assert "does not end" in failed.message
    assert "startIndex=2&" in first_line(requests[1])


HTML = http(200, b"<html>Log in</html>", "text/html")


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"GET /scim/v2/Users": http(401)}, "refuses the API token"),
        ({"GET /scim/v2/Users": HTML}, "instead of JSON"),
        ({"GET /scim/v2/Users": http(302, location="https://elsewhere.example/")}, "elsewhere.example"),
        ({"GET /scim/v2/Users": http(500, b'{"detail": "database is down"}')}, "database is down"),
        ({"GET /scim/v2/Users": EMPTY, "POST /scim/v2/Users": http(409)}, "already"),
        ({"GET /scim/v2/Users": EMPTY, "POST /scim/v2/Users": http(200, b'{"id": "7"}')}, "HTTP 200"),
        ({"GET /scim/v2/Users": EMPTY, "POST /scim/v2/Users": http(201, b"{}")}, "without the user"),
        ({"GET /scim/v2/Users": EMPTY, "POST /scim/v2/Users": http(201, b"[]")}, "without the user"),
        (hanging_up_after(b"HTTP/1.1 200 OK\r\ncontent-le"), "127.0.0.1"),
        (dripping(b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n", b"x"), "did not answer"),
        (saying(b"SSH-2.0-OpenSSH\r\n"), "127.0.0.1"),
    ],
)
def test_whatever_a_service_answers_is_said_in_words(answers: Any, words: str) -> None:
    failed, _ = pushed(lambda push: push.create(ADA), answers)
    assert isinstance(failed, PushFailed), failed
    assert words in failed.message
    assert TOKEN.reveal() not in failed.message


@pytest.mark.parametrize(("header", "wait"), [({"retry_after": "7"}, 7), ({}, 300), ({"retry_after": "soon"}, 300)])
def test_a_service_that_asks_to_wait_is_left_alone_so_long(header: dict[str, str], wait: int) -> None:
    failed, _ = pushed(
        lambda push: push.create(ADA), {"GET /scim/v2/Users": http(429, b"{}", "application/json", **header)}
    )
    assert isinstance(failed, PushFailed)
    assert failed.wait_s == wait


TEXTS = st.text(max_size=12)
NAMES = st.sampled_from([attribute.source for attribute in PROFILE.attribute])


@given(st.dictionaries(NAMES, TEXTS, max_size=8))
def test_any_person_becomes_a_body_with_what_has_a_value_and_nothing_else(attributes: dict[str, str]) -> None:
    sent = scim_user(Person("p", attributes), PROFILE)
    flat = json.dumps(sent, ensure_ascii=False)
    for attribute in PROFILE.attribute:
        value = attributes.get(attribute.source, "")
        if value.strip():
            assert json.dumps(value, ensure_ascii=False) in flat
    assert sent["schemas"][0].endswith("core:2.0:User")
    assert len(sent["schemas"]) == len(set(sent["schemas"]))
