"""A roster against a service's users: every login has one standing, whatever its case."""

import time
from array import array
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spoke_admin.adapters import profiles
from spoke_admin.domain.cross_check import (
    CrossCheck,
    Standing,
    cross_check,
    explained,
    folded,
    only_there_explained,
)
from spoke_admin.domain.profile import ServiceProfile
from spoke_admin.domain.systems import ServiceUser

ADA = ServiceUser("1", "Ada@Example.com", "00u1")
BOB = ServiceUser("2", "bob@example.com")
CY = ServiceUser("3", "cy@example.com", "00u3", active=False)
DEE = ServiceUser("4", "dee@example.com")
USERS = (ADA, BOB, CY, DEE)
ASKSPOKE, GENERIC = profiles.profile("askspoke"), profiles.profile("generic")


def places(check: CrossCheck) -> dict[Standing, list[int]]:
    """What is not empty."""
    return {standing: list(found) for standing, found in check.places.items() if found}


def test_each_login_gets_its_standing() -> None:
    logins = ["ada@example.com", "eve@example.com", "BOB@example.com", " Cy@example.com\t", "", "new@example.com", "  "]
    check = cross_check(logins, USERS)
    assert places(check) == {
        Standing.EXISTS: [0],
        Standing.LINKED: [2],
        Standing.DEACTIVATED: [3],
        Standing.CREATED: [1, 5],
        Standing.NO_LOGIN: [4, 6],
    }
    assert check.only_there == (DEE,)
    assert check.alike == ()
    assert check.complete
    assert check.count(Standing.CREATED) == 2
    assert check.count(Standing.AMBIGUOUS) == 0


def test_a_roster_that_names_a_person_twice_has_both_places() -> None:
    check = cross_check(["x@a.example", "X@A.example", "Ada@example.com", "ada@EXAMPLE.com"], [ADA])
    assert places(check) == {Standing.CREATED: [0, 1], Standing.EXISTS: [2, 3]}
    assert check.only_there == ()


def test_users_whose_names_cannot_be_told_apart_are_named_together() -> None:
    other, third = replace(ADA, id="9", user_name="ada@example.com"), replace(BOB, id="8", active=False)
    check = cross_check(["ADA@example.com"], [ADA, BOB, other, third])
    assert places(check) == {Standing.AMBIGUOUS: [0]}
    assert check.alike == ((ADA, other), (BOB, third))
    assert check.only_there == (BOB, third)


def test_no_logins_and_no_users() -> None:
    assert cross_check([], []).only_there == ()
    assert cross_check([], USERS).only_there == USERS
    assert places(cross_check(["a@b.example"], [])) == {Standing.CREATED: [0]}
    assert not cross_check([], [], complete=False).complete


def test_a_user_whose_name_is_blank_is_nobodys() -> None:
    nameless = ServiceUser("5", " ")
    check = cross_check(["", "a@b.example"], [nameless])
    assert places(check) == {Standing.NO_LOGIN: [0], Standing.CREATED: [1]}
    assert check.only_there == (nameless,)


@pytest.mark.parametrize(("login", "name"), [("STRASSE@x.example", "straße@X.example"), ("Σίσυφος@x", "ΣΊΣΥΦΟΣ@X")])
def test_case_is_that_of_all_scripts(login: str, name: str) -> None:
    assert places(cross_check([login], [ServiceUser("1", name)])) == {Standing.LINKED: [0]}


NAMES = st.text(st.sampled_from("aAbßsS éÉ\ud800\0"), max_size=3)
PEOPLE = st.lists(st.builds(ServiceUser, st.uuids().map(str), NAMES, st.sampled_from(["", "x"]), st.booleans()))


@given(st.lists(NAMES), PEOPLE)
def test_every_login_stands_once_and_as_a_slow_search_finds(logins: list[str], users: list[ServiceUser]) -> None:
    check = cross_check(iter(logins), iter(users))
    standing_at = {place: standing for standing, found in check.places.items() for place in found}
    assert sorted(standing_at) == list(range(len(logins)))
    assert sum(map(check.count, Standing)) == len(logins)
    assert all(list(found) == sorted(found) for found in check.places.values())
    for place, login in enumerate(logins):
        assert standing_at[place] is searched(login, users)
    named = {folded(login) for login in logins} - {""}
    assert sorted(user.id for user in check.only_there) == sorted(
        user.id for user in users if folded(user.user_name) not in named
    )
    assert all(len({folded(user.user_name) for user in several}) == 1 < len(several) for several in check.alike)


def searched(login: str, users: list[ServiceUser]) -> Standing:
    same = [user for user in users if user.user_name.strip().casefold() == login.strip().casefold()]
    if not login.strip():
        return Standing.NO_LOGIN
    if len(same) > 1:
        return Standing.AMBIGUOUS
    if not same:
        return Standing.CREATED
    if not same[0].active:
        return Standing.DEACTIVATED
    return Standing.EXISTS if same[0].external_id else Standing.LINKED


def test_a_large_roster_takes_no_longer_than_a_breath() -> None:
    users = [ServiceUser(str(number), f"Person.{number}@Example.com", "x") for number in range(0, 60_000, 2)]
    started = time.process_time()
    check = cross_check((f"person.{number}@example.com" for number in range(200_000)), users)
    assert time.process_time() - started < 2  # a fifth of a second, on a machine that is busy with others
    assert check.count(Standing.EXISTS) == 30_000
    assert check.count(Standing.CREATED) == 170_000
    assert isinstance(check.places[Standing.CREATED], array)
    assert check.places[Standing.CREATED].itemsize == 4


@pytest.mark.parametrize("profile", [ASKSPOKE, GENERIC], ids=lambda profile: profile.name)
@pytest.mark.parametrize("complete", [True, False])
def test_every_standing_is_explained_in_whole_sentences(profile: ServiceProfile, complete: bool) -> None:
    told = [explained(standing, profile, complete=complete) for standing in Standing]
    told.append(only_there_explained(profile))
    assert len({it.title for it in told}) == len(told)
    for it in told:
        assert it.title == it.title.strip(" .")
        assert it.meaning.endswith(".")
        assert "  " not in it.meaning


def test_the_words_follow_the_service() -> None:
    assert "askSpoke ignores a change of the user name" in explained(Standing.LINKED, ASKSPOKE).meaning
    assert "ignores a change" not in explained(Standing.EXISTS, GENERIC).meaning
    assert "askSpoke removes the account" in explained(Standing.DEACTIVATED, ASKSPOKE).meaning
    assert "makes it active again" in explained(Standing.DEACTIVATED, GENERIC).meaning


def test_where_users_may_be_missing_nobody_is_surely_created() -> None:
    assert explained(Standing.CREATED, ASKSPOKE).title == "Will be created"
    unsure = explained(Standing.CREATED, ASKSPOKE, complete=False)
    assert "perhaps" in unsure.title
    assert "did not show" in unsure.meaning
    assert explained(Standing.LINKED, ASKSPOKE, complete=False) == explained(Standing.LINKED, ASKSPOKE)
