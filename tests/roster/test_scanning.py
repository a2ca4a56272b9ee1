"""Cells as spans: the same rows as record by record, and as Python's csv module, whatever the size of a block."""

import csv
import random
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from spoke_admin.roster.encoding import Encoding
from spoke_admin.roster.reading import QUOTE_BOUND, Lines, Record, records
from spoke_admin.roster.scanning import Scanned, Scanner
from spoke_admin.roster.source import opened
from spoke_admin.roster.text import Text
from tests.roster import oracle

UTF_8 = Encoding("utf-8")
PIECES = st.lists(
    st.sampled_from(
        ["a", "b c", '"', '""', '"x"', '"x,y"', ",", ",", "\n", "\r", "\r\n", "\0", "é", "\u2028", '"q\nr"', " ", ",\n"]
    ),
    min_size=1,
    max_size=40,
).map("".join)
Row = tuple[int, list[str] | int]  # its line, and its cells; of one with another width only how many


@pytest.fixture
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scanned") / "users.csv"


def scanned(
    path: Path, data: bytes, width: int, size: int, delimiter: str = ",", bound: int = QUOTE_BOUND
) -> list[Scanned]:
    path.write_bytes(data)
    with opened(path) as source:
        return list(Scanner(delimiter, width, 1, UTF_8, bound).scan(Text(source, UTF_8).blocks(size)))


def rows(found: list[Scanned], width: int) -> Iterator[Row]:
    """Every row, in order of lines. The cells of spans are taken from the block."""
    for part in found:
        told: list[Row] = []
        if part.batch is not None:
            columns = [part.batch.cells(column) for column in range(width)]
            for row, line in enumerate(part.batch.lines.tolist()):
                told.append((line, [cells.text(row) for cells in columns]))
        told += zip((part.ragged + part.first_line).tolist(), part.widths.tolist(), strict=True)
        for odd in part.odd:
            told.append((odd.record.line, odd.record.cells if odd.record.width == width else odd.record.width))
        yield from sorted(told, key=lambda row: row[0])


def one_by_one(text: str, width: int, delimiter: str = ",", bound: int = QUOTE_BOUND) -> list[Row]:
    found = records(Lines(iter(oracle.lines_of(text))), delimiter, bound)
    return [(it.line, it.cells if it.width == width else it.width) for it in found]


SLOW = settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@SLOW
@given(PIECES, st.integers(1, 4), st.sampled_from([1, 2, 3, 5, 9, 1 << 20]), st.sampled_from(",;a\t"))
@example('"a\r\nb",c\r\nd,e', 2, 1, ",")
@example('a,""\r', 2, 3, ",")
@example('"a""b",c\n', 2, 2, ",")
def test_the_same_rows_as_one_by_one(path: Path, text: str, width: int, size: int, delimiter: str) -> None:
    text = text.encode("utf-8", "replace").decode()
    found = scanned(path, text.encode(), width, size, delimiter)
    assert list(rows(found, width)) == one_by_one(text, width, delimiter)
    assert b"".join(part.data for part in found) == text.encode()


@SLOW
@given(PIECES, st.integers(1, 3), st.sampled_from([1, 4, 1 << 20]), st.integers(1, 30))
def test_the_same_rows_with_a_bound_for_quotes(path: Path, text: str, width: int, size: int, bound: int) -> None:
    found = scanned(path, text.encode(), width, size, bound=bound)
    assert list(rows(found, width)) == one_by_one(text, width, bound=bound)


@SLOW
@given(PIECES, st.sampled_from([1, 3, 7, 1 << 20]))
def test_the_same_records_as_the_csv_module(path: Path, text: str, size: int) -> None:
    """Of well-formed and broken quotes alike, up to one that is never closed."""
    limit = csv.field_size_limit(sys.maxsize)
    wanted, begin = list[tuple[int, list[str]]](), 1
    lines = oracle.lines_of(text)
    reader = csv.reader(lines)
    for cells in reader:
        if len(cells) > 1 or (cells and (cells[0].strip() or '"' in lines[begin - 1])):
            wanted.append((begin, cells))
        begin = reader.line_num + 1
    csv.field_size_limit(limit)
    for width in {len(cells) for _line, cells in wanted}:
        found = scanned(path, text.encode(), width, size)
        unclosed = min((odd.record.line for part in found for odd in part.odd if odd.record.unclosed), default=1 << 40)
        ours = [row for row in rows(found, width) if row[0] < unclosed]
        theirs = [(line, cells if len(cells) == width else len(cells)) for line, cells in wanted if line < unclosed]
        assert ours == theirs


def test_quotes_and_line_ends_over_the_borders_of_blocks(path: Path) -> None:
    chance = random.Random(7)
    cells = ["a", "", '"b"', '"c,d"', '"e\nf"', '"g""h"', 'i"j', "é", '"k\r\nl"', "x" * 300]
    lines = [
        ",".join(chance.choice(cells) for _ in range(3)) + chance.choice(["\r\n", "\n", "\r"]) for _ in range(4000)
    ]
    text = "".join(lines)
    wanted = one_by_one(text, 3)
    for size in (1 << 10, 1 << 13, 1 << 16):
        assert list(rows(scanned(path, text.encode(), 3, size), 3)) == wanted


def test_a_quote_that_is_never_closed_costs_its_own_line_wherever_blocks_end(path: Path) -> None:
    text = 'a,"b\n' + "1,2\n" * 40_000 + 'c,"d'
    for size in (1 << 10, 1 << 16, 1 << 20):
        found = scanned(path, text.encode(), 2, size)
        odd = [it.record for part in found for it in part.odd]
        assert [(it.line, it.unclosed) for it in odd] == [(1, 1), (40_002, 40_002)]
        assert sum(part.rows for part in found) == 40_002


def test_a_giant_line_has_a_block_of_its_own(path: Path) -> None:
    giant = "x" * 6_000_000
    text = f'1,2\n{giant},3\n"{giant}",4\n5,6\n' + "," * 5_000_000 + "\n7,8\n"
    found = scanned(path, text.encode(), 2, 1 << 20)
    told = list(rows(found, 2))
    assert [line for line, _cells in told] == [1, 2, 3, 4, 5, 6]
    assert told[4] == (5, 5_000_001)
    assert [cells for _line, cells in told if cells != 5_000_001] == [
        ["1", "2"], [giant, "3"], [giant, "4"], ["5", "6"], ["7", "8"]
    ]  # fmt: skip


@pytest.mark.parametrize("delimiter", ["§", "\u2063", "|", " ", "a", "\0", "-"])
def test_any_delimiter(path: Path, delimiter: str) -> None:
    text = f'1{delimiter}2\n"x{delimiter}y"{delimiter}3\n\n4\n'
    found = scanned(path, text.encode(), 2, 1 << 20, delimiter)
    assert list(rows(found, 2)) == one_by_one(text, 2, delimiter)


def test_marks_inside_cells_are_found_without_their_quotes(path: Path) -> None:
    found = scanned(path, b'"a@b.c","x y",z\r\nd@e.f,g,h@\r\n', 3, 1 << 20)
    batch = found[0].batch
    assert batch is not None
    assert [batch.cells(column).lone_at().tolist() for column in range(3)] == [[2, 18], [-1, -1], [-1, 26]]
    assert [Record(int(line), []).line for line in batch.lines] == [1, 2]
