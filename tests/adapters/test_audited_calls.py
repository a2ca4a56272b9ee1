"""Every change leaves one line: what, to whom, and what became of it; never an id, a query or a token."""

import asyncio
import contextlib
import json
from pathlib import Path

import pytest

from spoke_admin.adapters import audit_log
from spoke_admin.adapters.audit_chain import Entry
from spoke_admin.adapters.audit_log import AuditLog
from spoke_admin.adapters.audited_calls import AuditedCaller, result_of
from spoke_admin.adapters.audited_paths import template
from spoke_admin.adapters.folders import data_folder
from spoke_admin.adapters.http import HttpCaller
from spoke_admin.adapters.scim import ScimClient
from spoke_admin.adapters.scim_patches import Change
from spoke_admin.connection import open_connection
from spoke_admin.domain.error import AdminError
from spoke_admin.domain.exchange import Call
from spoke_admin.domain.secret import Secret
from spoke_admin.domain.systems import Addresses
from tests.adapters.hostile import BEARER, CANARY, Answer, dripping, hanging_up_after, http, serving
from tests.stand_ins import StandIns

ADA = b'{"id": "7", "userName": "ada@example.com"}'


def told(folder: Path) -> list[Entry]:
    reading = audit_log.read(folder)
    assert reading.verdict.verified
    return reading.entries


def noted(tmp_path: Path, answer: Answer, *calls: Call, deadline: float = 5.0) -> list[Entry]:
    """The lines that calls to a server that answers so leave, each answer being read."""

    async def run() -> None:
        caller = AuditedCaller(HttpCaller(deadline=deadline), AuditLog(tmp_path))
        async with serving(answer) as server, caller:
            for call in calls:
                sent = Call(call.method, server.url(call.url), call.query, call.body, call.headers, BEARER)
                with contextlib.suppress(AdminError):
                    (await caller(sent)).document()

    asyncio.run(run())
    return told(tmp_path)


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/scim/v2/Users", "/scim/v2/Users"),
        ("/scim/v2/Users/", "/scim/v2/Users"),
        ("/scim/v2/Users/2819c223", "/scim/v2/Users/{id}"),
        ("/scim/v2/Users/ada@example.com?attributes=x", "/scim/v2/Users/{id}"),
        ("/scim/v2/Users/Users", "/scim/v2/Users/{id}"),
        ("/scim/v2/Groups/test", "/scim/v2/Groups/{id}"),
        ("/scim/v2/Users/.search", "/scim/v2/Users/.search"),
        (f"/hooks/{CANARY}/scim/v2/Users", "/{id}/{id}/scim/v2/Users"),
        ("/api/v1/integrations/sso/scim/token/old", "/api/v1/integrations/sso/scim/token/old"),
        ("/okta/api/v1/apps/0oa1/users/00u1", "/okta/api/v1/apps/{id}/users/{id}"),
        ("/api/v1/groups/00g1/users/00u1", "/api/v1/groups/{id}/users/{id}"),
        ("/api/v1/users/00u1/lifecycle/deactivate", "/api/v1/users/{id}/lifecycle/deactivate"),
        ("/api/v1/mappings/prm1", "/api/v1/mappings/{id}"),
        ("/a%2Fb/../Users/%2e%2e", "/{id}/{id}/Users/{id}"),
        ("", "/"),
    ],
)
def test_a_path_shows_its_words_and_nothing_else(path: str, shown: str) -> None:
    assert template(f"https://acme.example{path}") == shown


@pytest.mark.parametrize(
    ("status", "words"),
    [(200, "done (200)"), (204, "done (204)"), (409, "refused (409)"), (501, "refused (501)"), (503, "unknown (503)")],
)
def test_a_result_says_whether_it_was_done(status: int, words: str) -> None:
    assert result_of(status) == words


