"""How quickly the stand-in service answers at many users, beside scim2-server's own in-memory server in the same run.

`python benchmarks/sandbox.py [USERS]` (100,000 by default). Both are processes of their own and answer over HTTP: ours
as `spoke-admin sandbox --mode rfc`, started from a snapshot; the yardstick as the `scim2-server` command serves it
(threaded WSGI server, InMemoryStorage, no token), filled before it is asked. Calls of both alternate, one at a time.
"""

import argparse
import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
DEPARTMENTS = ("IT", "Support", "Sales", "People", "Engineering")
IDLE_SECONDS = 2.0  # after which a connection is not trusted
SLOW_SECONDS = 20.0  # how long the yardstick may take for one kind of calls

Document = dict[str, Any]


def user(number: int) -> Document:
    login = f"user{number:06}@example.com"
    given, family = f"Given{number % 977}", f"Family{number}"
    return {
        "schemas": [CORE, ENTERPRISE],
        "userName": login,
        "externalId": f"00u{number:017}",
        "displayName": f"{given} {family}",
        "name": {"givenName": given, "familyName": family, "formatted": f"{given} {family}"},
        "title": "Support Lead" if number % 2 else "Account Executive",
        "active": number % 10 > 0,
        "emails": [{"value": login, "type": "work", "primary": True}],
        "phoneNumbers": [{"value": f"415-555-{number % 10_000:04}", "type": "work"}],
        "addresses": [{"type": "work", "locality": "Austin", "region": "TX", "country": "US"}],
        ENTERPRISE: {"department": DEPARTMENTS[number % 5], "manager": {"value": "boss@example.com"}},
    }


def serve_yardstick(users: int) -> None:
    """What the `scim2-server` command serves, with users in it; says its address once they are."""
    from wsgiref.simple_server import make_server

    from scim2_server.memory import InMemoryStorage
    from scim2_server.service import ScimService
    from scim2_server.testserver.application import BearerTokenApplication
    from scim2_server.testserver.cli import ThreadingWSGIServer
    from scim2_server.utils import load_default_provider

    provider = load_default_provider()
    storage = InMemoryStorage()
    service = ScimService(provider)
    kind = service.get_resource_type("User")
    with provider:
        model = service.get_model(kind)
        for number in range(users):
            storage.create(kind, model.model_validate(user(number)))
    application = BearerTokenApplication(storage, provider, service=service)
    with make_server("127.0.0.1", 0, application, server_class=ThreadingWSGIServer) as server:
        server.RequestHandlerClass.log_message = lambda *_: None  # type: ignore[attr-defined]  # not into our output
        print(json.dumps({"scim_url": f"http://127.0.0.1:{server.server_port}/v2", "token": None}), flush=True)
        server.serve_forever()


@dataclass
class Client:
    """One connection to a SCIM service, kept open where the service keeps it."""

    base_url: str
    token: str | None = field(repr=False)

    def __post_init__(self) -> None:
        parts = urlsplit(self.base_url)
        self._used = 0.0
        self._path = parts.path
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=120)
        self._headers = {"content-type": "application/scim+json"}
        if self.token:
            self._headers["authorization"] = f"Bearer {self.token}"

    def call(self, method: str, path: str, document: Document | None = None) -> Document:
        if time.monotonic() - self._used > IDLE_SECONDS:
            self._connection.close()  # a server may have ended it by now; the next request opens another
        body = json.dumps(document) if document is not None else None
        self._connection.request(method, self._path + path, body, self._headers)
        reply = self._connection.getresponse()
        content = reply.read()
        self._used = time.monotonic()
        if reply.status not in (200, 201):
            raise SystemExit(f"{method} {path} was answered with {reply.status}: {content[:300]!r}")
        found: Document = json.loads(content)
        return found


