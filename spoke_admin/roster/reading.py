"""Records of a delimited file, each with the physical line where it begins; the same ones as Python's csv module.

Line ends are CRLF, LF and CR, nothing else. Beyond the csv module: a broken quote is noticed, and a quote that is never
closed ends its record within `QUOTE_BOUND` bytes, so that the rows after it are not lost.
"""

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from spoke_admin.domain.error import AdminError
from spoke_admin.roster.encoding import LONGEST_LINE, Encoding
from spoke_admin.roster.source import Source

QUOTE_BOUND = 65_536  # bytes in the file that a record may have when it takes another line inside quotes
KEPT = 32_768  # cells of a record; no table has as many columns, and the rest need only be counted
QUOTE = '"'
LINES_BETWEEN_PROGRESS = 512

_UP_TO_CLOSING = re.compile(r'(?:[^"]++|"")*+')  # possessive: a cell of millions of quotes needs no memory for each


@dataclass(slots=True)
class Record:
    """The cells of one record. `line` is its first physical line.

    `broken`: places of cells with a stray quote. `unclosed`: the line of a quote that is never closed, 0 for none; the
    last cell then holds the rest of that line. `more`: cells that are there as well but were not kept.
    `numbers`: places of cells that hold a number, in a workbook.
    """

    line: int
    cells: list[str]
    broken: tuple[int, ...] = ()
    unclosed: int = 0
    more: int = 0
    numbers: tuple[int, ...] = ()

    @property
    def width(self) -> int:
        return len(self.cells) + self.more


class Lines:
    """The physical lines of a text, ends included, counted from 1; some can be given back to be read again."""

    def __init__(self, lines: Iterator[str], codec: str = "utf-8") -> None:
        self._lines = lines
        self._codec = codec
        self._again: list[str] = []
        self.number = 0  # of the line that was read last

    def __iter__(self) -> "Lines":
        return self

    def __next__(self) -> str:
        line = self._again.pop() if self._again else next(self._lines)
        self.number += 1
        return line

    def give_back(self, lines: list[str]) -> None:
        """The last lines read, in their order."""
        self._again.extend(reversed(lines))
        self.number -= len(lines)

    def skip_blank(self) -> None:
        """Passes over blank lines, where that can be done at once; they count all the same."""

    def size(self, line: str) -> int:
        """How many bytes a line takes in the file."""
        if self._codec.startswith("utf-16"):
            lost = line.count("\udcff")  # a byte each
            return 2 * len(line) - lost + 2 * sum(character > "\uffff" for character in line)
        return len(line.encode(self._codec, "surrogateescape" if self._codec == "utf-8" else "replace"))


def lines_of(source: Source, encoding: Encoding, progress: Callable[[int], None]) -> Lines:
    """The file's lines, from its beginning. `progress` is told the bytes read so far. Reading may raise AdminError."""
    return Lines(_decoded(source, encoding, progress), encoding.codec)


def _decoded(source: Source, encoding: Encoding, progress: Callable[[int], None]) -> Iterator[str]:
    source.file.seek(encoding.mark)
    text = io.TextIOWrapper(source.file, encoding.codec, errors="keep_damage", newline="")
    for count, line in enumerate(iter(lambda: text.readline(LONGEST_LINE), "")):
        if len(line) >= LONGEST_LINE:
            raise AdminError(f"{source.path} has a line that never ends.", "Choose the CSV file of users.")
        if count % LINES_BETWEEN_PROGRESS == 0:
            progress(source.file.tell())
        yield line
    text.detach()


def records(lines: Lines, delimiter: str, bound: int = QUOTE_BOUND) -> Iterator[Record]:
    """All records, blank lines left out. `bound`: bytes a record may have when it takes another line inside quotes."""
    for line in lines:
        if QUOTE in line:
            yield _Quoted(lines, delimiter, bound).read(line)
        else:
            cells = line.rstrip("\r\n").split(delimiter, KEPT)
            more = cells.pop().count(delimiter) + 1 if len(cells) > KEPT else 0
            # nothing but blanks: no row. Delimiters without anything between them are one
            if len(cells) > 1 or cells[0].strip():
                yield Record(lines.number, cells, more=more)


