"""Servers that are slow to let their callers in: half the connections, once for each wave, and more again later."""

import asyncio
import contextlib
import socket
import ssl
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import trustme

from spoke_admin.adapters.http import HttpCaller, NotSentError
from spoke_admin.adapters.scim import ScimClient
from spoke_admin.adapters.scim_pacing import CALM, SLOW_CONNECTING, Pacing
from spoke_admin.domain.error import AdminError
from spoke_admin.domain.exchange import Call, Reply
from tests.adapters.hostile import BEARER, served_by
from tests.adapters.scim_servers import TOKEN, scim

USER: dict[str, Any] = {"id": "1", "userName": "ada@example.com"}


@dataclass
class Counted:
    """A server of one user. `most_busy`: the most requests that it had at one time."""

    port: int = 0
    busy: int = 0
    most_busy: int = 0
    barrier: asyncio.Barrier = field(default_factory=lambda: asyncio.Barrier(1))
    tunnels: list[bytes] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await reader.readuntil(b"\r\n\r\n")
            self.busy += 1
            self.most_busy = max(self.most_busy, self.busy)
            await self.barrier.wait()
            await asyncio.sleep(0.02)  # the time the service takes, in which one more could come
            self.busy -= 1
            writer.write(scim(USER))

    async def reads(self, client: ScimClient, number: int, at_least: int) -> int:
        """The most of these reads that came at one time; fewer than `at_least` at a time are never answered."""
        self.most_busy, self.barrier = 0, asyncio.Barrier(at_least)
        users = await asyncio.gather(*(client.read("Users", "1", TOKEN) for _ in range(number)))
        assert users == [USER] * number
        return self.most_busy


Meet = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def listening(
    server: Counted, before: Meet, queue: socket.socket, tls: ssl.SSLContext | None = None, late: float = 0
) -> AsyncIterator[None]:
    """Serves whoever is in the queue, after `before`. `late`: seconds until it turns to one the kernel let in."""
    tasks: set[asyncio.Task[None]] = set()
    loop = asyncio.get_running_loop()

    def begin(work: Coroutine[Any, Any, None]) -> None:
        tasks.add(asyncio.create_task(work))

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                await before(reader, writer)
                await server.serve(reader, writer)
        finally:
            writer.transport.abort()

    async def take(connection: socket.socket) -> None:
        await asyncio.sleep(late)

        def protocol() -> asyncio.StreamReaderProtocol:
            return asyncio.StreamReaderProtocol(asyncio.StreamReader(), lambda *it: begin(meet(*it)))

        await loop.connect_accepted_socket(protocol, connection, ssl=tls)

    async def take_all() -> None:
        while True:
            begin(take((await loop.sock_accept(queue))[0]))

    queue.settimeout(0)
    server.port = queue.getsockname()[1]
    begin(take_all())
    try:
        yield
    finally:
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        queue.close()


def a_queue(backlog: int = 100) -> socket.socket:
    return socket.create_server(("127.0.0.1", 0), backlog=backlog)


