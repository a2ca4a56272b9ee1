"""HTTP calls that cannot hang, flood, wander off or give a token away. Facts behind it: docs/decisions/0004-http.md."""

import asyncio
import ipaddress
import json
import logging
import ssl
import zlib
from collections.abc import AsyncIterator, Mapping
from types import TracebackType
from urllib.parse import urlsplit, urlunsplit

import httpx

from spoke_admin.domain.error import AdminError
from spoke_admin.domain.exchange import Call, Reply

DEADLINE = 60.0  # seconds for a whole call: Okta's own limit for a SCIM service
MOST_BYTES = 16 * 1024 * 1024
CONNECTIONS = 8  # 32 cost three times the CPU a request

log = logging.getLogger(__name__)
for library in ("httpx", "httpcore", "h2", "hpack"):  # at DEBUG they log headers, and so the token
    logging.getLogger(library).setLevel(logging.WARNING)

_CERTIFICATE_FAULTS = {
    9: ("is not valid yet", "Check the clocks of both computers."),
    10: ("has expired", "Whoever runs the server has to renew it; there is no way round it here."),
    18: ("is self-signed", "Add it to this computer's trusted certificates if the server is yours."),
    19: ("comes from an authority this computer does not trust", "Add that authority to this computer's trusted ones."),
    20: ("comes from an authority this computer does not trust", "Add that authority to this computer's trusted ones."),
    62: ("belongs to another host", "Check the address; it must be the name the certificate was made for."),
    64: ("belongs to another address", "Use the host's name instead of its number."),
}


