"""Each check that only reads: a service with the fault it looks for, and what it says of it."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from spoke_admin.doctor.results import Outcome
from spoke_admin.doctor.running import CHECKS
from spoke_admin.domain.error import AdminError
from spoke_admin.domain.exchange import Call, Reply
from tests.doctor.faults import (
    CONFIG,
    HTML,
    NOT_DONE,
    ONE_USER,
    USERS,
    both,
    changes,
    fails,
    filtered,
    hangs,
    hears,
    says,
    where,
    with_headers,
)
from tests.doctor.plain_scim import (
    TOKEN,
    URL,
    Fault,
    Forward,
    PlainScim,
    altered,
    answer,
    diagnosed,
    refusal,
    result,
)

PEOPLE = [f"person-{number}@acme.example" for number in range(5)]
NOW = datetime.now(UTC)
LISTS = where("GET", "/Users", lambda call: "filter" not in call.query)
ANYTHING = where("GET", "/.*")
REDIRECT = AdminError("127.0.0.1:8099 sends the call on to other.example:443; it is not followed.", "", "HTTP 302")


def deaf_to(name: str) -> Fault:
    """Ignores a parameter of the query."""

    def heard(call: Call) -> Call:
        return replace(call, query={key: value for key, value in call.query.items() if key != name})

    return hears(where("GET", "/(Users|Groups)"), heard)


def repeats_the_first_page(call: Call, forward: Forward) -> Reply:
    """SCIMMY's way: a start beyond the end is taken for 1."""
    return forward(replace(call, query={**call.query, "startIndex": "1"}) if "startIndex" in call.query else call)


def open_to_everyone(call: Call, forward: Forward) -> Reply:
    return forward(replace(call, authorization=f"Bearer {TOKEN}"))


def in_another_order(call: Call, forward: Forward) -> Reply:
    """Each list comes the other way round than the one before."""
    reply = forward(call)
    if not LISTS(call):
        return reply
    in_another_order.turns += 1  # type: ignore[attr-defined]  # a count of its own

    def turned(page: dict[str, list[object]]) -> None:
        if in_another_order.turns % 2:  # type: ignore[attr-defined]  # as above
            page["Resources"] = page["Resources"][::-1]

    return altered(reply, turned)


in_another_order.turns = 0  # type: ignore[attr-defined]  # as above


def clock_ahead(seconds: float) -> Fault:
    """Its clock is ahead of the true time, whenever it is asked."""

    def fault(call: Call, forward: Forward) -> Reply:
        told = datetime.now(UTC) + timedelta(seconds=seconds)
        return with_headers(USERS, date=f"{told:%a, %d %b %Y %X GMT}")(call, forward)

    return fault


class GrowsOnce:
    """Somebody is made between the first call for a page of one and the next call."""

    def __init__(self) -> None:
        self.total = 5

    def __call__(self, call: Call, forward: Forward) -> Reply:
        if not LISTS(call):
            return forward(call)
        total = self.total if call.query.get("count") == "1" else 6
        self.total = 6 if call.query.get("count") == "1" else self.total
        return altered(forward(call), lambda page: page.update(totalResults=total))


WEB = says(ANYTHING, HTML)
WRONG_TOKEN = where("GET", "/Users", lambda call: "wrong" in call.authorization)
NO_TOKEN = where("GET", "/Users", lambda call: not call.authorization)


def asks(name: str, value: str = ".*") -> Callable[[Call], bool]:
    """A list with a parameter in its query whose value fits."""
    return where("GET", "/(Users|Groups)", lambda call: re.fullmatch(value, call.query.get(name, "\n")) is not None)


