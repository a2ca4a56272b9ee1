"""Every change that is sent leaves a line in the activity log: what was done to whom, and what became of it."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any, Self
from urllib.parse import unquote, urlsplit

from spoke_admin.adapters.address import host_and_port
from spoke_admin.adapters.audit_chain import Entry, now
from spoke_admin.adapters.audit_log import AuditLog
from spoke_admin.adapters.http import HttpCaller, NotSentError
from spoke_admin.domain.error import AdminError
from spoke_admin.domain.exchange import Call, Reply

READS = frozenset({"GET", "HEAD", "OPTIONS"})
# The segments of a path that are shown. Whatever else stands there is an id, or may be a secret.
WORDS = frozenset({
    "scim", "v1", "v2", "Users", "Groups", "Bulk", "Me", "Schemas", "ResourceTypes", "ServiceProviderConfig",
    ".search", "api", "integrations", "sso", "saml", "test", "activate", "token", "old", "plan", "okta", "apps",
    "users", "groups", "lifecycle", "deactivate", "suspend", "unsuspend", "mappings", "group-push", "meta", "schemas",
    "default", "connections", "features", "api-tokens", "current", "rehearsal", "api-integration", "at-service",
    "import", "confirm",
})  # fmt: skip
COLLECTIONS = frozenset({"Users", "Groups", "users", "groups", "apps", "mappings", "features"})
PEOPLE = frozenset({"Users", "users"})
MOST_PEOPLE = 50_000  # whose names are remembered
MOST_READ = 256 * 1024  # bytes of an answer that is looked through for names
NO_REPLY = Reply(0, {}, b"")


class AuditedCaller:
    """Fulfils `domain.exchange.Caller` in front of another one. Reads leave no line, and nothing that was never sent.

    Who is meant by an id is learnt from the answers that pass by.
    """

    def __init__(self, caller: HttpCaller, log: AuditLog) -> None:
        self._caller = caller
        self._log = log
        self._names: dict[tuple[str, str], str] = {}  # by host and id

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *reason: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Ends the caller's connections; what was noted lasts then. Harmless twice."""
        await self._caller.aclose()
        await asyncio.to_thread(self._log.flush)

    async def __call__(self, call: Call) -> Reply:
        if call.method in READS:
            reply = await self._caller(call)
            self._learn(call, reply)
            return reply
        began = time.monotonic()
        try:
            reply = await self._caller(call)
        except NotSentError:
            raise
        except AdminError:
            self._note(call, None, "unknown (no answer)", began)
            raise
        except asyncio.CancelledError:
            self._note(call, None, "unknown (given up)", began)
            raise
        self._learn(call, reply)
        self._note(call, reply, result_of(reply.status), began)
        return reply

    def _note(self, call: Call, reply: Reply | None, result: str, began: float) -> None:
        seconds = round(time.monotonic() - began, 3)
        status = reply.status if reply is not None else None
        host = host_and_port(call.url)
        person = self._person(call, reply)
        self._log.note(Entry(now(), call.method, host, template(call.url), person, result, status, seconds))

    def _person(self, call: Call, reply: Reply | None) -> str | None:
        """The userName that is meant by a call to a collection of people."""
        host, identifier = _person_in(call.url)
        if identifier is None:
            return None
        body = call.body if isinstance(call.body, Mapping) else {}
        told = _name(body) or (_name(_document(reply)) if reply is not None else "")
        name = told or self._names.get((host, identifier or str(body.get("id"))), "")
        return (reply or NO_REPLY).quote(name) or None

    def _learn(self, call: Call, reply: Reply) -> None:
        host, identifier = _person_in(call.url)
        if identifier is None or not reply.ok or len(reply.body) > MOST_READ:
            return
        document = _document(reply)
        listed = document.get("Resources") if isinstance(document, dict) else document
        for item in listed if isinstance(listed, list) else [document]:
            if isinstance(item, dict) and isinstance(item.get("id"), str) and (name := _name(item)):
                self._names[host, item["id"]] = reply.quote(name)
        while len(self._names) > MOST_PEOPLE:
            del self._names[next(iter(self._names))]


def template(url: str) -> str:
    """The path of an address with every id, name and unknown word as {id}: "/scim/v2/Users/{id}"."""
    shown: list[str] = []
    below = False  # a collection, where ids stand
    for segment in urlsplit(url).path.split("/"):
        if segment:
            known = segment in WORDS and (not below or segment == ".search")
            shown.append(segment if known else "{id}")
            below = known and segment in COLLECTIONS
    return "/" + "/".join(shown)


def result_of(status: int) -> str:
    """What an HTTP status says of a change; an error of a gateway may come after it was done."""
    if 200 <= status < 300:
        return f"done ({status})"
    return f"unknown ({status})" if status >= 500 and status != 501 else f"refused ({status})"


def _person_in(url: str) -> tuple[str, str | None]:
    """The host, and the id behind the last collection of people: "" without one, None where no people are meant."""
    parts = urlsplit(url)
    segments = parts.path.strip("/").split("/")
    places = [place for place, it in enumerate(segments) if it in PEOPLE]
    if not places:
        return parts.netloc, None
    return parts.netloc, unquote(segments[places[-1] + 1]) if places[-1] + 1 < len(segments) else ""


def _document(reply: Reply) -> Any:
    try:
        return reply.document() if reply.body else {}
    except AdminError:
        return {}


def _name(item: Any) -> str:
    """Of a SCIM user, a person at Okta or one assigned there."""
    if not isinstance(item, dict):
        return ""
    for holder, name in ((item, "userName"), (item.get("credentials"), "userName"), (item.get("profile"), "login")):
        if isinstance(holder, dict) and isinstance(found := holder.get(name), str) and found:
            return found
    return ""
