"""HTTP calls: a deadline for the whole call, a cap on the answer, no redirects, the token only to the host typed."""

import asyncio
import functools
import json
import logging
import re
import ssl
import time
from collections.abc import Mapping, MutableMapping
from http.cookiejar import CookieJar
from typing import Any, Self
from urllib.parse import quote, urlencode, urlsplit

import httpx
import truststore

from spoke_admin import __version__
from spoke_admin.adapters.address import check_url, host_and_port, is_loopback
from spoke_admin.adapters.answer_body import read_body
from spoke_admin.adapters.audited_paths import template
from spoke_admin.adapters.http_faults import no_answer, too_late
from spoke_admin.domain.error import AdminError
from spoke_admin.domain.exchange import Call, Reply

__all__ = ["BrokenOffError", "HttpCaller", "NotSentError", "check_url", "is_loopback", "reason_of"]

DEADLINE_SECONDS = 60.0
MOST_BYTES = 16 * 1024 * 1024
CONNECTIONS = 8  # 32 cost three times the processor time a request
LONGEST_HEADER = 16_384
USER_AGENT = f"Spoke-Admin/{__version__}"
AS_JSON = json.JSONEncoder(ensure_ascii=False, allow_nan=False)
HEADER_NAME = re.compile(r"[a-z0-9-]{1,100}")
PLAIN_SEGMENT = re.compile(r"[A-Za-z0-9_-]{1,100}")

log = logging.getLogger(__name__)


class NotSentError(AdminError):
    """Nothing of the call left this computer: a write that ends so has surely not taken effect.

    `connecting`: seconds that were spent on a connection that did not come about.
    """

    connecting = 0.0


class BrokenOffError(AdminError):
    """The connection ended before the answer was whole: a write may have taken effect all the same."""


