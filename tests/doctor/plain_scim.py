"""A sound SCIM service in this process, and the means to make it unsound in one way at a time.

The service is scim2-server's own application with an in-memory store; it is called without a socket, so that a check
can be shown a hundred faults in a second.
"""

import asyncio
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote, urlencode, urlsplit

from scim2_models import ScimPolicy, ScimProvider
from scim2_server.memory import InMemoryStorage
from scim2_server.service import ScimService
from scim2_server.testserver.application import BEARER_TOKEN_SCHEME, BearerTokenApplication
from scim2_server.utils import (
    load_default_resource_types,
    load_default_schemas,
    load_default_service_provider_config,
)

from spoke_admin.adapters.http import NotSentError
from spoke_admin.adapters.profiles import profile
from spoke_admin.doctor.asking import Asking, Time
from spoke_admin.doctor.checks import Check, Examination, Peer
from spoke_admin.doctor.marked import Journal, People, mail_domain
from spoke_admin.doctor.results import Report, Result
from spoke_admin.doctor.running import CHECKS, examine
from spoke_admin.domain.exchange import Call, Caller, Reply
from spoke_admin.domain.secret import Secret

URL = "http://127.0.0.1:8099/v2"
TOKEN = "canary-0f7d31c95ab24e68"
Forward = Callable[[Call], Reply]
Fault = Callable[[Call, Forward], Reply]


def _provider() -> ScimProvider:
    config = load_default_service_provider_config()
    config.authentication_schemes = [BEARER_TOKEN_SCHEME]
    policy = ScimPolicy(
        remove_value_as_filter=ScimPolicy.RemoveValue.apply,
        unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
    )
    types = load_default_resource_types()
    return ScimProvider.from_discovery(load_default_schemas().values(), types.values(), config=config, policy=policy)


PROVIDER = _provider()


class PlainScim:
    """Fulfils `Caller`. `fault` stands between the caller and the service; `calls` is all that was sent."""

    def __init__(self, fault: Fault | None = None, people: Sequence[str] = ()) -> None:
        self._application = BearerTokenApplication(
            InMemoryStorage(), PROVIDER, service=ScimService(PROVIDER), bearer_tokens=[TOKEN]
        )
        self._fault = fault
        self.calls: list[Call] = []
        for name in people:
            body = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": name, "externalId": name[:4]}
            assert self.forward(Call("POST", f"{URL}/Users", body=body, authorization=f"Bearer {TOKEN}")).status == 201

    async def __call__(self, call: Call) -> Reply:
        self.calls.append(call)
        return self._fault(call, self.forward) if self._fault else self.forward(call)

    def forward(self, call: Call) -> Reply:
        """The sound answer."""
        parts = urlsplit(call.url)
        content = b"" if call.body is None else json.dumps(call.body).encode()
        environ = {
            "REQUEST_METHOD": call.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote(parts.path),
            "QUERY_STRING": "&".join(it for it in (parts.query, urlencode(call.query)) if it),
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "8099",
            "HTTP_HOST": "127.0.0.1:8099",
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(content),
            "CONTENT_LENGTH": str(len(content)),
            "CONTENT_TYPE": "application/scim+json",
            **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in call.headers.items()},
        }
        if call.authorization:
            environ["HTTP_AUTHORIZATION"] = call.authorization
        began: list[tuple[str, list[tuple[str, str]]]] = []

        def start(status: str, headers: list[tuple[str, str]], _fault: object = None, /) -> Callable[[bytes], object]:
            began.append((status, headers))
            return lambda _data: None

        body = b"".join(self._application(environ, start))
        status, headers = began[0]
        named = {name.lower(): value for name, value in headers} | {"date": f"{datetime.now(UTC):%a, %d %b %Y %X GMT}"}
        return Reply(int(status[:3]), named, body, hidden=call.authorization.rpartition(" ")[2])


@dataclass
class Shelf:
    """A journal in memory. Fulfils `doctor.marked.Book`; `open` is what nobody saw go."""

    open: dict[int, tuple[datetime, dict[str, str]]] = field(default_factory=dict)
    number: int = 0

    @property
    def entries(self) -> list[tuple[int, datetime, dict[str, str]]]:
        return [(number, since, facts) for number, (since, facts) in self.open.items()]

    def begin(self, facts: Any) -> int:
        self.number += 1
        self.open[self.number] = datetime.now(UTC), dict(facts)
        return self.number

    def add(self, number: int, facts: Any) -> None:
        self.open[number][1].update(facts)

    def end(self, number: int) -> None:
        self.open.pop(number, None)


def with_needs(*codes: str) -> tuple[Check, ...]:
    """The checks of these codes and everything they need, in the order of a run."""
    wanted = set(codes)
    for check in reversed(CHECKS):
        if check.about.code in wanted:
            wanted |= set(check.about.needs)
    assert wanted <= {check.about.code for check in CHECKS}
    return tuple(check for check in CHECKS if check.about.code in wanted)


@dataclass(frozen=True)
class Peerless:
    """A look at the certificate that says what a test wants it to say."""

    peer: Peer | None = None

    async def __call__(self, url: str, seconds: float) -> Peer | None:
        return self.peer


def examination(caller: Caller, **options: Any) -> Examination:
    """A run against a caller. Options: url, token, write, name (of the profile), deadline, shelf, peer, now, domain."""
    write: bool = options.get("write", False)
    found = profile(options.get("name", "generic"))
    token = options.get("token", TOKEN)
    url = options.get("url", URL)
    return Examination(
        typed=url,
        ask=Asking(
            url.rstrip("/"),
            caller,
            Secret(token) if token else None,
            Time(options.get("deadline", 60.0), write=write),
            NotSentError,
        ),
        profile=found,
        write=write,
        look_at_peer=Peerless(options.get("peer")),
        journal=Journal(options.get("shelf") or Shelf()),
        now=options.get("now", lambda: datetime.now(UTC)),
        people=People(found, mail_domain(options.get("domain", ""))),
    )


def diagnosed(caller: Caller, *codes: str, **options: Any) -> Report:
    """The report of a run, of all checks or of these and what they need."""
    return asyncio.run(examine(examination(caller, **options), checks=with_needs(*codes) if codes else CHECKS))


def result(code: str, fault: Fault | None = None, people: Sequence[str] = (), **options: Any) -> Result:
    """What one check says of a service with this fault."""
    made = ("create_okta", "create_entra", "created_location", "attributes_kept") if options.get("write") else ()
    report = diagnosed(PlainScim(fault, people), code, *made, **options)
    return next(it for it in report.results if it.code == code)


def altered(reply: Reply, change: Callable[[Any], Any]) -> Reply:
    """The answer with its JSON changed in place, or replaced by what `change` returns."""
    document = json.loads(reply.body)
    changed = change(document)
    return replace(reply, body=json.dumps(document if changed is None else changed).encode())


def answer(status: int, body: Any = None, media_type: str = "application/scim+json", **headers: str) -> Reply:
    """An answer; a text or bytes as they are, anything else as JSON. Header names with underscores."""
    data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    date = f"{datetime.now(UTC):%a, %d %b %Y %X GMT}"
    return Reply(status, {"content-type": media_type, "date": date, **named}, data)


def refusal(status: int, detail: str = "No.", **more: str) -> Reply:
    """A SCIM error."""
    schemas = ["urn:ietf:params:scim:api:messages:2.0:Error"]
    return answer(status, {"schemas": schemas, "status": str(status), "detail": detail, **more})
