"""A repaired copy: just what the chosen repairs say, everything else byte for byte; whole, or not at all."""

import io
import random
import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spoke_admin.domain.error import AdminError
from spoke_admin.roster.checking import check_file
from spoke_admin.roster.repair.cells import Change, Repair
from spoke_admin.roster.repair.copy import MOST_EXAMPLES, plan_repairs, write_repaired
from spoke_admin.roster.text import Text
from tests.roster.corpus import FILES
from tests.roster.pollution import polluted
from tests.roster.profiles import ASKSPOKE, GENERIC
from tests.roster.repair.repair_oracle import mend

ALL = tuple(Repair)
CLASSES = tuple(it for it in Repair if it is not Repair.HEADERS)
HEADER = "login,email,firstName,lastName,primaryPhone"
GOOD = "a@acme.com,a@acme.com,Ada,Lovelace,415-555-2671"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "users.csv"


def repaired(
    path: Path,
    repairs: tuple[Repair, ...] = ALL,
    *,
    safe: bool = False,
    headers: dict[int, str] | None = None,
    sheet: str | None = None,
) -> tuple[bytes, list[Change]]:
    """The copy, and its changes, after it was made sure that they are counted rightly."""
    out, changes = io.BytesIO(), list[Change]()
    counts = write_repaired(
        path, ASKSPOKE, repairs, out, safe=safe, headers=headers or {}, changes=changes.append, sheet=sheet
    )
    told = Counter(it.repair for it in changes)
    assert {repair: count for repair, count in counts.items() if repair is not Repair.LINE_ENDS and count} == {
        repair: count for repair, count in told.items() if repair is not Repair.LINE_ENDS
    }
    assert bool(counts.get(Repair.LINE_ENDS)) == bool(told[Repair.LINE_ENDS])
    assert write_repaired(path, ASKSPOKE, repairs, io.BytesIO(), headers=headers or {}, sheet=sheet) == counts
    return out.getvalue(), changes


def mended(path: Path, text: str, repairs: tuple[Repair, ...] = ALL) -> str:
    """A file of a header and some text after it; the text in the copy."""
    path.write_bytes(f"{HEADER}\r\n{text}".encode("utf-8", "surrogateescape"))
    data, _ = repaired(path, repairs)
    assert data.startswith(f"{HEADER}\r\n".encode())
    return data.decode("utf-8", "surrogateescape").removeprefix(f"{HEADER}\r\n")


# --- against the rules, said a second time ---------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(90))
def test_a_polluted_file_becomes_what_the_rules_say(path: Path, seed: int) -> None:
    data, chance = polluted(seed), random.Random(seed)
    path.write_bytes(data)
    assert repaired(path, ())[0] == data
    chosen = tuple(it for it in CLASSES if chance.random() < 0.7)
    safe = chance.random() < 0.3
    copy, changes = repaired(path, chosen, safe=safe)
    expected = mend(data, {it.value for it in chosen}, safe=safe)
    assert expected.is_in(copy)
    counts = write_repaired(path, ASKSPOKE, chosen, io.BytesIO())
    assert {repair.value: count for repair, count in counts.items()} == expected.counts
    whole_lines = [it.line for it in changes if it.repair is not Repair.LINE_ENDS]
    assert whole_lines == sorted(whole_lines)


@pytest.mark.parametrize("seed", range(200, 230))
def test_checked_again_nothing_is_found_of_what_was_repaired(path: Path, seed: int) -> None:
    path.write_bytes(polluted(seed))
    before = check_file(path, ASKSPOKE).by_code
    copy, _ = repaired(path, tuple(it for it in CLASSES if it is not Repair.DUPLICATE_ROWS))
    path.write_bytes(copy)
    result = check_file(path, ASKSPOKE)
    if result.encoding != "utf-8":  # bytes that are no UTF-8 outweigh the rest now that other signs are gone
        return
    found = result.by_code
    assert {"control_character", "phone_extension", "phone_letters", "encoding_assumed"}.isdisjoint(found)
    for code in ("row_too_short", "row_too_long", "quote_unclosed", "unknown_column", "missing_column"):
        assert found.get(code) == before.get(code)
    again, changes = repaired(path, tuple(it for it in CLASSES if it is not Repair.DUPLICATE_ROWS))
    assert again == copy
    assert changes == []


