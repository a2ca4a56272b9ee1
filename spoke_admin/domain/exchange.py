"""One HTTP exchange, as those see it who must not import an HTTP library."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from spoke_admin.domain.error import AdminError

# Parsed JSON can take thirty times the memory of its text: within these bounds it stays below 64 MiB.
MOST_JSON_BYTES = 4 * 1024 * 1024
MOST_JSON_VALUES = 250_000


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `url` is absolute; `body` is sent as JSON; `authorization` goes only to the host of `url`.

    `most_bytes` lowers the caller's cap on the answer's body, for reads that are known to be small.
    """

    method: str
    url: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)
    authorization: str = field(default="", repr=False)
    most_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer: header names in lower case, the body whole.

    `hidden` is the right that was sent; `quote` leaves it out, for servers repeat what they refuse. `connecting`: how
    many seconds making the connection took, 0 where there was one already. `heard` is given what `document` reads.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    hidden: str = field(default="", repr=False)
    connecting: float = 0.0
    heard: Callable[[Any], None] | None = field(default=None, repr=False, compare=False)

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def media_type(self) -> str:
        """Such as "application/json": without parameters, "" when the server named none."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def heard_by(self, heard: Callable[[Any], None]) -> "Reply":
        """The same answer; `heard` is given what is read of it, so that nobody reads it twice. It must not raise."""
        return Reply(self.status, self.headers, self.body, self.hidden, self.connecting, heard)

    def quote(self, text: str) -> str:
        """Words of the server fit for people: one line of at most 300 characters, without the right that was sent."""
        shown = text.replace(self.hidden, "…") if self.hidden else text
        if not shown.isprintable():
            shown = "".join(character if character.isprintable() else " " for character in shown)
        line = " ".join(shown.split())
        return line if len(line) <= 300 else f"{line[:299]}…"

    def document(self) -> Any:
        """The body as JSON. Raises AdminError when it is none, naming what came instead, or too much to take in."""
        if len(self.body) > MOST_JSON_VALUES:  # fewer bytes cannot hold too many values
            self._refuse_too_much()
        try:
            document = json.loads(self.body)
        except (ValueError, RecursionError):
            raise self._no_json() from None
        if self.heard is not None:
            self.heard(document)
        return document

    def _refuse_too_much(self) -> None:
        values = sum(self.body.count(sign) for sign in (b",", b"[", b"{"))
        if len(self.body) > MOST_JSON_BYTES or values > MOST_JSON_VALUES:
            raise AdminError(
                "The server's answer holds more than this program takes in at once.",
                "Check the address: no answer to this call should be that long.",
                f"HTTP {self.status}, {len(self.body):,} bytes, {values:,} values",
            )

    def _no_json(self) -> AdminError:
        if "json" in self.media_type:  # broken JSON is not quoted: it may hold a token that is shown once
            return AdminError(
                "The server's answer is broken JSON.",
                "Try again; if it stays so, tell the service's support.",
                f"HTTP {self.status}, {len(self.body):,} bytes",
            )
        start = self.quote(self.body[:1200].decode("utf-8", "replace")) if self.media_type.startswith("text/") else ""
        return AdminError(
            f"The server answered {self.quote(self.media_type) or 'something'} instead of JSON.",
            "Check the address: this is what a web page or a log-in page of a proxy does.",
            f"HTTP {self.status}: {start or f'{len(self.body):,} bytes'}",
        )


class Caller(Protocol):
    """Whoever makes HTTP calls: bounded in time and size, no redirects. AdminError when no answer came."""

    async def __call__(self, call: Call) -> Reply: ...
