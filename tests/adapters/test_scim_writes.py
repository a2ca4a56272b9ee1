"""Writes to services that keep them, bend them, lose them, or fall silent in between."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spoke_admin.adapters import scim_calls
from spoke_admin.adapters.http import BrokenOffError, HttpCaller, NotSentError
from spoke_admin.adapters.scim import ScimClient
from spoke_admin.adapters.scim_patches import Change, PatchForm
from spoke_admin.adapters.scim_results import Outcome, ReadBack, Verdict, WriteResult
from spoke_admin.domain.error import AdminError
from spoke_admin.domain.exchange import Call
from spoke_admin.domain.secret import Secret
from tests.adapters.hostile import CANARY, Answer, dripping, hanging_up_after, http, serving
from tests.adapters.scim_servers import ENTERPRISE, NOTHING, TOKEN, Asked, Handler, error, listing, scim, using

SENT: dict[str, Any] = {
    "userName": "Ada@example.com",
    "name": {"givenName": "Ada"},
    "phoneNumbers": [{"type": "work", "value": "+44 20 7946 0958"}],
    ENTERPRISE: {"department": "Engines"},
}
KEPT: dict[str, Any] = {
    "id": "1",
    "userName": "ada@example.com",
    "name": {"givenName": "Ada"},
    ENTERPRISE: {"department": "Engines"},
}
PHONE = 'phoneNumbers[type eq "work"].value'
Write = Callable[[ScimClient], Awaitable[WriteResult]]


def create(client: ScimClient) -> Awaitable[WriteResult]:
    return client.writes.create("Users", SENT, TOKEN)


def replacing(client: ScimClient) -> Awaitable[WriteResult]:
    return client.writes.replace("Users", "1", SENT, TOKEN)


def patch(client: ScimClient) -> Awaitable[WriteResult]:
    return client.writes.patch("Users", "1", [Change("title", "Countess")], TOKEN)


def delete(client: ScimClient) -> Awaitable[WriteResult]:
    return client.writes.delete("Users", "1", TOKEN)


WRITES = [create, replacing, patch, delete]


def answers(**by_line: bytes | Answer) -> Handler:
    """Answers by method; POST 201 and GET 200 with KEPT where nothing else is said."""
    given_answers: Mapping[str, bytes | Answer] = {"POST": scim(KEPT, 201), "GET": scim(KEPT), **by_line}
    return lambda asked: given_answers.get(asked.method, NOTHING)


def test_a_new_user_is_read_back_and_what_was_dropped_is_named() -> None:
    result, seen = using(answers(), create)
    assert seen.lines == ["POST /Users", "GET /Users/1"]
    assert seen.asked[0].body == {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE], **SENT}
    assert seen.asked[0].headers["content-type"] == "application/scim+json"
    assert (result.outcome, result.id, result.status, result.read_back) == (Outcome.DONE, "1", 201, ReadBack.READ)
    assert result.kept == KEPT
    assert {it.path: it.verdict for it in result.differences} == {
        "userName": Verdict.NORMALISED,
        "name.givenName": Verdict.KEPT,
        PHONE: Verdict.DROPPED,
        f"{ENTERPRISE}:department": Verdict.KEPT,
    }
    assert [it.path for it in result.losses] == [PHONE]
    assert not result.proved


def test_the_answer_to_a_write_is_not_believed() -> None:
    """It repeats what was sent; the read shows what was kept."""
    result, _ = using(answers(POST=scim({**SENT, "id": "1"}, 201)), create)
    assert [it.path for it in result.losses] == [PHONE]


@pytest.mark.parametrize(
    ("answer", "lines"),
    [
        (scim({"ID": 1}, 201), ["GET /Users/1"]),
        (http(201, b"", "", location="https://elsewhere.example/v2/Users/1"), ["GET /Users/1"]),
        (http(201, b"<html>", "text/html", location="/scim/v2/Users/1?x#y"), ["GET /Users/1"]),
        (NOTHING, ["GET /Users", "GET /Users/1"]),
        (http(200, b"[" * 99), ["GET /Users", "GET /Users/1"]),
        (http(201, b"[1]", location="/login"), ["GET /Users", "GET /Users/1"]),
        (http(201, b"{}", location="http://["), ["GET /Users", "GET /Users/1"]),
        (scim({"id": {"a": 1}}, 201), ["GET /Users", "GET /Users/1"]),
        (scim({"id": "x" * 501}, 201), ["GET /Users", "GET /Users/1"]),
    ],
)
def test_the_id_of_a_new_user_is_found_also_where_the_answer_does_not_say_it(answer: bytes, lines: list[str]) -> None:
    def handler(asked: Asked) -> bytes:
        return answer if asked.method == "POST" else listing(KEPT) if asked.line == "GET /Users" else scim(KEPT)

    result, seen = using(handler, create)
    assert seen.lines == ["POST /Users", *lines]
    assert (result.outcome, result.id, result.kept) == (Outcome.DONE, "1", KEPT)


@pytest.mark.parametrize(
    ("found", "seen_as"),
    [
        (listing(), ReadBack.GONE),
        (listing({"id": "9", "userName": "else@example.com"}), ReadBack.UNREADABLE),
        (listing(KEPT, KEPT), ReadBack.GONE),
        (error(500), ReadBack.UNREADABLE),
        (listing({"userName": "ada@example.com"}), ReadBack.GONE),
    ],
)
def test_a_new_user_who_is_not_shown_is_done_and_not_proved(found: bytes, seen_as: ReadBack) -> None:
    result, _ = using(answers(POST=NOTHING, GET=found), create)
    assert (result.outcome, result.id, result.read_back) == (Outcome.DONE, "", seen_as)
    assert (result.read_fault is not None) == (seen_as is ReadBack.UNREADABLE)
    assert not result.proved


@pytest.mark.parametrize(
    ("kept", "seen_as", "words"),
    [
        (http(404, b"<html>", "text/html"), ReadBack.GONE, ""),
        (error(500), ReadBack.UNREADABLE, "out of order"),
        (http(200, b"<html>", "text/html"), ReadBack.UNREADABLE, "it answered text/html"),
        (http(200, b'{"id": '), ReadBack.UNREADABLE, "broken JSON"),
        (scim([KEPT]), ReadBack.UNREADABLE, "JSON of another kind"),
        (listing(KEPT), ReadBack.UNREADABLE, "a list where one resource"),
        (scim({**KEPT, "id": "2"}), ReadBack.UNREADABLE, "another resource"),
        (scim("x" * 2_000_000), ReadBack.UNREADABLE, "larger than 1 MB"),
        (hanging_up_after(b"HTTP/1.1 200"), ReadBack.UNREADABLE, "broke off"),
    ],
)
@pytest.mark.parametrize("write", [create, replacing, patch])
def test_a_read_back_that_fails_leaves_the_write_done(
    write: Write, kept: bytes, seen_as: ReadBack, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scim_calls, "FIRST_BREATH", 0.01)
    result, _ = using(answers(GET=kept), write)
    assert (result.outcome, result.read_back, result.differences) == (Outcome.DONE, seen_as, ())
    assert words in (result.read_fault.title if result.read_fault else "")
    assert not result.proved


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize(
    ("answer", "outcome", "words"),
    [
        (error(400, "No.", "invalidValue"), Outcome.REFUSED, "refuses the change of a user"),
        (error(401), Outcome.REFUSED, "refuses the API token"),
        (error(403), Outcome.REFUSED, "forbids changes"),
        (error(404), Outcome.REFUSED, "has no such user"),
        (error(409, "", "uniqueness"), Outcome.REFUSED, "has such a user already"),
        (error(412), Outcome.REFUSED, "changed at"),
        (http(501, b"<html><title>Nope</title>", "text/html"), Outcome.REFUSED, "does not offer"),
        (error(500), Outcome.UNKNOWN, "cannot be told whether"),
        (http(502, b"<html>", "text/html"), Outcome.UNKNOWN, "cannot be told whether"),
        (error(503, Retry_After="1"), Outcome.UNKNOWN, "cannot be told whether"),
        (hanging_up_after(b""), Outcome.UNKNOWN, "broke off before the answer was whole"),
        (hanging_up_after(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{"), Outcome.UNKNOWN, "broke off"),
        (http(302, b"", location="https://evil.example/"), Outcome.UNKNOWN, "sends the call on"),
        (scim("x" * 5_000_000), Outcome.UNKNOWN, "larger than"),
        (hanging_up_after(b"gopher\r\n\r\n"), Outcome.UNKNOWN, "not HTTP"),
    ],
)  # fmt: skip
def test_a_write_that_is_not_done_is_refused_or_unknown_and_sent_once(
    write: Write, answer: bytes | Answer, outcome: Outcome, words: str
) -> None:
    result, seen = using(lambda _asked: answer, write)
    assert (result.outcome, result.read_back, result.kept) == (outcome, ReadBack.NOT_TRIED, None)
    assert result.fault is not None
    assert words in result.fault.title
    assert result.fault.remedy
    assert len(seen.asked) == 1
    assert CANARY not in repr(result)


def test_the_services_own_reason_is_kept_and_a_web_page_is_named() -> None:
    result, _ = using(lambda _asked: error(409, f"{CANARY} is taken.", "uniqueness"), create)
    assert result.fault is not None
    assert (result.scim_type, result.fault.detail) == ("uniqueness", "HTTP 409: … is taken. uniqueness")
    page = http(501, b"<html><TITLE lang=en>Not\n here</title>", "text/html; charset=utf-8")
    result, _ = using(lambda _asked: page, create)
    assert result.fault is not None
    assert result.fault.detail == "HTTP 501: a web page, Not here"


def test_a_write_without_an_answer_in_time_is_unknown() -> None:
    result, seen = using(lambda _asked: dripping(b"HTTP/1.1 201 OK\r\n", b"x-a: b\r\n"), create, deadline=0.3)
    assert result.outcome is Outcome.UNKNOWN
    assert result.fault is not None
    assert result.fault.remedy == "Look whether the change took effect, then try again."
    assert seen.lines == ["POST /Users"]


def test_a_write_that_was_stored_before_the_line_dropped_is_unknown_and_can_be_found() -> None:
    stored: list[Any] = []

    def handler(asked: Asked) -> bytes | Answer:
        if asked.method == "POST":
            stored.append({**asked.body, "id": "7"})
            return hanging_up_after(b"")
        return listing(*stored)

    async def use(client: ScimClient) -> tuple[WriteResult, Any]:
        result = await client.writes.create("Users", {**SENT, "externalId": "00u1"}, TOKEN)
        return result, await client.find("Users", "externalId", "00u1", TOKEN)

    (result, found), seen = using(handler, use)
    assert (result.outcome, result.id, len(stored)) == (Outcome.UNKNOWN, "", 1)
    assert [it["id"] for it in found] == ["7"]
    assert seen.lines == ["POST /Users", "GET /Users"]


def test_a_write_that_cannot_leave_is_not_sent() -> None:
    async def run() -> list[WriteResult]:
        async with serving(lambda _writer: asyncio.sleep(0)) as server:
            gone = server.url("/scim/v2")
        async with HttpCaller() as caller:
            client = ScimClient(gone, caller)
            return [
                await create(client),
                await client.writes.create("Users", {"userName": "a\ud800"}, TOKEN),
                await client.writes.create("Users", {"x": float("nan")}, TOKEN),
                await client.writes.replace("Users", "..", SENT, TOKEN),
                await client.writes.delete("Users", "1", TOKEN, version='W/"\n"'),
            ]

    results = asyncio.run(run())
    assert {it.outcome for it in results} == {Outcome.NOT_SENT}
    assert results[0].fault is not None
    assert results[0].fault.title.startswith("Nothing listens at 127.0.0.1")


def test_how_far_a_call_came_is_known() -> None:
    """Drops before and after the request was read; a proxy that refuses; nobody there."""

    async def run() -> None:
        async with serving(hanging_up_after(b"")) as server, HttpCaller() as caller:
            for method in ("GET", "POST"):
                with pytest.raises(BrokenOffError):
                    await caller(Call(method, server.url("/"), body={} if method == "POST" else None))
            url = server.url("/")
        async with HttpCaller() as caller:
            for method in ("GET", "POST"):
                with pytest.raises(NotSentError, match="Nothing listens"):
                    await caller(Call(method, url))
            with pytest.raises(NotSentError, match="cannot be used"):
                await caller(Call("POST", "ftp://x"))

    asyncio.run(run())


def test_no_connection_in_time_is_not_sent() -> None:
    """A deadline that passes while the call still waits for one of the eight connections."""

    async def run() -> None:
        eight_came = asyncio.Event()

        async def answer(_writer: asyncio.StreamWriter) -> None:
            if len(server.requests) == 8:
                eight_came.set()

        async with serving(answer) as server, HttpCaller(deadline=20) as caller:
            calls = [asyncio.create_task(caller(Call("POST", server.url("/"), body=number))) for number in range(8)]
            await eight_came.wait()
            caller._deadline = 0.1
            with pytest.raises(NotSentError, match="did not answer in full"):
                await caller(Call("POST", server.url("/"), body=9))
            for call in calls:
                call.cancel()
            await asyncio.gather(*calls, return_exceptions=True)
            assert len(server.requests) == 8

    asyncio.run(run())


def test_a_deleted_user_is_proved_gone() -> None:
    result, seen = using(answers(GET=error(404)), delete)
    assert seen.lines == ["DELETE /Users/1", "GET /Users/1"]
    assert (result.outcome, result.read_back, result.proved) == (Outcome.DONE, ReadBack.GONE, True)
    still, _ = using(answers(), delete)
    assert (still.outcome, still.read_back, still.kept, still.proved) == (Outcome.DONE, ReadBack.READ, KEPT, False)


def test_a_user_is_deactivated_as_okta_does() -> None:
    kept = {**KEPT, "active": False}
    result, seen = using(answers(GET=scim(kept)), lambda it: it.writes.deactivate("1", TOKEN))
    assert seen.asked[0].body["Operations"] == [{"op": "replace", "value": {"active": False}}]
    assert result.proved
    ignored, _ = using(answers(GET=scim({**KEPT, "active": True})), lambda it: it.writes.deactivate("1", TOKEN))
    assert [str(it) for it in ignored.losses] == ["active: sent “false”, kept “true”."]
    removed, _ = using(answers(GET=error(404)), lambda it: it.writes.deactivate("1", TOKEN))
    assert (removed.outcome, removed.read_back) == (Outcome.DONE, ReadBack.GONE)


def test_a_patch_tells_what_it_did_beyond_what_it_was_to_do() -> None:
    before = {**KEPT, "title": "Analyst", "emails": [{"type": "work", "value": "a@x"}]}
    kept = {**KEPT, "title": "Countess"}
    result, _ = using(
        answers(GET=scim(kept)),
        lambda it: it.writes.patch(
            "Users", "1", [Change("title", "Countess")], TOKEN, form=PatchForm.OKTA, before=before
        ),
    )
    assert [it.verdict for it in result.differences] == [Verdict.KEPT]
    assert [str(it) for it in result.side_effects] == ['emails[type eq "work"].value: sent “a@x”, silently dropped.']


def test_the_version_that_was_read_must_still_be_there() -> None:
    for write in (
        lambda it: it.writes.replace("Users", "1", SENT, TOKEN, version='W/"3"'),
        lambda it: it.writes.patch("Users", "1", [Change("title")], TOKEN, version='W/"3"'),
        lambda it: it.writes.delete("Users", "1", TOKEN, version='W/"3"'),
    ):
        _, seen = using(lambda _asked: error(412), write)
        assert seen.asked[0].headers["if-match"] == 'W/"3"'


def test_groups_are_made_renamed_filled_and_emptied() -> None:
    group: dict[str, Any] = {"id": "g", "displayName": "Engines", "members": []}
    members = {"1", "2"}

    def handler(asked: Asked) -> bytes:
        if asked.method == "PATCH":
            for operation in asked.body["Operations"]:
                if operation["op"] == "add":
                    members.update(it["value"] for it in operation["value"])
                elif operation["op"] == "remove":
                    members.discard(operation["path"].split('"')[1])
                else:
                    group.update(operation["value"])
            return NOTHING
        return scim({**group, "members": [{"value": it, "display": "x"} for it in sorted(members)]}, 201)

    async def use(client: ScimClient) -> list[WriteResult]:
        before = await client.read("Groups", "g", TOKEN)
        assert before is not None
        renamed = {**before, "displayName": "Wheels"}
        return [
            await client.writes.create("Groups", {"displayName": "Engines", "members": []}, TOKEN),
            await client.writes.rename_group("g", "Wheels", TOKEN, before=before),
            await client.writes.change_members("g", TOKEN, add=["3", "3"], remove=["1"], before=renamed),
            await client.writes.change_members("g", TOKEN, remove=["2"]),
        ]

    (created, *changed), seen = using(handler, use)
    assert [it.path for it in created.losses] == ["members"]  # the two who were there already
    assert all(it.proved for it in changed)
    assert all(it.side_effects == () for it in changed)
    assert members == {"3"}
    assert seen.asked[3].body["Operations"] == [{"op": "replace", "value": {"id": "g", "displayName": "Wheels"}}]


def test_a_group_that_is_emptied_instead_is_told() -> None:
    """A server that does not understand the filter of a removal takes everyone out."""
    before = {"id": "g", "displayName": "Engines", "members": [{"value": it} for it in "123"]}
    result, _ = using(
        answers(GET=scim({"id": "g", "displayName": "Engines"})),
        lambda it: it.writes.change_members("g", TOKEN, remove=["1"], before=before),
    )
    assert [it.verdict for it in result.differences] == [Verdict.KEPT]
    assert [it.path for it in result.side_effects] == ['members[value eq "2"]', 'members[value eq "3"]']


@pytest.mark.parametrize(
    "write",
    [
        lambda it: it.change_members("g", TOKEN),
        lambda it: it.change_members("g", TOKEN, add=["1"], remove=["1"]),
        lambda it: it.patch("Users", "1", [], TOKEN),
        lambda it: it.patch("Users", "1", [Change("a b", 1)], TOKEN),
        lambda it: it.patch_with("Users", "1", [{"op": "remove", "path": "a b"}], [Change("a b")], TOKEN),
        lambda it: it.replace("Users", "", SENT, TOKEN),
        lambda it: it.delete("Users", "", TOKEN),
    ],
)
def test_what_makes_no_sense_is_refused_before_it_is_sent(write: Callable[[Any], Awaitable[WriteResult]]) -> None:
    async def use(client: ScimClient) -> None:
        with pytest.raises(AdminError):
            await write(client.writes)

    assert using(answers(), use)[1].asked == []


def test_a_write_can_be_cancelled_while_its_answer_is_awaited_and_the_client_goes_on() -> None:
    async def use(client: ScimClient) -> WriteResult:
        writes = [asyncio.ensure_future(create(client)) for _ in range(20)]
        await eight_came.wait()
        for write in writes:
            write.cancel()
        assert {type(it) for it in await asyncio.gather(*writes, return_exceptions=True)} == {asyncio.CancelledError}
        return await replacing(client)

    eight_came = asyncio.Event()
    silent: list[Asked] = []

    def handler(asked: Asked) -> bytes | Answer:
        if asked.method == "POST":
            silent.append(asked)
            if len(silent) == 8:
                eight_came.set()
            return b""
        return answers()(asked)

    result, seen = using(handler, use)
    assert result.outcome is Outcome.DONE
    assert seen.lines.count("POST /Users") == 8


KEYS = st.sampled_from(
    ["id", "userName", "name", "phoneNumbers", "value", "type", "members", "Resources", "meta", ENTERPRISE]
)
FOREIGN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4) | st.sampled_from(["1", "work"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=15,
)  # fmt: skip


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(FOREIGN, FOREIGN, st.sampled_from([200, 201, 400, 404, 409, 418]))
def test_any_answer_to_a_write_and_to_its_read_back_gives_a_result(answered: Any, read: Any, status: int) -> None:
    handler = answers(
        POST=http(status, json.dumps(answered).encode()), PATCH=http(status, json.dumps(answered).encode()),
        GET=http(200, json.dumps(read).encode()),
    )  # fmt: skip

    async def use(client: ScimClient) -> list[WriteResult]:
        before = read if isinstance(read, dict) else {}
        changes = [Change("title", "x"), Change(PHONE, "1"), Change("members")]
        return [
            await create(client),
            await client.writes.patch("Users", "1", changes, TOKEN, before=before),
            await client.writes.replace("Users", "1", before, TOKEN, before=before),
        ]

    for result in using(handler, use)[0]:
        assert result.outcome in (Outcome.DONE, Outcome.REFUSED, Outcome.NOT_SENT)
        assert all(str(it) for it in (*result.differences, *result.side_effects))


def test_the_token_is_read_at_each_call_and_shown_nowhere() -> None:
    async def use(client: ScimClient) -> list[WriteResult]:
        return [await client.writes.create("Users", SENT, Secret(f"{CANARY}-{number}")) for number in range(2)]

    results, seen = using(answers(), use)
    assert [it.headers["authorization"] for it in seen.asked] == [f"Bearer {CANARY}-{it}" for it in (0, 0, 1, 1)]
    assert CANARY not in repr(results)
