"""What repairs make of cells, and that no cell which they change is overlooked in bulk."""

import csv
import io
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from spoke_admin.roster.judging import ColumnRule
from spoke_admin.roster.reading import Lines, records
from spoke_admin.roster.repair.cells import (
    STARTS_A_FORMULA,
    Repair,
    candidates,
    formulas,
    may_hold_formula,
    raw_cells,
    safe,
    service_form,
    steps,
    written,
)
from spoke_admin.roster.repair.same_rows import SameRows
from spoke_admin.roster.scanning import batch_of

TRIM, INVISIBLE, PHONES = Repair.TRIM, Repair.INVISIBLE, Repair.PHONES
ALL = (PHONES, TRIM, INVISIBLE)
KNOWN = ColumnRule(required=False, longest=100, email=False, login=False, phone=False)
UNKNOWN = ColumnRule(required=False, longest=None, email=False, login=False, phone=False)
PHONE = ColumnRule(required=False, longest=100, email=False, login=False, phone=True)

BLANKS = "\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u200a\u2028\u2029\u202f\u205f\u3000"
CELLS = st.text(
    st.sampled_from([*BLANKS, *"ab1=+-@'\"", "\0", "\x7f", "\x9f", "é", "ß", "\u200b", "\u2066", "\ufeff", "李", "😀",
                     "\u20ac", "\u3042", "\ue000", "\u1681", "\u2010", "\udcff", "\udc85", "\udca0"]),
    max_size=5,
)  # fmt: skip
NUMBERS = st.sampled_from(
    ["415-555-2671 x42", "415-555-CALL", "Tel: 415-555-2671", "800-555-0199 x1", "613-232-1000 x5", "1-800-FLOWERS",
     "415-555-2671", "877-CASHNOW", "n/a", "", " ", "415-555-267\u200b1 ext. 9", "\u00a0415-555-CALL ", "415\udcff"]
)  # fmt: skip


def steps_of(cell: str, rule: ColumnRule = KNOWN, repairs: tuple[Repair, ...] = ALL) -> list[tuple[Repair, str]]:
    return list(steps(cell, rule, repairs))


@pytest.mark.parametrize("blank", BLANKS)
def test_what_strip_takes_is_taken_from_both_ends(blank: str) -> None:
    assert steps_of(f"{blank}a{blank}b{blank}", repairs=(TRIM,)) == [(TRIM, f"a{blank}b")]
    assert steps_of(f"{blank}a", UNKNOWN, (TRIM,)) == []


def test_repairs_come_one_after_the_other() -> None:
    assert steps_of(" \u200b 415-555-2671 x1\0", PHONE) == [
        (INVISIBLE, "  415-555-2671 x1"),
        (TRIM, "415-555-2671 x1"),
        (PHONES, "4155552671"),
    ]
    assert steps_of("a", PHONE) == []
    assert steps_of("\u200b x", repairs=(TRIM,)) == []


def test_invisible_signs_are_taken_from_any_column() -> None:
    assert steps_of("a\u2066b\x07", UNKNOWN) == [(INVISIBLE, "ab")]


def test_a_cell_that_cannot_be_decoded_is_left_alone() -> None:
    assert steps_of(" \udcff\0 ") == []


@pytest.mark.parametrize(
    ("phone", "digits"),
    [
        ("415-555-2671 x42", "4155552671"),
        ("+1 (415) 555-2671 ext. 7", "4155552671"),
        ("415-555-CALL", "4155552255"),
        ("tel:+1-415-555-2671", "4155552671"),
        ("415-555-2671", ""),  # taken as it stands
        ("800-555-0199 x1", ""),  # toll-free, whatever else
        ("613-232-1000 x5", ""),  # of Canada
        ("1-800-FLOWERS", ""),
        ("n/a", ""),
        ("", ""),
        ("  ", ""),
    ],
)
def test_a_phone_becomes_the_digits_that_the_service_takes_or_stays(phone: str, digits: str) -> None:
    assert service_form(phone) == digits


@given(st.lists(st.tuples(CELLS, st.one_of(NUMBERS, CELLS), CELLS), min_size=1, max_size=20))
@example([("\u20e0", "x", "\u2005"), ("\x85", "", "\xa0")])
def test_no_cell_that_is_changed_is_overlooked(rows: list[tuple[str, str, str]]) -> None:
    rules = [KNOWN, PHONE, UNKNOWN]
    batch = batch_of([list(row) for row in rows], list(range(1, len(rows) + 1)))
    for repairs in ((TRIM,), (INVISIBLE,), (PHONES,), (TRIM, INVISIBLE), ALL):
        found = set(candidates(batch, rules, repairs, lambda: None).tolist())
        changed = {
            3 * number + column
            for number, row in enumerate(rows)
            for column, cell in enumerate(row)
            if steps_of(cell, rules[column], repairs)
        }
        assert changed <= found
    begin = {3 * n + c for n, row in enumerate(rows) for c, cell in enumerate(row) if cell.startswith(STARTS_A_FORMULA)}
    assert set(formulas(batch).tolist()) == begin


