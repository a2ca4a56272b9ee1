"""What was kept of what was sent: the latitude SCIM gives, and what a service silently dropped."""

import contextlib
import copy
import time
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spoke_admin.adapters.scim_differences import differences, differences_of_changes, side_effects
from spoke_admin.adapters.scim_patches import Change, member_changes
from spoke_admin.adapters.scim_results import Difference, Verdict
from spoke_admin.domain.error import AdminError
from tests.adapters.scim_servers import ENTERPRISE

WORK = 'phoneNumbers[type eq "work"].value'
ADA: dict[str, Any] = {
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE],
    "externalId": "00u1",
    "userName": "Ada@Example.com",
    "name": {"givenName": "Ada", "familyName": "Lovelace"},
    "emails": [
        {"type": "work", "value": "ada@example.com", "primary": True},
        {"type": "home", "value": "ada@home.example", "primary": False},
    ],
    "phoneNumbers": [{"type": "work", "value": "(415) 555-2671"}],
    "addresses": [{"type": "work", "locality": "London", "country": "GB"}],
    "active": True,
    "title": "Analyst",
    "groups": [],
    "password": "correct horse battery staple",
    ENTERPRISE: {"department": "Engines", "manager": "7"},
}
HOME = ADA["emails"][1]


def kept(**changed: Any) -> dict[str, Any]:
    """ADA as a service keeps her, with some attributes otherwise; None leaves one out."""
    whole = {**copy.deepcopy(ADA), "id": "1", "meta": {"resourceType": "User"}, **changed}
    return {name: value for name, value in whole.items() if value is not None and name != "password"}


def lost(found: tuple[Difference, ...]) -> dict[str, Verdict]:
    return {it.path: it.verdict for it in found if it.verdict is not Verdict.KEPT}


def told(changed: Mapping[str, Any], before: Mapping[str, Any] | None = None) -> dict[str, Verdict]:
    return lost(differences(ADA, kept(**changed), before))


def test_each_value_that_was_sent_is_told_of_and_no_secret_is() -> None:
    found = differences(ADA, kept())
    assert {it.path for it in found} == {
        "externalId",
        "userName",
        "name.givenName",
        "name.familyName",
        'emails[type eq "work"].value',
        'emails[type eq "work"].primary',
        'emails[type eq "home"].value',
        'emails[type eq "home"].primary',
        WORK,
        'addresses[type eq "work"].locality',
        'addresses[type eq "work"].country',
        "active",
        "title",
        f"{ENTERPRISE}:department",
        f"{ENTERPRISE}:manager.value",
    }
    assert {it.verdict for it in found} == {Verdict.KEPT}
    assert "horse" not in repr(found)


@pytest.mark.parametrize(
    "changed",
    [
        {"userName": None, "USERNAME": "Ada@Example.com"},
        {"name": None, "NAME": {"GIVENNAME": "Ada", "familyname": "Lovelace", "formatted": "Ada Lovelace"}},
        {"emails": [*reversed(ADA["emails"])]},
        {"emails": [{"TYPE": "Work", "Value": "ada@example.com", "PRIMARY": True}, {**HOME, "display": "x"}]},
        {"emails": [ADA["emails"][0], {"type": "home", "value": "ada@home.example"}]},
        {"phoneNumbers": ADA["phoneNumbers"][0]},
        {ENTERPRISE: {"department": "Engines", "manager": {"value": "7", "$ref": "x", "displayName": "Charles"}}},
        {ENTERPRISE: None, ENTERPRISE.upper(): {"DEPARTMENT": "Engines", "Manager": {"VALUE": "7"}}},
        {"nickName": "Countess", "roles": [{"value": "user"}], "groups": [{"value": "9"}], "urn:x": {"a": 1}},
    ],
)  # fmt: skip
def test_what_scim_allows_is_no_difference(changed: dict[str, Any]) -> None:
    assert told(changed) == {}


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        ({"userName": "ada@example.com"}, "userName"),
        ({"phoneNumbers": [{"type": "work", "value": "+14155552671"}]}, WORK),
        ({"phoneNumbers": [{"type": "work", "value": "tel:+1-415-555-2671"}]}, WORK),
        ({"phoneNumbers": [{"type": "work", "value": "4155552671"}]}, WORK),
        ({"emails": [{**ADA["emails"][0], "value": "ADA@example.com"}, HOME]}, 'emails[type eq "work"].value'),
        ({"title": " Analyst  "}, "title"),
        ({"active": "True"}, "active"),
        ({"active": 1}, ""),
        ({"title": ["Analyst"]}, "title"),
        ({"title": {"value": "Analyst"}}, "title"),
        ({"addresses": [{"type": "work", "locality": "London", "country": "gb"}]}, 'addresses[type eq "work"].country'),
        ({ENTERPRISE: {"department": "Engines", "manager": {"value": 7}}}, f"{ENTERPRISE}:manager.value"),
    ],
)  # fmt: skip
def test_the_same_in_another_form_is_normalised(changed: dict[str, Any], path: str) -> None:
    assert told(changed) == ({path: Verdict.NORMALISED} if path else {"active": Verdict.CHANGED})


