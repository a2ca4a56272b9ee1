"""How calls are made: eight at a time, reads repeated, each try observed, strange lists read to their end."""

import asyncio
import contextlib
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spoke_admin.adapters import scim_calls
from spoke_admin.adapters.http import HttpCaller, NotSentError
from spoke_admin.adapters.scim import ScimClient, ServiceGroups
from spoke_admin.adapters.scim_answers import listing as read_listing
from spoke_admin.adapters.scim_answers import resource
from spoke_admin.domain.error import AdminError
from spoke_admin.domain.exchange import Call, Reply
from spoke_admin.domain.person import Group
from spoke_admin.domain.scim_json import version_of
from tests.adapters.hostile import CANARY, Server, hanging_up_after, http, saying, serving
from tests.adapters.scim_servers import TOKEN, Asked, error, listing, scim, using

USER: dict[str, Any] = {"id": "1", "userName": "ada@example.com", "externalId": "00u1"}


def test_eight_calls_at_a_time_and_the_ninth_waits_without_its_deadline_running() -> None:
    """24 calls of 0.4 s each take 1.2 s in lanes of eight: more than a deadline of 1 s."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.4)  # the time the service takes
        writer.write(scim(USER))

    async def run() -> tuple[list[Any], int]:
        async with serving(answer) as server, HttpCaller(deadline=1) as caller:
            client = ScimClient(server.url("/scim/v2"), caller)
            users = await asyncio.gather(*(client.read("Users", "1", TOKEN) for _ in range(24)))
            return users, server.most_open

    users, most_open = asyncio.run(run())
    assert users == [USER] * 24
    assert most_open == 8


@pytest.mark.parametrize("fault", [hanging_up_after(b""), http(502, b"<html>", "text/html"), error(503), error(504)])
def test_a_read_that_broke_off_is_made_again(fault: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scim_calls, "FIRST_BREATH", 0.01)
    answers = [fault, fault, scim(USER)]
    user, seen = using(lambda _asked: answers.pop(0), lambda it: it.read("Users", "1", TOKEN))
    assert user == USER
    assert seen.lines == ["GET /Users/1"] * 3


@pytest.mark.parametrize(
    ("fault", "words", "calls"),
    [
        (hanging_up_after(b""), "broke off", 3),
        (error(502), "out of order", 3),
        (error(500), "out of order", 1),
        (error(400), "refuses the call", 1),
        (http(302, b"", location="https://evil.example/"), "sends the call on", 1),
        (http(200, b"", "", content_encoding="br"), "packed its answer", 1),
    ],
)
def test_a_read_is_left_at_its_bound(fault: Any, words: str, calls: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scim_calls, "FIRST_BREATH", 0.01)

    async def use(client: ScimClient) -> None:
        with pytest.raises(AdminError) as caught:
            await client.read("Users", "1", TOKEN)
        assert words in caught.value.title
        assert CANARY not in str(caught.value.document())

    assert len(using(lambda _asked: fault, use)[1].asked) == calls


@pytest.mark.parametrize(
    ("identifier", "target"),
    [
        ("a/b?c=d#e", "/scim/v2/Users/a%2Fb%3Fc%3Dd%23e"),
        ("../Groups", "/scim/v2/Users/..%2FGroups"),
        ("zoë", "/scim/v2/Users/zo%C3%AB"),
        ("%2e%2e", "/scim/v2/Users/%252e%252e"),
        ("\ud800", "/scim/v2/Users/%3F"),
    ],
)
def test_an_id_stays_one_segment_of_the_path(identifier: str, target: str) -> None:
    _, seen = using(lambda _asked: error(404), lambda it: it.read("Users", identifier, TOKEN))
    assert seen.asked[0].target == target


@pytest.mark.parametrize("identifier", [".", "..", "x" * 501])
def test_an_id_that_no_address_can_hold_is_not_asked_for(identifier: str) -> None:
    async def use(client: ScimClient) -> None:
        with pytest.raises(AdminError, match="no address can hold"):
            await client.read("Users", identifier, TOKEN)

    assert using(lambda _asked: scim(USER), use)[1].asked == []


def test_people_are_looked_up_by_what_they_are_called() -> None:
    everyone = [USER, {"id": "2", "userName": "bob@example.com", "externalId": "00U1"}]

    async def use(client: ScimClient) -> list[Any]:
        return [
            await client.find("Users", "userName", "ADA@example.com", TOKEN),
            await client.find("Users", "externalId", "00u1", TOKEN),
            await client.find("Users", "externalId", "00U1", TOKEN),
        ]

    found, seen = using(lambda _asked: listing(*everyone), use)
    assert [[it["id"] for it in some] for some in found] == [["1"], ["1"], ["2"]]
    assert "count=100" in seen.asked[0].target
    other = using(lambda _asked: listing(everyone[1]), lambda it: it.find("Users", "externalId", "00u1", TOKEN))
    assert other[0] == ()  # found without regard to case: the filter works, and nobody has this very id


def test_groups_are_read_with_and_without_their_members() -> None:
    groups: list[Any] = [
        {"id": "g", "displayName": "Engines", "members": [{"value": "1"}, "2", {"value": "1"}, {"x": 3}, None, 4]},
        {"id": "h", "DISPLAYNAME": "Wheels", "Members": {"value": "1"}},
        {"id": "i"},
    ]

    def handler(asked: Asked) -> bytes:
        return listing(*groups) if "startIndex=1&" in asked.target else listing(totalResults=3)

    read, seen = using(handler, lambda it: it.groups(TOKEN, members=True))
    assert read == ServiceGroups(
        (Group("g", "Engines", ("1", "2", "4")), Group("h", "Wheels", ("1",))), complete=False, promised=3, unreadable=1
    )
    assert "attributes=displayName%2Cmembers" in seen.asked[0].target
    assert "members" not in using(handler, lambda it: it.groups(TOKEN))[1].asked[0].target


@pytest.mark.parametrize(
    ("page", "complete"),
    [
        (scim({"totalResults": "2", "Resources": [USER, {"id": "2", "userName": "b"}]}), True),
        (scim({"Resources": [USER, {"id": "2", "userName": "b"}]}), False),
        (scim({"schemas": [], "totalResults": 9, "Resources": [USER, {"id": "2", "userName": "b"}]}), False),
    ],
)
def test_whole_resources_come_once_from_a_pager_that_repeats_its_page_for_ever(page: bytes, complete: bool) -> None:
    came: list[Any] = []
    listed, seen = using(lambda _asked: page, lambda it: it.everything("Users", TOKEN, came.append))
    assert [it["id"] for it in came] == ["1", "2"]
    assert (listed.complete, len(seen.asked)) == (complete, 2)
    assert "attributes" not in seen.asked[0].target


def test_a_list_without_resources_is_an_empty_one() -> None:
    groups, _ = using(lambda _asked: scim({"totalResults": 0}), lambda it: it.groups(TOKEN))
    assert groups == ServiceGroups((), complete=True, promised=0)


KEYS = st.sampled_from(
    ["id", "userName", "displayName", "members", "value", "Resources", "totalResults", "meta", "version"]
)
FOREIGN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=15,
)


@given(FOREIGN)
def test_any_json_is_a_list_a_resource_or_refused(content: Any) -> None:
    reply = Reply(200, {"content-type": "application/json"}, json.dumps(content).encode())
    for read in (lambda: read_listing(reply, "http://x"), lambda: version_of(resource(reply, "http://x", "1"))):
        with contextlib.suppress(AdminError):
            read()


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(FOREIGN, min_size=1, max_size=4))
def test_any_answers_are_read_or_refused_in_words(contents: list[Any]) -> None:
    answers = iter(contents)

    async def use(client: ScimClient) -> None:
        for read in (
            client.groups(TOKEN, members=True),
            client.everything("Users", TOKEN, lambda _entry: None),
            client.find("Groups", "displayName", "x", TOKEN),
            client.read("Users", "1", TOKEN),
        ):
            with contextlib.suppress(AdminError):
                await read

    using(lambda _asked: http(200, json.dumps(next(answers, {"Resources": []})).encode()), use)


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("/scim/v2/Users", "/scim/v2/Users"),
        ("/scim/v2/Users/", "/scim/v2/Users/"),
        ("//Users", "//Users"),
        ("/a?next=/b/c", "/a?next=/b/c"),
        ("/Users/a%2Fb", "/Users/a%2Fb"),
    ],
)
def test_an_address_is_called_as_it_is_written(url: str, target: str) -> None:
    async def run() -> bytes:
        server: Server
        async with serving(saying(scim({}))) as server, HttpCaller(deadline=20) as caller:
            for _ in range(2):  # the second time its beginning is known
                await caller(Call("GET", server.url(url)))
            return server.requests[1].split(b" ")[1]

    assert asyncio.run(run()) == target.encode()


@pytest.mark.parametrize(
    "url", ["http://a.example/x/y", "https://a:b@c.example/x/y", "https://a.example/x#/y", "https://a b.example/x/y"]
)
def test_an_address_that_cannot_be_used_is_refused_each_time(url: str) -> None:
    async def run() -> None:
        async with HttpCaller() as caller:
            for _ in range(2):
                with pytest.raises(NotSentError, match="cannot be used"):
                    await caller(Call("GET", url))

    asyncio.run(run())