async def at_once(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    pass


def test_eight_slow_tls_handshakes_halve_the_connections_once_and_calm_brings_them_back(
    authority: trustme.CA, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "spoke_admin.adapters.scim_pacing")

    async def run() -> tuple[list[int], int]:
        server, tls = Counted(), served_by(authority.issue_cert("localhost"))
        slow = listening(server, at_once, a_queue(), tls, late=SLOW_CONNECTING)
        async with slow, HttpCaller(deadline=20) as caller:
            client = ScimClient(f"https://localhost:{server.port}/scim/v2", caller)
            numbers = [(8, 8), (16, 4), (4 * CALM, 1), (16, 8)]
            return [await server.reads(client, *it) for it in numbers], server.port

    (_, after, _, later), port = asyncio.run(run())
    assert (after, later) == (4, 8)
    told = [it.getMessage() for it in caplog.records if "fewer calls" in it.getMessage()]
    assert [it.partition(" took")[0] for it in told] == [f"localhost:{port}"]


def test_quick_connections_stay_eight() -> None:
    async def run() -> list[int]:
        server = Counted()
        async with listening(server, at_once, a_queue()), HttpCaller(deadline=20) as caller:
            client = ScimClient(f"http://127.0.0.1:{server.port}/scim/v2", caller)
            return [await server.reads(client, number, 8) for number in (8, 16)]

    assert asyncio.run(run()) == [8, 8]


def wait_until_eight_try(port: int) -> None:
    """Until eight connections to a port of this computer have sent their first packet in vain."""
    for _ in range(2_000):
        lines = [it.split() for it in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        if sum(it[2].endswith(f":{port:04X}") and it[3] == "02" for it in lines) == 8:  # SYN_SENT
            return
        time.sleep(0.005)
    raise AssertionError("eight do not try")


@pytest.mark.skipif(sys.platform != "linux", reason="what a full queue does is each kernel's own affair")
def test_a_queue_that_is_full_halves_the_connections() -> None:
    """The first packet of a connection is dropped, and sent again a second later."""

    async def run() -> int:
        server, queue = Counted(), a_queue(backlog=0)
        port = queue.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):  # fills it
            async with HttpCaller(deadline=20) as caller:
                client = ScimClient(f"http://127.0.0.1:{port}/scim/v2", caller)
                wave = asyncio.create_task(server.reads(client, 8, 8))
                await asyncio.to_thread(wait_until_eight_try, port)
                queue.listen(100)
                async with listening(server, at_once, queue):
                    await wave
                    return await server.reads(client, 16, 4)

    assert asyncio.run(run()) == 4


@pytest.fixture
def over_a_proxy(authority: trustme.CA, monkeypatch: pytest.MonkeyPatch) -> Callable[[float], Reply]:
    """An answer of acme.example over a proxy that needs so many seconds to open the way to it."""

    async def run(seconds: float) -> Reply:
        server, tls = Counted(), served_by(authority.issue_cert("acme.example"))

        async def before(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            server.tunnels.append(await reader.readuntil(b"\r\n\r\n"))
            await asyncio.sleep(seconds)
            writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
            await writer.start_tls(tls)

        async with listening(server, before, a_queue()):
            monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{server.port}")
            async with HttpCaller(deadline=0.6 if seconds > 1 else 10) as caller:
                reply = await caller(Call("POST", "https://acme.example/scim/v2/Users", authorization=BEARER))
                assert (await caller(Call("GET", "https://acme.example/scim/v2/Users/1"))).connecting == 0
                assert len(server.tunnels) == 1
                return reply

    return lambda seconds: asyncio.run(run(seconds))


def test_the_way_over_a_proxy_counts_and_one_that_is_there_does_not(over_a_proxy: Callable[[float], Reply]) -> None:
    assert 0.3 <= over_a_proxy(0.3).connecting < 5


def test_a_write_that_waits_for_the_proxy_in_vain_was_not_sent(over_a_proxy: Callable[[float], Reply]) -> None:
    with pytest.raises(NotSentError, match=r"No connection to acme\.example:443 came about within 0\.6 s") as caught:
        over_a_proxy(30)
    assert 0.6 <= caught.value.connecting < 5
    assert "proxy settings" in caught.value.remedy


def test_waves_are_told_apart_and_one_call_at_a_time_is_always_left() -> None:
    """`connecting` as HttpCaller measures it, with and without an answer in the end."""

    async def run() -> list[int]:
        pacing, most = Pacing(), [0, 0]

        async def send(connecting: float, *, fails: bool = False) -> Reply:
            most[0] += 1
            most[1] = max(most)
            await asyncio.sleep(0.005)
            most[0] -= 1
            if fails:
                fault = NotSentError("No connection.", "Try again.")
                fault.connecting = connecting
                raise fault
            return Reply(200, {}, b"", connecting=connecting)

        async def at_a_time(connecting: float, *, fails: bool = False) -> int:
            most[1] = 0
            calls = [pacing.answer(lambda: send(connecting, fails=fails), "http://x") for _ in range(8)]
            await asyncio.gather(*calls, return_exceptions=True)
            return most[1]

        return [
            await at_a_time(SLOW_CONNECTING - 0.01),
            await at_a_time(SLOW_CONNECTING, fails=True),
            *[await at_a_time(SLOW_CONNECTING) for _ in range(2)],
        ]

    before, wave, *later = asyncio.run(run())
    assert (before, wave) == (8, 8)
    assert later[0] == 4
    assert later[-1] == 1


def test_where_one_call_at_a_time_connects_as_slowly_they_grow_again() -> None:
    """A service that ends each connection, behind something slow: each call connects anew."""

    async def run() -> list[int]:
        pacing = Pacing()

        async def at_a_time(number: int, connecting: float) -> int:
            busy = most = 0

            async def send() -> Reply:
                nonlocal busy, most
                busy += 1
                most = max(most, busy)
                await asyncio.sleep(0)
                busy -= 1
                return Reply(200, {}, b"", connecting=connecting)

            await asyncio.gather(*(pacing.answer(send, "http://x") for _ in range(number)))
            return most

        slow, quick = SLOW_CONNECTING, SLOW_CONNECTING / 2
        waves = [(8, slow)] * 4 + [(7 * CALM, slow), (8, slow), (8, quick), (8, slow), (8, quick)]
        return [await at_a_time(*it) for it in waves]

    *_, narrowest, _, grown, quick, last, after = asyncio.run(run())
    assert (narrowest, grown, quick) == (1, 8, 8)
    assert (last, after) == (8, 4), "connecting was quick in between: it may be their number again"


def test_a_server_that_answers_nobody_is_told_from_one_that_lets_nobody_in() -> None:
    async def run() -> tuple[AdminError, AdminError]:
        async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
            await reader.read()

        server = Counted()
        async with listening(server, silent, a_queue()), HttpCaller(deadline=0.3) as caller:
            faults = []
            for scheme in ("http", "https"):
                began = time.monotonic()
                with pytest.raises(AdminError) as caught:
                    await caller(Call("DELETE", f"{scheme}://127.0.0.1:{server.port}/"))
                assert time.monotonic() - began < 1.3
                faults.append(caught.value)
            return faults[0], faults[1]

    unanswered, unconnected = asyncio.run(run())
    assert "did not answer in full within 0.3 s" in unanswered.title
    assert not isinstance(unanswered, NotSentError)
    assert isinstance(unconnected, NotSentError)
    assert "No connection to 127.0.0.1" in unconnected.title
