"""Servers that hang, drip, flood, loop and lie: the run ends by its deadline, stays small, and says what happened."""

import asyncio
import gzip
import json
import time
from collections.abc import Sequence
from random import Random
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spoke_admin.connection import diagnose, profile
from spoke_admin.doctor.asking import Time
from spoke_admin.doctor.results import Report
from spoke_admin.doctor.running import CHECKS
from spoke_admin.doctor.saving import junit_bytes
from spoke_admin.doctor.vendor_report import as_markdown
from spoke_admin.domain.exchange import Call, Reply
from spoke_admin.domain.secret import Secret
from tests.adapters.hostile import (
    CANARY,
    OK,
    Answer,
    Server,
    dripping,
    endless,
    hanging_up_after,
    http,
    saying,
    serving,
)
from tests.doctor.plain_scim import Forward, PlainScim
from tests.doctor.plain_scim import diagnosed as diagnosed_by

MIB = 1024 * 1024
NAMES = (
    "Resources", "totalResults", "schemas", "id", "userName", "displayName", "members", "value", "meta", "location",
    "version", "name", "givenName", "attributes", "patch", "supported", "etag", "active", "emails", "type", "detail",
)  # fmt: skip
DEADLINE = 3.0
USER = {
    "id": "1",
    "userName": "quentin.private@acme.example",
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
}
PAGE = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": 1_000_000, "startIndex": 1}


def listing(users: Sequence[Any], **more: Any) -> bytes:
    return http(body=json.dumps({**PAGE, "Resources": users, **more}).encode())


def bomb() -> bytes:
    """300 MiB of zeros in 300 KiB."""
    packed = gzip.compress(bytes(300 * MIB), 1)
    return OK + f"content-encoding: gzip\r\ncontent-length: {len(packed)}\r\n\r\n".encode() + packed


LOG_IN = b'<html><head><title>Acme Proxy</title></head><form>Please log in <input type="password"></form></html>'
CASES: list[tuple[str, Answer, str]] = [
    ("speaks_scim", saying(http(200, b"<title>Acme</title>Hello", "text/html")), "a web page, titled “Acme”"),
    ("speaks_scim", saying(http(200, LOG_IN, "text/html")), "a log-in page, titled “Acme Proxy”"),
    ("speaks_scim", saying(http(302, b"", location="https://log-in.example/")), "comes first"),
    ("redirects", saying(http(302, b"", location="https://log-in.example/")), "log-in.example:443"),
    ("reachable", saying(bomb()), "larger than 2 MB"),
    ("reachable", hanging_up_after(OK + b"content-length: 1000\r\n\r\n{}"), "broke off"),
    ("reachable", saying(OK + b"content-length: 2\r\n\r\n{}and more than was said"), "HTTP 200"),
    ("reachable", saying(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), "not HTTP"),
    ("reachable", hanging_up_after(b""), "broke off"),
    ("page_end", saying(listing([USER])), "brings users again"),
    ("page_beyond_end", saying(listing([USER])), "the first page again"),
    ("page_end", saying(listing([])), "0 users came"),
    ("page_integers", saying(listing([USER], totalResults=-7)), "totalResults is no whole number"),
    ("users_list", saying(listing([USER], totalResults=10**4299)), "Some in all"),
    ("page_integers", saying(listing([USER], totalResults=1e308)), "totalResults is no whole number"),
    ("speaks_scim", saying(http(body=b'{"totalResults": ' + b"9" * 5000 + b"}")), "no JSON object"),
    ("speaks_scim", saying(http(body=b"[" * 90_000)), "no JSON object"),
    ("reachable", saying(http(body=b"[" * 200_000)), "holds more values"),
    ("users_list", saying(http(body=b'{"totalResults": 1, "Resources": ' + b"[" * 400 + b"]" * 400 + b"}")), "not say"),
    ("users_list", saying(http(body=json.dumps({**PAGE, "Resources": [None, 1, "x", [], {}]}).encode())), "no id"),
    ("schemas", saying(http(body=b'{"totalResults": 1, "Resources": [{"id": "\\ud800"}]}')), "not"),
    ("clock", saying(http(body=b"{}", date="\xff".encode("latin-1").decode("latin-1"))), "no Date"),
    ("speaks_scim", saying(http(401, b"", www_authenticate="Bearer " + "x" * 60_000)), "HTTP 401"),
]  # fmt: skip