@pytest.mark.parametrize("seed", [3, 7, 8])
def test_a_file_of_several_blocks(path: Path, seed: int) -> None:
    data = polluted(seed, 6000)
    assert len(data) > 2**19
    path.write_bytes(data)
    assert repaired(path, ())[0] == data
    copy, _ = repaired(path, CLASSES, safe=True)
    assert mend(data, {it.value for it in CLASSES}, safe=True).is_in(copy)


KINDS = sorted({name.split(":")[0] for name in FILES})


@pytest.mark.parametrize("kind", KINDS)
def test_every_file_of_the_corpus_becomes_what_the_rules_say(path: Path, kind: str) -> None:
    for name, make in FILES.items():
        if name.split(":")[0] != kind:
            continue
        data = make()
        path.write_bytes(data)
        try:
            check_file(path, ASKSPOKE)
        except AdminError as refused:
            with pytest.raises(AdminError, match=re.escape(refused.title)):
                write_repaired(path, ASKSPOKE, (), io.BytesIO())
            continue
        out = io.BytesIO()
        write_repaired(path, ASKSPOKE, (), out)
        assert out.getvalue() == data, name
        out = io.BytesIO()
        counts = write_repaired(path, ASKSPOKE, CLASSES, out, safe=True)
        if len(data) < 2**18:  # the oracle takes its time
            expected = mend(data, {it.value for it in CLASSES}, safe=True)
            assert expected.is_in(out.getvalue()), name
            assert {repair.value: count for repair, count in counts.items()} == expected.counts


TEXT = st.text(st.sampled_from(['"', ",", "\r", "\n", " ", "a", "=", "\u200b", "\0", "é"]), max_size=40)


