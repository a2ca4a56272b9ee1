"""A server on 127.0.0.1 that answers with raw bytes, as badly as a test wants it to."""

import asyncio
import contextlib
import ssl
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import pytest
import trustme

from spoke_admin.adapters.http import HttpCaller
from spoke_admin.domain.error import AdminError
from spoke_admin.domain.exchange import Call, Reply

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]
CANARY = "canary-7f3a9c51e2b84d60"
BEARER = f"Bearer {CANARY}"
OK = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"


@dataclass
class Server:
    """`requests`: all that came, head and body, as bytes. `most_open`: the most connections open at one time."""

    port: int = 0
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0
    open: int = 0
    most_open: int = 0

    def url(self, path: str = "/", *, scheme: str = "http", host: str = "127.0.0.1") -> str:
        return f"{scheme}://{host}:{self.port}{path}"


@contextlib.asynccontextmanager
async def serving(answer: Answer, tls: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    """Answers every request with `answer`; ends all connections when left."""
    server = Server()
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        server.connections += 1
        server.open += 1
        server.most_open = max(server.most_open, server.open)
        # a connection that ends, or is ended with the server, is this server's everyday life
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while True:
                server.requests.append(await _request(reader))
                await answer(writer)
        server.open -= 1
        tasks.discard(task)
        writer.transport.abort()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await listening.wait_closed()


async def _request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            length = int(line.partition(b":")[2])
    return head + await reader.readexactly(length)


def served_by(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate.configure_cert(context)
    return context


def saying(*parts: bytes) -> Answer:
    """Sends these bytes and keeps the connection open."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        for part in parts:
            writer.write(part)
            await writer.drain()

    return answer


def hanging_up_after(*parts: bytes) -> Answer:
    async def answer(writer: asyncio.StreamWriter) -> None:
        await saying(*parts)(writer)
        writer.close()
        raise ConnectionAbortedError

    return answer


def dripping(start: bytes, drop: bytes) -> Answer:
    """Sends `start`, then `drop` twenty times a second, for ever: every single read is quick."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(start)
        while True:
            writer.write(drop)
            await writer.drain()
            await asyncio.sleep(0.05)  # the drip itself

    return answer


def endless(start: bytes, again: bytes) -> Answer:
    """Sends `start`, then `again` as fast as it is read."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(start)
        while True:
            writer.write(again)
            await writer.drain()

    return answer


def http(status: int = 200, body: bytes = b"{}", content_type: str = "application/json", **headers: str) -> bytes:
    """A whole answer. Header names are given with underscores."""
    lines = [f"HTTP/1.1 {status} Word", f"content-length: {len(body)}", f"content-type: {content_type}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def answering(server: Callable[[], Server], answers: Mapping[str, bytes]) -> Answer:
    """Answers by method and path, such as "GET /scim/v2/Users"; 404 with HTML to everything else."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        method, target, _ = server().requests[-1].split(b"\r\n")[0].decode().split(" ")
        writer.write(answers.get(f"{method} {target.partition('?')[0]}", http(404, b"<html>", "text/html")))
        await writer.drain()

    return answer


def ask(answer: Answer, call: Call | None = None, **options: float) -> Reply:
    """One call to a server that answers so."""

    async def run() -> Reply:
        async with serving(answer) as server, HttpCaller(**options) as caller:  # type: ignore[arg-type]  # a cap is whole
            given = call or Call("GET", "/", authorization=BEARER)
            return await caller(
                Call(given.method, server.url(given.url), given.query, given.body, given.headers, given.authorization)
            )

    return asyncio.run(run())


def refused(answer: Answer, call: Call | None = None, **options: float) -> AdminError:
    with pytest.raises(AdminError) as caught:
        ask(answer, call, **options)
    shown = "".join(traceback.format_exception(caught.value)) + str(caught.value.document())
    assert CANARY not in shown
    return caught.value
