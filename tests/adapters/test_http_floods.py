"""HTTP against servers that drip, flood, lie and break off: what they cost in time and memory, and the words."""

import asyncio
import gzip
import socket
import time
import tracemalloc
import zlib
from collections.abc import AsyncIterator

import pytest

from spoke_admin.adapters.answer_body import read_body
from spoke_admin.adapters.http import HttpCaller
from spoke_admin.domain.error import AdminError
from spoke_admin.domain.exchange import Call
from tests.adapters.hostile import OK, Answer, ask, dripping, endless, hanging_up_after, http, refused, saying, serving

MIB = 1024 * 1024


@pytest.mark.parametrize(
    "answer",
    [
        dripping(b"HTTP/1.1 200 OK\r\nx: ", b"x"),
        dripping(OK, b"a: b\r\n"),
        dripping(OK + b"content-length: 999999\r\n\r\n", b"x"),
        dripping(OK + b"transfer-encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        dripping(
            OK + b"content-encoding: gzip\r\ncontent-length: 999999\r\n\r\n" + gzip.compress(b"x")[:10],
            b"\0\0\0\xff\xff",
        ),
        dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        endless(b"", b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n"),
        saying(b""),
        saying(b"SSH-2.0-OpenSSH_9.2\r\n"),
    ],
    ids=["header", "headers", "body", "chunks", "gzip", "continue", "hints", "silence", "ssh"],
)
def test_a_dripping_server_is_left_at_the_deadline(answer: Answer) -> None:
    started = time.monotonic()
    error = refused(answer, deadline=0.5)
    assert time.monotonic() - started < 1.5
    assert "0.5 s" in error.title


def test_a_server_that_does_not_read_is_left_at_the_deadline() -> None:
    async def run() -> float:
        with socket.create_server(("127.0.0.1", 0)) as deaf:
            url = f"http://127.0.0.1:{deaf.getsockname()[1]}/"
            async with HttpCaller(deadline=0.5) as caller:
                started = time.monotonic()
                with pytest.raises(AdminError, match="did not answer"):
                    await caller(Call("POST", url, body="x" * 20 * MIB))
                return time.monotonic() - started

    assert asyncio.run(run()) < 1.5


BOMB = zlib.compressobj(9, zlib.DEFLATED, 31)
GZIP_BOMB = b"".join([BOMB.compress(bytes(MIB)) for _ in range(300)]) + BOMB.flush()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (saying(http(200, GZIP_BOMB, content_encoding="gzip")), "larger than"),
        (saying(http(200, gzip.compress(GZIP_BOMB), content_encoding="gzip, gzip")), "packed"),
        (saying(http(200, b"x", content_encoding="br")), "packed"),
        (saying(http(200, gzip.compress(b"{}") * 1000, content_encoding="gzip")), "unpacked"),
        (endless(OK + b"\r\n", b"x" * 65536), "larger than"),
        (endless(OK + b"transfer-encoding: chunked\r\n\r\n", b"ffff\r\n" + b"x" * 65535 + b"\r\n"), "larger than"),
        (saying(OK + b"content-length: 99999999999\r\n\r\n"), "larger than"),
        (saying(OK + b"content-length: " + b"9" * 5000 + b"\r\n\r\n"), ""),
        (endless(OK, b"a: " + b"x" * 1000 + b"\r\n"), "not HTTP"),
        (endless(OK + b"a: ", b"x" * 65536), "not HTTP"),
        (endless(OK + b"transfer-encoding: chunked\r\n\r\n1;", b"x" * 65536), "not HTTP"),
        (endless(OK + b"transfer-encoding: chunked\r\n\r\n0\r\n", b"a: bbbbbbbbbbb\r\n" * 1000), "not HTTP"),
    ],
    ids=[
        "gzip bomb", "nested gzip", "br", "gzip members", "body", "chunks", "length", "digits", "headers", "header",
        "chunk extension", "trailers",
    ],
)  # fmt: skip
def test_a_flooding_server_gets_64_mib_at_most(answer: Answer, words: str) -> None:
    refused(answer, deadline=20)  # what is imported at the first call is not the flood's
    tracemalloc.start()
    try:
        error = refused(answer, deadline=20)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert words in error.title
    assert peak < 64 * MIB, f"{peak / MIB:.0f} MiB"


@pytest.mark.parametrize("headers", [{}, {"content-encoding": "gzip"}])
def test_an_answer_in_tiny_pieces_takes_no_more_memory_than_in_one(headers: dict[str, str]) -> None:
    body = bytes(range(256)) * 1000
    sent = gzip.compress(body, 0) if headers else body

    async def pieces() -> AsyncIterator[bytes]:
        for place in range(0, len(sent), 2):
            yield sent[place : place + 2]

    tracemalloc.start()
    try:
        assert asyncio.run(read_body(pieces(), headers, MIB)) == body
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2 * MIB, f"{peak / MIB:.1f} MiB"


def test_gzip_that_was_not_asked_for_is_unpacked_all_the_same() -> None:
    assert ask(saying(http(200, gzip.compress(b'{"a": 1}'), content_encoding="gzip"))).document() == {"a": 1}
    assert ask(saying(http(200, b"", content_encoding="gzip"))).body == b""
    assert "unpacked" in refused(saying(http(200, b"no gzip", content_encoding="gzip"))).title
    assert "unpacked" in refused(saying(http(200, gzip.compress(b"x" * 99)[:-9], content_encoding="gzip"))).title


def test_the_cap_of_one_call_is_below_the_callers() -> None:
    async def run() -> None:
        async with serving(saying(http(200, b"x" * 1000))) as server, HttpCaller(most_bytes=1000) as caller:
            assert len((await caller(Call("GET", server.url()))).body) == 1000
            with pytest.raises(AdminError, match="larger"):
                await caller(Call("GET", server.url(), most_bytes=999))

    asyncio.run(run())


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (hanging_up_after(b""), "broke off"),
        (hanging_up_after(b"HTTP/1.1 200 O"), "broke off"),
        (hanging_up_after(OK), "broke off"),
        (hanging_up_after(OK + b"content-length: 10\r\n\r\n{}"), "broke off"),
        (hanging_up_after(OK + b"transfer-encoding: chunked\r\n\r\n5\r\nab"), "broke off"),
        (saying(b"\0\xff" * 100 + b"\r\n\r\n"), "not HTTP"),
        (saying(OK + b"content-length: -1\r\n\r\n{}"), "not HTTP"),
        (saying(OK + b"content-length: two\r\n\r\n{}"), "not HTTP"),
        (saying(OK + b"content-length: 2\r\ncontent-length: 3\r\n\r\n{}"), "not HTTP"),
        (saying(OK + b"transfer-encoding: chunked\r\n\r\nxyz\r\n"), "not HTTP"),
        (saying(OK + b"no colon\r\n\r\n"), "not HTTP"),
        (saying(b"HTTP/1.1 99999 Odd\r\n\r\n"), "not HTTP"),
    ],
)
def test_a_broken_answer_is_told_in_words(answer: Answer, words: str) -> None:
    assert words in refused(answer, deadline=5).title


def test_what_follows_the_declared_length_is_left() -> None:
    assert ask(hanging_up_after(OK + b"content-length: 2\r\n\r\n{}HTTP/1.1 500 No\r\n\r\n")).body == b"{}"