def test_cells_that_need_nothing_are_no_candidates() -> None:
    names = ["José", "Zoë", "李", "Łukasz", "ada@example.com", "a b", "5 €", "(415) 555-2671", ""]
    batch = batch_of([[name] for name in names], list(range(len(names))))
    assert candidates(batch, [PHONE], ALL, lambda: None).tolist() == []


@given(st.lists(CELLS, min_size=1, max_size=4), st.lists(st.booleans(), min_size=4, max_size=4))
def test_a_written_cell_is_read_as_it_was_meant(cells: list[str], quoted: list[bool]) -> None:
    for delimiter in ",;\t":
        alone = len(cells) == 1
        texts = [written(cell, delimiter, quoted=it, alone=alone) for cell, it in zip(cells, quoted, strict=False)]
        line = delimiter.join(texts) + "\r\n"
        assert next(csv.reader(io.StringIO(line, newline=""), delimiter=delimiter)) == cells
        if alone:
            assert line.strip()


def test_quotes_are_written_only_where_they_were_or_must_be() -> None:
    assert written("a b", ",", quoted=False, alone=False) == "a b"
    assert written("a b", ",", quoted=True, alone=False) == '"a b"'
    assert written("a,b", ";", quoted=False, alone=False) == "a,b"
    assert written("a;b", ";", quoted=False, alone=False) == '"a;b"'
    assert written('"IT"', ",", quoted=False, alone=False) == '"""IT"""'
    assert written("", ",", quoted=False, alone=True) == '""'


@given(st.text(st.sampled_from('a,;"§\n é'), min_size=1, max_size=12), st.sampled_from([",", ";", "§"]))
def test_cells_stand_where_reading_finds_them(text: str, delimiter: str) -> None:
    source = iter(re.findall(r"[^\n]*\n|[^\n]+", text))
    lines = Lines(source)
    record = next(records(lines, delimiter), None)
    if record is None or record.unclosed:
        return
    taken = "".join(re.findall(r"[^\n]*\n|[^\n]+", text)[record.line - 1 : lines.number])
    data = taken.removesuffix("\n").encode()
    found = [data[begin:end].decode() for begin, end in raw_cells(data, delimiter.encode())]
    assert delimiter.join(found) == data.decode()
    assert len(found) == len(record.cells)
    for raw, cell in zip(found, record.cells, strict=True):
        again = next(records(Lines(iter(re.findall(r"[^\n]*\n|[^\n]+", f"x{delimiter}{raw}"))), delimiter))
        assert again.cells == ["x", cell]


def test_a_cell_of_millions_of_quotes_takes_no_time_for_each() -> None:
    data = b'"' + b'""' * 3_000_000 + b'",x'
    assert list(raw_cells(data, b",")) == [(0, 6_000_002), (6_000_003, 6_000_004)]


@given(st.text(st.sampled_from('a=+\t\r\0",;'), max_size=8), st.sampled_from([",", ";", "\t", "§"]))
def test_a_record_without_a_formula_is_known(text: str, delimiter: str) -> None:
    record = next(records(Lines(iter([text])), delimiter), None)
    if record is not None and any(cell.startswith(STARTS_A_FORMULA) for cell in record.cells):
        assert may_hold_formula(text.encode(), delimiter.encode())
    assert not may_hold_formula(delimiter.encode() * 9 + b"a=", delimiter.encode())


def test_what_a_spreadsheet_would_compute_gets_an_apostrophe() -> None:
    for sign in "=+-@\t\r\n\0":
        assert safe(f"{sign}1") == f"'{sign}1"
    assert safe("1=") == "1="


ROWS = st.lists(
    st.tuples(*[st.text(st.sampled_from(["a", "b", '"', ",", "\0", "é", " ", "\n"]), max_size=3)] * 2), max_size=12
)


@given(st.lists(st.tuples(ROWS, ROWS), max_size=6))
def test_rows_that_are_there_twice_are_found_and_no_others(blocks: list[tuple[list[tuple[str, str]], ...]]) -> None:
    same, seen, line = SameRows(), set[tuple[str, str]](), 0
    for parts in blocks:
        expected = []
        every = [row for rows in parts for row in rows]
        lines = list(range(line, line + len(every)))
        line += len(every)
        for number, row in zip(lines, every, strict=True):
            if row in seen:
                expected.append(number)
            seen.add(row)
        # the rows of a block come in two batches, neither of them before the other
        halves = [(every[begin::2], lines[begin::2]) for begin in (0, 1)]
        batches = [batch_of([list(row) for row in rows], numbers) for rows, numbers in halves if rows]
        assert same.again(batches).tolist() == expected


def test_rows_are_the_same_cell_by_cell() -> None:
    same = SameRows()
    rows = [["ab", ""], ["a", "b"], ["", "ab"], ["a,b", "c"], ["a", "b,c"], ["a\0", ""], ["a", "\0"]]
    rows += [["x" * 32, "y"], ["x" * 5000, "y"], ["x" * 5000, "z"], ["x" * 5001, ""]]
    assert same.again([batch_of(rows, list(range(len(rows))))]).tolist() == []
    assert same.again([batch_of(rows, list(range(10, 10 + len(rows))))]).tolist() == list(range(10, 10 + len(rows)))
