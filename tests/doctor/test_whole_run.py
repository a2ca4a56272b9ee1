"""The run as a whole: its time, its silence, what it is told at its end."""

import itertools

import pytest

from spoke_admin.doctor.results import Outcome
from spoke_admin.doctor.running import CHECKS
from spoke_admin.domain.error import AdminError
from spoke_admin.domain.exchange import Call, Reply
from tests.doctor.faults import fails, hangs, says, where
from tests.doctor.plain_scim import Fault, Forward, PlainScim, Shelf, answer, diagnosed, refusal

PEOPLE = [f"person-{number}@acme.example" for number in range(5)]
ANYTHING = where("GET", "/.*")


def test_faults_of_the_whole_run_are_told_at_its_end() -> None:
    report = diagnosed(PlainScim(says(where("GET", "/Groups"), refusal(500)), PEOPLE))
    found = {it.code: it for it in report.results}
    assert "GET /Groups: HTTP 500" in found["server_faults"].found
    broken = AdminError("The connection to 127.0.0.1:8099 broke off.", "Try again.")
    report = diagnosed(PlainScim(fails(where("GET", "/Groups"), broken), PEOPLE))
    found = {it.code: it for it in report.results}
    assert "GET /Groups: The connection" in found["whole_answers"].found
    limited = says(where("GET", "/Schemas"), answer(429, retry_after="soon"))
    found = {it.code: it for it in diagnosed(PlainScim(limited), deadline=2.5).results}
    assert found["rate_limit"].outcome is Outcome.WARN


def goes_silent(after: int, fault: Fault) -> Fault:
    """Answers so many calls, and from then on as the fault does."""
    calls = itertools.count()
    return lambda call, forward: forward(call) if next(calls) < after else fault(call, forward)


BROKE_OFF = AdminError("The connection broke off.", "Try again.")


@pytest.mark.parametrize(
    ("fault", "code", "words"),
    [
        (hangs, "response_time", "It stopped answering: nothing more was asked."),
        (fails(ANYTHING, BROKE_OFF), "whole_answers", "3 of 33 were not"),
    ],
    ids=["hangs", "breaks off"],
)
def test_a_service_that_stops_answering_is_asked_no_more(fault: Fault, code: str, words: str) -> None:
    service = PlainScim(goes_silent(30, fault), PEOPLE)
    report = diagnosed(service)
    found = {it.code: it for it in report.results}
    assert len(service.calls) == 33
    assert len([it for it in report.results if it.outcome == "fail"]) == 4
    assert (found[code].outcome, words in found[code].found) == ("fail", True), found[code]
    assert "Nothing more was asked: 3 calls in a row had no whole answer." in {it.found for it in report.results}


def test_calls_without_an_answer_now_and_then_end_nothing() -> None:
    turns, broken = itertools.count(), fails(ANYTHING, BROKE_OFF)

    def now_and_then(call: Call, forward: Forward) -> Reply:
        return forward(call) if next(turns) % 4 < 2 else broken(call, forward)

    report = diagnosed(PlainScim(now_and_then, PEOPLE))
    assert report.counts["fail"] > 10
    assert not [it for it in report.results if "Nothing more was asked" in it.found]


def test_late_answers_that_okta_would_wait_for_are_a_warning() -> None:
    def late(call: Call, forward: Forward) -> Reply:
        return hangs(call, forward) if "Schemas" in call.url else forward(call)

    found = {it.code: it for it in diagnosed(PlainScim(late)).results}
    assert (found["response_time"].outcome, "--deadline 360" in found["response_time"].found) == ("warn", True)
    found = {it.code: it for it in diagnosed(PlainScim(late), deadline=360.0).results}
    assert found["response_time"].outcome == "fail"


def test_a_pause_that_is_asked_for_is_kept() -> None:
    asked: list[Call] = []

    def once(call: Call, forward: Forward) -> Reply:
        if "Schemas" in call.url and not asked:
            asked.append(call)
            return answer(429, retry_after="1")
        return forward(call)

    found = {it.code: it for it in diagnosed(PlainScim(once), "schemas", "rate_limit").results}
    assert found["schemas"].outcome is Outcome.PASSED
    assert found["rate_limit"].found == "1 calls were refused, each with Retry-After."


def test_what_an_earlier_run_left_is_told_and_left_alone() -> None:
    shelf, service = Shelf(), PlainScim()
    shelf.begin({"kind": "Users", "name": "spoke-admin-doctor-00-okta@example.com"})
    found = {it.code: it for it in diagnosed(service, "leftovers", shelf=shelf).results}
    assert found["leftovers"].outcome is Outcome.WARN
    assert shelf.open
    assert {call.method for call in service.calls} == {"GET"}


def test_without_a_token_the_run_says_what_can_be_seen_from_outside() -> None:
    report = diagnosed(PlainScim(), token=None)
    found = {it.code: it for it in report.results}
    assert found["token_accepted"].outcome is Outcome.FAIL
    assert "No token was given" in found["token_accepted"].found
    assert found["missing_token_refused"].outcome is Outcome.PASSED
    assert found["users_list"].outcome is Outcome.SKIPPED


def test_when_the_time_is_up_the_rest_is_skipped_with_the_reason() -> None:
    report = diagnosed(PlainScim(), deadline=0.6)
    assert "There was no time left: the run ends after 0.6 s." in [it.found for it in report.results]
    assert len(report.results) == len(CHECKS)