class _Quoted:
    """One record with quotes in it, by the csv module's rules (not strict, quotes doubled)."""

    def __init__(self, lines: Lines, delimiter: str, bound: int) -> None:
        self._lines = lines
        self._delimiter = delimiter
        self._bound = bound
        self._uncounted = _many_cells(delimiter)
        self._parts: list[str] = []  # of the cell under way; empty before its first character or opening quote
        self._cells: list[str] = []
        self._more = 0
        self._broken: list[int] = []
        self._in_quotes = False
        self._opened = 0  # the line of the last opening quote
        self._opened_at = 0  # where on that line the quoted text begins

    def read(self, first: str) -> Record:
        """The record that begins with the line `first`, which was just read."""
        begin, taken, line = self._lines.number, [first], first
        if self._take(first):
            return self._whole(begin)
        size = self._lines.size(first)
        while True:
            if size >= self._bound:  # no line is so short that it could be taken
                return self._unclosed(begin, taken)
            following = next(self._lines, None)
            if following is None or (size := size + self._lines.size(following)) > self._bound:
                if following is not None:
                    taken.append(following)
                return self._unclosed(begin, taken)
            line = following
            taken.append(line)
            if self._take(line):
                return self._whole(begin)

    def _whole(self, begin: int) -> Record:
        return Record(begin, self._cells, tuple(self._broken), more=self._more)

    def _unclosed(self, begin: int, taken: list[str]) -> Record:
        """Reading goes on at the line after the one where the quote was opened."""
        after = self._opened - begin + 1
        rest = taken[after - 1][self._opened_at :].rstrip("\r\n")
        self._cells.append(rest.replace(QUOTE * 2, QUOTE))
        self._lines.give_back(taken[after:])
        return Record(begin, self._cells, (), self._opened)

    def _take(self, line: str) -> bool:
        """Takes a physical line; whether the record ends with it."""
        end = len(line) - (2 if line.endswith("\r\n") else 1 if line.endswith(("\r", "\n")) else 0)
        at = 0
        while True:
            if not self._in_quotes and not self._parts and line.startswith(QUOTE, at, end):
                self._in_quotes, self._opened = True, self._lines.number
                self._parts.append("")
                at += 1
                self._opened_at = at
            if self._in_quotes:
                at = self._inside(line, at)
                if at < 0:
                    return False
            at = self._outside(line, at, end)
            if at < 0:
                return True

    def _inside(self, line: str, at: int) -> int:
        """From inside quotes to behind the closing one; -1 when it is not on this line."""
        inside = _UP_TO_CLOSING.match(line, at)
        closing = inside.end() if inside else at
        self._parts.append(line[at:closing].replace(QUOTE * 2, QUOTE))
        if closing == len(line):
            return -1
        self._in_quotes = False
        return closing + 1

    def _outside(self, line: str, at: int, end: int) -> int:
        """Takes the rest of a cell up to the delimiter; where the next one begins, -1 behind the last."""
        found = line.find(self._delimiter, at, end)
        rest = line[at : end if found < 0 else found]
        # text behind a closing quote, or a quote inside text: taken as it stands, and noted
        if rest and (self._parts or QUOTE in rest):
            self._broken.append(len(self._cells) + self._more)
        if len(self._cells) < KEPT:
            self._parts.append(rest)
            self._cells.append("".join(self._parts))
        else:
            self._more += 1
            if found >= 0:
                found = self._count_more(line, found + 1) - 1
        self._parts = []
        return found + 1 if found >= 0 else -1

    def _count_more(self, line: str, at: int) -> int:
        """Counts well-formed cells from a place on, in a row too long for any table; where the next one begins."""
        some, one = self._uncounted
        while cells := some.match(line, at):
            self._more += one.subn("", cells[0])[1]
            at = cells.end()
        return at


@lru_cache(maxsize=8)
def _many_cells(delimiter: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Some well-formed cells, each with the delimiter behind it; and one."""
    end = re.escape(delimiter)
    one = rf'(?:"(?:[^"]++|"")*+"|[^"{end}]*+){end}'
    return re.compile(rf"(?:{one}){{1,100000}}+"), re.compile(one)
