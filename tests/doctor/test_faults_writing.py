"""Each check that makes test objects: a service with the fault it looks for, and what it says of it."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from spoke_admin.doctor.asking import NoTimeError
from spoke_admin.doctor.marked import mail_domain
from spoke_admin.doctor.objects import make
from spoke_admin.doctor.running import CHECKS
from spoke_admin.domain.error import AdminError
from spoke_admin.domain.exchange import Call, Reply
from tests.doctor.faults import (
    CONFIG,
    NOT_DONE,
    ONE_USER,
    PATCH_GROUP,
    PATCH_USER,
    POST_USER,
    PUT_USER,
    alters,
    changes,
    fails,
    filtered,
    hears,
    operation,
    says,
    swallows,
    where,
    with_headers,
)
from tests.doctor.plain_scim import (
    TOKEN,
    URL,
    Fault,
    Forward,
    PlainScim,
    Shelf,
    answer,
    diagnosed,
    examination,
    refusal,
    result,
)

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
POST_GROUP = where("POST", "/Groups")
DELETE_USER = where("DELETE", "/Users/.+")


def posting(part: str) -> Callable[[Call], bool]:
    """A new user in whose JSON this part stands."""
    return where("POST", "/Users", lambda call: part in str(call.body))


def undone(call: Call, forward: Forward) -> Reply:
    """Says yes to every change, and does none."""
    return forward(replace(call, method="GET", body=None)) if call.method in ("PATCH", "PUT") else forward(call)


def nothing_done(is_it: Callable[[Call], bool]) -> Fault:
    return lambda call, forward: undone(call, forward) if is_it(call) else forward(call)


def wipes(call: Call, forward: Forward) -> Reply:
    """Reads Entra's removal as one of everybody: the values are ignored."""
    body: Any = call.body
    if call.method == "PATCH" and body and str(body["Operations"][0].get("op")) == "Remove":
        call = replace(call, body={**body, "Operations": [{"op": "remove", "path": "members"}]})
    return forward(call)


def removed_when_inactive(call: Call, forward: Forward) -> Reply:
    """askSpoke's way: active = false removes the account."""
    reply = forward(call)
    text = str(call.body).lower()
    if call.method in ("PATCH", "PUT") and "'active'" in text and "false" in text:
        forward(replace(call, method="DELETE", body=None))
    return reply


def hidden_when_inactive(call: Call, forward: Forward) -> Reply:
    if call.method == "GET" and "filter" in call.query:
        call = replace(call, query={**call.query, "filter": f"({call.query['filter']}) and active eq true"})
    return forward(call)


def made_by_put(call: Call, forward: Forward) -> Reply:
    """Makes what it should replace."""
    reply = forward(call)
    if call.method == "PUT" and reply.status == 404:
        return replace(forward(replace(call, method="POST", url=f"{URL}/Users")), status=200)
    return reply


def kept_for_ever(call: Call, forward: Forward) -> Reply:
    return answer(204) if call.method == "DELETE" else forward(call)


def first_ten(call: Call, forward: Forward) -> Reply:
    """Takes the first ten members of a list."""
    body: Any = call.body
    if call.method == "PATCH" and body and isinstance(body["Operations"][0].get("value"), list):
        first = body["Operations"][0]
        call = replace(call, body={**body, "Operations": [{**first, "value": first["value"][:10]}]})
    return forward(call)


def twice(call: Call, forward: Forward) -> Reply:
    """Knows no uniqueness: the same name is kept under another one that is shown as the same."""
    reply = forward(call)
    if reply.status == 409 and isinstance(call.body, dict):
        other = {**call.body, "userName": f"{call.body['userName']}.2"}
        return forward(replace(call, body=other))
    return reply


def bad_request_for_conflict(call: Call, forward: Forward) -> Reply:
    reply = forward(call)
    return replace(reply, status=400) if reply.status == 409 else reply


def twice_in_another_case(call: Call, forward: Forward) -> Reply:
    return twice(call, forward) if posting("SPOKE")(call) else forward(call)


def named(call: Call) -> Call:
    """Gives a name to who has none."""
    assert isinstance(call.body, dict)
    return replace(call, body={**call.body, "userName": "somebody"})