@pytest.mark.parametrize(
    ("sent", "now", "verdict"),
    [
        ("2026-01-31", "2026-01-31T00:00:00Z", Verdict.NORMALISED),
        ("2026-01-31T01:00:00+01:00", "2026-01-31T00:00:00.000Z", Verdict.NORMALISED),
        ("2026-01-31", "2026-02-01", Verdict.CHANGED),
        ("e\u0301", "\u00e9", Verdict.NORMALISED),
        ("Analyst", "analyst", Verdict.CHANGED),
        (True, 1, Verdict.CHANGED),
        (1, 1.0, Verdict.KEPT),
        (1, "1", Verdict.NORMALISED),
        ("1", True, Verdict.CHANGED),
        ("", None, Verdict.KEPT),
        (None, "", Verdict.KEPT),
        ([], None, Verdict.KEPT),
        (None, "Analyst", Verdict.CHANGED),
        ("Analyst", "", Verdict.DROPPED),
        ("Analyst", [], Verdict.DROPPED),
        ("x", {"a": "x"}, Verdict.CHANGED),
    ],
)
def test_one_value(sent: Any, now: Any, verdict: Verdict) -> None:
    assert [it.verdict for it in differences({"title": sent}, {"title": now})] == [verdict]


@pytest.mark.parametrize("name", ["phoneNumbers", "name", "title", ENTERPRISE, "emails", "addresses"])
def test_an_attribute_that_was_left_out_is_named(name: str) -> None:
    found = differences(ADA, kept(**{name: None}))
    gone = {it.path for it in found if it.verdict is Verdict.DROPPED}
    assert gone
    assert all(it.startswith(name) for it in gone)
    assert all(it.verdict in (Verdict.KEPT, Verdict.DROPPED) for it in found)


def test_in_an_update_the_number_that_was_there_stays() -> None:
    """Okta's askSpoke guide: a number that is not from the US is silently ignored."""
    old = {"phoneNumbers": [{"type": "work", "value": "+1 212 555 0143"}]}
    sent = {"phoneNumbers": [{"type": "work", "value": "+44 20 7946 0958"}]}
    assert lost(differences(sent, old)) == {WORK: Verdict.CHANGED}
    (it,) = differences(sent, old, before=old)
    assert it == Difference(WORK, "+44 20 7946 0958", "+1 212 555 0143", Verdict.DROPPED)
    assert str(it) == f"{WORK}: sent “+44 20 7946 0958”, silently dropped: still “+1 212 555 0143”."


