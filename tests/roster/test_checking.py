"""Rule by rule, on real files."""

import time
import unicodedata
from pathlib import Path

import pytest

from spoke_admin.domain.error import AdminError
from spoke_admin.domain.finding import Finding, Severity
from spoke_admin.domain.profile import ServiceProfile
from spoke_admin.roster.checking import Result, check_file
from spoke_admin.roster.duplicates import folded
from spoke_admin.roster.words import LONGEST_VALUE
from tests.roster.profiles import ASKSPOKE, GENERIC

HEADER = "login,email,firstName,lastName,title,primaryPhone"
SAMPLES = Path(__file__).parents[2] / "resources" / "samples"


def check(path: Path, *rows: str, header: str = HEADER, profile: ServiceProfile = ASKSPOKE) -> Result:
    path.write_bytes("\r\n".join([header, *rows, ""]).encode("utf-8", "surrogateescape"))
    return check_file(path, profile)


def codes(result: Result) -> list[tuple[int, str | None, str]]:
    return [(finding.line, finding.column, finding.code) for finding in result.findings]


def row(
    login: str = "a@acme.com", first: str = "Ada", title: str = "", phone: str = "", email: str = "b@acme.com"
) -> str:
    return ",".join((login, email, first, "Lovelace", title, phone))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "users.csv"


def test_a_clean_row(path: Path) -> None:
    result = check(path, row())
    assert codes(result) == []
    assert (result.rows, result.encoding, result.delimiter) == (1, "utf-8", ",")
    assert result.columns == HEADER.split(",")
    assert result.counts == {"error": 0, "warning": 0, "info": 0}


def test_a_header_alone(path: Path) -> None:
    assert (check(path).rows, codes(check(path))) == (0, [])


@pytest.mark.parametrize("cell", ["", " ", "\t", "\u00a0 \u3000"])
def test_a_missing_value(path: Path, cell: str) -> None:
    assert codes(check(path, row(login=cell, first=cell))) == [
        (2, "login", "missing_value"),
        (2, "firstName", "missing_value"),
    ]


def test_a_missing_value_with_a_control_character_besides_and_nothing_else(path: Path) -> None:
    assert codes(check(path, row(first=" " * 60 + "\x1c"))) == [
        (2, "firstName", "missing_value"),
        (2, "firstName", "control_character"),
    ]


@pytest.mark.parametrize(("first", "title", "wanted"), [(50, 100, []), (51, 101, ["firstName", "title"])])
def test_too_long_in_code_points(path: Path, first: int, title: int, wanted: list[str]) -> None:
    result = check(path, row(first="😀" * first, title="😀" * title))
    assert codes(result) == [(2, column, "too_long") for column in wanted]


def test_a_blank_cell_that_is_too_long_is_just_that(path: Path) -> None:
    assert codes(check(path, row(title=" " * 101, phone=" "))) == [(2, "title", "too_long")]


def test_unknown_and_unused_columns_are_asked_for_control_characters_alone(path: Path) -> None:
    result = check(path, row() + f",{'x' * 200},pass\0word", header=HEADER + ",Badge,Password")
    assert codes(result) == [(1, "Badge", "unknown_column"), (2, "Password", "control_character")]


def test_an_address_is_judged_as_it_stands(path: Path) -> None:
    result = check(path, row(login=" a@acme.com", email="b@acme"))
    assert codes(result) == [(2, "login", "email_invalid"), (2, "email", "email_invalid")]


def test_a_cell_may_have_several_findings(path: Path) -> None:
    result = check(path, row(), row(login="A\u0301@acme.com \u200b" + " " * 100), row(login="Á@ACME.com \u200b"))
    assert codes(result) == [
        (3, "login", "too_long"),
        (3, "login", "email_invalid"),
        (3, "login", "control_character"),
        (4, "login", "email_invalid"),
        (4, "login", "duplicate_identifier"),
        (4, "login", "control_character"),
    ]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("ada@acme.com", "ADA@Acme.Com"),
        ("ada@acme.com", " ada@acme.com\t"),
        ("José@acme.com", "jose@acme.com"),
        ("Zoe\u0308@acme.com", "ZOË@acme.com"),
        ("straße@acme.com", "STRASSE@acme.com"),
        ("ﬁn@acme.com", "fin@acme.com"),
        ("ａｄａ@acme.com", "ada@acme.com"),
    ],
)
def test_duplicates_ignore_case_blanks_and_diacritics(path: Path, first: str, second: str) -> None:
    result = check(path, row(login=first), row(login="else@acme.com"), row(login=second))
    duplicates = [finding for finding in result.findings if finding.code == "duplicate_identifier"]
    assert [finding.line for finding in duplicates] == [4]
    assert "line 2" in duplicates[0].message


def test_what_takes_no_part_in_duplicates(path: Path) -> None:
    result = check(path, row() + ",ragged", row(login=""), row(login=""), "a@acme.com", row(), '"a@acme.com,b')
    assert "duplicate_identifier" not in result.by_code
    assert result.rows == 6