class NeverForgets:
    """Refuses every user name that was there once."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def __call__(self, call: Call, forward: Forward) -> Reply:
        name = call.body.get("userName") if isinstance(call.body, dict) and POST_USER(call) else None
        if name in self.names:
            return refusal(409)
        self.names |= {name} if name else set()
        return forward(call)


CASES: list[tuple[str, Fault | None, str, str]] = [
    ("create_okta", says(POST_USER, refusal(400, "No groups, please.", scimType="invalidValue")), "fail",
     "HTTP 400: (invalidValue) No groups, please."),
    ("create_okta", alters(POST_USER, body=b""), "fail",
     "without the user's id"),
    ("create_okta", alters(POST_USER, status=200), "warn",
     "where 201 is meant"),
    ("create_entra", says(posting("'roles'"), refusal(400)), "fail", "HTTP 400"),
    ("created_location", with_headers(POST_USER, location=""), "warn", "no Location"),
    ("created_location", with_headers(POST_USER, location="/Users/1"), "warn", "another one than meta.location"),
    ("created_is_found", says(filtered("okta@"), answer(200, {"totalResults": 0})), "fail", "the new one is not"),
    ("plus_found", says(filtered("+plus"), answer(200, {"totalResults": 0})), "fail", "not found"),
    ("plus_found", says(posting("+plus"), refusal(400)), "warn", "refused"),
    ("attributes_kept", swallows(where("POST", "/Users"), "title", "phoneNumbers"), "fail",
     'Silently not kept as sent: title, phoneNumbers[type eq "work"].value.'),
    ("attributes_kept", swallows(where("POST", "/Users"), ENTERPRISE), "fail", "department"),
    ("attributes_kept", says(posting("-full"), refusal(400)), "fail", "is refused"),
    ("external_id_kept", swallows(POST_USER, "externalId"), "warn", "silently not kept"),
    ("letters_kept", changes(ONE_USER, lambda it: it["name"].update(givenName="Zo?")), "fail", "others"),
    ("password_hidden", changes(ONE_USER, lambda it: it.update(password="x")), "fail", "read back"),
    ("duplicate_refused", twice, "fail", "there twice"),
    ("duplicate_refused", bad_request_for_conflict, "fail", "refused with HTTP 400"),
    ("duplicate_case_refused", twice, "skipped", "comes first"),
    ("duplicate_case_refused", twice_in_another_case, "fail", "there twice"),
    ("name_missing_refused", hears(posting("nameless"), named), "warn", "without a name"),
    ("phone_abroad", nothing_done(operation("901820")), "fail", "silently not kept"),
    ("phone_abroad", says(operation("901820"), refusal(400, "US numbers only.")), "pass", "US numbers only."),
    ("put_okta", says(PUT_USER, refusal(400, "id is read-only.")), "fail", "id is read-only."),
    ("put_okta", nothing_done(PUT_USER), "fail", "silently not kept: name.familyName"),
    ("patch_one", nothing_done(PATCH_USER), "fail", "silently not kept: name.familyName"),
    ("patch_one", says(PATCH_USER, NOT_DONE), "fail", "HTTP 501"),
    ("patch_one", alters(PATCH_USER, status=202), "warn",
     "HTTP 202"),
    ("patch_many", says(operation("Several at once"), NOT_DONE), "fail", "HTTP 501: Not implemented."),
    ("patch_many", swallows(operation("Several at once"), "title"), "fail", "silently not kept: title"),
    ("patch_entra", says(operation("'Replace'"), refusal(400, scimType="invalidSyntax")), "fail", "invalidSyntax"),
    ("patch_entra_new_value", says(operation("phoneNumbers[type eq"), refusal(400, scimType="noTarget")), "fail",
     "noTarget"),
    ("patch_entra_new_value", nothing_done(operation("phoneNumbers[type eq")), "fail", "it is not there"),
    ("patch_entra_manager", None, "fail", "It is refused"),
    ("patch_entra_dotted", says(operation("name.familyName': 'Dotted"), refusal(400)), "warn", "It is refused"),
    ("patch_entra_dotted", nothing_done(operation("name.familyName': 'Dotted")), "fail", "silently not kept"),
    ("patch_unknown_attribute", nothing_done(operation("noSuchAttribute")), "warn", "as if it had been kept"),
    ("change_unknown_user", made_by_put, "fail", "PUT makes the user"),
    ("change_unknown_user", says(where("PATCH", "/Users/spoke.+"), refusal(500)), "fail", "PATCH: HTTP 500"),
    ("rename_user", nothing_done(operation("'userName'")), "fail", "silently not changed"),
    ("change_email", nothing_done(operation("changed@")), "fail", "silently not changed"),
    ("change_email", says(operation("changed@"), refusal(400, scimType="mutability")), "warn", "mutability"),
    ("etag", hears(PUT_USER, lambda call: replace(call, headers={})), "warn",
     "out of date is answered with HTTP 200"),
    ("etag", changes(ONE_USER, lambda it: it["meta"].pop("version") and None), "warn", "no meta.version"),
    ("patch_flag_true", changes(CONFIG, lambda it: it.update(patch={"supported": False})), "warn", "works all"),
    ("patch_flag_true", says(PATCH_USER, NOT_DONE), "fail", "does not work"),
    ("bulk_flag_true", says(where("POST", "/Bulk"), refusal(404)), "warn", "does not work"),
    ("password_flag_true", says(operation("password"), refusal(400)), "warn", "does not work: HTTP 400"),
    ("password_flag_true", changes(CONFIG, lambda it: it.update(changePassword={"supported": False})), "pass",
     "not announced"),
    ("group_create", says(POST_GROUP, refusal(403)), "fail", "HTTP 403"),
    ("group_create", alters(POST_GROUP, body=b""), "fail",
     "without the group's id"),
    ("group_add_members", nothing_done(PATCH_GROUP), "fail", "They are not there"),
    ("group_in_user", None, "warn", "It does not"),
    ("group_remove_filter", says(operation("members[value eq"), refusal(400)), "fail", "It is refused"),
    ("group_remove_entra", wipes, "fail", "the group is empty: everyone was removed"),
    ("group_remove_entra", nothing_done(operation("'Remove'")), "fail", "nobody was removed"),
    ("group_swap_okta", says(operation("members[value eq"), refusal(400)), "fail", "It is refused"),
    ("group_rename_okta", nothing_done(operation("renamed", "/Groups/.+")), "fail", "silently not kept"),
    ("group_unknown_member", None, "pass", "as the standard leaves open"),
    ("group_unknown_member", nothing_done(operation("no-such-id", "/Groups/.+")), "warn", "silently ignored"),
    ("group_big", first_ten, "fail", "members 10 are there"),
    ("group_big", says(posting("crowd-3"), refusal(507)), "fail", "could be made"),
    ("deactivate_okta", removed_when_inactive, "fail", "the account is removed"),
    ("deactivate_okta", nothing_done(operation("'active'")), "fail", "the user is active"),
    ("deactivated_is_found", hidden_when_inactive, "fail", "It is hidden"),
    ("reactivate", says(operation("{'active': True}"), refusal(400)), "fail", "It is refused"),
    ("deactivate_entra", says(operation("'False'"), refusal(400, scimType="invalidValue")), "fail", "invalidValue"),
    ("deactivate_put", removed_when_inactive, "fail", "the account is removed"),
    ("delete_user", says(DELETE_USER, refusal(405)), "warn", "HTTP 405"),
    ("delete_user", kept_for_ever, "fail", "it is still there"),
    ("create_again", NeverForgets(), "fail", "still taken"),
    ("delete_unknown", says(where("DELETE", "/Users/spoke.+"), answer(204)), "warn", "HTTP 204"),
    ("cleaned_up", kept_for_ever, "fail", "stay: spoke-admin-doctor-"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "fault", "outcome", "words"), CASES, ids=[f"{case[0]}-{number}" for number, case in enumerate(CASES)]
)
def test_the_fault_is_found_and_said_so_that_it_can_be_mended(
    code: str, fault: Fault | None, outcome: str, words: str
) -> None:
    found = result(code, fault, write=True)
    assert (found.outcome, words in found.found) == (outcome, True), found
    if outcome in ("fail", "warn"):
        assert found.expected
        assert found.fix
        assert found.trips
        assert found.exchanges


def test_every_check_that_writes_is_shown_its_fault() -> None:
    assert {check.about.code for check in CHECKS if check.about.writes} == {case[0] for case in CASES}


LEFT = [
    None, twice, made_by_put, removed_when_inactive, hidden_when_inactive, undone, first_ten, NeverForgets(),
    says(POST_USER, refusal(400)), says(PATCH_USER, NOT_DONE), alters(POST_USER, body=b""),
    hears(posting("nameless"), named),
]  # fmt: skip


@pytest.mark.parametrize("fault", LEFT, ids=range(len(LEFT)))
def test_whatever_the_fault_nothing_is_left(fault: Fault | None) -> None:
    """Beside what the service made of it itself: a name that the doctor did not choose."""
    shelf, service = Shelf(), PlainScim(fault)
    diagnosed(service, write=True, shelf=shelf)
    listed = service.forward(Call("GET", f"{URL}/Users", {"count": "1000"}, authorization=f"Bearer {TOKEN}"))
    assert b"spoke-admin-doctor-" not in listed.body
    assert not shelf.open


DECLARED = [
    ("phone_abroad", nothing_done(operation("901820"))),
    ("rename_user", nothing_done(operation("'userName'"))),
    ("change_email", nothing_done(operation("changed@"))),
    ("deactivate_okta", removed_when_inactive),
    ("deactivate_entra", removed_when_inactive),
    ("deactivate_put", removed_when_inactive),
]


@pytest.mark.parametrize(("code", "fault"), DECLARED, ids=[case[0] for case in DECLARED])
def test_what_the_profile_declares_is_expected(code: str, fault: Fault) -> None:
    found = result(code, fault, write=True, name="askspoke")
    assert found.outcome == "expected"
    assert "The service's profile declares it: " in found.expected
    assert not found.fix


@pytest.mark.parametrize("code", ["rename_user", "change_email", "deactivate_okta"])
def test_what_the_profile_declares_and_is_not_so_is_told(code: str) -> None:
    found = result(code, write=True, name="askspoke")
    assert (found.outcome, "profile says" in found.found) == ("warn", True)


def test_of_a_sound_service_only_what_it_does_not_know_is_said() -> None:
    report = diagnosed(PlainScim(), write=True)
    assert [it.code for it in report.problems] == ["patch_entra_manager", "group_in_user"]
    assert {it.outcome for it in report.results if it.code.startswith("certificate")} == {"skipped"}
    assert report.counts["skipped"] == 2


def unsupported(*features: str) -> Fault:
    """Announces that it has no such features, and answers 501 to who uses them."""
    off = changes(CONFIG, lambda it: it.update({name: {"supported": False} for name in features}))

    def fault(call: Call, forward: Forward) -> Reply:
        used = "bulk" if call.url.endswith("/Bulk") else "patch" if call.method == "PATCH" else ""
        return NOT_DONE if used in features else off(call, forward)

    return fault


def test_a_501_is_no_fault_of_the_server_where_it_is_announced() -> None:
    def told(fault: Fault) -> str:
        found = {it.code: it for it in diagnosed(PlainScim(fault), write=True).results}
        return f"{found['server_faults'].outcome}: {found['server_faults'].found}"

    assert told(unsupported("bulk", "patch")).startswith("pass")
    assert told(says(where("POST", "/Bulk"), NOT_DONE)) == "warn: POST /Bulk: HTTP 501."


def test_test_users_have_addresses_of_the_domain_that_was_chosen() -> None:
    def own_people_only(call: Call, forward: Forward) -> Reply:
        sent = str(call.body).lower().replace("@acme.example'", "")
        return refusal(400, "Not one of our domains.") if POST_USER(call) and "@" in sent else forward(call)

    shelf, service = Shelf(), PlainScim(own_people_only)
    assert "create_okta" in {it.code for it in diagnosed(service, write=True).problems}
    report = diagnosed(service, write=True, shelf=shelf, domain=" @Acme.example")
    assert [it.code for it in report.problems] == ["patch_entra_manager", "group_in_user"]
    assert not shelf.open


@pytest.mark.parametrize(
    "typed", ["acme", "a b.example", "jane@acme.example", "acme..example", "-a.example", "1.2.3.4"]
)
def test_what_is_no_mail_domain_is_refused(typed: str) -> None:
    with pytest.raises(AdminError, match="mail domain"):
        mail_domain(typed)


@pytest.mark.parametrize("fault", [kept_for_ever, says(DELETE_USER, refusal(405))], ids=["kept", "refused"])
def test_what_cannot_be_deleted_is_not_made_by_the_dozen(fault: Fault) -> None:
    service = PlainScim(fault)
    found = {it.code: it for it in diagnosed(service, write=True).results}
    assert (found["group_big"].outcome, "cannot be deleted" in found["group_big"].found) == ("skipped", True)
    assert sum(call.method == "POST" for call in service.calls) < 15
    assert found["cleaned_up"].outcome == "fail"


def test_a_creation_that_nobody_answered_is_looked_for_and_removed() -> None:
    shelf = Shelf()

    def answers_late(call: Call, forward: Forward) -> Reply:
        reply = forward(call)
        if posting("-okta")(call):
            raise AdminError("The connection broke off.", "Look whether it took effect.")
        return reply

    service = PlainScim(answers_late)
    report = diagnosed(service, "create_okta", "cleaned_up", write=True, shelf=shelf)
    found = {it.code: it for it in report.results}
    assert "broke off" in found["create_okta"].found
    assert found["cleaned_up"].found == "1 were made and are gone."
    assert not shelf.open


def test_what_was_never_seen_stays_in_the_journal_for_a_while_and_is_no_finding() -> None:
    shelf = Shelf()
    lost = fails(posting("-okta"), AdminError("The connection broke off.", "Look whether it took effect."))
    report = diagnosed(PlainScim(lost), "create_okta", "cleaned_up", write=True, shelf=shelf)
    assert next(it for it in report.results if it.code == "cleaned_up").outcome == "pass"
    assert [facts["name"][-17:] for _, _, facts in shelf.entries] == ["-okta@example.com"]


def test_what_was_not_sent_for_lack_of_time_is_not_in_the_journal() -> None:
    shelf = Shelf()
    service = PlainScim()
    exam = examination(service, write=True, shelf=shelf)
    exam.ask.times.ends = 0.0
    with pytest.raises(NoTimeError):
        asyncio.run(make(exam, "Users", exam.people.okta("late")))
    assert (shelf.open, exam.made, service.calls) == ({}, [], [])


@pytest.mark.parametrize("done", [True, False])
def test_a_deletion_that_broke_off_is_tried_once_more(done: bool) -> None:
    shelf, broken = Shelf(), set[str]()

    def breaks_off(call: Call, forward: Forward) -> Reply:
        if call.method == "DELETE" and call.url not in broken:
            broken.add(call.url)
            if done:
                forward(call)
            raise AdminError("The connection broke off.", "Look whether it took effect.")
        return forward(call)

    report = diagnosed(PlainScim(breaks_off), "create_okta", "create_entra", "cleaned_up", write=True, shelf=shelf)
    found = {it.code: it for it in report.results}
    assert found["cleaned_up"].found == "2 were made and are gone."
    assert len(broken) == 2
    assert not shelf.open


def test_what_an_earlier_run_left_is_not_looked_for_once_it_is_gone() -> None:
    shelf, service = Shelf(), PlainScim()
    for kind, naming, kind_schema in (("Users", "userName", "User"), ("Groups", "displayName", "Group")):
        name = f"spoke-admin-doctor-earlier-{kind}"
        body = {"schemas": [f"urn:ietf:params:scim:schemas:core:2.0:{kind_schema}"], naming: name}
        made = service.forward(Call("POST", f"{URL}/{kind}", body=body, authorization=f"Bearer {TOKEN}"))
        shelf.begin({"kind": kind, "name": name, "id": made.document()["id"]})
    codes = ("users_list", "groups_list", "leftovers", "filter_user_name", "filter_group_name", "read_by_id")
    found = {it.code: it.outcome for it in diagnosed(service, *codes, write=True, shelf=shelf).results}
    assert found["leftovers"] == found["filter_group_name"] == "pass"
    assert "fail" not in found.values()
    assert not shelf.open


def test_the_words_of_a_refusal_end_with_one_full_stop() -> None:
    assert result("group_create", says(POST_GROUP, refusal(400)), write=True).found == "HTTP 400: No."
