"""The doctor over real TLS: certificates in order, expired, alone, of nobody known."""

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme

from spoke_admin.connection import diagnose, profile
from spoke_admin.doctor.asking import Time
from spoke_admin.doctor.results import Report
from spoke_admin.domain.secret import Secret
from tests.adapters.hostile import CANARY, serving
from tests.adapters.test_certificates import DAY, NOW, authority, served_by
from tests.doctor.over_http import speaking_scim
from tests.doctor.plain_scim import TOKEN, PlainScim

__all__ = ["authority"]  # a fixture


def examined(tls: ssl.SSLContext, token: str = TOKEN) -> tuple[Report, int]:
    """The report, and how many requests came."""

    async def run() -> tuple[Report, int]:
        async with serving(speaking_scim(PlainScim(), lambda: server), tls) as server:
            url = server.url("/v2", scheme="https", host="localhost")
            times = Time(30, write=False)
            return await diagnose(url, profile("generic"), Secret(token), times=times), len(server.requests)

    return asyncio.run(run())


def found(report: Report) -> dict[str, str]:
    return {it.code: f"{it.outcome}: {it.found}" for it in report.results}


def test_a_certificate_in_order_is_told_with_its_days(authority: trustme.CA) -> None:
    report, requests = examined(served_by(authority.issue_cert("localhost", not_after=NOW + 20 * DAY)))
    told = found(report)
    assert requests > 30
    assert told["https"].startswith("pass: https, TLSv1.")
    assert told["certificate_trusted"] == "pass: By The Test's Own Authority."
    assert told["certificate_expiry"].startswith("warn: It is valid to ")
    assert told["token_accepted"].startswith("pass")


@pytest.mark.parametrize(
    ("made", "code", "words"),
    [
        (lambda ca: ca.issue_cert("localhost", not_before=NOW - 9 * DAY, not_after=NOW - DAY), "certificate_expiry",
         "fail: It expired on"),
        (lambda ca: ca.issue_cert("other.example"), "certificate_trusted", "belongs to another host"),
        (lambda _: trustme.CA().issue_cert("localhost"), "certificate_trusted", "this computer does not know"),
    ],
    ids=["expired", "name", "authority"],
)  # fmt: skip
def test_over_a_certificate_that_is_refused_nothing_is_asked(
    authority: trustme.CA, made: Callable[[trustme.CA], trustme.LeafCert], code: str, words: str
) -> None:
    report, requests = examined(served_by(made(authority)), CANARY)
    assert requests == 0
    assert words in found(report)[code]
    assert report.nothing_asked is not None
    assert "certificate" in report.nothing_asked.title
    assert found(report)["reachable"].startswith("fail: The certificate")


def test_a_chain_without_its_middle_is_told_so(authority: trustme.CA, tmp_path: Path) -> None:
    certificate = authority.create_child_ca().issue_cert("localhost")
    report, _ = examined(served_by(certificate, alone=True))
    assert "The server sent this one certificate alone" in found(report)["certificate_trusted"]