@contextmanager
def process(*arguments: str) -> Iterator[Document]:
    """A server of ours or the yardstick, from its ready line to its end."""
    with subprocess.Popen([sys.executable, *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as running:
        try:
            line = running.stdout.readline() if running.stdout else b""
            if not line:
                raise SystemExit(f"{arguments} did not start")
            yield json.loads(line)
        finally:
            running.terminate()


def stand_in(folder: Path) -> tuple[str, ...]:
    return "-m", "spoke_admin", "sandbox", "--mode", "rfc", "--data", str(folder)


def seconds(act: Callable[[], object]) -> float:
    begin = time.perf_counter()
    act()
    return time.perf_counter() - begin


def alternating(rounds: int, *acts: Callable[[int], object]) -> list[tuple[float, float]]:
    """The median and the mean seconds of each act, in turns; ends early when the slowest takes too long."""
    taken: list[list[float]] = [[] for _ in acts]
    begin = time.perf_counter()
    for number in range(rounds):
        for act, times in zip(acts, taken, strict=True):
            times.append(seconds(lambda act=act, number=number: act(number)))  # type: ignore[misc]  # bound at once
        if time.perf_counter() - begin > SLOW_SECONDS and number >= 4:
            break
    return [(statistics.median(times), statistics.mean(times)) for times in taken]


def measured_calls(ours: Client, theirs: Client, users: int) -> None:
    def create(client: Client) -> Callable[[int], object]:
        return lambda number: client.call("POST", "/Users", user(users + 1 + number))

    def page(client: Client) -> Callable[[int], object]:
        return lambda number: client.call("GET", f"/Users?startIndex={1 + number * 997 % users}&count=100")

    for words, act, rounds, bound in (("create", create, 2000, 1.0), ("page of 100", page, 300, 10.0)):
        act(ours)(-1), act(theirs)(-1)  # warms both
        (mine, my_mean), (their, their_mean) = alternating(rounds, act(ours), act(theirs))
        both = f"ours {mine * 1000:8.2f} ms   scim2-server {their * 1000:8.2f} ms"
        times = f"{their / mine:6.1f} times as fast (means: {their_mean / my_mean:.1f}; wanted: {bound:g})"
        print(f"{words:12} {both}   {times}")


FILTERS = (
    'userName co "99"', 'userName co "example.com"', 'userName sw "user09"', 'emails.value co "77@"',
    'name.familyName sw "family4" and active eq true', 'displayName co "family123" and title sw "support"',
    f'{ENTERPRISE}:department eq "IT" and not (active eq false)', 'emails[type eq "work" and value co "55"]',
    'userName sw "user00" or externalId co "999"', "title pr", 'userName co "nobody"',
)  # fmt: skip


def measured_filters(ours: Client, users: int) -> None:
    for text in FILTERS:
        times, total = [], 0
        for number in range(9):
            # a write between two searches: nothing is answered from what was counted before
            ours.call("POST", "/Users", user(2 * users + number) | {"userName": f"{time.time_ns()}@write.example"})
            begin = time.perf_counter()
            total = ours.call("GET", f"/Users?count=100&filter={quote(text)}")["totalResults"]
            times.append(time.perf_counter() - begin)
        print(f"{statistics.median(times) * 1000:7.1f} ms  {total:7,} found  {text.replace(ENTERPRISE, 'enterprise')}")


GROUP_SIZES = (100, 10_000)


def measured_groups(ours: Client) -> None:
    """Calls on a large group beside those on a small one; members need not exist."""
    for size in GROUP_SIZES:
        members = [{"value": f"{number:032x}"} for number in range(size)]
        made = ours.call("POST", "/Groups", {"schemas": [GROUP], "displayName": f"{size} members", "members": members})
        path, some = f"/Groups/{made['id']}", members[40:60]
        add: Document = {"op": "add", "path": "members", "value": some}
        calls: dict[str, list[Document]] = {
            "removes 20 by value": [add | {"op": "Remove"}],
            "removes 20 by filters": [{"op": "remove", "path": f'members[value eq "{it["value"]}"]'} for it in some],
            "adds 20": [add],
        }
        for words, operations in calls.items():
            times = []
            for _ in range(9):
                patch(ours, path, calls["removes 20 by value"][0] if words == "adds 20" else add)
                times.append(seconds(partial(patch, ours, path, *operations)))
            print(f"{statistics.median(times) * 1000:7.1f} ms  {size:6,} members  {words}")
        for words, query in (("shown without members", "?excludedAttributes=members"), ("shown whole", "")):
            taken = statistics.median(seconds(partial(ours.call, "GET", path + query)) for _ in range(9))
            print(f"{taken * 1000:7.1f} ms  {size:6,} members  {words}")


def patch(client: Client, path: str, *operations: Document) -> Document:
    return client.call("PATCH", path, {"schemas": [PATCH_OP], "Operations": list(operations)})


def measured_starts(full: Path, empty: Path) -> None:
    def start(folder: Path) -> Callable[[int], object]:
        def act(_number: int) -> None:
            with process(*stand_in(folder)):
                taken[folder].append(time.perf_counter() - begins[-1])

        return act

    taken: dict[Path, list[float]] = {full: [], empty: []}
    begins: list[float] = []
    for _ in range(5):
        for folder in (full, empty):
            begins.append(time.perf_counter())
            start(folder)(0)
    later, plain = statistics.median(taken[full]), statistics.median(taken[empty])
    print(
        f"restart      with the users {later:.2f} s   empty {plain:.2f} s   {later - plain:+.2f} s (wanted: at most 1)"
    )


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("users", nargs="?", type=int, default=100_000)
    parser.add_argument("--yardstick", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.yardstick:
        serve_yardstick(options.users)
        return
    with tempfile.TemporaryDirectory() as name:
        os.environ["XDG_DATA_HOME"] = name  # nothing of the admin's own is touched
        full, empty = Path(name) / "full", Path(name) / "empty"
        full.mkdir()
        (full / "snapshot.json").write_text(json.dumps({"users": [user(number) for number in range(options.users)]}))
        begin = time.perf_counter()
        with process(*stand_in(full)) as ready, process(*stand_in(empty)):
            print(f"{options.users:,} users loaded from a snapshot in {time.perf_counter() - begin:.1f} s")
            ours = Client(ready["scim_url"], ready["token"])
            with process(__file__, "--yardstick", str(options.users)) as yardstick:
                measured_calls(ours, Client(yardstick["scim_url"], None), options.users)
            measured_filters(ours, options.users)
            measured_groups(ours)
        measured_starts(full, empty)


if __name__ == "__main__":
    main(sys.argv[1:])
