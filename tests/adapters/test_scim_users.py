"""The users of a service, page by page, from services that page well, badly or not at all."""

import asyncio
import contextlib
import json
import tracemalloc
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spoke_admin.adapters import scim_listing
from spoke_admin.adapters.http import HttpCaller
from spoke_admin.adapters.scim import ScimClient
from spoke_admin.adapters.scim_pacing import Pacing
from spoke_admin.domain.error import AdminError
from spoke_admin.domain.secret import Secret
from spoke_admin.domain.systems import ServiceUser, ServiceUsers
from tests.adapters.hostile import CANARY, Answer, Server, http, serving

MIB = 1024 * 1024
TOKEN = Secret(CANARY)
Asked = Mapping[str, str]  # the query of a request
Pager = Callable[[Asked], bytes]
Read = tuple[ServiceUsers, list[Asked], list[tuple[int, int]]]


def user(number: int, **more: object) -> dict[str, Any]:
    return {"id": str(number), "userName": f"u{number}@example.com", "externalId": f"00u{number}", **more}


def listing(resources: Sequence[object], **more: object) -> bytes:
    return http(200, json.dumps({"Resources": resources, **more}).encode(), "application/scim+json")


def asked_of(server: Server) -> list[Asked]:
    targets = [request.split(b" ")[1].decode() for request in server.requests]
    return [{name: values[0] for name, values in parse_qs(urlsplit(it).query).items()} for it in targets]


