"""Which findings are listed and in what order, held against the same done one by one."""

import random
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spoke_admin.domain.error import AdminError
from spoke_admin.domain.finding import Finding, Severity
from spoke_admin.roster.checking import check_file
from spoke_admin.roster.choosing import CODE, COLUMN, FIX, LINE, MESSAGE, VALUE, Chooser, Wish, chosen
from spoke_admin.roster.findings import Collector, Findings
from spoke_admin.roster.telling import WITHOUT_TEXT
from spoke_admin.roster.words import finding
from tests.roster.profiles import ASKSPOKE

COLUMNS = ["login", "email", "lastName", "primaryPhone"]
MORE = {"phone_invalid": "It is not a phone number.", "too_long": "63 characters; at most 50 are taken"}


def tell(line: int, column: int, code: str, text: str | None) -> Finding:
    name = COLUMNS[column] if column >= 0 else None
    in_file = "" if code in WITHOUT_TEXT else f"{line}@from-the.file"
    return finding(line, name, code, in_file if text is None else text, MORE.get(code, ""))


def collected(add: Callable[[Collector], None]) -> Findings:
    into = Collector()
    add(into)
    return into.findings(tell)


def cells(into: Collector, code: str, column: int, lines: list[int], texts: list[str]) -> None:
    encoded = [text.encode() for text in texts]
    ends = np.cumsum([len(it) for it in encoded])
    starts = ends - [len(it) for it in encoded]
    buffer = np.frombuffer(b"".join(encoded) + bytes(64), np.uint8)
    into.add_cells(code, np.array(lines), column, buffer, starts, ends)


def some(count: int) -> Findings:
    draw = random.Random(7)

    def add(into: Collector) -> None:
        into.tell(finding(1, "Badge", "missing_column", "", "Perhaps “Bádge” is it."))
        into.tell(finding(1, "Room", "missing_column"))
        into.tell(finding(1, "login", "unknown_column", "log\u200bin", "It holds a sign."), 0)
        for begin in range(2, count, 50):
            lines = list(range(begin, begin + 50))
            for code, column in (("phone_invalid", 3), ("too_long", 2), ("missing_value", 2), ("missing_value", 1)):
                here = sorted(draw.sample(lines, 12))
                words = [draw.choice(["", "+1 555", f"Zoë {draw.randrange(99)}", "x" * 70, "zoe 12"]) for _ in here]
                cells(into, code, column, here, words)
        into.add("row_too_short", np.array([5, 55]))
        into.add("duplicate_identifier", np.array([6, 57, 91]), 0)

    return collected(add)


FINDINGS = some(400)
EVERY = list(FINDINGS)


@pytest.mark.parametrize(
    ("wish", "fits"),
    [
        (Wish(), lambda it: True),
        (Wish(only_errors=True), lambda it: it.severity is Severity.ERROR),
        (Wish(code="phone_invalid"), lambda it: it.code == "phone_invalid"),
        (Wish(code="no_such_code"), lambda it: False),
        (Wish(text="ZOE\u0308 1"), lambda it: "Zoë 1" in it.value),
        (Wish(text="primaryphone"), lambda it: it.column == "primaryPhone"),
        (Wish(text="badge"), lambda it: it.column == "Badge"),
        (Wish(text="phone inv"), lambda it: it.code == "phone_invalid"),
        (Wish(text="not a phone number"), lambda it: it.code == "phone_invalid"),
        (Wish(text="ignore the number"), lambda it: it.code == "phone_invalid"),
        (Wish(text="lastName is empty"), lambda it: it.code == "missing_value" and it.column == "lastName"),
        (Wish(text="17"), lambda it: "17" in str(it.line) or "17" in it.value),
        (Wish(text="log\u200bin"), lambda it: it.value == "log\u200bin"),
        (Wish(text="nothing like this"), lambda it: False),
        (Wish(text=" zoe ", code="too_long", only_errors=True), lambda it: it.code == "too_long" and "zoe" in it.value),
    ],
)
def test_what_fits_is_listed_in_the_order_of_the_file(wish: Wish, fits: Callable[[Finding], bool]) -> None:
    assert chosen(FINDINGS, COLUMNS, wish).tolist() == [place for place, it in enumerate(EVERY) if fits(it)]


