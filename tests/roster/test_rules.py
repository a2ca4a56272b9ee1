"""Bulk rules against their twins for one cell, column by column."""

from collections import Counter

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from spoke_admin.roster.columns import columns_of
from spoke_admin.roster.duplicates import Logins
from spoke_admin.roster.encoding import damaged_places
from spoke_admin.roster.findings import Collector, Findings
from spoke_admin.roster.judging import ColumnRule, codes_of, rules_of
from spoke_admin.roster.rules import BulkRules
from spoke_admin.roster.scanning import batch_of
from spoke_admin.roster.words import finding
from tests.roster.pollution import ADDRESSES, NAMES, PHONES, TEXTS
from tests.roster.profiles import ASKSPOKE, GENERIC

HEADER = ["login", "email", "firstName", "title", "mobilePhone", "Badge", "userPrincipalName"]
CELLS = st.one_of(
    st.sampled_from(
        [*ADDRESSES, *NAMES, *PHONES, *TEXTS, "\udcff", "a\udcff\x00", "\u3000", "\u2003 ", "\x1c", "é" * 51]
    ),
    st.text(max_size=6),
    st.text(st.sampled_from("aé\u200b 1@."), min_size=40, max_size=110),
)


def bulk(rows: list[list[str]], rules: list[ColumnRule]) -> list[tuple[int, int, str]]:
    """(row, column, code) as the bulk rules have it."""
    into = Collector()
    batch = batch_of(rows, list(range(len(rows))))
    damaged = damaged_places(batch.marks.buffer.tobytes())
    BulkRules(rules, into, Logins(), lambda: None).judge(batch, damaged)
    found = into.findings(lambda line, _column, code, _text: finding(line, None, code))
    return list(zip(found.lines.tolist(), (found.columns.astype(int) - 1).tolist(), names(found), strict=True))


def names(found: Findings) -> list[str]:
    return [it.code for it in found]


@settings(max_examples=600, deadline=None)
@given(st.lists(st.lists(CELLS, min_size=len(HEADER), max_size=len(HEADER)), min_size=1, max_size=5))
@example([["a@b.co\udcff", " ", "\x00 ", "x" * 101, "415-555-2671 x4", "\u202e", "A@b.co"]])
def test_bulk_rules_and_rules_of_one_cell_agree(rows: list[list[str]]) -> None:
    for profile in (ASKSPOKE, GENERIC):
        rules = rules_of(columns_of(HEADER), profile)
        rows = [
            [cell.encode("utf-8", "replace").decode() if not damaged(cell) else cell for cell in row] for row in rows
        ]
        wanted = [
            (row, column, code)
            for row, cells in enumerate(rows)
            for column, cell in enumerate(cells)
            for code in codes_of(cell, rules[column])
        ]
        assert Counter(bulk(rows, rules)) == Counter(wanted)


def damaged(cell: str) -> bool:
    return any("\udc80" <= sign <= "\udcff" for sign in cell)


def test_each_code_of_a_cell_comes_in_the_order_of_the_page() -> None:
    rules = rules_of(columns_of(["login"]), ASKSPOKE)
    cell = "a" * 101 + "\u200b"
    assert [code for _row, _column, code in bulk([[cell]], rules)] == ["too_long", "email_invalid", "control_character"]
    assert list(codes_of(cell, rules[0])) == ["too_long", "email_invalid", "control_character"]


def test_every_blank_character_is_blank() -> None:
    rules = rules_of(columns_of(["firstName"]), ASKSPOKE)
    signs = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    found = {row for row, _column, code in bulk([[sign] for sign in signs], rules) if code == "missing_value"}
    assert found == {row for row, sign in enumerate(signs) if not sign.strip()}


def test_every_control_character_is_found_and_no_other() -> None:
    rules = rules_of(columns_of(["Badge"]), ASKSPOKE)
    signs = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    found = [row for row, _column, _code in bulk([[f"x{sign}y"] for sign in signs], rules)]
    assert found == [row for row, sign in enumerate(signs) if list(codes_of(sign, rules[0]))]


@pytest.mark.parametrize("column", ["firstName", "title"])
def test_lengths_are_characters(column: str) -> None:
    rules = rules_of(columns_of([column]), ASKSPOKE)
    longest = rules[0].longest or 0
    cells = [[sign * count] for sign in "aé€😀" for count in (longest - 1, longest, longest + 1)]
    assert [row for row, _column, _code in bulk(cells, rules)] == [2, 5, 8, 11]
