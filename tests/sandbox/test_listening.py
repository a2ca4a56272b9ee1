"""The port on 127.0.0.1."""

import asyncio
import socket

import pytest

from spoke_admin.domain.error import AdminError
from spoke_admin.sandbox import listening


def test_a_port_in_use_is_named() -> None:
    with listening.listen(0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(AdminError, match=str(port)) as refused:
            listening.listen(port)
    assert "--port" in refused.value.remedy


def test_the_preferred_port_where_it_is_free() -> None:
    with listening.listen(0) as first:
        port = first.getsockname()[1]
        with listening.listen(0, preferred=port) as other:
            assert other.getsockname()[1] != port
    with listening.listen(0, preferred=port) as again:
        assert again.getsockname() == ("127.0.0.1", port)


def test_answers_are_sent_without_delay() -> None:
    """Without TCP_NODELAY an answer in two parts takes 40 ms."""

    async def nodelay() -> int:
        found: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        class Look(asyncio.Protocol):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                accepted = transport.get_extra_info("socket")
                found.set_result(accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))

        bound = listening.listen(0)
        server = await asyncio.get_running_loop().create_server(Look, sock=bound)
        _, writer = await asyncio.open_connection(*bound.getsockname())
        option = await asyncio.wait_for(found, 10)
        writer.close()
        await writer.wait_closed()
        server.close()
        await server.wait_closed()
        return option

    assert asyncio.run(nodelay()) != 0