def test_folding_is_nfkd_without_marks_of_the_folded_case() -> None:
    for code in range(0x110000):
        if not 0xD800 <= code < 0xE000:
            text = f" {chr(code)}x "
            marks = unicodedata.normalize("NFKD", text.strip().casefold())
            assert folded(text) == "".join(mark for mark in marks if not unicodedata.combining(mark))


CONTROLS = (0, 8, 0xB, 0xC, 0xE, 0x1F, 0x7F, 0x85, 0x9F, 0x200B, 0x200F, 0x2028, 0x202E, 0x2060, 0x2069, 0xFEFF)
OTHERS = (9, 0x20, 0x7E, 0xA0, 0xAD, 0x200A, 0x2010, 0x2027, 0x202F, 0x205F, 0x206A, 0xFEFE, 0x1F600)


@pytest.mark.parametrize(
    ("sign", "found"), [*((chr(code), True) for code in CONTROLS), *((chr(code), False) for code in OTHERS)]
)
def test_control_characters(path: Path, sign: str, found: bool) -> None:
    result = check(path, row(title=f"a{sign}b{sign}"))
    assert codes(result) == ([(2, "title", "control_character")] if found else [])
    if found:
        assert f"U+{ord(sign):04X}" in result.findings[0].message


def test_line_ends_inside_a_cell_are_no_control_characters(path: Path) -> None:
    result = check(path, row(title='"a\r\nb\nc\rd"'), row(login="c@acme", email="d@acme.com"))
    assert codes(result) == [(6, "login", "email_invalid")]


@pytest.mark.parametrize("cell", ["415-555-2671", " ", ""])
def test_phones_that_are_taken(path: Path, cell: str) -> None:
    assert codes(check(path, row(phone=cell))) == []


def test_phones_have_a_rule_only_where_the_profile_has_one(path: Path) -> None:
    assert codes(check(path, row(phone="1-800-555-0199"))) == [(2, "primaryPhone", "phone_toll_free_800_888")]
    assert codes(check(path, row(phone="1-800-555-0199"), profile=GENERIC)) == []


def test_a_column_that_is_login_and_email_is_reported_once(path: Path) -> None:
    header = "userPrincipalName,givenName,surname"
    assert codes(check(path, "bad,A,B", ",A,B", "BAD,A,B", header=header)) == [
        (2, "userPrincipalName", "email_invalid"),
        (3, "userPrincipalName", "missing_value"),
        (4, "userPrincipalName", "email_invalid"),
        (4, "userPrincipalName", "duplicate_identifier"),
    ]


def test_findings_of_the_header(path: Path) -> None:
    result = check(path, header='\r\nEmail, e\u00a0MAIL ,Badge,\udcff,fi"rst')
    assert codes(result) == [
        (2, "login", "missing_column"),
        (2, "firstName", "missing_column"),
        (2, "lastName", "missing_column"),
        (2, " e\u00a0MAIL ", "duplicate_column"),
        (2, "Badge", "unknown_column"),
        (2, "\ufffd", "undecodable"),
        (2, 'fi"rst', "quote_broken"),
        (2, 'fi"rst', "unknown_column"),
    ]


def test_an_unknown_header_with_an_invisible_character_says_so(path: Path) -> None:
    result = check(path, header="log\u200bin,email,firstName,lastName")
    unknown = next(finding for finding in result.findings if finding.code == "unknown_column")
    assert "U+200B" in unknown.message


def test_an_unclosed_quote_in_the_header_has_no_other_finding(path: Path) -> None:
    assert codes(check(path, "1,2", "3,4,5", header='login,"email,firstName')) == [
        (1, None, "quote_unclosed"),
        (2, "login", "email_invalid"),
        (3, None, "row_too_long"),
    ]


def test_ragged_rows(path: Path) -> None:
    result = check(path, "a,b", row() + ',x,"y"z', ",,,,,", "", "   ")
    assert codes(result)[:3] == [(2, None, "row_too_short"), (3, None, "row_too_long"), (3, None, "quote_broken")]
    assert {finding.code for finding in result.findings[3:]} == {"missing_value"}
    assert result.rows == 3
    assert "2 cells instead of 6" in result.findings[0].message


def test_a_broken_quote_and_the_cell_as_csv_reads_it(path: Path) -> None:
    result = check(path, row(first='"A"da', phone='"1-800"-555-0199'), row(login='c"@acme.com'))
    assert codes(result) == [
        (2, "firstName", "quote_broken"),
        (2, "primaryPhone", "quote_broken"),
        (2, "primaryPhone", "phone_toll_free_800_888"),
        (3, "login", "quote_broken"),
        (3, "login", "email_invalid"),
    ]
    assert result.findings[0].value == "Ada"


