"""How fast the SCIM client is, as a share of httpx by itself, with eight connections and the activity log written.

`python benchmarks/scim_client.py [TURNS]`: ours is the very stack of an opened connection, `ScimClient` over
`AuditedCaller` over `HttpCaller`, with an `AuditLog` in a folder of its own. Both ask the same small server, in turns
(60 by default) that are short, so that what else the computer does meets both alike. A share is the middle one of all
turns; that of processor time, the log's thread included, is the steadier one. The small server is quicker than its
clients: what is measured is their own work.
"""

import asyncio
import gc
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from spoke_admin.adapters import audit_log
from spoke_admin.adapters.audited_calls import AuditedCaller
from spoke_admin.adapters.http import HttpCaller
from spoke_admin.adapters.scim import ScimClient
from spoke_admin.domain.secret import Secret

CONNECTIONS = 8
CALLS = 120  # of one turn
TOKEN = "a-token-of-no-service"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
NEW = {
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE],
    "externalId": "00u1ab2cd3EF4gh5i6j7",
    "userName": "ada@example.com",
    "name": {"givenName": "Ada", "familyName": "Lovelace", "formatted": "Ada Lovelace"},
    "emails": [{"type": "work", "value": "ada@example.com", "primary": True}],
    "phoneNumbers": [{"type": "work", "value": "+14155552671"}],
    "addresses": [{"type": "work", "locality": "London", "country": "GB"}],
    "title": "Analyst",
    "active": True,
    ENTERPRISE: {"department": "Engines", "manager": {"value": "7"}},
}
USER = {**NEW, "id": "1", "meta": {"resourceType": "User", "created": "2026-01-31T08:00:00Z", "version": 'W/"1"'}}
PAGE = {"totalResults": 100_000, "Resources": [{**USER, "id": str(number)} for number in range(100)]}

Work = Callable[[], Awaitable[object]]


class SmallServer(asyncio.Protocol):
    """Answers GET /Users with a page of 100, anything else with one user; quicker than its client can ask."""

    def __init__(self) -> None:
        self._user, self._page = (_answer(it) for it in (USER, PAGE))
        self._came = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def data_received(self, data: bytes) -> None:
        self._came += data
        while (end := self._came.find(b"\r\n\r\n")) >= 0:
            head = self._came[:end].lower()
            _, named, after = head.partition(b"content-length:")
            length = int(after.split(b"\r\n")[0]) if named else 0
            if len(self._came) < end + 4 + length:
                return
            self._came = self._came[end + 4 + length :]
            paged = head.startswith(b"get /scim/v2/users?")
            self._transport.write(self._page if paged else self._user)


def _answer(content: object) -> bytes:
    body = json.dumps(content).encode()
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/scim+json\r\ncontent-length: %d\r\n\r\n" % len(body) + body


async def serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(SmallServer, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)  # until the benchmark ends


@dataclass(frozen=True)
class Pace:
    """Seconds of one turn, by the clock and of the processor."""

    clock: float
    processor: float


async def turn(calls: int, work: Work) -> Pace:
    """The same piece of work `calls` times, in eight lanes."""
    numbers = iter(range(calls))

    async def lane() -> None:
        for _ in numbers:
            await work()

    gc.collect()  # nobody cleans up after the other
    clock, processor = time.perf_counter(), time.process_time()
    await asyncio.gather(*(lane() for _ in range(CONNECTIONS)))
    return Pace(time.perf_counter() - clock, time.process_time() - processor)


async def compare(words: str, turns: int, calls: int, raw: Work, ours: Work) -> None:
    """Prints how the two compare."""
    await turn(calls, raw)
    await turn(calls, ours)
    paces = []
    for number in range(turns):  # each goes first every other time
        first, second = (raw, ours) if number % 2 else (ours, raw)
        pair = [await turn(calls, first), await turn(calls, second)]
        paces.append(tuple(pair if number % 2 else reversed(pair)))
    share = statistics.median(one.clock / two.clock for one, two in paces)
    busy = statistics.median(one.processor / two.processor for one, two in paces)
    rates = [calls / statistics.median(pace[place].clock for pace in paces) for place in (0, 1)]
    print(f"{words:24} httpx {rates[0]:7,.0f} /s   ours {rates[1]:7,.0f} /s   share {share:.3f}   processor {busy:.3f}")


async def run(port: int, turns: int, folder: Path) -> None:
    url, token = f"http://127.0.0.1:{port}/scim/v2", Secret(TOKEN)
    headers = {"authorization": f"Bearer {TOKEN}", "accept": "application/scim+json"}
    limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
    caller = AuditedCaller(HttpCaller(), audit_log.AuditLog(folder))  # as `connection.open_connection` has it
    async with httpx.AsyncClient(headers=headers, limits=limits, trust_env=False) as raw, caller:
        ours = ScimClient(url, caller)

        async def raw_read() -> None:
            (await raw.get(f"{url}/Users/1")).json()

        async def raw_pages() -> None:
            for _ in range(2):
                page = (await raw.get(f"{url}/Users", params={"startIndex": 1, "count": 100})).json()
                {it["id"]: (it["userName"], it.get("externalId"), it.get("active")) for it in page["Resources"]}

        async def raw_write() -> None:
            made = (await raw.post(f"{url}/Users", json=NEW)).json()
            (await raw.get(f"{url}/Users/{made['id']}")).json()

        def create() -> Awaitable[object]:
            return ours.writes.create("Users", NEW, token)

        await compare("read one user", turns, CALLS, raw_read, lambda: ours.read("Users", "1", token))
        # the server shows the same page for ever: the client leaves it after the second
        await compare("two pages of 100 users", turns, CALLS // 10, raw_pages, lambda: ours.users(token))
        await compare("create and read back", turns, CALLS // 2, raw_write, create)
    print(audit_log.verify(folder).words)


def main() -> None:
    if sys.argv[1:] == ["serve"]:
        asyncio.run(serve())
        return
    turns = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    server = subprocess.Popen([sys.executable, __file__, "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        if server.stdout is None or server.stdin is None:
            raise SystemExit("the server has no pipes")
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(run(int(server.stdout.readline()), turns, Path(folder)))
    finally:
        server.communicate()  # closes its standard input: it ends by itself


if __name__ == "__main__":
    main()
