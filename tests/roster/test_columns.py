"""Headers: exact, else without case and blanks, else by a known template."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spoke_admin.roster.columns import KNOWN, REQUIRED, Columns, columns_of

ENTRA = (
    "Name [displayName] Required,User name [userPrincipalName] Required,Initial password [passwordProfile] Required,"
    "Block sign in (Yes/No) [accountEnabled] Required,First name [givenName],Last name [surname],Job title [jobTitle],"
    "Department [department],Usage location [usageLocation],Street address [streetAddress],State or province [state],"
    "Country or region [country],Office [physicalDeliveryOfficeName],City [city],ZIP or postal code [postalCode],"
    "Office phone [telephoneNumber],Mobile phone [mobile]"
)
GOOGLE = (
    "First Name [Required],Last Name [Required],Email Address [Required],Password [Required],"
    "Password Hash Function [UPLOAD ONLY],Org Unit Path [Required],New Primary Email [UPLOAD ONLY],Recovery Email,"
    "Home Secondary Email,Work Secondary Email,Recovery Phone [MUST BE IN THE E.164 FORMAT],Work Phone,Home Phone,"
    "Mobile Phone,Work Address,Home Address,Employee ID,Employee Type,Employee Title,Manager Email,Department,"
    "Cost Center,Building ID,Floor Name,Floor Section,Change Password at Next Sign-In,New Status [UPLOAD ONLY],"
    "Advanced Protection Program enrollment"
)


def held(columns: Columns) -> dict[str, str]:
    return {field: name for name, fields in zip(columns.names, columns.fields, strict=True) for field in fields}


def test_oktas_own_template() -> None:
    columns = columns_of(list(KNOWN))
    assert held(columns) == {name: name for name in KNOWN}
    assert len(KNOWN) == 32
    assert columns.missing() == []
    assert not columns.unknown
    assert not columns.duplicate


@pytest.mark.parametrize(
    ("template", "wanted"),
    [
        (ENTRA, {"login": "User name [userPrincipalName] Required", "email": "User name [userPrincipalName] Required",
                 "firstName": "First name [givenName]", "primaryPhone": "Office phone [telephoneNumber]",
                 "mobilePhone": "Mobile phone [mobile]", "displayName": "Name [displayName] Required",
                 "zipCode": "ZIP or postal code [postalCode]"}),
        (GOOGLE, {"login": "Email Address [Required]", "email": "Email Address [Required]",
                  "lastName": "Last Name [Required]", "primaryPhone": "Work Phone", "mobilePhone": "Mobile Phone",
                  "costCenter": "Cost Center", "employeeNumber": "Employee ID"}),
    ],
)  # fmt: skip
def test_templates_of_others(template: str, wanted: dict[str, str]) -> None:
    columns = columns_of(template.split(","))
    assert columns.missing() == []
    assert not columns.unknown
    assert not columns.duplicate
    assert wanted.items() <= held(columns).items()


def test_what_a_template_has_and_we_do_not_use_is_known() -> None:
    columns = columns_of(["Password [Required]", "passwordProfile", "Recovery Phone", "Last Sign In [READ ONLY]"])
    assert columns.fields == ((), (), (), ())
    assert not columns.unknown


@pytest.mark.parametrize("name", ["firstName", "FIRSTNAME", "First Name", " first\u00a0name\t", "firstname"])
def test_case_and_blanks(name: str) -> None:
    assert columns_of([name]).fields == (("firstName",),)


@pytest.mark.parametrize(
    "name", ["first_name", "first-name", "Firstname:", "e-mail", "", " ", "log\u200bin", "\ufefflogin", "User"]
)
def test_unknown(name: str) -> None:
    columns = columns_of([name])
    assert columns.unknown == {0}
    assert columns.missing() == list(REQUIRED)


@pytest.mark.parametrize(
    ("names", "duplicate", "fields"),
    [
        ("login,login", {1}, [("login",), ()]),
        ("LOGIN,login", {1}, [("login",), ()]),
        ("surname,lastName", {1}, [("lastName",), ()]),
        ("mobile,Mobile Phone,mobilePhone", {1, 2}, [("mobilePhone",), (), ()]),
        ("login,Email Address", set(), [("login",), ("email",)]),
        ("Email Address,login", set(), [("email",), ("login",)]),
        ("userPrincipalName,email", set(), [("login",), ("email",)]),
        ("userPrincipalName,Email Address", {1}, [("login", "email"), ()]),
        ("login,email,userPrincipalName", {2}, [("login",), ("email",), ()]),
        ("Badge,Badge", set(), [(), ()]),
        ("Password,Password", set(), [(), ()]),
    ],
)
def test_the_first_of_a_field_counts(names: str, duplicate: set[int], fields: list[tuple[str, ...]]) -> None:
    columns = columns_of(names.split(","))
    assert columns.duplicate == duplicate
    assert list(columns.fields) == fields


@given(st.lists(st.one_of(st.sampled_from([*KNOWN, *ENTRA.split(","), *GOOGLE.split(",")]), st.text(max_size=20))))
def test_every_field_has_one_column_at_most_and_every_column_one_verdict(names: list[str]) -> None:
    columns = columns_of(names)
    fields = [field for fields in columns.fields for field in fields]
    assert len(fields) == len(set(fields))
    assert not columns.unknown & columns.duplicate
    assert all(not columns.fields[place] for place in columns.unknown | columns.duplicate)
    assert set(columns.missing()) == set(REQUIRED) - set(fields)