@given(st.integers(0, 500), st.integers(1, 4_000_000_000))
def test_a_line_is_found_by_its_digits(number: int, most: int) -> None:
    lines = np.array(sorted({1, 10, 100, 101, 1005, 50_500, most, most // 3 + 1}))
    findings = collected(lambda into: into.add("row_too_short", lines))
    for text in (str(number), f"0{number}", f"{number:,}"):
        found = chosen(findings, COLUMNS, Wish(text=text)).tolist()
        assert found == [at for at, line in enumerate(lines.tolist()) if text.replace(",", "") in str(line)]


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize(
    ("column", "key"),
    [
        (COLUMN, lambda it: it.column or ""),
        (CODE, lambda it: it.code),
        (VALUE, lambda it: it.value),
        (FIX, lambda it: it.fix),
    ],
)
def test_sorted_as_python_would_and_alike_ones_in_the_order_of_the_lines(
    column: int, key: Callable[[Finding], str], descending: bool
) -> None:
    wish = Wish(text="", only_errors=True, column=column, descending=descending)
    known = [place for place, it in enumerate(EVERY) if it.severity is Severity.ERROR and "from-the" not in it.value]
    once = sorted(known, key=lambda place: key(EVERY[place]), reverse=descending)
    # Python keeps the order of alike ones when it reverses, too
    assert [place for place in chosen(FINDINGS, COLUMNS, wish).tolist() if place in set(known)] == once


@pytest.mark.parametrize("descending", [False, True])
def test_values_in_the_file_alone_come_last(descending: bool) -> None:
    order = chosen(FINDINGS, COLUMNS, Wish(column=VALUE, descending=descending)).tolist()
    unread = ["from-the" in EVERY[place].value for place in order]
    assert any(unread)
    assert unread == sorted(unread)


def test_alike_messages_stand_beside_each_other() -> None:
    order = chosen(FINDINGS, COLUMNS, Wish(column=MESSAGE)).tolist()
    kinds = [(EVERY[place].code, EVERY[place].column) for place in order]
    assert sum(one != other for one, other in pairwise(kinds)) == len(set(kinds)) - 1
    assert sorted(order) == list(range(len(EVERY)))


def test_by_line_backwards_is_the_other_way_round() -> None:
    assert chosen(FINDINGS, COLUMNS, Wish(column=LINE, descending=True)).tolist() == list(range(len(EVERY)))[::-1]


def test_values_that_are_not_kept_are_read_on_demand_and_once() -> None:
    read = list[int]()

    def reading(line: int, column: int, code: str, text: str | None) -> Finding:
        read.append(line)
        return tell(line, column, code, text)

    into = Collector()
    into.add("duplicate_identifier", np.array([3, 14, 140, 150]), 0)
    cells(into, "email_invalid", 0, [9, 141], ["14", "none"])
    chooser = Chooser(into.findings(reading), COLUMNS)
    wish = Wish(text="14")
    first = chooser.chosen(wish)
    assert first.places.tolist() == [1, 2, 3, 4]  # by line or by value
    assert first.unread.tolist() == [0, 5]
    wish = Wish(text="0@from", column=VALUE)
    first = chooser.chosen(wish)
    assert first.places.tolist() == []
    before = len(read)
    then = chooser.read_on(first, wish, 3)
    assert then.places.tolist() == [3]
    assert then.unread.tolist() == [5]
    assert len(read) == before + 3
    assert chooser.read_on(first, wish, 3).places.tolist() == [3]
    assert len(read) == before + 3
    last = chooser.read_on(then, wish)
    assert last.places.tolist() == [3, 5]
    assert last.unread.tolist() == []


def test_a_file_that_changed_is_refused_where_it_would_be_read(tmp_path: Path) -> None:
    path = tmp_path / "users.csv"
    line = "ada@example.com,ada@example.com,Ada,L,415-555-2671\n"
    path.write_text("login,email,firstName,lastName,primaryPhone\n" + line * 3)
    result = check_file(path, ASKSPOKE)
    path.write_text("login\n")
    chooser, wish = Chooser(result.findings, result.columns), Wish(text="ada@")
    chooser.prepare()
    first = chooser.chosen(wish)
    assert len(first.places) + len(first.unread) == len(result.findings)
    if len(first.unread):
        with pytest.raises(AdminError, match="changed"):
            chooser.read_on(first, wish)


def test_what_is_no_longer_wanted_stops() -> None:
    asked = [0]

    def cancelled() -> bool:
        asked[0] += 1
        return True

    chooser = Chooser(FINDINGS, COLUMNS)
    chooser.prepare(cancelled)
    chooser.chosen(Wish(text="a"), cancelled)
    assert asked[0] >= 2
    first = chooser.chosen(Wish(text="zzz"))
    assert chooser.read_on(first, Wish(text="zzz"), cancelled=cancelled) is first or not len(first.unread)


def test_no_findings_are_chosen_from_none() -> None:
    none = collected(lambda _into: None)
    for column in range(6):
        assert chosen(none, COLUMNS, Wish(text="1", column=column)).tolist() == []
    Chooser(none, []).prepare()