# each waits for its deadlines: all at once
SLOW: list[tuple[str, Answer, str]] = [
    ("reachable", saying(b""), "No whole answer came within 0.5 s."),
    ("reachable", dripping(b"HTTP/1.1 200 OK\r\nx: ", b"x"), "No whole answer came"),
    ("reachable", dripping(OK + b"content-length: 999999\r\n\r\n", b" "), "No whole answer came"),
    ("reachable", dripping(OK + b"transfer-encoding: chunked\r\n\r\n", b"1\r\n \r\n"), "No whole answer came"),
    ("reachable", endless(OK + b"\r\n", b" " * 65536), "larger than 2 MB"),
]


async def diagnosed(server: Server, *, write: bool = False) -> Report:
    times = Time(DEADLINE, write=write)
    return await diagnose(server.url("/scim/v2"), profile("generic"), Secret(CANARY), write=write, times=times)


def check(report: Report, code: str, words: str) -> None:
    found = next(it for it in report.results if it.code == code)
    assert words in found.found, found
    assert report.nothing_asked is None
    document = json.dumps(report.document())
    assert CANARY not in document
    assert "quentin" not in document.lower()


@pytest.mark.parametrize(("code", "answer", "words"), CASES, ids=[f"{it[0]}-{place}" for place, it in enumerate(CASES)])
def test_the_report_says_what_happened_and_comes_in_time(code: str, answer: Answer, words: str) -> None:
    async def run() -> Report:
        async with serving(answer) as server:
            return await diagnosed(server)

    began = time.monotonic()
    report = asyncio.run(run())
    assert time.monotonic() - began < DEADLINE + 1
    check(report, code, words)


def test_who_does_not_come_to_an_end_is_told_in_time() -> None:
    async def run(answer: Answer) -> Report:
        async with serving(answer) as server:
            return await diagnosed(server)

    async def all_of_them() -> list[Report]:
        return await asyncio.gather(*(run(answer) for _, answer, _ in SLOW))

    began = time.monotonic()
    reports = asyncio.run(all_of_them())
    assert time.monotonic() - began < DEADLINE + 1
    for report, (code, _, words) in zip(reports, SLOW, strict=True):
        check(report, code, words)
        assert [it.code for it in report.problems] == [code]


def test_who_answers_with_somebody_else_does_not_make_us_change_that_one() -> None:
    async def run() -> tuple[Report, list[bytes]]:
        async with serving(saying(listing([USER], **USER))) as server:
            return await diagnosed(server, write=True), server.requests

    report, requests = asyncio.run(run())
    check(report, "page_beyond_end", "the first page again")
    check(report, "create_okta", "somebody else than the new user")
    first_lines = [request.partition(b"\r\n")[0] for request in requests]
    assert not [it for it in first_lines if it.endswith(b"/Users/1 HTTP/1.1") and not it.startswith(b"GET")]
    assert len(requests) < 200


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=9)
    | st.sampled_from(["1", "spoke-admin-doctor-x", "urn:ietf:params:scim:schemas:core:2.0:User", "False"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=12,
)  # fmt: skip
REPLIES = st.builds(
    Reply,
    st.sampled_from([200, 200, 200, 201, 204, 400, 401, 404, 409, 500]),
    st.dictionaries(st.sampled_from(["content-type", "date", "location", "etag", "retry-after"]), st.text(max_size=9)),
    VALUES.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=9),
)


@settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(REPLIES, min_size=1, max_size=8), st.sampled_from([0.05, 0.2, 1.0]), st.integers(0, 9999))
def test_whatever_is_answered_every_check_has_its_verdict(replies: list[Reply], share: float, seed: int) -> None:
    """A share of the answers is nonsense, the others are those of a sound service."""
    chance = Random(seed)

    def fault(call: Call, forward: Forward) -> Reply:
        return chance.choice(replies) if chance.random() < share else forward(call)

    report = diagnosed_by(PlainScim(fault), write=True)
    assert len(report.results) == len(CHECKS)
    as_markdown(report).encode("utf-8", "replace")
    ET.fromstring(junit_bytes(report))
    json.dumps(report.document())
