"""HTTP calls: what is sent, to whom, and what is said when that cannot be. Floods are in test_http_floods."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable, Mapping

import httpx
import pytest

from spoke_admin.adapters.address import check_url, host_and_port
from spoke_admin.adapters.http import HttpCaller
from spoke_admin.domain.error import AdminError
from spoke_admin.domain.exchange import Call, Reply
from tests.adapters.hostile import (
    BEARER,
    CANARY,
    OK,
    Answer,
    ask,
    dripping,
    hanging_up_after,
    http,
    refused,
    saying,
    serving,
)


def test_an_answer_comes_whole_with_lower_case_header_names() -> None:
    reply = ask(saying(http(201, b'{"a": 1}', X_Odd="Yes")))
    assert (reply.status, reply.document(), reply.headers["x-odd"]) == (201, {"a": 1}, "Yes")


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_named_and_not_followed(status: int, method: str) -> None:
    async def run() -> None:
        async with serving(saying(http())) as second:
            target = second.url("/stolen", host="localhost")
            async with serving(saying(http(status, b"", location=target))) as first, HttpCaller() as caller:
                body = None if method in ("GET", "DELETE") else {"a": 1}
                with pytest.raises(AdminError) as caught:
                    await caller(Call(method, first.url("/scim/v2/Users"), body=body, authorization=BEARER))
                assert f"localhost:{second.port}" in caught.value.title
                assert "right address" in caught.value.remedy
                assert (len(first.requests), second.connections) == (1, 0)

    asyncio.run(run())


@pytest.mark.parametrize("location", ["", "/elsewhere", "http://[", "javascript:1", "http://u:p@h/?t=1", "//\x7f"])
def test_a_redirect_to_anywhere_is_refused_in_words(location: str) -> None:
    error = refused(saying(http(302, b"", location=location)))
    assert "u:p" not in error.title
    assert error.detail == "HTTP 302"


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_after_a_write_without_an_answer_the_admin_is_told_to_look(method: str) -> None:
    assert "Look whether" in refused(hanging_up_after(b""), Call(method, "/", body={})).remedy
    assert refused(hanging_up_after(b"")).remedy == "Try again."


def test_nothing_is_sent_twice() -> None:
    async def run() -> int:
        async with serving(hanging_up_after(b"")) as server, HttpCaller() as caller:
            for method in ("GET", "POST"):
                with contextlib.suppress(AdminError):
                    await caller(Call(method, server.url()))
            return len(server.requests)

    assert asyncio.run(run()) == 2


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    error = fails(Call("GET", f"http://localhost:{port}/scim/v2"))
    assert error.title == f"Nothing listens at localhost:{port}."


def fails(call: Call) -> AdminError:
    async def run() -> None:
        async with HttpCaller(deadline=5) as caller:
            await caller(call)

    with pytest.raises(AdminError) as caught:
        asyncio.run(run())
    return caught.value


def test_a_name_that_nobody_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> object:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)  # the tests ask no name server
    assert (
        fails(Call("GET", "https://acme.askspokee.com/scim")).title
        == "There is no host of that name: acme.askspokee.com."
    )


@pytest.mark.parametrize(
    "url",
    ["http://acme.askspoke.com/", "http://10.0.0.1", "http://0.0.0.0", "http://localhost.evil.example", "",
     "ftp://127.0.0.1/", "http://u:p@127.0.0.1/", "https://127.0.0.1@evil.example/", "127.0.0.1", "https://a b/",
     "http://127.0.0.1:99999/", "http://127.0.0.1\\@evil.example/", "http://①27.0.0.1/", "https:///x", "http://127.1/", "http://[::1"],
)  # fmt: skip
def test_addresses_that_are_not_called(url: str) -> None:
    assert fails(Call("GET", url, authorization=BEARER)).title.startswith("That address cannot be used")


@pytest.mark.parametrize(
    "call",
    [
        Call("GET", "/", authorization=f"{BEARER}\r\nX-Other: 1"),
        Call("GET", "/", authorization=f"{BEARER}\n"),
        Call("GET", "/", authorization=f"{BEARER}ä"),
        Call("GET", "/", headers={"x-other": f"{CANARY}\r\na: b"}),
        Call("GET", "/", headers={"x other\r\n": CANARY}),
        Call("POST", "/", body={"half": "\ud800"}, authorization=BEARER),
        Call("GET", "/", query={"filter": 'userName eq "\ud800"'}, authorization=BEARER),
    ],
)
def test_what_could_break_out_of_a_header_is_not_sent(call: Call) -> None:
    async def run() -> int:
        async with serving(saying(http())) as server, HttpCaller() as caller:
            with pytest.raises(AdminError) as caught:
                await caller(Call(call.method, server.url(), call.query, call.body, call.headers, call.authorization))
            assert CANARY not in str(caught.value.document())
            return server.connections

    assert asyncio.run(run()) == 0


def heads(calls: list[Call]) -> list[bytes]:
    """What a server sees of these calls, one after the other."""

    async def run() -> list[bytes]:
        answer = saying(http(set_cookie="session=1; path=/"))
        async with serving(answer) as server, HttpCaller() as caller:
            for call in calls:
                await caller(
                    Call(call.method, server.url(call.url), call.query, call.body, call.headers, call.authorization)
                )
            assert server.connections == 1
            return server.requests

    return asyncio.run(run())


def test_bodies_go_as_json_and_a_call_without_one_says_so() -> None:
    plain, scim, none = heads(
        [
            Call("POST", "/", body={"name": "Zoë"}),
            Call("PATCH", "/", body=[], headers={"Content-Type": "application/scim+json"}),
            Call("POST", "/"),
        ]
    )
    assert b"content-type: application/json\r\n" in plain
    assert plain.endswith('{"name": "Zoë"}'.encode())
    assert b"content-type: application/scim+json\r\n" in scim
    assert b"content-length: 0\r\n" in none.lower()
    assert b"content-type" not in none.lower()


def test_the_query_is_encoded_so_that_every_server_reads_it() -> None:
    (head,) = heads([Call("GET", "/Users?a=1", {"filter": 'userName eq "a+b&c@d"', "count": "1"})])
    line = head.split(b"\r\n")[0]
    assert line == b"GET /Users?a=1&filter=userName%20eq%20%22a%2Bb%26c%40d%22&count=1 HTTP/1.1"


def test_a_name_of_any_length_is_looked_for_or_refused_in_words() -> None:
    assert "cannot be sent" in fails(Call("GET", "http://127.0.0.1:1/", {"filter": "x" * 100_000})).title
    assert "Nothing listens" in fails(Call("GET", "http://127.0.0.1:1/", {"filter": "x" * 10_000})).title


def test_one_call_leaves_nothing_for_the_next() -> None:
    first, second = heads([Call("GET", "/a", authorization=BEARER, headers={"x-one": "1"}), Call("GET", "/b")])
    assert f"authorization: {BEARER}".encode() in first
    assert CANARY.encode() not in second
    assert b"cookie" not in second.lower()
    assert b"x-one" not in second
    assert b"accept-encoding: identity" in second


def test_cookies_are_not_even_remembered() -> None:
    async def run() -> None:
        async with serving(saying(http(set_cookie="session=1; path=/"))) as server, HttpCaller() as caller:
            await caller(Call("GET", server.url()))
            assert [len(client.cookies) for client in caller._clients.values()] == [0]

    asyncio.run(run())


def test_loopback_never_meets_a_proxy_and_others_do(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        async with serving(saying(http(403, b"no"))) as proxy, serving(saying(http())) as service:
            for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
                monkeypatch.setenv(name, proxy.url())
            async with HttpCaller() as caller:
                for host in ("127.0.0.1", "localhost"):
                    assert (await caller(Call("GET", service.url(host=host), authorization=BEARER))).ok
                assert proxy.connections == 0
                with pytest.raises(AdminError, match="proxy"):
                    await caller(Call("GET", "https://acme.example/scim?x=1", authorization=BEARER))
            assert proxy.requests[0].startswith(b"CONNECT acme.example:443 ")
            assert CANARY.encode() not in b"".join(proxy.requests)

    asyncio.run(run())


def test_proxy_settings_that_cannot_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for value in ("gopher://127.0.0.1:1", "http://u:secret@:x"):
        monkeypatch.setenv("HTTPS_PROXY", value)
        error = fails(Call("GET", "https://acme.example/"))
        assert "proxy settings" in error.title
        assert "secret" not in str(error.document())


def test_at_most_eight_connections_and_waiting_counts_as_time() -> None:
    async def run(seconds: float) -> tuple[int, list[Reply | BaseException]]:
        gate = asyncio.Event()

        async def answer(writer: asyncio.StreamWriter) -> None:
            if len(server.requests) >= 8:
                gate.set()
            await gate.wait()
            await asyncio.sleep(seconds)
            await saying(http())(writer)

        async with serving(answer) as server, HttpCaller(deadline=1) as caller:
            calls = [caller(Call("GET", server.url(f"/{number}"))) for number in range(32)]
            return server.most_open, await asyncio.gather(*calls, return_exceptions=True)

    _, quick = asyncio.run(run(0))
    assert all(isinstance(reply, Reply) for reply in quick)
    _, slow = asyncio.run(run(0.6))
    late = [reply for reply in slow if isinstance(reply, AdminError)]
    assert len(late) == 24
    assert "within 1 s" in late[0].title


def test_no_ninth_connection_is_opened() -> None:
    async def run() -> int:
        async with serving(saying(http())) as server, HttpCaller() as caller:
            await asyncio.gather(*(caller(Call("GET", server.url())) for _ in range(64)))
            return server.most_open

    assert 1 < asyncio.run(run()) <= 8


def test_a_call_that_is_cancelled_ends_at_once_and_frees_its_connection() -> None:
    async def run() -> None:
        all_sent, gate = asyncio.Event(), asyncio.Event()

        async def answer(writer: asyncio.StreamWriter) -> None:
            if len(server.requests) == 8:
                all_sent.set()
            if len(server.requests) <= 8:
                await gate.wait()
            await saying(http())(writer)

        async with serving(answer) as server, HttpCaller(deadline=10) as caller:
            calls = [asyncio.create_task(caller(Call("GET", server.url()))) for _ in range(8)]
            await all_sent.wait()
            for call in calls:
                call.cancel()
            results = await asyncio.gather(*calls, return_exceptions=True)
            assert all(isinstance(result, asyncio.CancelledError) for result in results)
            assert (await caller(Call("GET", server.url()))).ok

    asyncio.run(run())


def test_closing_twice_is_harmless() -> None:
    async def run() -> None:
        async with serving(saying(http())) as server, HttpCaller() as caller:
            await caller(Call("GET", server.url()))
            await caller.aclose()
            await caller.aclose()
            assert (await caller(Call("GET", server.url()))).ok

    asyncio.run(run())


ENDINGS: Mapping[str, Callable[[], Answer]] = {
    "fine": lambda: saying(http()),
    "refused": lambda: saying(http(401, b'{"detail": "no"}')),
    "elsewhere": lambda: saying(http(307, b"", location="https://evil.example/")),
    "garbage": lambda: saying(b"\0\1\2\r\n\r\n"),
    "gone": lambda: hanging_up_after(OK),
    "late": lambda: dripping(OK, b"a: b\r\n"),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_no_log_line_at_debug_holds_the_token_the_query_or_an_id(ending: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    path = f"/{CANARY}/Users/person-7"  # some services put a secret into the base address
    call = Call("GET", path, {"filter": "person@example.com"}, authorization=BEARER)
    with contextlib.suppress(AdminError):
        ask(ENDINGS[ending](), call, deadline=0.3)
    lines = [f"{record.name} {record.getMessage()} {record.args}" for record in caplog.records]
    assert any("GET /{id}/Users/{id}" in line for line in lines)
    assert not [line for line in lines if CANARY in line or "person" in line]


def test_neither_calls_nor_replies_show_the_right() -> None:
    reply = ask(saying(http(401, f"The token {CANARY} is wrong.".encode(), "text/plain")))
    assert CANARY not in repr(Call("GET", "/", authorization=BEARER)) + repr(reply)
    with pytest.raises(AdminError) as caught:
        reply.document()
    assert "The token … is wrong." in caught.value.detail


def test_httpx_reads_an_address_as_we_do() -> None:
    """The token goes to the host that httpx sees: both readers must agree on it."""
    for url in ("http://127.0.0.1:8000/a/../b?x=1", "http://[::1]:80/", "http://localhost/%2e%2e/"):
        checked = check_url(url, query=True)
        assert host_and_port(checked).rpartition(":")[0].strip("[]") == httpx.URL(checked).host