@settings(deadline=None)
@given(TEXT, st.sampled_from(["login\n", "login,primaryPhone\n", "firstName,x\r"]), st.booleans(), st.data())
def test_any_text_becomes_what_the_rules_say(
    tmp_path_factory: pytest.TempPathFactory, text: str, header: str, safe: bool, data: st.DataObject
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    raw = (header + text).encode()
    path.write_bytes(raw)
    chosen = tuple(data.draw(st.sets(st.sampled_from(CLASSES))))
    assert repaired(path, ())[0] == raw
    copy, _ = repaired(path, chosen, safe=safe)
    assert mend(raw, {it.value for it in chosen}, safe=safe).is_in(copy)


def test_wherever_the_text_is_cut_into_blocks(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_bytes(polluted(5, 40))
    whole, changes = repaired(path)
    whole_lines = sorted(changes, key=str)
    original = Text.blocks
    for size in (16, 61, 200):
        monkeypatch.setattr(Text, "blocks", lambda self, _size=0, size=size: original(self, size))
        copy, changes = repaired(path)
        assert copy == whole
        assert sorted(changes, key=str) == whole_lines


# --- cells and rows --------------------------------------------------------------------------------------------------


def test_what_is_changed_is_told_with_line_column_and_what_was_there(path: Path) -> None:
    path.write_bytes(
        f"\r\n{HEADER}\r\n{GOOD}\r\n b@acme.com,b@acme.com,\u200bB,B,+1 (415) 555-2671 x5\r\n{GOOD}\r\n".encode()
    )
    copy, changes = repaired(path)
    assert copy == f"\r\n{HEADER}\r\n{GOOD}\r\nb@acme.com,b@acme.com,B,B,4155552671\r\n".encode()
    assert changes == [
        Change(4, "login", Repair.TRIM, " b@acme.com", "b@acme.com"),
        Change(4, "firstName", Repair.INVISIBLE, "\u200bB", "B"),
        Change(4, "primaryPhone", Repair.PHONES, "+1 (415) 555-2671 x5", "4155552671"),
        Change(5, None, Repair.DUPLICATE_ROWS, GOOD, ""),
    ]


def test_rows_that_are_not_whole_are_left_alone(path: Path) -> None:
    text = ' a,\0,\r\n \r\n a,b,c,d,e,f\r\n a,b,c,d,"415-555-2671 x1'
    assert mended(path, text) == text


def test_a_phone_is_left_alone_where_the_profile_has_no_rule_for_phones(path: Path) -> None:
    path.write_bytes(f"{HEADER}\r\na,b,c,d,415-555-2671 x1\r\n".encode())
    assert write_repaired(path, GENERIC, ALL, io.BytesIO())[Repair.PHONES] == 0
    assert write_repaired(path, ASKSPOKE, ALL, io.BytesIO())[Repair.PHONES] == 1


def test_columns_nobody_knows_are_not_trimmed(path: Path) -> None:
    path.write_bytes(b"login,Badge\r\n a , b \r\n")
    assert repaired(path)[0] == b"login,Badge\r\na, b \r\n"


def test_the_quotes_of_a_cell_stay_and_come_where_they_must(path: Path) -> None:
    assert mended(path, '" a ",b ,"c","d ""x"" ",e\r\n') == '"a",b,"c","d ""x""",e\r\n'
    assert mended(path, ' "IT",b,c,d,e\r\n') == '"""IT""",b,c,d,e\r\n'
    assert mended(path, '"IT" ,b,c,d,e\r\n') == '"IT",b,c,d,e\r\n'
    assert mended(path, '19" rack,b,c,d,e\r\n') == '19" rack,b,c,d,e\r\n'


def test_a_row_of_one_cell_stays_a_row(path: Path) -> None:
    path.write_bytes('login\r\n\u200b\r\n\r\n"\0"\r\n \0\r\n'.encode())
    assert repaired(path, (Repair.INVISIBLE,))[0] == b'login\r\n""\r\n\r\n""\r\n" "\r\n'
    assert check_file(path, ASKSPOKE).rows == 3


def test_a_row_is_left_out_only_when_all_its_cells_are_there_before(path: Path) -> None:
    rows = [GOOD, GOOD.upper(), GOOD + " ", GOOD.replace(",", '","').join('""'), GOOD, GOOD]
    assert mended(path, "\r\n".join(rows), (Repair.DUPLICATE_ROWS,)) == "\r\n".join(rows[:3]) + "\r\n"


def test_rows_that_become_the_same_by_another_repair_stay(path: Path) -> None:
    assert mended(path, f"{GOOD}\r\n {GOOD}\r\n") == f"{GOOD}\r\n{GOOD}\r\n"


def test_damaged_rows_are_never_the_same(path: Path) -> None:
    path.write_bytes(b"login,firstName\r\na,\x81\r\na,\x8d\r\n\xe9,\xe9\r\n\xe9,\xe9\r\n")
    assert check_file(path, ASKSPOKE).encoding == "windows-1252"
    assert repaired(path, (Repair.DUPLICATE_ROWS,))[0] == b"login,firstName\r\na,\x81\r\na,\x8d\r\n\xe9,\xe9\r\n"


def test_headers_are_renamed_and_their_columns_repaired_as_what_they_are_now(path: Path) -> None:
    path.write_bytes(b'Log-in,"Tel, mobile",Notes\r\n a ,415-555-2671 x1, n \r\n')
    copy, changes = repaired(path, headers={0: "login", 1: "mobilePhone", 2: "a;b"})
    assert copy == b'login,"mobilePhone","a;b"\r\na,4155552671, n \r\n'
    assert changes[:3] == [
        Change(1, "Log-in", Repair.HEADERS, "Log-in", "login"),
        Change(1, "Tel, mobile", Repair.HEADERS, "Tel, mobile", "mobilePhone"),
        Change(1, "Notes", Repair.HEADERS, "Notes", "a;b"),
    ]
    assert [it.column for it in changes[3:]] == ["Log-in", "Tel, mobile"]
    kept, _ = repaired(path, CLASSES, headers={0: "login"})
    assert kept.startswith(b'Log-in,"Tel, mobile",Notes\r\n')
    with pytest.raises(AdminError, match="no column 4"):
        repaired(path, headers={3: "login"})


def test_a_header_that_the_encoding_does_not_have(path: Path) -> None:
    path.write_bytes(b"log\xe9n\r\na\r\n")
    with pytest.raises(AdminError, match="cannot be written"):
        repaired(path, (Repair.HEADERS,), headers={0: "李"})
    assert repaired(path, (Repair.HEADERS, Repair.ENCODING), headers={0: "李"})[0] == "李\r\na\r\n".encode()


def test_safe_to_open_in_a_spreadsheet(path: Path) -> None:
    path.write_bytes(
        b'=login,"+1",firstName\r\n=cmd|x!A1,"@SUM(1)", -1\r\n-\r\n\t,\0,"\rx","=1"\r\n\t\r\n=a,"=b\r\n-1,a,b\r\n'
    )
    copy, changes = repaired(path, (), safe=True)
    assert copy == (
        b"'=login,\"'+1\",firstName\r\n'=cmd|x!A1,\"'@SUM(1)\", -1\r\n'-\r\n'\t,'\0,\"'\rx\",\"'=1\"\r\n\t\r\n"
        b"'=a,\"'=b\r\n'-1,a,b\r\n"
    )
    assert changes == []
    assert b"\"'@SUM(1)\",'-1\r\n" in repaired(path, (Repair.TRIM,), safe=True)[0]


# --- encodings and line ends -----------------------------------------------------------------------------------------

WORDS = "login,firstName\r\n a,Zoë\r\nb, 李😀\r\n"
CLEAN = "login,firstName\r\na,Zoë\r\nb,李😀\r\n"


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_the_encoding_and_its_mark_stay_unless_they_are_to_go(path: Path, codec: str) -> None:
    path.write_bytes(WORDS.encode(codec))
    assert repaired(path, (Repair.TRIM,))[0] == CLEAN.encode(codec)
    copy, changes = repaired(path, (Repair.TRIM, Repair.ENCODING))
    assert copy == CLEAN.encode()
    assert [it.repair for it in changes[:1]] == [Repair.TRIM if codec == "utf-8" else Repair.ENCODING]


def test_windows_1252_with_bytes_that_mean_nothing(path: Path) -> None:
    path.write_bytes(b"login,firstName\r\n a,Zo\xeb\r\nb\x81c,\x8d \r\nd,\x81\r\n")
    assert repaired(path, (Repair.TRIM,))[0] == b"login,firstName\r\na,Zo\xeb\r\nb\x81c,\x8d \r\nd,\x81\r\n"
    copy, changes = repaired(path, (Repair.TRIM, Repair.ENCODING))
    assert copy == "login,firstName\r\na,Zoë\r\nb\ufffdc,\ufffd\r\nd,\ufffd\r\n".encode()
    assert changes == [
        Change(1, None, Repair.ENCODING, "windows-1252", "utf-8"),
        Change(2, "login", Repair.TRIM, " a", "a"),
        Change(3, "login", Repair.ENCODING, "b\\x81c", "b\ufffdc"),
        Change(3, "firstName", Repair.ENCODING, "\\x8d ", "\ufffd "),
        Change(3, "firstName", Repair.TRIM, "\ufffd ", "\ufffd"),
        Change(4, "firstName", Repair.ENCODING, "\\x81", "\ufffd"),
    ]


def test_utf_16_cut_within_a_sign(path: Path) -> None:
    data = "\ufefflogin,firstName\r\n a,\0\r\n".encode("utf-16-le") + b"\x3d\xd8,\0 \0b\0\r"
    path.write_bytes(data)
    assert repaired(path, ())[0] == data
    assert repaired(path, (Repair.TRIM,))[0] == data.replace(b" \0a\0", b"a\0").replace(b" \0b\0\r", b" \0b\0\r")
    assert repaired(path, (Repair.ENCODING,))[0] == "login,firstName\r\n a,\0\r\n\ufffd\ufffd, b\ufffd".encode()


def test_damage_in_utf_8_stays_as_it_is(path: Path) -> None:
    data = b"login,firstName\r\n a,\xff \xc3\xa9\r\n\xf0\x9f, b\xc3\xa9\xc3\xa9\xc3\xa9\r\n"
    path.write_bytes(data)
    assert repaired(path)[0] == data.replace(b" a", b"a").replace(b" b", b"b")


def test_marks_that_stand_one_behind_the_other_all_go(path: Path) -> None:
    for codec in ("utf-8", "utf-16-le", "utf-16-be"):
        path.write_bytes("\ufeff\ufeff\ufefflogin\r\n a\r\n".encode(codec))
        assert repaired(path)[0] == b"login\r\na\r\n"
        assert repaired(path, ())[0] == "\ufeff\ufeff\ufefflogin\r\n a\r\n".encode(codec)


def test_line_ends_of_records_change_and_those_inside_cells_stay(path: Path) -> None:
    path.write_bytes(b'sep=,\n\rlogin,"a\nb"\n1,"x\ry\n"\r2,3\r\n4\r"5')
    copy, changes = repaired(path)
    assert copy == b'sep=,\r\n\r\nlogin,"a\nb"\r\n1,"x\ry\n"\r\n2,3\r\n4\r\n"5'
    assert changes == [
        Change(1, None, Repair.LINE_ENDS, "LF", "CRLF"),
        Change(2, None, Repair.LINE_ENDS, "CR", "CRLF"),
        Change(4, None, Repair.LINE_ENDS, "LF", "CRLF"),
        Change(7, None, Repair.LINE_ENDS, "CR", "CRLF"),
        Change(9, None, Repair.LINE_ENDS, "CR", "CRLF"),
    ]


def test_line_ends_of_one_kind_are_told_once_and_counted_all(path: Path) -> None:
    path.write_bytes(b"login\n" + b"a@acme.com\n" * 300_000)
    changes = list[Change]()
    counts = write_repaired(path, ASKSPOKE, (Repair.LINE_ENDS,), io.BytesIO(), changes=changes.append)
    assert counts == {Repair.LINE_ENDS: 300_001}
    assert changes == [Change(1, None, Repair.LINE_ENDS, "LF, 300,001 times", "CRLF")]


def test_lines_of_sep_and_version_stay(path: Path) -> None:
    path.write_bytes(b"version:v1.0\nsep=;\nlogin;firstName\n a; b\n")
    assert repaired(path)[0] == b"version:v1.0\r\nsep=;\r\nlogin;firstName\r\na;b\r\n"
    path.write_bytes("sep=§\r\nlogin§firstName\r\n a§ b \r\n".encode())
    assert repaired(path)[0] == "sep=§\r\nlogin§firstName\r\na§b\r\n".encode()


# --- the plan --------------------------------------------------------------------------------------------------------


def test_the_plan_says_what_a_repair_does(path: Path) -> None:
    path.write_bytes((f"{HEADER}\n" + f" {GOOD} x1\n" * 3 + "\u200b,b,c,d,\n" * 300).encode())
    plan = plan_repairs(path, ASKSPOKE, {4: "mobilePhone"})
    _, changes = repaired(path, headers={4: "mobilePhone"})
    assert plan.counts == write_repaired(path, ASKSPOKE, ALL, io.BytesIO(), headers={4: "mobilePhone"})
    for repair in Repair:
        assert list(plan.examples[repair]) == [it for it in changes if it.repair is repair][:MOST_EXAMPLES]
    assert plan_repairs(path, ASKSPOKE, repairs=(Repair.TRIM,)).counts == {Repair.TRIM: 3}
    assert plan.counts[Repair.DUPLICATE_ROWS] == 301


def test_a_plan_keeps_the_beginning_of_long_texts(path: Path) -> None:
    path.write_bytes(f"{HEADER}\r\n {'x' * 5000},b,c,d,e\r\n".encode())
    assert len(plan_repairs(path, ASKSPOKE).examples[Repair.TRIM][0].before) == 1001


def test_a_plan_is_carried_out_on_that_very_file_only(path: Path) -> None:
    path.write_bytes(b"login\r\n a\r\n")
    plan = plan_repairs(path, ASKSPOKE)
    assert write_repaired(path, ASKSPOKE, ALL, io.BytesIO(), as_of=plan.as_of) == plan.counts
    path.write_bytes(b"login\r\n bc\r\n")
    with pytest.raises(AdminError, match="was changed"):
        write_repaired(path, ASKSPOKE, ALL, io.BytesIO(), as_of=plan.as_of)
