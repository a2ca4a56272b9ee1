"""What becomes of a report: JSON, Markdown, JUnit, a comparison; without a token and without people."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from spoke_admin.adapters.http import NotSentError
from spoke_admin.doctor.asking import Asking, Time
from spoke_admin.doctor.comparing import compared, earlier_results
from spoke_admin.doctor.exchanges import Redactor
from spoke_admin.doctor.handbook import as_markdown as handbook
from spoke_admin.doctor.results import Outcome, Report
from spoke_admin.doctor.running import CHECKS
from spoke_admin.doctor.saving import junit_bytes, report_bytes
from spoke_admin.doctor.snapshot import Snapshot, take_snapshot
from spoke_admin.domain.error import AdminError
from spoke_admin.domain.exchange import Call, Reply
from spoke_admin.domain.secret import Secret
from tests.doctor.faults import fails, says, where
from tests.doctor.plain_scim import TOKEN, URL, Fault, Forward, PlainScim, altered, answer, diagnosed, refusal

PEOPLE = ["Quentin.Private@acme.example", "zo\u00eb", 'O\'Hara "Kay" Brien', "no-at-sign-77"]
PRIVATE = ("quentin", "acme", 'zo\u00eb"', "hara", "no-at-sign-77")


def gossip(call: Call, forward: Forward) -> Reply:
    """Tells names, tokens and more wherever it can."""
    reply = forward(call)
    told = f"{call.query.get('filter')} {PEOPLE[0]} {PEOPLE[3].upper()} wants {call.authorization}"
    if reply.status >= 400:
        return altered(reply, lambda it: it.update(detail=told))
    if "Schemas" in call.url:
        return refusal(400, told)
    return reply


def test_nobody_is_named_and_no_token_is_told() -> None:
    report = diagnosed(PlainScim(gossip, PEOPLE), write=True)
    assert report.problems
    files = [report_bytes(report, ".md"), report_bytes(report, ".json"), junit_bytes(report)]
    for data in files:
        shown = data.decode().lower()
        assert TOKEN not in shown
        assert not [it for it in PRIVATE if it in shown]
        assert "spoke-admin-doctor-" in shown
    sent = [exchange.request.body for result in report.results for exchange in result.exchanges]
    assert any('"password": "\u2026"' in body for body in sent)
    for result in report.results:
        for exchange in result.exchanges:
            assert "aA1!" not in exchange.request.body
            assert TOKEN not in exchange.request.text() + (exchange.reply.text() if exchange.reply else "")


def test_the_admin_sees_what_was_said() -> None:
    report = diagnosed(PlainScim(gossip, PEOPLE), "users_list")
    (exchange,) = report.results[-1].exchanges
    assert exchange.reply is not None
    assert any(name[:7] in exchange.reply.body for name in PEOPLE)
    assert exchange.request.headers["authorization"] == "Bearer \u2026"


@pytest.mark.parametrize(
    ("words", "left"),
    [
        ("User jane@acme.example exists", "User \u2026 exists"),
        ("user spoke-admin-doctor-1-okta@example.com exists", "user spoke-admin-doctor-1-okta@example.com exists"),
        ("the token a+b/c== and a%2Bb%2Fc%3D%3D", "the token \u2026 and \u2026"),
        ("no names in here", "no names in here"),
    ],
)
def test_words_are_cleaned(words: str, left: str) -> None:
    assert Redactor("a+b/c==").words(words) == left


def test_names_are_hidden_whole_and_words_that_hold_them_stay() -> None:
    redactor = Redactor()
    redactor.learn({"Resources": [{"id": "77", "userName": "Ann", "emails": [{"value": "a@b.example"}]}]})
    assert redactor.words("ann cannot; ANN!") == "\u2026 cannot; \u2026!"


def test_what_was_made_is_shown_whole_beside_people_who_are_not() -> None:
    document = {
        "totalResults": 2,
        "Resources": [{"userName": "spoke-admin-doctor-1@example.com", "title": "Test"}, {"userName": "jane", "n": 7}],
    }
    shown = Redactor().body(document)
    assert shown["Resources"][0]["title"] == "Test"
    assert shown["Resources"][1] == {"userName": "\u2026", "n": "\u2026"}
    assert shown["totalResults"] == 2


def report(fault: Fault | None = None) -> Report:
    return diagnosed(PlainScim(fault, PEOPLE[:1]), "members_left_out", "page_end")


def test_a_comparison_tells_what_is_new_mended_and_unchanged() -> None:
    bad = says(where("GET", "/Groups"), refusal(500))
    sound, broken = report(), report(bad)

    def earlier(it: Report) -> dict[str, str]:
        return dict(earlier_results(report_bytes(it, ".json"), "earlier.json"))

    assert compared(broken, earlier(sound))["new"] == ["groups_list"]
    assert compared(broken, earlier(sound))["not_comparable"] == []
    assert compared(sound, earlier(broken))["mended"] == ["groups_list"]
    assert compared(broken, earlier(broken))["unchanged"] == ["groups_list"]
    assert compared(sound, {"no_such_check": "fail"})["not_comparable"] == ["no_such_check"]


@pytest.mark.parametrize(
    ("before", "now", "kind"),
    [
        ("pass", "pass", ""), ("skipped", "expected", ""), ("pass", "warn", "new"), ("expected", "fail", "new"),
        ("warn", "fail", "new"), ("fail", "warn", "unchanged"), ("warn", "warn", "unchanged"),
        ("fail", "pass", "mended"), ("fail", "expected", "not_comparable"), ("skipped", "fail", "not_comparable"),
        ("warn", "skipped", "not_comparable"),
    ],
)  # fmt: skip
def test_only_what_is_sound_now_is_mended(before: str, now: str, kind: str) -> None:
    found = report()
    one = replace(found.results[0], code="it", outcome=Outcome(now))
    groups = compared(replace(found, results=[one]), {"it": before})
    assert [name for name, codes in groups.items() if codes] == ([kind] if kind else [])


@pytest.mark.parametrize("data", [b"", b"[]", b'{"checks": 3}', b'{"checks": [{}]}', b"\xff", b"[" * 99_999])
def test_what_is_no_earlier_report_is_refused(data: bytes) -> None:
    with pytest.raises(AdminError, match=r"earlier\.json is no earlier report"):
        earlier_results(data, "earlier.json")


def test_junit_counts_failures_and_keeps_warnings_as_words() -> None:
    broken = report(says(where("GET", "/Groups"), refusal(500, "\x00\x1b[31m<&>")))
    suite = ET.fromstring(junit_bytes(broken))
    assert suite.attrib["failures"] == "1"
    failure = suite.find("testcase[@name='groups_list']/failure")
    assert failure is not None
    assert "HTTP 500" in failure.attrib["message"]
    assert "GET http://127.0.0.1:8099/v2/Groups" in (failure.text or "")


def test_markdown_is_not_steered_by_what_a_server_says() -> None:
    nasty = "```\n# Gotcha\n![x](http://evil.example) <script>"
    text = report_bytes(report(says(where("GET", "/Groups"), refusal(500, nasty))), ".md").decode()
    assert "\n# Gotcha" not in text
    assert "<script>" not in text.replace("`", "") or "\\<script\\>" in text


def test_the_handbook_names_every_check_once_and_is_in_the_docs() -> None:
    table = handbook()
    page = (Path(__file__).parents[2] / "docs" / "commands" / "doctor.md").read_text(encoding="utf-8")
    assert page.endswith(table), "put what `spoke-admin doctor --markdown` prints at the end of the page"
    assert all(table.count(f"| `{check.about.code}`") == 1 for check in CHECKS)
    assert len(CHECKS) == len({check.about.code for check in CHECKS}) >= 40


def taken(
    fault: Fault | None = None, people: int = 5, seconds: float = 30
) -> tuple[Snapshot, dict[str, list[dict[str, str]]]]:
    service = PlainScim(fault, [f"person-{place}@acme.example" for place in range(people)])
    pieces: list[bytes] = []
    ask = Asking(URL, service, Secret(TOKEN), Time(seconds, write=False), NotSentError)
    snapshot = asyncio.run(take_snapshot(ask, pieces.append))
    return snapshot, json.loads(b"".join(pieces))


def first_page_again(call: Call, forward: Forward) -> Reply:
    query = {**call.query, "startIndex": "1", "count": "2"}
    return forward(Call(call.method, call.url, query, authorization=call.authorization))


def test_a_snapshot_ends_whatever_the_pages_do() -> None:
    assert taken()[0] == Snapshot(5, 0, complete=True)
    assert taken(first_page_again)[0] == Snapshot(2, 0, complete=False)
    assert taken(says(where("GET", "/Groups"), refusal(404)))[0] == Snapshot(5, 0, complete=True)
    with pytest.raises(AdminError, match="users cannot be read: HTTP 403"):
        taken(says(where("GET", "/Users"), refusal(403)))
    with pytest.raises(AdminError, match="users cannot be read"):
        taken(says(where("GET", "/Users"), answer(200, b"<html>", "text/html")))


def test_a_snapshot_says_why_it_could_not_go_on() -> None:
    broken = AdminError("The connection broke off.", "Try again.")
    with pytest.raises(AdminError, match=r"The connection broke off\."):
        taken(fails(where("GET", "/Users"), broken))
    with pytest.raises(AdminError, match="users cannot be read to their end") as ended:
        taken(seconds=0.5)
    assert "no time left" in ended.value.detail


def test_a_snapshot_reads_smaller_pages_where_large_ones_are_too_large() -> None:
    def fat(call: Call, forward: Forward) -> Reply:
        if call.query.get("count") == "100":
            raise AdminError("The server's answer is larger than 4 MB.", "Ask for less.")
        return forward(call)

    snapshot, document = taken(fat, people=45)
    assert snapshot == Snapshot(45, 0, complete=True)
    assert len({user["id"] for user in document["users"]}) == 45
