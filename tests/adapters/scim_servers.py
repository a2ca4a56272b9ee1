"""SCIM servers on 127.0.0.1 that answer each call as a test's function says, and what a client made of them."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from spoke_admin.adapters.http import HttpCaller
from spoke_admin.adapters.scim import ScimClient
from spoke_admin.adapters.scim_pacing import Pacing
from spoke_admin.domain.secret import Secret
from tests.adapters.hostile import CANARY, Answer, Server, http, saying, serving

TOKEN = Secret(CANARY)
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
Result = TypeVar("Result")


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    method: str
    target: str
    body: Any
    headers: Mapping[str, str]

    @property
    def line(self) -> str:
        """Such as "GET /Users/1": without the base path and the query."""
        return f"{self.method} {self.target.partition('?')[0].removeprefix('/scim/v2')}"


Handler = Callable[[Asked], bytes | Answer]


@dataclass
class Seen:
    """What a server was asked."""

    asked: list[Asked] = field(default_factory=list)
    server: Server = field(default_factory=Server)

    @property
    def lines(self) -> list[str]:
        return [it.line for it in self.asked]


def using(
    handler: Handler, use: Callable[[ScimClient], Awaitable[Result]], pacing: Pacing | None = None, deadline: float = 10
) -> tuple[Result, Seen]:
    """What `use` makes of a client whose server answers so."""
    seen = Seen()

    async def answer(writer: asyncio.StreamWriter) -> None:
        seen.asked.append(_asked(seen.server.requests[-1]))
        answered = handler(seen.asked[-1])
        await (saying(answered) if isinstance(answered, bytes) else answered)(writer)

    async def run() -> Result:
        async with serving(answer) as seen.server, HttpCaller(deadline=deadline) as caller:
            client = ScimClient(
                seen.server.url("/scim/v2"),
                caller,
                pacing=pacing or Pacing(first_pause=0.001),
            )
            return await use(client)

    return asyncio.run(run()), seen


def _asked(request: bytes) -> Asked:
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return Asked(method, target, json.loads(body) if body else None, headers)


def scim(content: object, status: int = 200, **headers: str) -> bytes:
    return http(status, json.dumps(content).encode(), "application/scim+json", **headers)


def listing(*resources: object, **more: object) -> bytes:
    return scim({"totalResults": len(resources), "Resources": resources, **more})


def error(status: int, detail: str = "", scim_type: str = "", **headers: str) -> bytes:
    body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": str(status), "detail": detail}
    return scim({**body, **({"scimType": scim_type} if scim_type else {})}, status, **headers)


NOTHING = b"HTTP/1.1 204 Word\r\n\r\n"
