"""Calls below a SCIM base URL: paced together, reads repeated where that helps, writes never."""

import asyncio
import time
from collections.abc import Awaitable, Mapping
from functools import partial
from urllib.parse import quote, unquote, urlsplit

from spoke_admin.adapters.http import BrokenOffError, NotSentError
from spoke_admin.adapters.scim_answers import LONGEST_NAME
from spoke_admin.adapters.scim_pacing import Pacing
from spoke_admin.domain.exchange import MOST_JSON_BYTES, Call, Caller, Reply
from spoke_admin.domain.secret import Secret

JSON = {"accept": "application/scim+json, application/json"}
SCIM_BODY = {**JSON, "content-type": "application/scim+json"}
MOST_BYTES = 1024 * 1024  # one user or one number: a larger answer ignores what was asked for
GROUP_BYTES = MOST_JSON_BYTES  # a group is as large as its members are many
READ_TRIES = 3
FIRST_BREATH = 0.1  # seconds before a read that broke off is made again; then four times as long


class ScimCalls:
    """The calls of all workers to one service. The token is given at each call and kept nowhere."""

    def __init__(self, base_url: str, caller: Caller, pacing: Pacing) -> None:
        self.base_url = base_url
        self._caller = caller
        self._pacing = pacing

    async def read(
        self,
        kind: str,
        token: Secret | None,
        identifier: str = "",
        query: Mapping[str, str] | None = None,
        most_bytes: int = MOST_BYTES,
    ) -> Reply:
        """A GET; made again when the connection broke off or a gateway is out of order, three times in all.

        `kind` is an endpoint such as "Users". Raises AdminError when no answer came.
        """
        call = Call("GET", self._url(kind, identifier), query or {}, None, JSON, _bearer(token), most_bytes)
        breath = FIRST_BREATH
        for tries_left in reversed(range(READ_TRIES)):
            try:
                reply = await self._send(call)
            except BrokenOffError:
                if not tries_left:
                    raise
            else:
                if reply.status not in (502, 503, 504) or not tries_left:
                    return reply
                if "retry-after" in reply.headers:
                    self._pacing.refused(reply, time.monotonic(), self.base_url)
                    continue
            await asyncio.sleep(breath)
            breath *= 4
        raise AssertionError("a read is made at least once")

    async def write(
        self, method: str, kind: str, token: Secret, identifier: str = "", body: object = None, version: str = ""
    ) -> Reply:
        """A POST, PUT, PATCH or DELETE. Sent again only after a 429, which says that it was not done.

        `version`: the ETag that the resource must still have. Raises AdminError when no answer came.
        """
        headers = {**(JSON if body is None else SCIM_BODY), **({"if-match": version} if version else {})}
        url = self._url(kind, identifier)
        call = Call(method, url, {}, body, headers, _bearer(token), GROUP_BYTES)
        return await self._send(call)

    def _send(self, call: Call) -> Awaitable[Reply]:
        return self._pacing.answer(partial(self._caller, call), self.base_url)

    def _url(self, kind: str, identifier: str) -> str:
        return f"{self.base_url}/{kind}/{_segment(identifier)}" if identifier else f"{self.base_url}/{kind}"

    def identifier_in(self, location: str, kind: str) -> str:
        """The id in a Location header below this base URL; "" when it points anywhere else. Its host is not called."""
        try:
            path = urlsplit(location[:4096]).path
        except ValueError:
            return ""
        start, _, last = path.rpartition("/")
        return unquote(last)[:LONGEST_NAME] if start.endswith(f"/{kind}") else ""


def _bearer(token: Secret | None) -> str:
    return f"Bearer {token.reveal()}" if token is not None else ""


def _segment(identifier: str) -> str:
    """An id as one segment of a path, whatever is in it: "." and ".." would name something else."""
    if identifier in (".", "..") or len(identifier) > LONGEST_NAME:
        raise NotSentError(
            "The service gave an id that no address can hold.",
            "Tell the service's support.",
            f"{identifier[:60]!r}, {len(identifier):,} characters",
        )
    return quote(identifier.encode("utf-8", "replace"), safe="")