class HttpCaller:
    """Fulfils `domain.exchange.Caller`. Belongs to one event loop; `aclose()` ends its connections.

    `deadline` is in seconds and covers the whole call, waiting for a free connection included; `most_bytes` bounds the
    body of an answer, packed and unpacked. Loopback addresses never go through a proxy, others follow the system's
    proxy settings. Redirects are never followed, cookies never kept, nothing is sent twice. Of its AdminErrors,
    `NotSentError` and `BrokenOffError` tell how far the call came; with any other it may have been sent.
    """

    def __init__(self, *, deadline: float = DEADLINE_SECONDS, most_bytes: int = MOST_BYTES) -> None:
        self._deadline = deadline
        self._most_bytes = most_bytes
        self._clients: dict[tuple[bool, bool], httpx.AsyncClient] = {}
        self._trust: ssl.SSLContext | None = None
        for library in ("httpx", "httpcore", "h2", "hpack"):  # their lines hold headers and queries
            logging.getLogger(library).setLevel(logging.WARNING)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *reason: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Ends all connections. Harmless twice."""
        clients = list(self._clients.values())
        self._clients.clear()
        for client in clients:
            await client.aclose()

    async def __call__(self, call: Call) -> Reply:
        sending = _Sending()
        try:
            return await self._answer(call, sending)
        except AdminError as fault:
            if sending.begun:
                raise
            unsent = NotSentError(fault.title, fault.remedy, fault.detail)
            unsent.connecting = sending.connecting
            raise unsent from None
        finally:
            if not sending.begun:
                await sending.give_up()

    async def _answer(self, call: Call, sending: "_Sending") -> Reply:
        url = _checked(call.url)
        request = _request(call, url)
        client = self._client(url)
        path = template(url) if log.isEnabledFor(logging.DEBUG) else ""  # an address may hold a secret, an id a name
        sending.watch(request)
        started = time.monotonic()
        try:
            async with asyncio.timeout(self._deadline):
                response = await client.send(request, stream=True)
                reply = await self._read(response, call, sending.connecting)
        except TimeoutError:
            log.debug("%s %s: no answer in time", call.method, path)
            raise too_late(call.method, url, self._deadline, connecting=sending.connects) from None
        except AdminError:
            log.debug("%s %s: the answer is not taken", call.method, path)
            raise
        except (httpx.HTTPError, httpx.StreamError) as fault:
            log.debug("%s %s: %s", call.method, path, type(fault).__name__)
            raise sending.ended(fault, no_answer(fault, call.method, url)) from None
        log.debug("%s %s: %d in %.0f ms", call.method, path, reply.status, (time.monotonic() - started) * 1000)
        return reply

    async def _read(self, response: httpx.Response, call: Call, connecting: float) -> Reply:
        try:
            headers = _headers(response)
            cap = min(self._most_bytes, call.most_bytes or self._most_bytes)
            if not isinstance(response.stream, httpx.AsyncByteStream):
                raise TypeError("an asynchronous client answers with such a stream")
            body = await read_body(response.stream, headers, cap)  # as it came: `aiter_raw` would wrap it twice
        finally:
            await response.aclose()
        return Reply(response.status_code, headers, body, call.authorization.rpartition(" ")[2], connecting)

    def _client(self, url: str) -> httpx.AsyncClient:
        kind = _kind("/".join(url.split("/", 3)[:3]))
        if kind not in self._clients:
            self._clients[kind] = self._new_client(*kind)
        return self._clients[kind]

    def _new_client(self, loopback: bool, secure: bool) -> httpx.AsyncClient:
        # a client that never speaks TLS gets a context that trusts nobody: making the real one costs 30 ms
        trust = self._trusted() if secure else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        try:
            return httpx.AsyncClient(
                verify=trust,
                trust_env=not loopback,
                follow_redirects=False,
                timeout=None,  # noqa: S113  # the deadline of the whole call ends it
                limits=httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS),
                event_hooks={"response": [_refuse_redirect]},
                cookies=_NoCookies(),
            )
        except (ValueError, ImportError, httpx.InvalidURL) as fault:
            raise AdminError(
                "The proxy settings of this computer cannot be used.",
                "Set HTTPS_PROXY to an address like http://proxy.example:8080, or leave it out.",
                type(fault).__name__,
            ) from None

    def _trusted(self) -> ssl.SSLContext:
        if self._trust is None:
            self._trust = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        return self._trust


def _checked(url: str) -> str:
    """`check_url`, with a slash at the end kept. What stands before an id was nearly always checked a moment ago."""
    base, _, last = url.rpartition("/")
    if PLAIN_SEGMENT.fullmatch(last) and base.count("/") > 2 and not re.search(r"[?#]|/$", base):
        return f"{_checked_base(base)}/{last}"
    checked = check_url(url, query=True)
    return f"{checked}/" if urlsplit(url).path.endswith("/") and not urlsplit(checked).path.endswith("/") else checked


@functools.lru_cache(maxsize=64)
def _kind(origin: str) -> tuple[bool, bool]:
    """Whether an address is this very computer, and whether it speaks https."""
    return is_loopback(origin), origin.startswith("https:")


@functools.lru_cache(maxsize=64)
def _checked_base(url: str) -> str:
    return check_url(url)


class _NoCookies(CookieJar):
    """Takes none, and does not look for any: that would cost a tenth of a call."""

    def extract_cookies(self, *_: object) -> None:
        pass


class _Sending:
    """How far a call came, and how many seconds making a connection for it has taken; 0 where there was one already.

    What counts is the time until the request itself can go: a full queue holds up the TCP connection (its first packet
    is sent again after a second), but a server that is slow to take its callers, or stands behind a proxy, shows that
    in the TLS handshake or the CONNECT after it.
    """

    def __init__(self) -> None:
        self.begun = False
        self._since = self._until = 0.0
        self._connection: Any = None  # httpcore's AsyncNetworkStream, while TLS or a proxy is to come
        self._watched: MutableMapping[str, Any] = {}

    def watch(self, request: httpx.Request) -> None:
        self._watched = request.extensions
        self._watched["trace"] = self._trace

    @property
    def connects(self) -> bool:
        """Whether a connection is being made."""
        return bool(self._since) and not self._until

    @property
    def connecting(self) -> float:
        return (self._until or time.monotonic()) - self._since if self._since else 0.0

    async def _trace(self, event: str, facts: Mapping[str, Any]) -> None:
        if event == "http11.send_request_headers.started":
            if facts["request"].method != b"CONNECT":
                self.begun = True
                self._until = time.monotonic()
                self._connection = None
                self._watched.pop("trace", None)  # watching costs time at each of the steps that follow
        elif event == "connection.connect_tcp.started":
            self._since = time.monotonic()
        elif event == "connection.connect_tcp.complete":
            self._connection = facts["return_value"]

    async def give_up(self) -> None:
        """Closes a connection that did not come about: httpcore leaves one open when TLS was cut short (1.0.9)."""
        if self._connection is not None:
            await self._connection.aclose()

    def ended(self, fault: httpx.HTTPError | httpx.StreamError, error: AdminError) -> AdminError:
        if isinstance(fault, (httpx.ConnectError, httpx.ProxyError)):  # a proxy refuses before it lets anything through
            self.begun = False
        elif isinstance(fault, (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError)):
            return BrokenOffError(error.title, error.remedy, error.detail)
        return error


def _request(call: Call, url: str) -> httpx.Request:
    """The request, with nothing in it that could end a header early."""
    if not re.fullmatch(r"[A-Z]{1,20}", call.method):
        raise ValueError("a method is a word in capitals")
    try:
        if call.query:
            url += ("&" if "?" in url else "?") + urlencode(call.query, quote_via=quote)
        address = httpx.URL(url)
    except UnicodeEncodeError:
        raise _half_a_character() from None
    except httpx.InvalidURL:  # above all one that is too long, by a name that was looked for
        raise AdminError("The call has an address that cannot be sent.", "Look for a shorter name.") from None
    content = _json(call.body)
    headers = {
        "host": address.netloc.decode(),
        "accept": "*/*",
        "user-agent": USER_AGENT,
        **{name.lower(): value for name, value in call.headers.items()},
        "accept-encoding": "identity",
    }
    if content is not None:
        headers.setdefault("content-type", "application/json")
    if content is not None or call.method in ("POST", "PUT", "PATCH"):
        headers["content-length"] = str(len(content or b""))
    if call.authorization:
        headers["authorization"] = call.authorization
    for name, value in headers.items():
        printable = len(value) <= LONGEST_HEADER and value.isascii() and value.isprintable()
        if not printable or not _is_header_name(name):
            raise AdminError(
                f"The header {name[:40]!r} cannot be sent: it holds a line break or a character beyond ASCII.",
                "If it is a token, copy it again, whole and alone.",
            )
    # a stream of bytes, not `content`: httpx would make its headers once more, to add what is in them already
    return httpx.Request(call.method, address, headers=headers, stream=httpx.ByteStream(content or b""))


@functools.lru_cache(maxsize=64)
def _is_header_name(name: str) -> bool:
    return HEADER_NAME.fullmatch(name) is not None


def _headers(response: httpx.Response) -> dict[str, str]:
    """By names in lower case; what came several times is joined. httpx's own reading takes three times as long."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in response.headers.raw:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("utf-8", "replace")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def _json(body: object) -> bytes | None:
    if body is None:
        return None
    try:
        return AS_JSON.encode(body).encode()
    except UnicodeEncodeError:
        raise _half_a_character() from None
    except (ValueError, RecursionError):  # what a service answered may hold NaN, and be sent back to it
        raise AdminError(
            "A value to be sent cannot be written as JSON: a number that is none, or too deeply nested.",
            "Correct the value at the service itself.",
        ) from None


def _half_a_character() -> AdminError:
    return AdminError(
        "A text to be sent holds half a character.", "Correct the text: it was cut in the middle of a sign."
    )


async def _refuse_redirect(response: httpx.Response) -> None:
    """Followed, the token would travel to another host; so it is said and left to the admin.

    A hook, because httpx works out the next request, and stumbles over an odd target, even when it is not to follow.
    """
    if not 300 <= response.status_code < 400:
        return
    target = response.headers.get("location", "")
    try:
        host = host_and_port(str(response.url.join(target))) if target else "nowhere"
    except (httpx.InvalidURL, ValueError):
        host = "an address that cannot be read"
    raise AdminError(
        f"{host_and_port(str(response.url))} sends the call on to {host}; it is not followed, for the token's sake.",
        "Type the right address itself: compare scheme, host and path with the service's documents.",
        f"HTTP {response.status_code}",
    )


def reason_of(reply: Reply) -> Mapping[str, object]:
    """The JSON object of a refusal, {} when there is none."""
    try:
        document = reply.document()
    except AdminError:
        return {}
    return document if isinstance(document, dict) else {}
