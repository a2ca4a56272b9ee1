"""Every change that is sent leaves a line in the activity log: what was done to whom, and what became of it."""

import asyncio
import time
from collections.abc import Mapping
from functools import partial
from typing import Any, Self

from spoke_admin.adapters.address import host_and_port
from spoke_admin.adapters.audit_chain import Entry, now
from spoke_admin.adapters.audit_log import AuditLog
from spoke_admin.adapters.audited_paths import template
from spoke_admin.adapters.audited_people import People, host_of, may_name_people, name_of, person_in
from spoke_admin.adapters.http import HttpCaller, NotSentError
from spoke_admin.domain.error import AdminError
from spoke_admin.domain.exchange import Call, Reply

READS = frozenset({"GET", "HEAD", "OPTIONS"})
MOST_READ = 256 * 1024  # bytes of an answer that is looked through for names


class AuditedCaller:
    """Fulfils `domain.exchange.Caller` in front of another one. Reads leave no line, and nothing that was never sent.

    Who is meant by an id is learnt from the answers that pass by, once somebody reads them.
    """

    def __init__(self, caller: HttpCaller, log: AuditLog) -> None:
        self._caller = caller
        self._log = log
        self._people = People()

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
            return self._listened(call, await self._caller(call))
        began = time.monotonic()
        try:
            reply = self._listened(call, await self._caller(call))  # what the line takes from it is learnt, too
        except NotSentError:
            raise
        except AdminError:
            self._note(call, None, "unknown (no answer)", began)
            raise
        except asyncio.CancelledError:
            self._note(call, None, "unknown (given up)", began)
            raise
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
        identifier = person_in(call.url)
        if identifier is None:
            return None
        body = call.body if isinstance(call.body, Mapping) else {}
        told = name_of(body) or (name_of(_document(reply)) if reply is not None else "")
        name = told or self._people.name(host_of(call.url), identifier or str(body.get("id")))
        return Reply(0, {}, b"", hidden=call.authorization.rpartition(" ")[2]).quote(name) or None

    def _listened(self, call: Call, reply: Reply) -> Reply:
        """The same answer; whom it names is remembered when it is read."""
        if not reply.ok or len(reply.body) > MOST_READ or not may_name_people(call.url):
            return reply
        return reply.heard_by(partial(self._people.learn, host_of(call.url), reply))


def result_of(status: int) -> str:
    """What an HTTP status says of a change; an error of a gateway may come after it was done."""
    if 200 <= status < 300:
        return f"done ({status})"
    return f"unknown ({status})" if status >= 500 and status != 501 else f"refused ({status})"


def _document(reply: Reply) -> Any:
    try:
        return reply.document() if reply.body else {}
    except AdminError:
        return {}
