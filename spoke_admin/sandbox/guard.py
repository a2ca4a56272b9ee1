"""The guard in front of every door of the stand-ins: who is not meant to be here changes nothing.

In this order: Host 421, Origin 403, right 401, type of the body 415, size of the body 413. A web page in the admin's
own browser can reach 127.0.0.1 too, which is why Host must be exact and Origin must be absent.
"""

import asyncio
import contextlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from spoke_admin.domain.secret import Secret
from spoke_admin.sandbox.asgi import MOST_BODY_BYTES, Application, Message, Receive, Refused, Scope, Send, answer

JSON_TYPES = frozenset({"application/json", "application/scim+json"})
DRAINED_BYTES = 8 * MOST_BODY_BYTES
DRAINED_SECONDS = 2.0

Right = Callable[[str, str], None]
"""Takes the scheme (lower case) and the credentials of a call. Raises Refused when they do not open the door."""


@dataclass(frozen=True)
class Door:
    """An application below a path, and the right that opens it.

    `public`: paths below the prefix that anybody may read (GET, HEAD).
    """

    prefix: str
    application: Application
    right: Right
    challenge: str
    errors: Literal["scim", "plain"] = "plain"
    public: frozenset[str] = frozenset()

    def covers(self, path: str) -> bool:
        return path == self.prefix or path.startswith(self.prefix + "/")

    def lets_anybody_read(self, method: str, path: str) -> bool:
        return method in ("GET", "HEAD") and path.removeprefix(self.prefix) in self.public


def key_right(scheme: str, key: Secret) -> Right:
    """The right of one fixed key, compared in constant time."""

    def check(given_scheme: str, credentials: str) -> None:
        fits = hmac.compare_digest(credentials.encode(), key.reveal().encode())
        if given_scheme != scheme.lower() or not fits:
            raise Refused(
                401,
                "unauthorized",
                "This call carries no right for this door, or a wrong one.",
                f"Send the header Authorization: {scheme} KEY, with the key of the line that the sandbox printed.",
            )

    return check


class Guard:
    """The ASGI application the server runs. `host` is the only Host header that is let through."""

    def __init__(self, host: str, doors: Sequence[Door]) -> None:
        self._host = host
        self._doors = doors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        path: str = scope["path"]
        door = next((door for door in self._doors if door.covers(path)), None)
        try:
            body = await self._admit(scope, receive, door)
            if door is None:
                raise _nothing_here(path)
        except Refused as refusal:
            await _refuse(refusal, door, scope, receive, send)
            return
        except _GoneAwayError:
            return
        below = dict(scope) | {"root_path": scope.get("root_path", "") + door.prefix}
        await door.application(below, _replay(body, receive), send)

    async def _admit(self, scope: Scope, receive: Receive, door: Door | None) -> bytes:
        """The whole body of a call that may pass. Raises Refused."""
        if _values(scope, b"host") != [self._host]:
            raise Refused(
                421, "wrong_host", "This server answers to one host name only.", f"Call it as http://{self._host}/."
            )
        if _values(scope, b"origin"):
            raise Refused(
                403, "origin_refused", "Calls from web pages are refused.", "Call it from a program, without Origin."
            )
        if door is None:
            return b""
        if not door.lets_anybody_read(scope["method"], scope["path"]):
            door.right(*_authorization(scope))
        return await _body(scope, receive)


def _nothing_here(path: str) -> Refused:
    return Refused(
        404, "not_found", "There is nothing at this address.", "Use the addresses of the sandbox's line.", path
    )


class _GoneAwayError(Exception):
    """The caller hung up before the body was whole."""


def _values(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key.lower() == name]


def _authorization(scope: Scope) -> tuple[str, str]:
    """Scheme in lower case, and credentials; both empty when there is none, or more than one."""
    given = _values(scope, b"authorization")
    scheme, _, credentials = given[0].partition(" ") if len(given) == 1 else ("", "", "")
    return scheme.lower(), credentials.strip()


async def _body(scope: Scope, receive: Receive) -> bytes:
    """The body, whole. A call without one needs no content type: /Schemas must answer 405 to a bare POST."""
    declared = next(iter(_values(scope, b"content-length")), "")
    if (not declared and not _values(scope, b"transfer-encoding")) or declared == "0":
        return b""
    media_type = next(iter(_values(scope, b"content-type")), "").partition(";")[0].strip().lower()
    if declared:
        _check_type(media_type)
        if not declared.isdigit() or int(declared) > MOST_BODY_BYTES:
            raise _too_large()
    body = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _GoneAwayError
        body += message.get("body", b"")
        if body:
            _check_type(media_type)
        if len(body) > MOST_BODY_BYTES:
            raise _too_large()
        more = message.get("more_body", False)
    return bytes(body)


def _check_type(media_type: str) -> None:
    if media_type not in JSON_TYPES:
        raise Refused(
            415,
            "not_json",
            "The body is not declared as JSON.",
            "Send it as application/json or application/scim+json.",
            f"content-type: {media_type or '(none)'}",
        )


def _too_large() -> Refused:
    return Refused(413, "too_large", "The body is larger than 1 MiB. Nothing was changed.", "Send less in one call.")


async def _refuse(refusal: Refused, door: Door | None, scope: Scope, receive: Receive, send: Send) -> None:
    scim = door is not None and door.errors == "scim"
    document = refusal.scim_document() if scim else refusal.document()
    headers = {"connection": "close"} if refusal.status in (413, 415) else {}
    if refusal.status == 401 and door is not None:
        headers["www-authenticate"] = door.challenge
    media_type = "application/scim+json" if scim else "application/json"
    # a caller that is still sending would lose the answer if the connection were closed on it at once
    drain = bool(headers.get("connection")) and not _values(scope, b"expect")
    await answer(send, refusal.status, document, headers, media_type, last=not drain)
    if drain:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DRAINED_SECONDS):
                await _drain(receive)
        await send({"type": "http.response.body", "body": b""})


async def _drain(receive: Receive) -> None:
    thrown_away = 0
    while thrown_away < DRAINED_BYTES:
        message = await receive()
        thrown_away += len(message.get("body", b""))
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            return


def _replay(body: bytes, receive: Receive) -> Receive:
    """Hands the body that was read already to the application, then whatever the server has to say."""
    given = False

    async def replayed() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed
