"""What every door of the stand-ins shares: ASGI's types, and answers as JSON."""

import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

MOST_BODY_BYTES = 1024 * 1024


class Refused(Exception):  # noqa: N818  # the outcome of a request, not a fault of the program
    """A request that is answered with an error: the HTTP status, a stable code, and words for a person."""

    def __init__(self, status: int, code: str, title: str, remedy: str, detail: str = "") -> None:
        super().__init__(title)
        self.status = status
        self.code = code
        self.title = title
        self.remedy = remedy
        self.detail = detail

    def document(self) -> dict[str, Any]:
        """The body of the settings API and of the identity provider."""
        return {"error": {"code": self.code, "title": self.title, "remedy": self.remedy, "detail": self.detail}}

    def scim_document(self) -> dict[str, Any]:
        """The body of the SCIM door (RFC 7644, section 3.12)."""
        return {
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
            "status": str(self.status),
            "detail": " ".join(part for part in (self.title, self.remedy, self.detail) if part),
        }


async def answer(
    send: Send,
    status: int,
    document: Any,
    headers: Mapping[str, str] | None = None,
    media_type: str = "application/json",
    *,
    last: bool = True,
) -> None:
    """Sends `document` as JSON; bytes are JSON already, None sends no body.

    With `last` false the caller ends the answer itself.
    """
    body = document if isinstance(document, bytes) else b"" if document is None else json.dumps(document).encode()
    sent = {"content-type": media_type, "content-length": str(len(body)), "cache-control": "no-store"}
    if document is None:
        del sent["content-type"]
    if status in (204, 304):
        del sent["content-length"]
    # names are case-insensitive: a header given by the caller replaces the default of the same name
    sent |= {name.lower(): value for name, value in (headers or {}).items()}
    pairs = [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in sent.items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": body, "more_body": not last})
