"""Records and their first physical lines: those of Python's csv module, with broken and unclosed quotes beyond it."""

import csv
import random
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from spoke_admin.roster.encoding import Encoding
from spoke_admin.roster.reading import QUOTE_BOUND, Lines, Record, lines_of, records
from spoke_admin.roster.source import opened
from tests.roster import oracle

TEXT = st.text(st.sampled_from('ab",\r\n\0 é\u2028\x85\x0b\x1c'), max_size=60)


@pytest.fixture(autouse=True)
def no_field_limit() -> Iterator[None]:
    limit = csv.field_size_limit(sys.maxsize)
    yield
    csv.field_size_limit(limit)


def read(text: str, delimiter: str = ",", bound: int = QUOTE_BOUND) -> list[Record]:
    return list(records(Lines(iter(oracle.lines_of(text))), delimiter, bound))


def by_csv(text: str, delimiter: str) -> list[tuple[int, list[str]]]:
    """Every record of the csv module that is no blank line, with its first physical line."""
    reader = csv.reader(oracle.lines_of(text), delimiter=delimiter)
    found, begin = [], 1
    for cells in reader:
        if len(cells) > 1 or (cells and (cells[0].strip() or '"' in oracle.lines_of(text)[begin - 1])):
            found.append((begin, cells))
        begin = reader.line_num + 1
    return found


@settings(max_examples=1500, deadline=None)
@given(TEXT, st.sampled_from(",;\t a"))
@example('a,"b\r\nc\r', ",")
@example('"a"b,c"d,""\n', ",")
@example('"a""",\r\r\n"\n"', ",")
def test_the_same_records_as_the_csv_module(text: str, delimiter: str) -> None:
    found = read(text, delimiter)
    wanted = by_csv(text, delimiter)
    if (found and found[-1].unclosed) or any(record.unclosed for record in found):
        cut = next(number for number, record in enumerate(found) if record.unclosed)
        found, wanted = found[:cut], wanted[:cut]
    assert [(record.line, record.cells) for record in found] == wanted


@settings(max_examples=1500, deadline=None)
@given(TEXT, st.integers(min_value=1, max_value=40))
def test_quotes_that_are_stray_or_never_closed(text: str, bound: int) -> None:
    """Against the csv module fed line by line, which has no bound of its own."""
    lines = oracle.lines_of(text)
    wanted = [row for row in oracle.rows_of(lines, 0, ",", "utf-8", bound) if not oracle.blank(row, lines)]
    found = read(text, ",", bound)
    assert [(it.line, len(it.cells), set(it.broken), it.unclosed or None) for it in found] == [
        (row.line, len(row.cells), row.stray, row.opened) for row in wanted
    ]
    whole = [(it.cells, row.cells) for it, row in zip(found, wanted, strict=True) if not it.unclosed]
    assert all(ours == theirs for ours, theirs in whole)


def test_reading_goes_on_after_the_line_of_the_unclosed_quote() -> None:
    found = read('a,b\n1,2\n3,"x\ny"z,"lost\n5,6\n7,8\n')
    assert [(it.line, it.cells, it.unclosed) for it in found] == [
        (1, ["a", "b"], 0),
        (2, ["1", "2"], 0),
        (3, ["3", "x\nyz", "lost"], 4),
        (5, ["5", "6"], 0),
        (6, ["7", "8"], 0),
    ]


@pytest.mark.parametrize(("fill", "unclosed"), [(0, 0), (1, 1)])
def test_the_bound_is_64_kib_with_the_line_to_be_taken(fill: int, unclosed: int) -> None:
    first, last = '"a\n', 'z"\n'
    middle = "é" * 100 + "\n"  # 201 bytes
    count = (65_536 - len(first) - len(last)) // 201
    rest = 65_536 - len(first) - len(last) - count * 201
    text = first + middle * count + "x" * (rest - 1 + fill) + "\n" + last
    assert len(text.encode()) == 65_536 + fill
    found = read(text)
    assert found[0].unclosed == unclosed
    assert len(found) == (count + 3 if unclosed else 1)


def test_a_bound_in_utf_16_counts_the_bytes_of_the_file() -> None:
    lines = Lines(iter([]), "utf-16-le")
    assert lines.size("a😀é\n") == len("a😀é\n".encode("utf-16-le"))
    assert Lines(iter([])).size("é\udcff") == 3


def test_a_cell_on_one_line_may_be_of_any_size(tmp_path: Path) -> None:
    big = "x" * 10_000_000
    path = tmp_path / "big.csv"
    path.write_text(f'a,"{big}"\n{big},b\n', encoding="utf-8")
    with opened(path) as source:
        found = list(records(lines_of(source, Encoding("utf-8"), lambda _done: None), ","))
    assert [[len(cell) for cell in record.cells] for record in found] == [[1, len(big)], [len(big), 1]]


def test_many_unclosed_quotes_take_no_more_than_twice_the_lines() -> None:
    class Counted(Lines):
        taken = 0

        def __next__(self) -> str:
            self.taken += 1
            return super().__next__()

    plain = 17_000  # 68,000 bytes: no quote meets the next one
    lines = Counted(iter((['1,"2\n'] + ["r,s\n"] * plain) * 10))
    found = list(records(lines, ","))
    assert len(found) == 10 * (plain + 1)
    assert [record.line for record in found if record.unclosed] == [1 + n * (plain + 1) for n in range(10)]
    assert lines.taken < 2 * len(found) + 10


@pytest.mark.parametrize(
    ("text", "kept"),
    [("\n \n\t\nx\n", ["x"]), (",\n", [""]), ('""\n', [""]), ('" "\n', [" "]), ("\u00a0\n\x85\n\x1c\nx", ["x"])],
)
def test_a_line_of_blanks_is_no_row_but_delimiters_and_quotes_are(text: str, kept: list[str]) -> None:
    assert [record.cells[0] for record in read(text)] == kept


@pytest.mark.parametrize("codec", ["utf-8", "utf-16-le", "utf-16-be", "cp1252"])
def test_line_ends_are_crlf_lf_and_cr_in_every_encoding(tmp_path: Path, codec: str) -> None:
    odd = "" if codec == "cp1252" else "\u2028\x85\x0b\x0c\x1e"
    path = tmp_path / "ends.csv"
    path.write_bytes(f"a\r\nb{odd}\nc\rd\r\r\ne".encode(codec))
    name = "windows-1252" if codec == "cp1252" else codec
    with opened(path) as source:
        lines = lines_of(source, Encoding(name), lambda _done: None)
        assert list(lines) == ["a\r\n", f"b{odd}\n", "c\r", "d\r", "\r\n", "e"]
    assert lines.number == 6


@pytest.mark.parametrize("codec", ["utf-8", "utf-16-le"])
def test_line_ends_over_the_borders_of_what_is_read_at_once(tmp_path: Path, codec: str) -> None:
    chance = random.Random(codec)
    text = "".join("é" * chance.randrange(9) + chance.choice(("\r\n", "\r", "\n", "\r\r\n")) for _ in range(60_000))
    path = tmp_path / "ends.csv"
    path.write_bytes(text.encode(codec))
    with opened(path) as source:
        assert list(lines_of(source, Encoding(codec), lambda _done: None)) == oracle.lines_of(text)


def test_progress_tells_bytes(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_bytes(b"a,b\n" * 100_000)
    told: list[int] = []
    with opened(path) as source:
        assert sum(1 for _ in lines_of(source, Encoding("utf-8"), told.append)) == 100_000
    assert told == sorted(told)
    assert len(told) > 100
    assert 0 < told[0] <= told[-1] <= path.stat().st_size
