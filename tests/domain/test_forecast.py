"""What the service will do with each attribute, said before anything is sent."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spoke_admin.domain.forecast import FieldForecast, Verdict, forecast, mapped, same
from spoke_admin.domain.person import OKTA_ATTRIBUTES, Person
from spoke_admin.domain.profile import ServiceProfile, read_profile

PROFILES = Path(__file__).parents[2] / "resources" / "profiles"
ASKSPOKE = read_profile((PROFILES / "askspoke.toml").read_text(encoding="utf-8"), "askspoke.toml")
GENERIC = read_profile((PROFILES / "generic.toml").read_text(encoding="utf-8"), "generic.toml")
EMAIL = 'emails[type eq "work"].value'
PHONE = 'phoneNumbers[type eq "work"].value'
ADA = {"login": "ada@acme.com", "email": "ada@acme.com", "firstName": "Ada", "lastName": "Lovelace"}
HELD = {"userName": "ada@acme.com", EMAIL: "ada@acme.com", "name.givenName": "Ada", "name.familyName": "Lovelace"}


def row(path: str, current: dict[str, str] | None = None, **attributes: str) -> FieldForecast:
    rows = forecast(Person("1", ADA | attributes), ASKSPOKE, current)
    return next(row for row in rows if row.path == path)


def test_a_new_person_has_a_row_for_each_value_and_no_other() -> None:
    rows = forecast(Person("1", ADA | {"title": "Boss", "nickName": "A"}), ASKSPOKE)
    assert [row.path for row in rows] == ["userName", EMAIL, "name.givenName", "name.familyName", "title"]
    assert {row.verdict for row in rows} == {Verdict.SET}
    assert rows[0].source == "user.login"


def test_a_missing_value_that_is_required_is_rejected_with_the_name_of_its_source() -> None:
    assert row("userName", login=" ").verdict is Verdict.REJECTED
    assert row("userName", login="").reason == "User name is required and login is empty."


@pytest.mark.parametrize("email", ["ada", "ada@", "ada@acme", "a da@acme.com", "ada@acme..com", "@acme.com"])
def test_an_invalid_address_is_rejected_with_the_reason(email: str) -> None:
    judged = row(EMAIL, email=email)
    assert judged.verdict is Verdict.REJECTED
    assert judged.reason


@pytest.mark.parametrize(("length", "verdict"), [(50, Verdict.SET), (51, Verdict.REJECTED)])
def test_what_is_too_long_is_rejected_at_the_bound(length: int, verdict: Verdict) -> None:
    assert row("name.givenName", firstName="x" * length).verdict is verdict


@pytest.mark.parametrize(
    ("number", "verdict", "words"),
    [
        ("415-555-2671", Verdict.SET, "valid US number"),
        ("+1 (415) 555.2671", Verdict.SET, "valid US number"),
        ("1-800-555-0199", Verdict.IGNORED, "1-800"),
        ("1-888-555-0199", Verdict.IGNORED, "1-888"),
        ("1-877-466-7724", Verdict.SET, "toll-free"),
        ("+44 20 7946 0958", Verdict.IGNORED, "country code +44"),
        ("+1 613 232 1000", Verdict.IGNORED, "region CA"),
        ("415-555-2671 x12", Verdict.IGNORED, "extension"),
        ("1-415-FLOWERS", Verdict.IGNORED, "letters"),
        ("12345", Verdict.IGNORED, "valid 10-digit"),
        ("none", Verdict.IGNORED, "not a phone number"),
    ],
)
def test_a_phone_number_is_set_or_ignored_with_the_reason(number: str, verdict: Verdict, words: str) -> None:
    judged = row(PHONE, primaryPhone=number)
    assert judged.verdict is verdict
    assert words in judged.reason
    assert judged.value == number


def test_an_ignored_number_leaves_the_one_that_is_there() -> None:
    judged = row(PHONE, HELD | {PHONE: "+14155552671"}, primaryPhone="1-800-555-0199")
    assert judged.verdict is Verdict.IGNORED
    assert "The number that is there, +14155552671, stays." in judged.reason
    assert "stays" not in row(PHONE, HELD, primaryPhone="1-800-555-0199").reason


def test_the_mobile_number_stands_in_where_there_is_no_primary() -> None:
    assert row(PHONE, mobilePhone="4155552671").source == "user.mobilePhone"
    assert row(PHONE, mobilePhone="4155552671", primaryPhone="4155552672").source == "user.primaryPhone"
    assert row(PHONE, mobilePhone="4155552671", primaryPhone=" ").value == "4155552671"
    assert mapped(ASKSPOKE.attribute[0], Person("1")) == ("login", "")


@pytest.mark.parametrize(
    ("held", "wanted"), [("+14155552671", "(415) 555-2671"), ("415.555.2671", "1 415 555 2671"), ("x", "x")]
)
def test_a_number_in_another_form_is_unchanged(held: str, wanted: str) -> None:
    phone = ASKSPOKE.attribute_of(PHONE)
    assert phone is not None
    assert same(phone, held, wanted)
    if held != "x":
        assert row(PHONE, HELD | {PHONE: held}, primaryPhone=wanted).verdict is Verdict.UNCHANGED


@pytest.mark.parametrize(
    ("path", "attributes", "verdict"),
    [
        ("name.givenName", {}, Verdict.UNCHANGED),
        ("name.givenName", {"firstName": "Augusta"}, Verdict.SET),
        ("name.givenName", {"firstName": "ada"}, Verdict.SET),
        ("title", {"title": "Boss"}, Verdict.SET),
        (EMAIL, {"email": "ADA@acme.com"}, Verdict.UNCHANGED),
        (EMAIL, {"email": "countess@acme.com"}, Verdict.IGNORED),
        ("userName", {"login": "countess@acme.com"}, Verdict.IGNORED),
    ],
)
def test_an_update_is_set_unchanged_or_ignored(path: str, attributes: dict[str, str], verdict: Verdict) -> None:
    assert row(path, HELD, **attributes).verdict is verdict


def test_a_service_without_rules_ignores_nothing() -> None:
    person = Person("1", ADA | {"primaryPhone": "1-800-555-0199", "login": "countess"})
    assert {row.verdict for row in forecast(person, GENERIC)} == {Verdict.SET}
    assert next(row for row in forecast(person, GENERIC, HELD) if row.path == "userName").verdict is Verdict.SET


NAMES = st.sampled_from([*OKTA_ATTRIBUTES, "startDate"])
VALUES = st.one_of(
    st.text(max_size=120),
    st.sampled_from(
        ["", " ", "ada@acme.com", "415-555-2671", "1-800-555-0199", "+44 20 7946 0958", "\ud800", "x" * 101]
    ),
    st.text(st.sampled_from("+0123456789-(). x"), max_size=18),
)
PEOPLE = st.builds(Person, st.text(max_size=3), st.dictionaries(NAMES, VALUES))
PATHS = st.sampled_from([attribute.path for attribute in ASKSPOKE.attribute])


@given(PEOPLE, st.none() | st.dictionaries(PATHS, VALUES), st.sampled_from([ASKSPOKE, GENERIC]))
def test_every_person_gets_a_verdict_with_a_reason(
    person: Person, current: dict[str, str] | None, profile: ServiceProfile
) -> None:
    rows = forecast(person, profile, current)
    judged = {row.path: row for row in rows}
    assert len(judged) == len(rows)
    for attribute in profile.attribute:
        source, value = mapped(attribute, person)
        if value.strip() or attribute.required:
            found = judged.pop(attribute.path)
            assert (found.source, found.value) == (f"user.{source}", value)
            assert found.reason
            assert value.strip() or found.verdict is Verdict.REJECTED
            assert current is not None or found.verdict is not Verdict.UNCHANGED
    assert not judged


@given(PEOPLE)
def test_what_is_held_as_it_was_sent_is_unchanged(person: Person) -> None:
    """The forecast after a push says what the read-back must show."""
    first = forecast(person, ASKSPOKE)
    stored = {row.path: row.value for row in first if row.verdict is Verdict.SET}
    again = {row.path: row.verdict for row in forecast(person, ASKSPOKE, stored)}
    assert all(again[path] is Verdict.UNCHANGED for path in stored)