def paging(server: Callable[[], Server], pager: Pager) -> Answer:
    """Answers each request by its query."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(pager(asked_of(server())[-1]))
        await writer.drain()

    return answer


def read(pager: Pager) -> Read:
    """What is read from a service that pages so, what it was asked, and what progress was told."""
    told: list[tuple[int, int]] = []

    async def run() -> Read:
        server: Server
        async with serving(paging(lambda: server, pager)) as server, HttpCaller(deadline=20) as caller:
            client = ScimClient(server.url("/scim/v2"), caller, pacing=Pacing(first_pause=0.001))
            users = await client.users(TOKEN, lambda done, total: told.append((done, total)))
            return users, asked_of(server), told

    return asyncio.run(run())


def slices(
    everyone: Sequence[object], most: int = 100, total: Callable[[int, int], object] | None = None, offset: int = 1
) -> Pager:
    """A pager by startIndex. `most`: its own largest page; `total`: totalResults by length of list and of page."""

    def pager(asked: Asked) -> bytes:
        start = max(0, int(asked["startIndex"]) - offset)
        page = everyone[start : start + min(most, int(asked["count"]))]
        more = {} if total is None else {"totalResults": total(len(everyone), len(page))}
        return listing(page, **more)

    return pager


def honest(everyone: int, page: int) -> int:
    return everyone


def page_length(everyone: int, page: int) -> int:
    return page


def names(users: ServiceUsers) -> list[str]:
    return [it.user_name for it in users.users]


def of(count: int) -> list[dict[str, Any]]:
    return [user(number) for number in range(count)]


def test_pages_of_a_hundred_until_nobody_new_comes() -> None:
    users, asked, told = read(slices(of(250), total=honest))
    assert [it["startIndex"] for it in asked] == ["1", "101", "201", "251"]
    assert {it["count"] for it in asked} == {"100"}
    assert {it["attributes"] for it in asked} == {"userName,externalId,active"}
    assert users.users[7] == ServiceUser("7", "u7@example.com", "00u7", active=True)
    assert (len(users.users), users.complete, users.promised, users.unreadable) == (250, True, 250, 0)
    assert told == [(100, 250), (200, 250), (250, 250), (250, 250)]


@pytest.mark.parametrize("total", [None, honest, page_length, lambda everyone, _page: str(everyone)])
@pytest.mark.parametrize("most", [30, 100])
def test_totals_that_are_missing_or_wrong_and_short_pages_lose_nobody(total: Any, most: int) -> None:
    users, _, told = read(slices(of(200), most=most, total=total))
    assert names(users) == [it["userName"] for it in of(200)]
    assert users.complete
    assert all(promised in (0, 200) or done <= promised for done, promised in told)


@pytest.mark.parametrize("count", [7, 100, 400])
@pytest.mark.parametrize("total", [True, False])
def test_a_pager_that_repeats_its_first_page_is_left(count: int, total: bool) -> None:
    """It ignores startIndex and count; without a total it may have more than it ever shows."""
    more = {"totalResults": count} if total else {}
    users, asked, _ = read(lambda _asked: listing(of(count), **more))
    assert len(users.users) == count
    assert users.complete is total
    assert len(asked) == 2


def test_a_pager_that_repeats_itself_and_promises_more_is_not_complete() -> None:
    users, asked, _ = read(lambda _asked: listing(of(100), totalResults=300))
    assert (len(users.users), users.complete, users.promised, len(asked)) == (100, False, 300, 2)


def test_pages_that_overlap_give_everyone_once() -> None:
    def overlapping(asked: Asked) -> bytes:
        start = max(0, int(asked["startIndex"]) - 21)
        return listing(of(250)[start : start + 100], totalResults=250)

    users, _, _ = read(overlapping)
    assert names(users) == [it["userName"] for it in of(250)]
    assert users.complete


def test_a_start_that_is_counted_from_0_loses_the_first_and_says_so() -> None:
    users, _, _ = read(slices(of(150), total=honest, offset=0))
    assert len(users.users) == 149
    assert not users.complete


def test_a_page_larger_than_asked_for_is_taken_whole() -> None:
    def generous(asked: Asked) -> bytes:
        start = int(asked["startIndex"]) - 1
        return listing(of(600)[start : start + 250], totalResults=600)

    users, asked, _ = read(generous)
    assert names(users) == [it["userName"] for it in of(600)]
    assert users.complete
    assert [it["startIndex"] for it in asked] == ["1", "251", "501", "601"]


def changing(lists: Sequence[Sequence[object]]) -> Pager:
    """A list that is another one at each request."""
    states = iter(lists)

    def pager(asked: Asked) -> bytes:
        return slices(next(states), total=honest)(asked)

    return pager


def test_a_list_that_changes_while_it_is_read() -> None:
    everyone = of(250)
    grown = read(changing([everyone, *[[user(999), *everyone]] * 3]))[0]  # one moved on to the next page: no one twice
    assert sorted(names(grown)) == sorted(it["userName"] for it in everyone)
    assert not grown.complete  # the new one was not seen
    later = read(changing([everyone, *[[*everyone, user(999)]] * 3]))[0]
    assert (len(later.users), later.complete) == (251, True)
    shrunk = read(changing([everyone, *[everyone[1:]] * 3]))[0]
    assert (len(shrunk.users), shrunk.complete) == (249, False)  # u100 moved to the page that was read already


def test_what_is_no_user_is_counted_and_makes_the_list_incomplete() -> None:
    strange: list[object] = [
        None,
        3,
        "x",
        [],
        {},
        {"id": "9"},
        {"id": "10", "userName": " "},
        {"id": "11", "userName": {"a": 1}},
    ]
    long = [{"id": "12", "userName": "x" * 501}, {"id": "y" * 501, "userName": "long-id@example.com"}]
    users, _, _ = read(slices([*strange, user(1), *long], total=honest))
    assert names(users) == ["u1@example.com"]
    assert (users.unreadable, users.complete) == (10, False)


def test_a_page_without_a_single_user_name_is_not_the_end() -> None:
    nameless = [{"id": f"n{number}"} for number in range(100)]
    users, _, _ = read(slices([*of(100), *nameless, user(500)], total=honest))
    assert names(users)[-1] == "u500@example.com"
    assert users.unreadable == 100


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (
            {"ID": 7, "USERNAME": "a@b", "externalID": "x", "Active": "False"},
            ServiceUser("7", "a@b", "x", active=False),
        ),
        ({"userName": "a@b"}, ServiceUser("", "a@b", "")),
        ({"id": "1", "userName": "a@b", "externalId": None, "active": None}, ServiceUser("1", "a@b", "")),
        ({"id": "1", "userName": "a@b", "externalId": " ", "active": "TRUE"}, ServiceUser("1", "a@b", "")),
        ({"id": "1", "userName": "a@b", "externalId": 12, "active": 0}, ServiceUser("1", "a@b", "12", active=False)),
        ({"id": "1", "userName": " \ud800 ", "externalId": [], "active": {}}, ServiceUser("1", " ? ", "")),
    ],
)
def test_a_user_that_is_written_otherwise_is_read(sent: Mapping[str, Any], expected: ServiceUser) -> None:
    assert read(slices([sent], total=honest))[0].users == (expected,)


@pytest.mark.parametrize(
    "odd", [None, {"id": "x"}, {"ID": "x", "userName": "x"}, {"id": 77, "userName": "seven"}, user(3)]
)
@pytest.mark.parametrize(
    "more", [{}, {"active": False}, {"externalId": " e "}, {"externalId": None, "active": "False"}]
)
def test_a_page_with_one_odd_entry_gives_the_others_as_any_page_does(odd: Any, more: Mapping[str, Any]) -> None:
    plain = [{**user(number), "userName": f"Zoë{number}", **more} for number in range(20)]
    mixed = read(slices([odd, *plain], total=honest))[0].users
    expected = read(slices(plain, total=honest))[0].users
    assert len(expected) == 20
    assert [it for it in mixed if it.user_name.startswith("Zoë")] == [
        it for it in expected if odd != user(3) or it.id != "3"
    ]


def test_users_without_ids_are_told_apart_by_name() -> None:
    nameless = [{"userName": f"u{number}"} for number in range(150)]
    users, asked, _ = read(slices(nameless, total=honest))
    assert (len(users.users), users.complete, len(asked)) == (150, True, 3)


@pytest.mark.parametrize("status", [400, 500, 501])
def test_a_service_that_refuses_a_choice_of_attributes_is_asked_for_whole_users(status: int) -> None:
    everyone = slices(of(120), total=honest)
    users, asked, _ = read(lambda it: http(status) if "attributes" in it else everyone(it))
    assert (len(users.users), users.complete) == (120, True)
    assert ["attributes" in it for it in asked] == [True, False, False, False]


def test_a_choice_of_attributes_that_leaves_out_the_names_is_not_repeated() -> None:
    everyone = slices(of(120), total=honest)
    bare = slices([{"id": str(number)} for number in range(120)], total=honest)
    users, asked, _ = read(lambda it: bare(it) if "attributes" in it else everyone(it))
    assert (len(users.users), users.complete, users.unreadable, len(asked)) == (120, True, 0, 4)


@pytest.mark.parametrize("status", [400, 404])
def test_a_refusal_beyond_the_last_user_is_the_end(status: int) -> None:
    def refusing(total: Any) -> Pager:
        inside = slices(of(200), total=total)
        return lambda asked: http(status) if int(asked["startIndex"]) > 200 else inside(asked)

    assert read(refusing(honest))[0].complete
    unsaid = read(refusing(None))[0]
    assert (len(unsaid.users), unsaid.complete) == (200, False)
    with pytest.raises(AdminError):
        read(refusing(lambda everyone, _page: everyone + 1))


@pytest.mark.parametrize(
    ("answer", "title"),
    [
        (http(200, b"<html>", "text/html"), "is not a SCIM service: it answered text/html"),
        (http(401, b'{"detail": "bad"}'), "refuses the API token"),
        (http(403), "forbids this"),
        (http(404, b"<html>", "text/html"), "There is no SCIM service at"),
        (http(429), "asks to wait"),
        (http(500), "out of order"),
        (http(400), "refuses the call"),
        (http(200, b'{"Resources": [{'), "broken JSON"),
        (http(200, b'{"Resources": {}}'), "JSON of another kind"),
        (http(200, b"[]"), "JSON of another kind"),
        (http(200, b'{"Resources": ["' + b"x" * 4 * 1024 * 1024 + b'"]}'), "larger than 4 MB"),
        (http(200, b'{"Resources": [' + b"{}," * 200_000 + b"{}]}"), "more than this program takes in"),
        (http(302, b"", location="https://evil.example/"), "sends the call on to evil.example"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
@pytest.mark.parametrize("page", [1, 3])
def test_what_is_no_list_of_users_is_told_in_words_on_any_page(answer: bytes, title: str, page: int) -> None:
    inside = slices(of(500), total=honest)
    with pytest.raises(AdminError) as caught:
        read(lambda asked: answer if int(asked["startIndex"]) > 100 * (page - 1) else inside(asked))
    assert title in caught.value.title
    assert caught.value.remedy
    assert CANARY not in str(caught.value.document())


def test_a_pager_without_end_is_left_at_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(asked: Asked) -> bytes:
        start = int(asked["startIndex"])
        return listing([user(number) for number in range(start, start + 100)], totalResults=10**400)

    monkeypatch.setattr(scim_listing, "MOST_ENTRIES", 1_000)
    users, asked, told = read(endless)
    assert (len(users.users), users.complete, len(asked)) == (1_000, False, 10)
    assert max(total for _, total in told) <= 1_000
    monkeypatch.setattr(scim_listing, "MOST_PAGES", 4)
    users, asked, _ = read(endless)
    assert (len(users.users), users.complete, len(asked)) == (400, False, 4)


def test_pages_without_end_take_64_mib_at_most() -> None:
    long = "\N{GRINNING FACE}" * 480  # four bytes a sign in memory

    def endless(asked: Asked) -> bytes:
        start = int(asked["startIndex"])
        page = [user(number, id=f"{long}{number}", userName=f"{long}{number}") for number in range(start, start + 100)]
        return listing(page, totalResults=10**9)

    def groups(asked: Asked) -> bytes:
        start = int(asked["startIndex"])
        members = [{"value": f"{number:0>36}"} for number in range(2_000)]
        page = [{"id": str(number), "displayName": "x", "members": members} for number in range(start, start + 10)]
        return listing(page, totalResults=10**9)

    async def run(pager: Pager, kind: str) -> tuple[bool, int]:
        server: Server
        async with serving(paging(lambda: server, pager)) as server, HttpCaller(deadline=20) as caller:
            client = ScimClient(server.url("/scim/v2"), caller)
            read = await (client.users(TOKEN) if kind == "Users" else client.groups(TOKEN, members=True))
            server.requests.clear()
            return read.complete, tracemalloc.get_traced_memory()[1]

    for pager, kind in ((endless, "Users"), (groups, "Groups")):
        tracemalloc.start()
        try:
            complete, kept = asyncio.run(run(pager, kind))
        finally:
            tracemalloc.stop()
        assert not complete
        assert 30 * MIB < kept < 64 * MIB, f"{kind}: {kept / MIB:.0f} MiB"


def test_the_reading_can_be_cancelled_while_a_page_is_awaited() -> None:
    async def run() -> None:
        third_asked = asyncio.Event()

        async def answer(writer: asyncio.StreamWriter) -> None:
            if len(server.requests) == 3:
                third_asked.set()
                return  # and says nothing more
            await paging(lambda: server, slices(of(500), total=honest))(writer)

        server: Server
        async with serving(answer) as server, HttpCaller(deadline=20) as caller:
            reading = asyncio.create_task(ScimClient(server.url("/scim/v2"), caller).users(TOKEN))
            await third_asked.wait()
            reading.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reading
            assert len(server.requests) == 3

    asyncio.run(run())


FOREIGN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["id", "userName", "externalId", "active", "Resources", "totalResults", "schemas"]), inner
        )
    ),
    max_leaves=20,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(FOREIGN, min_size=1, max_size=5))
def test_any_pages_are_read_or_refused_in_words(pages: list[Any]) -> None:
    answers: Iterator[bytes] = iter([http(200, json.dumps(page).encode()) for page in pages])
    with contextlib.suppress(AdminError):
        users, _, told = read(lambda _asked: next(answers, listing([])))
        assert all(it.user_name.strip() for it in users.users)
        assert all(total == 0 or done <= total for done, total in told)