def test_of_several_numbers_only_the_bad_one_is_left_out() -> None:
    sent = {
        "phoneNumbers": [{"type": "work", "value": "415 555 2671"}, {"type": "mobile", "value": "+44 20 7946 0958"}]
    }
    found = differences(sent, {"phoneNumbers": [{"type": "work", "value": "4155552671"}]})
    assert lost(found) == {WORK: Verdict.NORMALISED, 'phoneNumbers[type eq "mobile"].value': Verdict.DROPPED}
    assert str(found[1]) == 'phoneNumbers[type eq "mobile"].value: sent “+44 20 7946 0958”, silently dropped.'


def test_values_without_a_type_or_with_another_are_found_again() -> None:
    sent = {"emails": [{"value": "a@x"}, {"value": "b@x"}], "phoneNumbers": [{"type": "work", "value": "415 555 2671"}]}
    now = {"emails": ["B@x", "a@x"], "phoneNumbers": [{"value": "+1 415 555 2671"}]}
    assert lost(differences(sent, now)) == {
        'emails[value eq "b@x"].value': Verdict.NORMALISED,
        'phoneNumbers[type eq "work"].type': Verdict.DROPPED,
        WORK: Verdict.NORMALISED,
    }
    swapped = {"emails": [{"type": "home", "value": "a@x"}, {"type": "work", "value": "b@x"}]}
    typed = {"emails": [{"type": "work", "value": "a@x"}, {"type": "home", "value": "b@x"}]}
    assert set(lost(differences(typed, swapped)).values()) == {Verdict.CHANGED}
    assert lost(differences({"addresses": [{"locality": "London"}]}, {"addresses": [{"locality": "Paris"}]})) == {
        "addresses[0].locality": Verdict.CHANGED
    }


def test_members_are_told_apart_by_their_ids() -> None:
    sent = {"displayName": "Engines", "members": [{"value": "1", "display": "Ada"}, {"value": "2"}, {"value": "2"}]}
    now = {"displayName": "Engines", "members": [{"value": "1", "display": "Ada L.", "type": "User", "$ref": "x"}]}
    assert lost(differences(sent, now)) == {'members[value eq "2"]': Verdict.DROPPED}


def test_members_that_were_to_go_and_stayed_are_told() -> None:
    before = {"displayName": "Engines", "members": [{"value": "1"}, {"value": "2"}]}
    sent = {"displayName": "Engines", "members": [{"value": "1"}]}
    assert lost(differences(sent, before, before)) == {'members[value eq "2"]': Verdict.DROPPED}
    added = {"displayName": "Engines", "members": [{"value": "1"}, {"value": "9"}]}  # by the service itself
    assert lost(differences(sent, added, before)) == {}


def test_single_changes_are_looked_up_at_their_paths() -> None:
    changes = [
        Change("title", "Countess"),
        Change("name.givenName", "Augusta"),
        Change(WORK, "+1 212 555 0143"),
        Change('emails[type eq "home"]', None),
        Change('addresses[type eq "work"]', {"locality": "Paris"}),
        Change(f"{ENTERPRISE}:manager", "8"),
        Change(f"{ENTERPRISE}:department", ""),
        Change("nickName", None),
        Change("emails", []),
    ]
    found = {it.path: (it.verdict, it.kept) for it in differences_of_changes(changes, kept(), kept())}
    assert found == {
        "title": (Verdict.DROPPED, "Analyst"),
        "name.givenName": (Verdict.DROPPED, "Ada"),
        WORK: (Verdict.DROPPED, "(415) 555-2671"),
        'emails[type eq "home"]': (Verdict.DROPPED, "ada@home.example"),
        'addresses[type eq "work"].locality': (Verdict.DROPPED, "London"),
        f"{ENTERPRISE}:manager.value": (Verdict.DROPPED, "7"),
        f"{ENTERPRISE}:department": (Verdict.DROPPED, "Engines"),
        "nickName": (Verdict.KEPT, None),
        "emails": (Verdict.DROPPED, ADA["emails"]),
    }
    now = kept(title="Countess", phoneNumbers=[{"type": "WORK", "value": "2125550143"}])
    assert lost(differences_of_changes(changes[:3], now)) == {
        "name.givenName": Verdict.CHANGED,
        WORK: Verdict.NORMALISED,
    }