CASES: list[tuple[str, Fault, str, str]] = [
    ("reachable", fails(ANYTHING, AdminError("It broke off.", "Try again.")), "fail", "broke off"),
    ("reachable", hangs, "fail", "No whole answer came"),
    ("redirects", fails(ANYTHING, REDIRECT), "fail", "other.example"),
    ("speaks_scim", WEB, "fail", "a web page, titled “Welcome”"),
    ("speaks_scim", says(ANYTHING, answer(200, b"<form>Sign in</form>", "text/html")), "fail", "a log-in page"),
    ("speaks_scim", says(ANYTHING, answer(511, b"<html>", "text/html")), "fail", "wants a log-in first"),
    ("speaks_scim", says(USERS, answer(200, [1, 2])), "fail", "no JSON object"),
    ("speaks_scim", says(USERS, answer(200, {"a": 1})), "fail", "JSON of another kind"),
    ("speaks_scim", says(USERS, answer(200, b"\x00\x01", "application/json")), "fail", "no JSON object"),
    ("speaks_scim", says(USERS, refusal(404)), "fail", "HTTP 404"),
    ("url_version", WEB, "skipped", "SCIM answers neither there nor"),
    ("clock", clock_ahead(-300_000_000), "warn", "differs from this computer's by"),
    ("clock", clock_ahead(130), "warn", "differs"),
    ("clock", clock_ahead(20), "pass", "agrees"),
    ("clock", with_headers(USERS, date="yesterday"), "warn", "no Date"),
    ("token_accepted", says(ANYTHING, refusal(403)), "fail", "It is refused: HTTP 403"),
    ("token_accepted", says(ANYTHING, answer(429, retry_after="900")), "fail", "HTTP 429"),
    ("missing_token_refused", open_to_everyone, "fail", "open to everyone"),
    ("wrong_token_refused", open_to_everyone, "fail", "open to everyone"),
    ("wrong_token_refused", says(WRONG_TOKEN, refusal(403)), "warn",
     "HTTP 403 where 401 is meant"),
    ("wrong_token_refused", says(WRONG_TOKEN, refusal(400)), "warn", "HTTP 400"),
    ("wrong_token_refused", says(WRONG_TOKEN, refusal(500)), "fail",
     "HTTP 500"),
    ("unauthorized_form", says(WRONG_TOKEN, answer(401)), "warn",
     "HTTP 401 with an empty body"),
    ("unauthorized_form", says(WRONG_TOKEN, replace(HTML, status=401)),
     "warn", "text/html instead of JSON"),
    ("unauthorized_form", says(WRONG_TOKEN, answer(401, {"a": 1})),
     "warn", "no SCIM error"),
    ("unauthorized_challenge", says(NO_TOKEN, refusal(401)), "warn",
     "no WWW-Authenticate"),
    ("unauthorized_challenge", with_headers(USERS, www_authenticate='Basic realm="x"'), "warn", "asks for Basic"),
    ("content_type", with_headers(USERS, content_type="text/html"), "fail", "comes as text/html"),
    ("content_type", with_headers(USERS, content_type="application/json"), "pass", "put up with"),
    ("service_provider_config", says(CONFIG, refusal(404)), "warn", "HTTP 404"),
    ("service_provider_config", changes(CONFIG, lambda it: it.pop("etag") and None), "warn", "nothing of etag"),
    ("authentication_announced", changes(CONFIG, lambda it: it.update(authenticationSchemes=[])), "warn", "No scheme"),
    ("resource_types", says(where("GET", "/ResourceTypes"), refusal(501)), "warn", "HTTP 501"),
    ("resource_types", says(where("GET", "/ResourceTypes"), answer(200, [{"endpoint": "/Users"}])), "warn", "Groups"),
    ("schemas", says(where("GET", "/Schemas"), HTML), "warn", "HTTP 200 with text/html that is no JSON"),
    ("schemas", says(where("GET", "/Schemas"), answer(200, {"Resources": []})), "warn", "not among them"),
    ("schema_by_id", says(where("GET", "/Schemas/.+"), refusal(404)), "warn", "HTTP 404"),
    ("filter_flag_true", changes(CONFIG, lambda it: it.update(filter={"supported": False})), "warn", "works all"),
    ("filter_flag_true", says(asks("filter"), NOT_DONE), "fail", "does not work"),
    ("sort_flag_true", deaf_to("sortBy"), "warn", "the same order"),
    ("sort_flag_true", says(asks("sortBy"), NOT_DONE), "warn", "refused"),
    ("meta_location", changes(LISTS, lambda it: [user.pop("meta") for user in it["Resources"]] and None), "warn",
     "no meta.location"),
    ("meta_location", changes(LISTS, lambda it: [user["meta"].update(location="/Users/1") for user in it["Resources"]]
     and None), "warn", "relative"),
    ("meta_location", changes(LISTS, lambda it: [user["meta"].update(location="http://inner/Users/1") for user in
     it["Resources"]] and None), "warn", "It leads to inner, not to 127.0.0.1:8099"),
    ("users_list", changes(LISTS, lambda it: it.pop("totalResults") and None), "fail", "no totalResults"),
    ("users_list", changes(LISTS, lambda it: it.pop("Resources") and None), "fail", "results, and no Resources"),
    ("users_list", changes(LISTS, lambda it: it.update(Resources={})), "fail", "Resources is no list"),
    ("users_list", changes(LISTS, lambda it: it["Resources"][0].pop("id") and None), "fail", "1 of 2 users have no id"),
    ("users_list", changes(LISTS, lambda it: it.update(schemas=[])), "warn", "does not say"),
    ("groups_list", says(where("GET", "/Groups"), refusal(404)), "fail", "HTTP 404"),
    ("page_first", deaf_to("count"), "fail", "count=1 brought 5"),
    ("page_start_zero", says(asks("startIndex", "0"), refusal(400)), "warn",
     "It is refused"),
    ("page_beyond_end", repeats_the_first_page, "fail", "startIndex=1005 brings the first page again"),
    ("page_beyond_end", says(asks("startIndex", ".*00.*"), refusal(400)),
     "fail", "is refused"),
    ("page_count_zero", says(asks("count", "0"), refusal(400)), "warn",
     "It is refused"),
    ("page_count_negative", says(asks("count", "-1"), refusal(500)), "warn",
     "HTTP 500"),
    ("page_integers", changes(LISTS, lambda it: it.update(totalResults=10**4299)), "fail", "totalResults is no"),
    ("page_integers", changes(LISTS, lambda it: it.update(startIndex=-1)), "fail", "startIndex is no"),
    ("page_beyond_end", both(changes(LISTS, lambda it: it.update(totalResults="5000")), repeats_the_first_page), "fail",
     "startIndex=6000 brings the first page again"),
    ("page_integers", changes(LISTS, lambda it: it.update(totalResults="5")), "fail", "totalResults is no"),
    ("page_total", changes(LISTS, lambda it: it.update(totalResults=len(it["Resources"]))), "fail", "another one"),
    ("page_total", GrowsOnce(), "pass", "6."),
    ("page_order_stable", in_another_order, "fail", "another order"),
    ("page_order_stable", repeats_the_first_page, "fail", "Two pages of one"),
    ("page_end", changes(LISTS, lambda it: it.update(totalResults=9)), "fail", "5 users came, and totalResults is 9"),
    ("page_end", changes(LISTS, lambda it: it.update(Resources=it["Resources"] + it["Resources"][:1])), "fail",
     "there already"),
    ("attributes_chosen", deaf_to("attributes"), "warn", "externalId"),
    ("members_left_out", says(asks("excludedAttributes"), refusal(400)),
     "fail", "refused"),
    ("filter_user_name", deaf_to("filter"), "fail", "the filter is ignored"),
    ("filter_user_name", says(filtered("person"), answer(200, {"totalResults": 0})), "fail", "Nobody is found"),
    ("filter_nobody", deaf_to("filter"), "fail", "5 users are found: the filter is ignored"),
    ("filter_nobody", says(filtered("nobody"), refusal(404)), "fail", "HTTP 404"),
    ("filter_case_of_value", says(filtered("PERSON"), answer(200, {"totalResults": 0})), "fail", "In another case"),
    ("filter_case_of_words", says(filtered("USERNAME"), refusal(400)), "warn", "It is refused"),
    ("filter_quote", says(filtered('\\"'), refusal(400)), "warn", "It is refused"),
    ("filter_quote", deaf_to("filter"), "skipped", "comes first"),
    ("filter_apostrophe", says(filtered("'"), refusal(500)), "fail", "HTTP 500"),
    ("filter_plus", says(filtered("+"), refusal(500)), "fail", "HTTP 500"),
    ("filter_at", says(where("GET", "/Users", lambda it: "@" in it.url), refusal(400)), "fail", "It is refused"),
    ("filter_external_id", says(filtered("externalId"), refusal(400)), "warn", "It is refused"),
    ("filter_and", says(filtered(" and "), NOT_DONE), "warn", "It is refused"),
    ("filter_group_name", says(asks("filter"), refusal(400)), "fail", "refused"),
    ("filter_broken", deaf_to("filter"), "fail", "ignored: 5 users came"),
    ("filter_broken", says(filtered("eqq"), refusal(400)), "warn", "without its reason"),
    ("error_not_found", says(where("GET", "/Users/spoke.+"), refusal(500)), "fail", "HTTP 500"),
    ("error_form", says(where("GET", "/Users/spoke.+"), replace(HTML, status=404)), "warn", "text/html"),
    ("error_form", says(where("GET", "/Users/spoke.+"), answer(404)), "warn", "an empty body"),
    ("error_status_text", changes(where("GET", "/Users/spoke.+"), lambda it: it.update(status=404)), "warn", "number"),
    ("error_unknown_endpoint", says(where("GET", "/SpokeAdmin.+"), HTML), "fail", "HTTP 200 with text/html"),
    ("error_unknown_endpoint", says(where("GET", "/SpokeAdmin.+"), replace(HTML, status=404)), "warn", "no JSON"),
    ("read_by_id", says(ONE_USER, refusal(405)), "fail", "HTTP 405"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "fault", "outcome", "words"), CASES, ids=[f"{case[0]}-{number}" for number, case in enumerate(CASES)]
)
def test_the_fault_is_found_and_said_so_that_it_can_be_mended(
    code: str, fault: Fault, outcome: str, words: str
) -> None:
    found = result(code, fault, PEOPLE)
    assert (found.outcome, words in found.found) == (outcome, True), found
    if outcome in ("fail", "warn"):
        assert found.expected
        assert found.fix
        assert found.trips
        assert found.exchanges or code == "clock"