class HttpCaller:
    """Fulfils `domain.exchange.Caller`. One for a connection; `aclose()` ends it.

    `deadline`: seconds for a whole call, dripping servers included. `most_bytes`: the largest body taken, unpacked.
    """

    def __init__(self, deadline: float = DEADLINE, most_bytes: int = MOST_BYTES) -> None:
        self._deadline = deadline
        self._most_bytes = most_bytes
        self._clients: dict[tuple[bool, str], httpx.AsyncClient] = {}

    async def __aenter__(self) -> "HttpCaller":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Ends all connections. Harmless twice."""
        clients, self._clients = list(self._clients.values()), {}
        for client in clients:
            await client.aclose()

    async def __call__(self, call: Call) -> Reply:
        """Makes one call. Raises AdminError when no answer came, came too late, or points elsewhere."""
        _check_callable(call.url)
        parts = urlsplit(call.url)
        where = f"{parts.hostname}:{parts.port}" if parts.port else f"{parts.hostname}"
        try:
            async with asyncio.timeout(self._deadline):
                reply = await self._exchange(call)
        except TimeoutError:
            raise AdminError(
                f"{where} did not answer within {self._deadline:g} seconds.",
                "Try again; if it stays so, ask whoever runs the server.",
            ) from None
        except httpx.HTTPError as fault:
            raise _refusal(fault, where) from None
        log.debug("%s %s: %s", call.method, parts.path, reply.status)
        if 300 <= reply.status < 400 and reply.status != 304:
            raise _redirected(reply, where)
        return reply

    async def _exchange(self, call: Call) -> Reply:
        headers = {"accept": "application/json", **call.headers, "accept-encoding": "identity"}
        content = None
        if call.body is not None:
            content = json.dumps(call.body).encode()
            headers.setdefault("content-type", "application/json")
        if call.authorization:
            headers["authorization"] = call.authorization
        client = self._client(call.url)
        query = call.query or None
        async with client.stream(call.method, call.url, params=query, content=content, headers=headers) as response:
            body = await self._body(response)
            return Reply(response.status_code, {name.lower(): value for name, value in response.headers.items()}, body)

    def _client(self, url: str) -> httpx.AsyncClient:
        """Loopback never meets a proxy: HTTP_PROXY would be handed the token."""
        key = (is_loopback(url), urlsplit(url).scheme)
        if key not in self._clients:
            verify = _trust() if key[1] == "https" else False  # plain http is loopback alone: there is no TLS to check
            limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
            self._clients[key] = httpx.AsyncClient(
                verify=verify, trust_env=not key[0], follow_redirects=False, limits=limits, timeout=self._deadline
            )
        return self._clients[key]

    async def _body(self, response: httpx.Response) -> bytes:
        encoding = response.headers.get("content-encoding", "identity").strip().lower()
        if encoding not in ("identity", "", "gzip", "x-gzip"):
            raise AdminError(f"The server packs its answer in a way that was not asked for: {encoding[:40]}.", UNPACK)
        unpack = zlib.decompressobj(wbits=31) if "gzip" in encoding else None
        body = bytearray()
        async for chunk in _chunks(response):
            body += self._unpacked(unpack, chunk, len(body)) if unpack else chunk
            if len(body) > self._most_bytes:
                raise AdminError(
                    f"The answer is larger than {self._most_bytes // 2**20 or 1} MiB.",
                    "Check the address; no answer of a SCIM service is that large.",
                )
        return bytes(body)

    def _unpacked(self, unpack: "zlib._Decompress", chunk: bytes, so_far: int) -> bytes:
        try:
            return unpack.decompress(chunk, self._most_bytes + 1 - so_far)
        except zlib.error:
            raise AdminError("The server's answer is damaged: it cannot be unpacked.", UNPACK) from None


UNPACK = "Try again; if it stays so, a proxy on the way may be at fault."


async def _chunks(response: httpx.Response) -> AsyncIterator[bytes]:
    async for chunk in response.aiter_raw(65_536):
        yield chunk


_trusted: list[ssl.SSLContext] = []


def _trust() -> ssl.SSLContext:
    """The operating system's trust, made once. There is no switch to ignore certificates."""
    if not _trusted:
        import truststore

        _trusted.append(truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    return _trusted[0]


def is_loopback(url: str) -> bool:
    """Whether an address stays on this computer: localhost, 127.0.0.0/8 or ::1."""
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_url(text: str) -> str:
    """An address as an admin typed it, without blanks around and slash behind. Raises AdminError in words."""
    url = text.strip().rstrip("/")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _wrong_address(text, "its host or port cannot be read") from None
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname:
        raise _wrong_address(text, "it does not begin with https:// and a host")
    if any(character.isspace() or ord(character) < 32 or ord(character) == 127 for character in url):
        raise _wrong_address(text, "it holds a blank or a control character")
    if parts.username is not None or parts.password is not None:
        raise AdminError("The address holds a name or a password.", "Leave out what stands before the @.")
    if parts.query or parts.fragment:
        raise _wrong_address(text, "it has a ? or a # part")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    checked = urlunsplit((parts.scheme.lower(), f"{host}:{port}" if port else host, parts.path, "", ""))
    _check_callable(checked)
    return checked


def _check_callable(url: str) -> None:
    if urlsplit(url).scheme == "http" and not is_loopback(url):
        raise AdminError(
            "Plain http would show the token to everyone on the way.", "Use the https:// address.", urlsplit(url).netloc
        )


def _wrong_address(text: str, reason: str) -> AdminError:
    return AdminError(
        f"{text.strip()[:100] or 'Nothing'} is not an address that can be used: {reason}.",
        "It looks like https://acme.example.com/scim/v2.",
    )


def _redirected(reply: Reply, where: str) -> AdminError:
    target = urlsplit(reply.headers.get("location", ""))
    return AdminError(
        f"{where} sends the call on to {target.hostname or 'another page'}, and calls are not sent on: "
        "a token goes only to the address that was typed.",
        "Type the address it really has; a log-in page here means that it is no API address.",
        f"HTTP {reply.status}",
    )


def _refusal(fault: httpx.HTTPError, where: str) -> AdminError:
    """What went wrong below HTTP, in words."""
    cause: BaseException | None = fault
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            what, remedy = _CERTIFICATE_FAULTS.get(cause.verify_code, ("cannot be trusted", "See the detail."))
            return AdminError(f"The certificate of {where} {what}.", remedy, cause.verify_message)
        if isinstance(cause, ssl.SSLError):
            return AdminError(f"{where} speaks no TLS that can be used.", "Check the address and the port.", str(cause))
        if isinstance(cause, ConnectionRefusedError):
            return AdminError(f"Nothing listens at {where}.", "Start the server, or check host and port.")
        cause = cause.__cause__ or cause.__context__
    if isinstance(fault, httpx.ConnectError):
        return AdminError(f"{where} cannot be reached.", "Check the host's name and your network.", str(fault))
    if isinstance(fault, httpx.ProxyError):
        return AdminError(
            f"The proxy does not let calls to {where} through.", "Check the proxy's settings.", str(fault)
        )
    if isinstance(fault, httpx.RemoteProtocolError | httpx.ReadError | httpx.WriteError | httpx.CloseError):
        return AdminError(
            f"{where} broke off in the middle of its answer.", "Try again; check that it is an HTTP server.", str(fault)
        )
    return AdminError(f"The call to {where} failed.", "Check the address, then try again.", type(fault).__name__)


def reason_of(reply: Reply) -> Mapping[str, object]:
    """The JSON object of a refusal, {} when there is none."""
    try:
        document = reply.document()
    except AdminError:
        return {}
    return document if isinstance(document, dict) else {}
