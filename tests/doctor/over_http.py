"""The service of plain_scim behind a real socket, with a hook before and after each call."""

import json
from asyncio import StreamWriter
from collections.abc import Callable
from typing import Protocol
from urllib.parse import parse_qsl

from spoke_admin.domain.exchange import Call, Reply
from tests.adapters.hostile import Answer, Server
from tests.doctor.plain_scim import PlainScim


class Hook(Protocol):
    """Told of each call before it is done and after; the answer waits for it."""

    async def __call__(self, call: Call, *, done: bool) -> None: ...


async def nothing(call: Call, *, done: bool) -> None:
    """Hooks on to nothing."""


def speaking_scim(service: PlainScim, server: Callable[[], Server], hook: Hook = nothing) -> Answer:
    """Answers each request as the service does."""

    async def answer(writer: StreamWriter) -> None:
        call = _call(server().requests[-1])
        await hook(call, done=False)
        reply = service.forward(call)
        await hook(call, done=True)
        writer.write(_bytes(reply))
        await writer.drain()

    return answer


def _call(request: bytes) -> Call:
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ")
    path, _, query = target.partition("?")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    right = headers.pop("authorization", "")
    kept = {name: value for name, value in headers.items() if name == "if-match"}
    content = json.loads(body) if body else None
    return Call(method, f"http://127.0.0.1:8099{path}", dict(parse_qsl(query)), content, kept, right)


def _bytes(reply: Reply) -> bytes:
    headers = {name: value for name, value in reply.headers.items() if name != "content-length"}
    lines = [f"HTTP/1.1 {reply.status} Word", *(f"{name}: {value}" for name, value in headers.items())]
    length = "" if reply.status == 204 else f"content-length: {len(reply.body)}\r\n"
    return "\r\n".join(lines).encode() + b"\r\n" + length.encode() + b"\r\n" + reply.body