WHOLE_RUN = {"server_faults", "whole_answers", "response_time", "rate_limit"}  # tested below
ADDRESS = {"url_trailing_slash", "url_underscore", "https", "certificate_trusted", "certificate_expiry", "leftovers"}


def test_every_check_that_reads_is_shown_its_fault() -> None:
    reading = {check.about.code for check in CHECKS if not check.about.writes}
    assert reading == {case[0] for case in CASES} | WHOLE_RUN | ADDRESS


def test_of_a_sound_service_nothing_is_said() -> None:
    report = diagnosed(PlainScim(people=PEOPLE))
    assert not report.problems
    assert report.counts["pass"] > 50
    assert report.software == "scim2-server"


def test_without_write_nothing_but_get_is_sent() -> None:
    service = PlainScim(people=PEOPLE)
    diagnosed(service)
    assert {call.method for call in service.calls} == {"GET"}


def test_the_address_as_it_was_typed() -> None:
    assert result("url_trailing_slash", url=f"{URL}/").outcome is Outcome.WARN
    assert "path" in result("url_underscore", url="http://127.0.0.1:8099/scim_api/v2").found
    assert "host" in result("url_underscore", url="http://my_host/v2").found


def test_an_address_without_its_end_is_completed_without_the_token() -> None:
    service = PlainScim(says(where("GET", "/Users|.*unknown.*"), replace(HTML, status=404)))

    def at_the_root(call: Call, forward: Forward) -> Reply:
        return forward(call) if "/v2/" in call.url else replace(HTML, status=404)

    service = PlainScim(at_the_root)
    report = diagnosed(service, "url_version", url="http://127.0.0.1:8099")
    found = next(it for it in report.results if it.code == "url_version")
    assert found.outcome is Outcome.FAIL
    assert found.found == "SCIM answers at http://127.0.0.1:8099/v2."
    assert not any(call.authorization for call in service.calls if "/v2" in call.url)


