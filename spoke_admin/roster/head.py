"""The head of a file of users: what its header tells, and where its rows begin."""

import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from spoke_admin.domain.finding import Finding
from spoke_admin.roster.columns import Columns, columns_of, suggestion
from spoke_admin.roster.encoding import Encoding, decoded
from spoke_admin.roster.judging import DAMAGED, hidden_in
from spoke_admin.roster.reading import Lines, Record
from spoke_admin.roster.table import LONGEST_HEADER, open_table
from spoke_admin.roster.text import Block
from spoke_admin.roster.words import finding, shown

READ_AGAIN = 2 * LONGEST_HEADER  # bytes: no more is ever given back
MOST_SUGGESTIONS = 40  # comparing names takes time, and a file with more unknown columns is of another kind

_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_BLANK_LINES = re.compile(rb"(?:[ \t\x0b\x0c,;]*+[\r\n]++)+")  # delimiters without anything between them as well


@dataclass(frozen=True, slots=True)
class Head:
    """The header's record and its columns. `first_line`: the physical line behind it; `data`: the bytes up to there."""

    delimiter: str
    header: Record
    columns: Columns
    first_line: int
    data: bytes


def read_head(
    blocks: Iterator[Block], encoding: Encoding, name: str = "the file"
) -> tuple[Head, Iterator[Block]] | None:
    """The head, and the blocks that come behind it. None for a file of nothing but blanks.

    Raises AdminError for what is too large to be a header of the file of that `name`.
    """
    lines = _HeadLines(blocks, encoding.codec)
    table = open_table(lines, name)
    if table is None:
        return None
    header = table.header
    data, behind = lines.parted()
    head = Head(table.delimiter, header, columns_of(header.cells), lines.number + 1, data)
    return head, chain(behind, blocks)


class _HeadLines(Lines):
    """The lines of some blocks, as long as a header is looked for in them."""

    def __init__(self, blocks: Iterator[Block], codec: str) -> None:
        super().__init__(self._texts(), codec)
        self._blocks = blocks
        self._taken: list[Block] = []
        self._at = 0  # bytes of the last block that were read
        self._sizes = array("q")  # of the lines that were read since `_passed`
        self._passed = self._passed_lines = 0  # bytes and lines that nobody will want again

    def _texts(self) -> Iterator[str]:
        for block in self._blocks:
            self._taken.append(block)
            while block.at - self._taken[0].at > READ_AGAIN:
                del self._taken[0]
            self._at = 0
            while line := _LINE.match(block.data, self._at):
                self._at = line.end()
                self._sizes.append(line.end() - line.start())
                yield decoded(line[0])

    def skip_blank(self) -> None:
        blank = _BLANK_LINES.match(self._taken[-1].data, self._at)
        if blank is None:
            return
        self._passed += sum(self._sizes) + len(blank[0])
        del self._sizes[:]
        self.number += blank[0].count(b"\n") + blank[0].count(b"\r") - blank[0].count(b"\r\n")
        self._passed_lines = self.number
        self._at = blank.end()

    def parted(self) -> tuple[bytes, list[Block]]:
        """The bytes up to the line that was read last, and the blocks behind it."""
        used = self._passed + sum(self._sizes[: self.number - self._passed_lines])
        data = b"".join(block.data for block in self._taken)[: used - self._taken[0].at]
        parts = ((block, block.data[max(0, used - block.at) :]) for block in self._taken)
        return data, [Block(left, max(block.at, used), block.read) for block, left in parts if left]


def header_faults(header: Record, columns: Columns) -> Iterator[tuple[Finding, int]]:
    """What the header alone tells, each with the place of its column, -1 for none."""
    if header.unclosed:
        yield finding(header.unclosed, None, "quote_unclosed", shown(header.cells[-1])), -1
        return
    likely = _likely(columns)
    for name in columns.missing():
        found = next((columns.names[place] for place, field in likely.items() if field == name), "")
        yield finding(header.line, name, "missing_column", "", f"Perhaps “{shown(found)}” is it." if found else ""), -1
    for place, name in enumerate(columns.names):
        as_shown = shown(name)
        if DAMAGED.search(name):
            yield finding(header.line, as_shown, "undecodable", as_shown), place
            continue
        if place in header.broken:
            yield finding(header.line, as_shown, "quote_broken", as_shown), place
        if place in columns.unknown:
            meant = f"Perhaps {likely[place]} is meant." if place in likely else ""
            yield (
                finding(header.line, as_shown, "unknown_column", as_shown, f"{hidden_in(name)} {meant}".strip()),
                place,
            )
        if place in columns.duplicate:
            yield finding(header.line, as_shown, "duplicate_column", as_shown), place


def _likely(columns: Columns) -> dict[int, str]:
    """What unknown columns most likely are, by their places; each field once."""
    taken = {field for fields in columns.fields for field in fields}
    found: dict[int, str] = {}
    for place in sorted(columns.unknown)[:MOST_SUGGESTIONS]:
        if field := suggestion(columns.names[place], taken):
            found[place] = field
            taken.add(field)
    return found
