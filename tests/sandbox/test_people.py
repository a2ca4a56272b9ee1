"""The sample people: the same ones every time, all different, with every trap among the first ten."""

from spoke_admin.domain.forecast import email_fault
from spoke_admin.domain.phone import judge_us_phone
from spoke_admin.sandbox.people import groups, people


def test_they_are_the_same_every_time_and_all_different() -> None:
    many = people(5_000)
    assert many == people(5_000)
    assert many[:10] == people(10)
    assert len({person.login for person in many}) == len({person.id for person in many}) == 5_000


def test_every_login_is_a_valid_address_and_required_attributes_are_there() -> None:
    for person in people(300):
        assert not email_fault(person.login)
        assert all(person.attributes[name] for name in ("login", "email", "firstName", "lastName"))


def test_the_first_one_shows_the_trap_and_the_first_ten_all_of_them() -> None:
    phones = [person.attributes.get("primaryPhone", "") for person in people(10)]
    codes = [judge_us_phone(phone).code if phone else "none" for phone in phones]
    assert codes[0] == "phone_toll_free_800_888"
    assert {str(code) for code in codes} == {
        "None", "none", "phone_toll_free_800_888", "phone_toll_free_other", "phone_not_us", "phone_extension",
        "phone_letters",
    }  # fmt: skip
    assert {judge_us_phone(person.attributes["primaryPhone"]).code for person in people(200)[10:]} == {None}


def test_groups_hold_people_who_exist() -> None:
    everyone = people(12)
    found = groups(everyone)
    assert len(found) >= 3
    known = {person.id for person in everyone}
    assert all(set(group.member_ids) <= known for group in found)
    assert set(found[0].member_ids) == known