def test_what_a_patch_was_not_to_touch_is_told() -> None:
    changes = [Change("title", "Countess"), Change(WORK, "1")]
    now = kept(title="Countess", phoneNumbers=None, emails=[], userName="ADA@example.com", displayName="new")
    effects = side_effects(changes, now, kept())
    assert lost(effects) == {
        'emails[type eq "work"].value': Verdict.DROPPED,
        'emails[type eq "home"].value': Verdict.DROPPED,
    }
    assert side_effects([Change("emails", [])], now, kept(phoneNumbers=None, title="Countess")) == ()


def test_a_removal_that_empties_the_group_is_told_also_of_ten_thousand() -> None:
    before = {"members": [{"value": str(number)} for number in range(10_000)]}
    changes = member_changes([], [str(number) for number in range(1_000)])
    began = time.process_time()
    assert lost(differences_of_changes(changes, before, before)) == {
        f'members[value eq "{number}"]': Verdict.DROPPED for number in range(1_000)
    }
    assert {it.verdict for it in differences_of_changes(changes, {"members": []})} == {Verdict.KEPT}
    effects = side_effects(changes, {"members": []}, before)
    assert len(effects) == 9_000
    assert effects[0] == Difference('members[value eq "1000"]', "1000", None, Verdict.DROPPED)
    assert time.process_time() - began < 3


def test_a_difference_in_words() -> None:
    words = [
        str(Difference("title", "a", "a", Verdict.KEPT)),
        str(Difference("title", "a\n\x1b", "A" * 90, Verdict.CHANGED)),
        str(Difference("active", None, kept=False, verdict=Verdict.CHANGED)),
        str(Difference("emails", [{}], [{}, {}], Verdict.NORMALISED)),
        str(Difference("name", {"a": 1}, None, Verdict.DROPPED)),
    ]
    assert words == [
        "title: kept as “a”.",
        f"title: sent “a��”, kept “{'A' * 80}…”.",
        "active: to be cleared, kept “false”.",
        "emails: sent “1 values”, kept in its own form as “2 values”.",
        "name: sent “an object of 1 values”, silently dropped.",
    ]


KEYS = st.sampled_from(
    [*ADA, "value", "type", "primary", "display", "department", "manager", "locality", "members", "$ref"]
) | st.text(max_size=3)
PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4)
FOREIGN = st.recursive(
    PLAIN | st.sampled_from(["work", "7", "2026-01-31"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=15,
)  # fmt: skip
RESOURCE = st.dictionaries(KEYS, FOREIGN, max_size=8)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(RESOURCE, RESOURCE, RESOURCE)
def test_no_foreign_json_breaks_a_comparison(sent: Any, now: Any, before: Any) -> None:
    for found in (
        differences(ADA, now, before),
        differences(sent, now, before),
        side_effects([Change(WORK, "1"), Change("members")], now, before),
    ):
        assert all(str(it) for it in found)
    assert all(it.verdict is Verdict.KEPT for it in differences(ADA, {**now, **kept()}))


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(KEYS | st.text(max_size=30), FOREIGN), min_size=1, max_size=4), RESOURCE)
def test_any_changes_are_judged_or_refused_in_words(changes: list[tuple[str, Any]], now: Any) -> None:
    with contextlib.suppress(AdminError):
        found = differences_of_changes([Change(*it) for it in changes], now, now)
        assert all(str(it) for it in found)


def test_what_is_nested_too_deeply_to_be_compared_is_not_the_same() -> None:
    (it,) = differences({"title": nested(5_000)}, {"title": nested(5_000)}, {"title": nested(5_000)})
    assert it.verdict is Verdict.DROPPED or it.verdict is Verdict.CHANGED


def nested(depth: int) -> list[Any]:
    made: list[Any] = []
    for _ in range(depth):
        made = [made]
    return made
