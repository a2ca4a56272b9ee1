"""The stand-ins' port on 127.0.0.1, and uvicorn as a part of our loop."""

import asyncio
import contextlib
import errno
import socket
import sys
from collections.abc import Callable, Iterator

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from spoke_admin.domain.error import AdminError
from spoke_admin.sandbox.asgi import Application

LOOPBACK = "127.0.0.1"
GRACE_SECONDS = 3


def listen(port: int, preferred: int | None = None) -> socket.socket:
    """A socket bound to `port`; with port 0 to `preferred` where that is free, else to any free one.

    Raises AdminError naming the port.
    """
    if port == 0 and preferred:
        with contextlib.suppress(AdminError):
            return _bound(preferred)
    return _bound(port)


def _bound(port: int) -> socket.socket:
    # asyncio sets TCP_NODELAY only where the protocol is named; without it an answer takes 40 ms
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if sys.platform != "win32":  # there it would let two servers share a port
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((LOOPBACK, port))
        listening.listen(128)
    except OSError as fault:
        listening.close()
        raise _cannot_listen(port, fault) from None
    return listening


def _cannot_listen(port: int, fault: OSError) -> AdminError:
    if fault.errno == errno.EADDRINUSE:
        title = f"Port {port} on this computer is in use."
    elif fault.errno in (errno.EACCES, errno.EPERM):
        title = f"Port {port} needs rights that this program does not have."
    else:
        title = f"Port {port} on this computer cannot be used."
    return AdminError(title, "Choose another with --port, or leave --port out for a free one.", fault.strerror or "")


class _Server(uvicorn.Server):
    """Leaves signals to the command, and tells when it answers."""

    def __init__(self, config: uvicorn.Config, answering: Callable[[], None]) -> None:
        super().__init__(config)
        self._answering = answering

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._answering()


class _Protocol(H11Protocol):
    """Answers a request whose Host is missing or doubled as any other wrong Host: 421, which h11 refuses as 400.

    `hang_up` in the state of a call's scope ends its connection.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self.app_state = self.app_state | {"hang_up": transport.abort}

    def send_400_response(self, msg: str) -> None:
        if "Host: header" not in str(sys.exc_info()[1]):
            super().send_400_response(msg)
            return
        body = b'{"error": {"code": "wrong_host", "title": "The Host header is missing.", "remedy": "", "detail": ""}}'
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
        ]
        for event in (h11.Response(status_code=421, headers=headers), h11.Data(data=body), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()


async def run(
    application: Application, listening: socket.socket, answering: Callable[[], None], stop: asyncio.Event
) -> None:
    """Serves `application` until `stop` is set. `answering` is called once, when calls are answered."""
    config = uvicorn.Config(
        application,
        http=_Protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    server = _Server(config, answering)

    async def end() -> None:
        await stop.wait()
        server.should_exit = True

    ending = asyncio.create_task(end())
    try:
        await server.serve(sockets=[listening])
    finally:
        ending.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await ending
