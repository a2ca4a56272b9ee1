"""Rows of a delimited text, many at once: cells as spans of a block, the same ones as Python's csv module.

Lines that are well formed become spans without a copy. Whatever is odd (a quote that is doubled, stray, never closed
or on another line than its partner) is read record by record, as `reading` does.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from spoke_admin.roster.encoding import Encoding, damaged_among, damaged_places, decoded, utf8_counts
from spoke_admin.roster.marks import (
    AT,
    CR,
    DELETE,
    LF,
    QUOTE,
    Bytes,
    LineEnds,
    Marks,
    Places,
    lines_of,
    marks_of,
    padded,
)
from spoke_admin.roster.reading import QUOTE_BOUND, Lines, Record, records
from spoke_admin.roster.text import GIANT, Block

Flags = NDArray[np.bool_]
BETWEEN_LOOKS = 512  # odd records
NOWHERE = np.zeros(0, np.int64)


@dataclass(slots=True)
class Batch:
    """Rows of the header's width, all arrays of shape (rows,) or (rows, columns).

    `starts` and `ends`: where cells are in `marks.buffer`, without the quotes around them. `last`: the mark behind a
    cell or its closing quote; `first`: the first mark inside it. `lines`: the physical line of each row.
    """

    lines: Places
    starts: Places
    ends: Places
    marks: Marks
    first: Places
    last: Places

    def cells(self, column: int, rows: Places | None = None) -> "Cells":
        """The cells of a column, in all rows or in some."""
        every = slice(None) if rows is None else rows
        return Cells(
            column,
            self.marks,
            self.lines[every],
            self.starts[every, column].copy(),
            self.ends[every, column].copy(),
            self.first[every, column],
            self.last[every, column],
        )


@dataclass(slots=True)
class Cells:
    """Cells of one column: arrays of one length, as in a Batch."""

    column: int
    marks: Marks
    lines: Places
    starts: Places
    ends: Places
    first: Places
    last: Places

    def __len__(self) -> int:
        return len(self.lines)

    @property
    def buffer(self) -> Bytes:
        return self.marks.buffer

    @property
    def spans(self) -> tuple[Bytes, Places, Places]:
        """The buffer, and where in it the cells begin and end."""
        return self.marks.buffer, self.starts, self.ends

    def only(self, which: Flags | Places) -> "Cells":
        arrays = (it[which] for it in (self.lines, self.starts, self.ends, self.first, self.last))
        return Cells(self.column, self.marks, *arrays)

    def text(self, place: int) -> str:
        return self.buffer[self.starts[place] : self.ends[place]].tobytes().decode("utf-8", "surrogateescape")

    def lone_at(self) -> Places:
        """Where the only mark of a cell is an @: its place, else -1."""
        marks = self.marks
        first = np.minimum(self.first, len(marks.at) - 1)
        lone = (self.last - self.first == 1) & (marks.kinds[first] == AT)
        return np.where(lone, marks.at[first], -1)


@dataclass(slots=True)
class OddRecord:
    """A record that was read by itself. `begin`, `count`: its physical lines in the block, from 0."""

    record: Record
    begin: int
    count: int


@dataclass(slots=True)
class Scanned:
    """The records of some lines. `data`: their bytes, `at`: their place in the text.

    `first_line`: the number of the first line. `ragged`: places in `lines` of rows of another width, `widths` their
    numbers of cells. `read`: bytes of the file so far. `damaged`: places in the data of bytes that are no UTF-8, for
    the batch; `utf8`: how many of these there were in the block, and how many valid characters beyond ASCII.
    """

    data: bytes
    at: int
    first_line: int
    read: int
    lines: LineEnds
    batch: Batch | None = None
    ragged: Places = field(default_factory=lambda: NOWHERE)
    widths: Places = field(default_factory=lambda: NOWHERE)
    odd: list[OddRecord] = field(default_factory=list)
    damaged: Places = field(default_factory=lambda: NOWHERE)
    utf8: tuple[int, int] = (0, 0)

    @property
    def rows(self) -> int:
        return len(self.ragged) + len(self.odd) + (len(self.batch.lines) if self.batch else 0)


@dataclass
class Scanner:
    """Scans the rows behind a header of `width` cells. `line`: the number of the first line that comes.

    `look` is called often and may raise to stop.
    """

    delimiter: str
    width: int
    line: int
    encoding: Encoding
    bound: int = QUOTE_BOUND
    look: Callable[[], None] = lambda: None

    def scan(self, blocks: Iterable[Block]) -> Iterator[Scanned]:
        """Everything in the blocks. A record that goes on behind a block is read again with the next one."""
        rest: Block | None = None
        for following in blocks:
            block, rest = _joined(rest, following), None
            scanned, used = self._scan(block, ends=False)
            if used < len(block.data):
                rest = Block(block.data[used:], block.at + used, block.read)
            yield scanned
        if rest is not None:
            yield self._scan(rest, ends=True)[0]

    def _scan(self, block: Block, *, ends: bool) -> tuple[Scanned, int]:
        """The records of a block, and how many of its bytes they take. `ends`: nothing comes behind it."""
        if len(block.data) > GIANT or len(self.delimiter.encode()) > 1:
            return self._one_by_one(block, ends=ends)
        buffer = padded(block.data)
        delimiter = ord(self.delimiter)
        marks = marks_of(buffer, delimiter)
        lines = lines_of(marks)
        scanned = Scanned(block.data, block.at, self.line, block.read, lines)
        scanned.damaged = _damaged(marks)
        quoting = _Quoting(marks, lines, delimiter)
        usable = quoting.well_formed
        count = self._read_odd(scanned, np.flatnonzero(~usable), usable, ends=ends)
        self._take_rows(scanned, quoting, usable)
        used = self._advance(scanned, count)
        scanned.utf8 = utf8_counts(scanned.data, scanned.damaged)
        return scanned, used

    def _advance(self, scanned: Scanned, count: int) -> int:
        """Keeps the first `count` lines alone; how many bytes they have."""
        self.line += count
        lines = scanned.lines
        if count == len(lines.starts):
            return len(scanned.data)
        used = int(lines.starts[count])
        scanned.data, scanned.damaged = scanned.data[:used], scanned.damaged[scanned.damaged < used]
        scanned.lines = LineEnds(lines.marks[:count], lines.starts[:count], lines.stops[:count], lines.after[:count])
        return used

    def _one_by_one(self, block: Block, *, ends: bool) -> tuple[Scanned, int]:
        """A line of many MiB, or a delimiter of several bytes: every line is odd."""
        data = np.frombuffer(block.data, np.uint8)
        last_of_line = (data == LF) | ((data == CR) & (np.append(data[1:], np.uint8(0)) != LF))
        after = np.flatnonzero(last_of_line) + 1
        if not len(after) or after[-1] < len(data):
            after = np.append(after, len(data))
        starts = np.concatenate((np.zeros(1, np.int64), after[:-1]))
        scanned = Scanned(block.data, block.at, self.line, block.read, LineEnds(NOWHERE, starts, after, after))
        usable = np.zeros(len(after), np.bool_)
        count = self._read_odd(scanned, np.arange(len(after)), usable, ends=ends)
        used = self._advance(scanned, count)
        scanned.utf8 = utf8_counts(scanned.data, damaged_places(scanned.data))
        return scanned, used

    def _read_odd(self, scanned: Scanned, odd: Places, usable: Flags, *, ends: bool) -> int:
        """Reads odd lines and those they take with them, which are usable no more; how many lines there are in all.

        A record that needs lines behind the block is left, and the block ends before it, unless nothing comes there.
        """
        lines, taken = scanned.lines, 0
        for line in odd.tolist():
            if line < taken:
                continue
            if len(scanned.odd) % BETWEEN_LOOKS == 0:
                self.look()
            source = _LinesOf(scanned, line, self.encoding.codec)
            text = Lines(source, self.encoding.codec)
            text.number = scanned.first_line + line - 1
            record = next(records(text, self.delimiter, self.bound), None)
            if source.ran_out and not ends:
                usable[line:] = False
                return int(line)
            # blank lines before it are passed over with it
            taken = text.number - scanned.first_line + 1
            usable[line:taken] = False
            if record is not None:
                begin = record.line - scanned.first_line
                scanned.odd.append(OddRecord(record, begin, taken - begin))
        return len(lines.starts)

    def _take_rows(self, scanned: Scanned, quoting: "_Quoting", usable: Flags) -> None:
        """Rows of the right width become the batch, others are ragged, blank lines are nothing."""
        marks, lines, width = quoting.marks, quoting.lines, self.width
        delimiters, stops = quoting.structure()
        counts = np.diff(stops, prepend=-1)  # cells of each line
        fits = usable & (counts == width)
        other = np.flatnonzero(usable & (counts != width))
        if width == 1:
            fits &= ~_blank(scanned, np.flatnonzero(fits), len(fits))
        else:
            lone = other[counts[other] == 1]
            other = other[~_blank(scanned, lone, len(fits))[other]] if len(lone) else other
        scanned.ragged, scanned.widths = other, counts[other]
        rows = np.flatnonzero(fits)
        if not len(rows):
            return
        if len(rows) * width == len(delimiters):
            last = delimiters.reshape(len(rows), width)
        else:
            last = delimiters[stops[rows][:, None] + np.arange(1 - width, 1)]
        scanned.batch = _batch(marks, lines, rows, last, scanned.first_line)
        quoting.strip_quotes(scanned.batch, rows)


def _joined(rest: Block | None, following: Block) -> Block:
    return following if rest is None else Block(rest.data + following.data, rest.at, following.read)


def _batch(marks: Marks, lines: LineEnds, rows: Places, last: Places, first_line: int) -> Batch:
    ends = marks.at[last]
    starts, first = np.empty_like(ends), np.empty_like(last)
    starts[:, 0] = lines.starts[rows]
    np.add(ends[:, :-1], 1, out=starts[:, 1:])
    first[:, 0] = _after(lines)[rows]
    np.add(last[:, :-1], 1, out=first[:, 1:])
    return Batch(rows + first_line, starts, ends, marks, first, last)


def _damaged(marks: Marks) -> Places:
    """Where bytes are no UTF-8: every byte beyond ASCII is a mark."""
    at = marks.at[marks.kinds > DELETE]
    buffer = marks.buffer
    return at[damaged_among(buffer[at], buffer[at + 1], buffer[at + 2], buffer[at + 3])] if len(at) else NOWHERE


def _after(lines: LineEnds) -> Places:
    """The first mark of each line: the one behind the line end before it, which has two marks when it is CRLF."""
    first = np.empty_like(lines.marks)
    first[0] = 0
    first[1:] = lines.marks[:-1] + (lines.after[:-1] - lines.stops[:-1])
    return first


def _blank(scanned: Scanned, lines: Places, count: int) -> Flags:
    """Which of some lines without delimiters hold nothing but blanks."""
    found = np.zeros(count, np.bool_)
    data = np.frombuffer(scanned.data, np.uint8)
    starts, stops = scanned.lines.starts[lines], scanned.lines.stops[lines]
    empty = starts >= np.minimum(stops, len(data))
    found[lines[empty]] = True
    full = lines[~empty]
    head = data[scanned.lines.starts[full]]
    for line in full[(head <= 32) | (head > 126)].tolist():
        text = scanned.data[scanned.lines.starts[line] : scanned.lines.stops[line]]
        found[line] = not text.decode("utf-8", "surrogateescape").strip()
    return found


class _LinesOf:
    """The lines of a scan from one of them on, as text. `ran_out`: more were wanted than there are."""

    def __init__(self, scanned: Scanned, line: int, codec: str) -> None:
        self._data, self._lines, self._line = scanned.data, scanned.lines, line
        self.ran_out = False

    def __iter__(self) -> "_LinesOf":
        return self

    def __next__(self) -> str:
        if self._line >= len(self._lines.starts):
            self.ran_out = True
            raise StopIteration
        text = self._data[int(self._lines.starts[self._line]) : int(self._lines.after[self._line])]
        self._line += 1
        return decoded(text)


class _Quoting:
    """Which quotes of a block stand where a cell begins or ends, and what that means for its lines."""

    def __init__(self, marks: Marks, lines: LineEnds, delimiter: int) -> None:
        self.marks, self.lines, self._delimiter = marks, lines, delimiter
        self._quotes = np.flatnonzero(marks.kinds == QUOTE)  # as marks
        self.well_formed = np.ones(len(lines.starts), np.bool_)
        self._inside: Flags | None = None
        if len(self._quotes):
            self._judge()

    def _judge(self) -> None:
        """A line is well formed when quotes open behind a delimiter and close before one, in pairs."""
        marks, lines, quotes = self.marks, self.lines, self._quotes
        before = np.searchsorted(quotes, lines.marks)  # quotes up to the end of each line
        counts = np.diff(before, prepend=0)
        line = np.repeat(np.arange(len(counts)), counts)
        rank = np.arange(len(quotes)) - (before - counts)[line]
        at = marks.at[quotes]
        opens = (marks.buffer[at - 1] == self._delimiter) | (at == lines.starts[line])
        closes = (marks.buffer[at + 1] == self._delimiter) | (at + 1 == lines.stops[line])
        right = np.where(rank & 1, closes, opens)
        self.well_formed[counts & 1 == 1] = False
        self.well_formed[line[~right]] = False
        sound = quotes[self.well_formed[line]]
        turns = np.zeros(len(marks.at), np.int8)
        turns[sound[0::2]], turns[sound[1::2]] = 1, -1
        self._inside = np.cumsum(turns, dtype=np.int8).view(np.bool_)

    def structure(self) -> tuple[Places, Places]:
        """The marks that end cells, in order; and which of those end lines."""
        kinds = self.marks.kinds
        ends = kinds == self._delimiter
        if self._inside is not None:
            ends &= ~self._inside
        ends[self.lines.marks] = True
        structure = np.flatnonzero(ends)
        if len(structure) == len(self.lines.marks):
            return structure, np.arange(len(structure))
        is_line_end = np.zeros(len(kinds), np.bool_)
        is_line_end[self.lines.marks] = True
        return structure, np.flatnonzero(is_line_end[structure])

    def strip_quotes(self, batch: Batch, rows: Places) -> None:
        """Takes the quotes around cells out of their spans."""
        if self._inside is None:
            return
        quoted = self.marks.buffer[batch.starts] == QUOTE
        batch.starts += quoted
        batch.ends -= quoted
        batch.first += quoted
        batch.last -= quoted


def batch_of(cells: list[list[str]], lines: list[int]) -> Batch:
    """Rows of one width that were read one by one, put into a buffer of their own."""
    texts = [cell.encode("utf-8", "surrogateescape") for row in cells for cell in row]
    buffer = padded(b"\n".join(texts) + b"\n")
    sizes = np.fromiter(map(len, texts), np.int64, len(texts))
    ends = np.cumsum(sizes + 1) - 1
    shape = (len(cells), len(cells[0]))
    starts = (ends - sizes).reshape(shape)
    marks = marks_of(buffer, LF)
    first = np.searchsorted(marks.at, starts)
    last = np.searchsorted(marks.at, ends).reshape(shape)
    return Batch(np.array(lines, np.int64), starts, ends.reshape(shape), marks, first, last)
