"""The people of a file: whole rows, by the fields their columns hold."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spoke_admin.connection import sample_roster
from spoke_admin.domain.error import AdminError
from spoke_admin.roster.people import logins_of, people_of

SAMPLES = Path(__file__).parents[2] / "resources" / "samples"


def written(folder: Path, text: str) -> Path:
    path = folder / "users.csv"
    path.write_text(text, encoding="utf-8", newline="")
    return path


def test_a_person_has_the_fields_of_the_columns_and_the_line_as_id(tmp_path: Path) -> None:
    path = written(tmp_path, "Login;E MAIL;firstName;lastName;Badge\r\na@example.com;b@example.com;Ada;;7\r\n")
    (ada,) = people_of(path)
    assert ada.id == "2"
    assert ada.attributes == {"login": "a@example.com", "firstName": "Ada", "email": "b@example.com"}
    assert ada.name == "Ada"


def test_one_column_serves_as_login_and_email_in_entras_template(tmp_path: Path) -> None:
    path = written(
        tmp_path, "version:v1.0\nUser name [userPrincipalName] Required,First name [givenName]\na@b.example,Zoë\n"
    )
    (zoe,) = people_of(path)
    assert (zoe.login, zoe.attributes["email"], zoe.attributes["firstName"]) == ("a@b.example", "a@b.example", "Zoë")


def test_rows_that_are_not_whole_are_left_out(tmp_path: Path) -> None:
    path = written(tmp_path, 'login,email\na@x.example,a@x.example\nshort\nb@x.example,b@x.example,long\nc,"open\n')
    assert [person.login for person in people_of(path)] == ["a@x.example"]


def test_no_more_are_read_than_a_list_can_show(tmp_path: Path) -> None:
    path = written(tmp_path, "login\n" + "".join(f"u{number}@x.example\n" for number in range(50)))
    assert [person.id for person in people_of(path, most=3)] == ["2", "3", "4"]


def test_the_sample_has_people() -> None:
    people = people_of(sample_roster())
    assert people[0].attributes["primaryPhone"] == "415-555-2600"
    assert len(people) > 30


@pytest.mark.parametrize("text", ["", "\r\n \r\n"])
def test_a_file_without_anything_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(AdminError):
        people_of(written(tmp_path, text))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_people_or_refused_in_words(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "any.csv"
    path.write_bytes(data)
    try:
        people = people_of(path)
    except AdminError:
        return
    assert all(value.strip() for person in people for value in person.attributes.values())


def test_a_workbook_has_people_too(tmp_path: Path) -> None:
    path = tmp_path / "people.xlsx"
    path.write_bytes((SAMPLES / "hr-export.xlsx").read_bytes())
    people = people_of(path)
    assert [(it.id, it.login) for it in people[:2]] == [
        ("2", "grace.hopper@acme.example"),
        ("3", "ada.lovelace@acme.example"),
    ]
    assert people[1].attributes["mobilePhone"] == "4155552672"
    assert list(logins_of(path))[2] == (4, "katherine.johnson@acme.example")


@pytest.mark.parametrize("size", [50, 1 << 20])
def test_logins_in_order_of_lines(tmp_path: Path, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spoke_admin.roster.text.Text.blocks.__defaults__", (size,))
    path = tmp_path / "users.csv"
    path.write_text('title,login\n"a\nb",u1\nx,u2\nragged\n"d""q",u3\ny,\n"never,u4\nz,u5\n', encoding="utf-16")
    assert list(logins_of(path)) == [(2, "u1"), (4, "u2"), (6, "u3"), (7, ""), (9, "u5")]
    assert list(logins_of(path, cancelled=lambda: True)) == []


def test_a_file_without_logins(tmp_path: Path) -> None:
    path = tmp_path / "users.csv"
    path.write_text("title\nx\n", encoding="utf-8")
    with pytest.raises(AdminError, match="no column for logins"):
        list(logins_of(path))
