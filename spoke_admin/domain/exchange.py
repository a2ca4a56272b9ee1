"""One HTTP exchange, as those see it who must not import an HTTP library."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from spoke_admin.domain.error import AdminError


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `url` is absolute; `body` is sent as JSON; `authorization` goes only to the host of `url`."""

    method: str
    url: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)
    authorization: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer: header names in lower case, the body whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    def document(self) -> Any:
        """The body as JSON. Raises AdminError when it is none, naming what came instead."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise AdminError(
                f"The server answered {self.headers.get('content-type') or 'something'} instead of JSON.",
                "Check the address: this is what a web page or a log-in page of a proxy does.",
                f"HTTP {self.status}: {self.body[:200]!r}",
            ) from None


class Caller(Protocol):
    """Whoever makes HTTP calls: bounded in time and size, no redirects. AdminError when no answer came."""

    async def __call__(self, call: Call) -> Reply: ...
