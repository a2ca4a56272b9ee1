"""Paths of attributes, and the two forms of a PATCH."""

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spoke_admin.adapters import profiles
from spoke_admin.adapters.scim_patches import (
    Change,
    PatchForm,
    member_changes,
    member_operations,
    operations,
    rename_operations,
)
from spoke_admin.adapters.scim_paths import AttributePath, PathSet, parse_path, selected
from spoke_admin.domain.error import AdminError
from tests.adapters.scim_servers import ENTERPRISE

WORK = 'emails[type eq "work"].value'


@pytest.mark.parametrize(
    ("path", "parsed"),
    [
        ("title", AttributePath("", "title")),
        ("name.givenName", AttributePath("", "name", None, "givenName")),
        (WORK, AttributePath("", "emails", ("type", "work"), "value")),
        ("emails[primary eq true]", AttributePath("", "emails", ("primary", "true"))),
        ('members[value EQ "a\\"]b:c"]', AttributePath("", "members", ("value", 'a"]b:c'))),
        (f"{ENTERPRISE}:manager.value", AttributePath(ENTERPRISE, "manager", None, "value")),
        ("members.$ref", AttributePath("", "members", None, "$ref")),
        ("x-name", AttributePath("", "x-name")),
    ],
)
def test_a_path_is_taken_apart(path: str, parsed: AttributePath) -> None:
    assert parse_path(path) == parsed


@pytest.mark.parametrize(
    "path",
    ["", ".", "a.b.c", "a b", "emails[", "emails[]", 'emails[type eq "work"', 'emails[type co "x"]',
     "emails[type eq x]", 'emails[a eq "1" and b eq "2"]', 'emails[type eq "work"]value', "a" * 101, f"{ENTERPRISE}:"],
)  # fmt: skip
def test_what_is_no_path_is_refused_in_words(path: str) -> None:
    with pytest.raises(AdminError, match="is no path of a SCIM attribute"):
        parse_path(path)


@given(st.text())
def test_any_value_can_be_selected(value: str) -> None:
    assert parse_path(selected("members", "value", value)) == AttributePath("", "members", ("value", value))


@given(st.text() | st.text(st.sampled_from('ab[]".:\\ eq')))
def test_any_path_is_taken_apart_or_refused(path: str) -> None:
    with contextlib.suppress(AdminError):
        assert parse_path(path).name


@pytest.mark.parametrize("name", ["askspoke", "generic"])
def test_the_paths_of_the_profiles_can_be_changed(name: str) -> None:
    for attribute in profiles.profile(name).attribute:
        assert operations([Change(attribute.path, "x")])[0]["path"] == attribute.path


@pytest.mark.parametrize(
    ("changed", "other", "touched"),
    [
        ("title", "TITLE", True),
        ("title", "name.givenName", False),
        ("name", "name.givenName", True),
        ("name.givenName", "name.familyName", False),
        ("emails", WORK, True),
        (WORK, 'emails[type eq "home"].value', False),
        (WORK, 'emails[type eq "Work"].display', False),
        (WORK, 'emails[value eq "a@x"].value', True),
        ("addresses", "addresses[0].locality", True),
        ("title", "addresses[0].locality", False),
        (f"{ENTERPRISE}:department", "department", False),
    ],
)
def test_what_a_change_may_touch(changed: str, other: str, touched: bool) -> None:
    assert PathSet([parse_path(changed)]).touches(other) is touched


def test_a_patch_as_the_standard_has_it() -> None:
    changes = [Change("title", "Countess"), Change(WORK, "a@x"), Change("nickName"), Change("emails", [])]
    assert operations(changes) == [
        {"op": "replace", "path": "title", "value": "Countess"},
        {"op": "replace", "path": WORK, "value": "a@x"},
        {"op": "remove", "path": "nickName"},
        {"op": "remove", "path": "emails"},
    ]


def test_a_patch_as_okta_sends_it() -> None:
    assert operations([Change("active", value=False)], PatchForm.OKTA) == [
        {"op": "replace", "value": {"active": False}}
    ]
    changes = [
        Change("name.givenName", "Augusta"),
        Change("name.familyName", "King"),
        Change(f"{ENTERPRISE}:department", "Engines"),
        Change("nickName"),
        Change(WORK, "a@x"),
    ]
    assert operations(changes, PatchForm.OKTA) == [
        {
            "op": "replace",
            "value": {"name": {"givenName": "Augusta", "familyName": "King"}, ENTERPRISE: {"department": "Engines"}},
        },
        {"op": "remove", "path": "nickName"},
        {"op": "replace", "path": WORK, "value": "a@x"},
    ]


def test_what_is_not_there_yet_is_added_as_a_whole() -> None:
    before: dict[str, Any] = {"emails": [{"type": "work", "value": "old@x"}]}
    changes = [
        Change(WORK, "a@x"),
        Change('addresses[type eq "work"].locality', "London"),
        Change('addresses[type eq "work"].country', "GB"),
        Change('phoneNumbers[type eq "work"].value', None),
    ]
    assert operations(changes, before=before) == [
        {"op": "replace", "path": WORK, "value": "a@x"},
        {"op": "remove", "path": 'phoneNumbers[type eq "work"].value'},
        {"op": "add", "path": "addresses", "value": [{"type": "work", "locality": "London", "country": "GB"}]},
    ]


def test_nothing_to_change_is_refused() -> None:
    with pytest.raises(AdminError, match="nothing to change"):
        operations([])


def test_members_go_one_by_one_and_come_together() -> None:
    assert member_operations(["1", "2"], ["3", '4"']) == [
        {"op": "remove", "path": 'members[value eq "3"]'},
        {"op": "remove", "path": 'members[value eq "4\\""]'},
        {"op": "add", "path": "members", "value": [{"value": "1"}, {"value": "2"}]},
    ]
    assert member_operations([], ["3"]) == [{"op": "remove", "path": 'members[value eq "3"]'}]
    assert member_changes(["1"], ["3"]) == [
        Change('members[value eq "1"]', "1"),
        Change('members[value eq "3"]', None),
    ]


def test_a_group_is_renamed_in_both_forms() -> None:
    assert rename_operations("7", "New", PatchForm.OKTA) == [
        {"op": "replace", "value": {"id": "7", "displayName": "New"}}
    ]
    assert rename_operations("7", "New", PatchForm.RFC) == [{"op": "replace", "path": "displayName", "value": "New"}]