def test_reads_leave_no_line_and_tell_who_is_meant_by_an_id(tmp_path: Path) -> None:
    entries = noted(
        tmp_path,
        _in_turn(http(body=b'{"Resources": [' + ADA + b"]}"), http(204, b""), http(404), http(404), http(404)),
        Call("GET", "/scim/v2/Users", {"filter": "userName eq"}),
        Call("PATCH", "/scim/v2/Users/7", body={"Operations": []}),
        Call("DELETE", "/scim/v2/Users/7"),
        Call("DELETE", "/scim/v2/Users/8"),
        Call("DELETE", "/scim/v2/Groups/7"),
    )
    assert [(it.method, it.path, it.person, it.result, it.status) for it in entries] == [
        ("PATCH", "/scim/v2/Users/{id}", "ada@example.com", "done (204)", 204),
        ("DELETE", "/scim/v2/Users/{id}", "ada@example.com", "refused (404)", 404),
        ("DELETE", "/scim/v2/Users/{id}", None, "refused (404)", 404),
        ("DELETE", "/scim/v2/Groups/{id}", None, "refused (404)", 404),
    ]
    assert all(it.host.startswith("127.0.0.1:") and 0 <= it.seconds < 5 and it.time.endswith("Z") for it in entries)


def test_a_name_that_holds_the_token_is_hidden_also_when_it_is_told_later(tmp_path: Path) -> None:
    written = json.dumps({"id": "7", "userName": f"x{CANARY}"}).replace("canary", "\\u0063anary").encode()
    other = f"Bearer {CANARY[::-1]}"

    async def run() -> None:
        caller = AuditedCaller(HttpCaller(), AuditLog(tmp_path))
        async with serving(_in_turn(http(body=written), http(204, b""))) as server, caller:
            url = server.url("/scim/v2/Users/7")
            (await caller(Call("GET", url, authorization=BEARER))).document()
            await caller(Call("DELETE", url, authorization=other))  # with the next token

    asyncio.run(run())
    assert [it.person for it in told(tmp_path)] == ["x…"]


def test_who_a_change_was_answered_to_concern_is_known_for_the_next_though_nobody_read_it(tmp_path: Path) -> None:
    async def run() -> None:
        caller = AuditedCaller(HttpCaller(), AuditLog(tmp_path))
        async with serving(_in_turn(http(body=ADA), http(204, b""))) as server, caller:
            url = server.url("/scim/v2/Users/7")
            await caller(Call("PATCH", url, body={"Operations": []}))
            await caller(Call("DELETE", url))

    asyncio.run(run())
    assert [it.person for it in told(tmp_path)] == ["ada@example.com"] * 2


def _in_turn(*answers: bytes) -> Answer:
    left = list(answers)

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(left.pop(0))
        await writer.drain()

    return answer


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        (hanging_up_after(), "unknown (no answer)"),
        (hanging_up_after(http(201)[:30]), "unknown (no answer)"),
        (dripping(b"HTTP/1.1 201 Created\r\n", b"x: y\r\n"), "unknown (no answer)"),
        (hanging_up_after(http(502)), "unknown (502)"),
        (hanging_up_after(http(307, location="https://elsewhere.example/")), "unknown (no answer)"),
    ],
)
def test_a_change_whose_answer_never_came_is_unknown(tmp_path: Path, answer: Answer, result: str) -> None:
    body = {"userName": "ada@example.com"}
    entries = noted(tmp_path, answer, Call("POST", "/scim/v2/Users", body=body), deadline=0.5)
    assert [(it.person, it.result) for it in entries] == [("ada@example.com", result)]


def test_what_was_never_sent_is_no_change(tmp_path: Path) -> None:
    async def run() -> None:
        async with AuditedCaller(HttpCaller(), AuditLog(tmp_path)) as caller:
            for url in ("http://127.0.0.1:9/scim/v2/Users", "ftp://x/", "https://u:p@x.example/"):
                with pytest.raises(AdminError):
                    await caller(Call("POST", url, body={}))

    asyncio.run(run())
    assert told(tmp_path) == []