def test_an_address_that_is_too_long_is_cut() -> None:
    found = result("url_version", url=f"{URL}/Users")
    assert (found.outcome, found.fix) == (Outcome.FAIL, f"Type {URL} instead.")


def test_an_address_is_not_completed_where_every_path_wants_the_token() -> None:
    nowhere = refusal(404, "No resource type there.")
    guarded = PlainScim(lambda call, _: nowhere if call.authorization else refusal(401))
    report = diagnosed(guarded, "url_version", url=f"{URL}/acme")
    assert "neither there" in next(it for it in report.results if it.code == "url_version").found


@dataclass(frozen=True)
class Seen:
    """A certificate, as it was seen."""

    reached: bool = True
    tls: str = "TLSv1.3"
    not_before: datetime | None = NOW - timedelta(days=10)
    not_after: datetime | None = NOW + timedelta(days=90)
    issuer: str = "Some Authority"
    sent: int | None = 2
    fault: AdminError | None = None


UNKNOWN = AdminError(
    "The certificate of acme.example:443 comes from an authority that this computer does not know.", "Add it."
)


@pytest.mark.parametrize(
    ("code", "seen", "outcome", "words"),
    [
        ("https", Seen(), "pass", "TLSv1.3"),
        ("https", Seen(tls="TLSv1"), "fail", "It speaks TLSv1."),
        ("https", Seen(reached=False), "skipped", "No connection"),
        ("https", Seen(tls="", fault=UNKNOWN), "fail", "authority"),
        ("https", None, "pass", "proxy"),
        ("certificate_trusted", Seen(), "pass", "Some Authority"),
        ("certificate_trusted", Seen(fault=UNKNOWN), "fail", "an authority that this computer"),
        ("certificate_trusted", Seen(fault=UNKNOWN, sent=1), "fail", "intermediate one may be missing"),
        ("certificate_expiry", Seen(), "pass", "90 days"),
        ("certificate_expiry", Seen(not_after=NOW + timedelta(days=9)), "warn", "9 days"),
        ("certificate_expiry", Seen(not_after=NOW - timedelta(days=1)), "fail", "It expired on"),
        ("certificate_expiry", Seen(not_before=NOW + timedelta(days=1)), "fail", "valid only from"),
    ],
)
def test_what_the_certificate_shows(code: str, seen: Seen | None, outcome: str, words: str) -> None:
    found = result(code, url="https://acme.example/v2", peer=seen, now=lambda: NOW)
    assert (found.outcome, words in found.found) == (outcome, True), found