def test_an_unclosed_quote(path: Path) -> None:
    result = check(path, row(title='"x\ny"'), row(login="c@acme.com", title='"lost'), row(login="d@acme.com"), "a")
    assert codes(result) == [(4, None, "quote_unclosed"), (6, None, "row_too_short")]
    assert result.rows == 4


def test_undecodable_bytes_leave_a_cell_one_finding(path: Path) -> None:
    result = check(path, row(title="é" * 9), row(login="c@acme\udce9", first='"\udce9"x', phone="\0"))
    assert codes(result) == [
        (3, "login", "undecodable"),
        (3, "firstName", "undecodable"),
        (3, "primaryPhone", "phone_invalid"),
        (3, "primaryPhone", "control_character"),
    ]
    assert result.findings[0].value == "c@acme\ufffd"


def test_an_assumed_encoding(path: Path) -> None:
    accented, undefined = row(first="José"), row(login="x@acme.com", first="\x81")
    path.write_bytes(f"\r\n{HEADER}\r\n{accented}\r\n{undefined}".encode("latin-1"))
    result = check_file(path, ASKSPOKE)
    assert result.encoding == "windows-1252"
    assert codes(result) == [(1, None, "encoding_assumed"), (4, "firstName", "undecodable")]


def test_severities_decide_the_counts(path: Path) -> None:
    result = check(path, row(login="bad", phone="1-800-555-0199"), row(login="bad2", phone="+44 20 7946 0958"))
    assert result.counts == {"error": 2, "warning": 2, "info": 0}
    assert result.by_code == {"email_invalid": 2, "phone_not_us": 1, "phone_toll_free_800_888": 1}
    assert {finding.severity for finding in result.findings} == {Severity.ERROR, Severity.WARNING}


def test_a_finding_says_what_is_wrong_and_what_to_do(path: Path) -> None:
    finding = check(path, row(phone="1-800-555-0199")).findings[0]
    assert finding == Finding(
        2,
        "primaryPhone",
        "phone_toll_free_800_888",
        Severity.WARNING,
        "1-800-555-0199",
        "It is a 1-800 number, which the service does not accept. The service will ignore the number.",
        "Give the person's own number, or leave the cell empty.",
    )


def test_a_very_long_value_is_shown_from_its_beginning(path: Path) -> None:
    result = check(path, row(title="x" * 10_000_000))
    assert len(result.findings[0].value) == LONGEST_VALUE + 1
    assert "10,000,000 characters" in result.findings[0].message


def test_ten_thousand_columns(path: Path) -> None:
    header = HEADER + "".join(f",c{number}" for number in range(10_000))
    result = check(path, row() + "," * 10_000, header=header)
    assert result.by_code == {"unknown_column": 10_000}


def test_progress_and_cancel(path: Path) -> None:
    told: list[tuple[int, int]] = []
    check(path, *(row(login=f"u{number}@acme.com") for number in range(60_000)))
    size = path.stat().st_size
    check_file(path, ASKSPOKE, lambda done, total: told.append((done, total)))
    assert told[-1] == (size, size)
    assert {total for _done, total in told} == {size}
    asked = 0

    def cancelled() -> bool:
        nonlocal asked
        asked += 1
        return asked > 3

    with pytest.raises(AdminError, match="stopped"):
        check_file(path, ASKSPOKE, cancelled=cancelled)
    assert asked < 12  # the other thread may ask before it hears of it


def test_a_large_file_is_left_at_once_when_cancelled(path: Path) -> None:
    path.write_bytes(b"login\n" + b"x\n" * 50_000_000)
    began = time.monotonic()
    with pytest.raises(AdminError, match="stopped"):
        check_file(path, ASKSPOKE, cancelled=lambda: time.monotonic() - began > 0.05)
    assert time.monotonic() - began < 2  # the whole file takes a minute


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("text", ["\u00a0\r\n\u3000\n", "sep=;\n", "version:v1.0\n\n", ",,,\n", " \n"])
def test_a_file_without_a_header_is_empty(path: Path, codec: str, text: str) -> None:
    path.write_bytes(text.encode(codec))
    with pytest.raises(AdminError, match="is empty"):
        check_file(path, ASKSPOKE)


def test_a_file_that_grows_while_it_is_checked_is_refused(path: Path) -> None:
    check(path, *(row(login=f"u{number}@acme.com") for number in range(3_000)))
    grown = False

    def grow(_done: int, _total: int) -> None:
        nonlocal grown
        if not grown:
            grown = True
            with path.open("ab") as file:
                file.write(b"late@acme.com,")

    with pytest.raises(AdminError, match="was changed while it was read"):
        check_file(path, ASKSPOKE, grow)


def test_the_samples_show_every_kind_of_finding() -> None:
    from spoke_admin.roster.words import WORDS

    shown = {code for sample in SAMPLES.iterdir() for code in check_file(sample, ASKSPOKE).by_code}
    assert shown == set(WORDS)
    assert check_file(SAMPLES / "clean-users.csv", ASKSPOKE).by_code == {}