def test_one_that_is_given_up_may_have_been_done(tmp_path: Path) -> None:
    async def run() -> None:
        caller = AuditedCaller(HttpCaller(), AuditLog(tmp_path))
        came = asyncio.Event()

        async def silent(_writer: asyncio.StreamWriter) -> None:
            came.set()
            await asyncio.Event().wait()

        async with serving(silent) as server, caller:
            sending = asyncio.create_task(caller(Call("DELETE", server.url("/scim/v2/Users/1"))))
            await came.wait()
            sending.cancel()
            with pytest.raises(asyncio.CancelledError):
                await sending

    asyncio.run(run())
    assert [it.result for it in told(tmp_path)] == ["unknown (given up)"]


def test_a_server_cannot_bring_the_token_or_anything_odd_into_the_log(tmp_path: Path) -> None:
    names = [CANARY, f"x{CANARY}x", "a\nb\u202ec", "x" * 5000, "\ud800", "", 7, None, {"a": 1}]
    for name in names:
        body = json.dumps({"id": "1", "userName": name}).encode()
        noted(tmp_path, hanging_up_after(http(201, body)), Call("POST", "/scim/v2/Users", body={}))
    for body in (b"[" * 100_000, b"\xff", b"null", b'[{"id": 1}, 3]', b'{"profile": 1, "credentials": []}'):
        noted(tmp_path, hanging_up_after(http(201, body)), Call("POST", "/scim/v2/Users", body={}))
    people = [it.person for it in told(tmp_path)]
    assert people[:2] == ["…", "x…x"]
    assert people[2] == "a b c"
    assert len(people[3] or "") == 300
    assert people[5:] == [None] * 9
    assert CANARY.encode() not in (tmp_path / "activity.log").read_bytes()


def test_the_scim_client_behind_it(tmp_path: Path, rfc_stand_ins: StandIns) -> None:
    assert rfc_stand_ins.token is not None
    token = Secret(rfc_stand_ins.token)

    async def run() -> None:
        async with AuditedCaller(HttpCaller(), AuditLog(tmp_path)) as caller:
            client = ScimClient(rfc_stand_ins.scim_url, caller)
            made = await client.writes.create("Users", {"userName": "grace@example.com"}, token)
            await client.writes.patch("Users", made.id, [Change("title", "Admiral")], token)
            await client.writes.delete("Users", made.id, token)
            await client.writes.create("Groups", {"displayName": "Navy"}, token)

    asyncio.run(run())
    assert [(it.method, it.path, it.person, it.result[:4]) for it in told(tmp_path)] == [
        ("POST", "/scim/v2/Users", "grace@example.com", "done"),
        ("PATCH", "/scim/v2/Users/{id}", "grace@example.com", "done"),
        ("DELETE", "/scim/v2/Users/{id}", "grace@example.com", "done"),
        ("POST", "/scim/v2/Groups", None, "done"),
    ]


def test_an_opened_connection_writes_it_and_a_closed_one_has_written(stand_ins: StandIns) -> None:
    addresses = Addresses("x", stand_ins.scim_url, stand_ins.settings_url, stand_ins.identity_provider_url)
    key = Secret(stand_ins.key)

    async def run() -> None:
        connection = await open_connection(
            addresses, {stand_ins.settings_url: key, stand_ins.identity_provider_url: key}
        )
        await connection.service.settings()
        with pytest.raises(AdminError):
            await connection.service.activate_saml()
        assert connection.identity_provider is not None
        await connection.identity_provider.add_application("askSpoke", "acme")
        person = (await connection.identity_provider.people())[0]
        await connection.identity_provider.assign(person.id)
        await connection.close()
        await connection.close()

    asyncio.run(run())
    entries = told(data_folder())
    assert [(it.method, it.path, it.status) for it in entries] == [
        ("POST", "/api/v1/integrations/sso/saml/activate", 409),
        ("POST", "/okta/api/v1/apps", 200),
        ("POST", "/okta/api/v1/apps/{id}/users", 200),
    ]
    assert "@" in (entries[2].person or "")
