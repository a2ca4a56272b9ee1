"""The head of a file of users: what its header tells, and where its rows begin."""

import re
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from spoke_admin.domain.finding import Finding
from spoke_admin.roster.columns import Columns, columns_of, suggestion
from spoke_admin.roster.encoding import Encoding
from spoke_admin.roster.judging import DAMAGED, hidden_in
from spoke_admin.roster.reading import Lines, Record
from spoke_admin.roster.table import LONGEST_HEADER, open_table
from spoke_admin.roster.text import Block
from spoke_admin.roster.words import finding, shown

READ_AGAIN = 2 * LONGEST_HEADER  # bytes: no more is ever given back
MOST_SUGGESTIONS = 40  # comparing names takes time, and a file with more unknown columns is of another kind

_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


@dataclass(frozen=True, slots=True)
class Head:
    """The header's record and its columns. `first_line`: the physical line behind it; `data`: the bytes up to there."""

    delimiter: str
    header: Record
    columns: Columns
    first_line: int
    data: bytes


def read_head(blocks: Iterator[Block], encoding: Encoding) -> tuple[Head, Iterator[Block]] | None:
    """The head, and the blocks that come behind it. None for a file of nothing but blanks.

    Raises AdminError for what is too large to be a header.
    """
    taken, sizes = list[Block](), array("q")

    def lines() -> Iterator[str]:
        for block in blocks:
            taken.append(block)
            while block.at - taken[0].at > READ_AGAIN:
                del taken[0]
            for line in _LINE.finditer(block.data):
                sizes.append(line.end() - line.start())
                yield line[0].decode("utf-8", "keep_damage")

    text = Lines(lines(), encoding.codec)
    table = open_table(text)
    if table is None:
        return None
    header = table.header
    used = sum(sizes[: text.number])
    data = b"".join(block.data for block in taken)[: used - taken[0].at]
    head = Head(table.delimiter, header, columns_of(header.cells), text.number + 1, data)
    return head, chain(_behind(taken, used), blocks)


def _behind(blocks: Iterable[Block], used: int) -> Iterator[Block]:
    """What the blocks that were taken hold behind the first `used` bytes of the text."""
    for block in blocks:
        left = block.data[max(0, used - block.at) :]
        if left:
            yield Block(left, max(block.at, used), block.read)


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
