"""Records of a delimited file, each with the physical line where it begins; the same ones as Python's csv module.

Line ends are CRLF, LF and CR, nothing else. Beyond the csv module: a broken quote is noticed, and a quote that is never
closed ends its record within `QUOTE_BOUND` characters, so that the rows after it are not lost.
"""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from spoke_admin.domain.error import AdminError
from spoke_admin.roster.encoding import Encoding, unreadable

QUOTE_BOUND = 65_536  # characters a record may have when it takes another line inside quotes
LONGEST_LINE = 256 * 1024 * 1024  # characters; a file without line ends would fill the memory
QUOTE = '"'


@dataclass(slots=True)
class Record:
    """The cells of one record. `line` is its first physical line.

    `broken`: places of cells with a stray quote. `unclosed`: the line of a quote that is never closed, 0 for none.
    """

    line: int
    cells: list[str]
    broken: list[int] = field(default_factory=list)
    unclosed: int = 0


class Lines:
    """The physical lines of a text, counted from 1; some can be given back to be read again."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
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


def lines_of(path: Path, encoding: Encoding, progress: Callable[[int], None]) -> Iterator[str]:
    """The file's physical lines with their ends. `progress` is told the bytes read so far. Raises AdminError."""
    try:
        with path.open("rb") as raw:
            raw.seek(encoding.mark)
            codec = "cp1252" if encoding.name == "windows-1252" else encoding.name
            text = io.TextIOWrapper(raw, codec, errors="keep_damage", newline="")
            for count, line in enumerate(iter(lambda: text.readline(LONGEST_LINE), "")):
                if len(line) == LONGEST_LINE:
                    raise AdminError(f"{path} has a line that never ends.", "Choose the CSV file of users.")
                if count % 512 == 0:
                    progress(raw.tell())
                yield line
    except OSError as fault:
        raise unreadable(path, fault) from None


def records(lines: Lines, delimiter: str) -> Iterator[Record]:
    """All records, blank lines left out."""
    for line in lines:
        if QUOTE in line:
            record = _Quoted(lines, delimiter).read(line)
        else:
            record = Record(lines.number, line.rstrip("\r\n").split(delimiter))
        if not is_blank(record.cells, line):
            yield record


def is_blank(cells: list[str], line: str) -> bool:
    """A line with nothing but blanks. One with delimiters, or with an empty cell in quotes, is a row."""
    return len(cells) == 1 and not cells[0].strip() and QUOTE not in line


class _Quoted:
    """One record with quotes in it, by the csv module's rules (not strict, quotes doubled)."""

    def __init__(self, lines: Lines, delimiter: str) -> None:
        self._lines = lines
        self._delimiter = delimiter
        self._parts: list[str] = []
        self._cells: list[str] = []
        self._broken: list[int] = []
        self._in_quotes = False
        self._opened = 0  # the line of the last opening quote

    def read(self, first: str) -> Record:
        """The record that begins with the line `first`, which was just read."""
        begin, taken, size, line = self._lines.number, [first], len(first), first
        while not self._take(line):
            following = next(self._lines, None)
            if following is None or size + len(following) > QUOTE_BOUND:
                self._resume(taken, following, begin)
                self._end_cell()
                return Record(begin, self._cells, [], self._opened)
            line = following
            taken.append(line)
            size += len(line)
        return Record(begin, self._cells, self._broken)

    def _resume(self, taken: list[str], following: str | None, begin: int) -> None:
        """Reading goes on at the line after the one where the quote was opened."""
        after = taken[self._opened - begin + 1 :]
        self._lines.give_back(after if following is None else [*after, following])

    def _take(self, line: str) -> bool:
        """Takes a physical line; whether the record ends with it."""
        end = len(line) - (2 if line.endswith("\r\n") else 1 if line.endswith(("\r", "\n")) else 0)
        at = 0
        while True:
            if self._in_quotes:
                at = self._inside(line, at)
                if at < 0:
                    return False
            elif line.startswith(QUOTE, at) and not self._parts and at < end:
                self._in_quotes, self._opened = True, self._lines.number
                self._parts.append("")
                at += 1
                continue
            at = self._outside(line, at, end)
            if at < 0:
                return True

    def _inside(self, line: str, at: int) -> int:
        """From inside quotes to behind the closing one; -1 when it is not on this line."""
        while True:
            found = line.find(QUOTE, at)
            if found < 0:
                self._parts.append(line[at:])
                return -1
            self._parts.append(line[at:found])
            if not line.startswith(QUOTE, found + 1):
                self._in_quotes = False
                return found + 1
            self._parts.append(QUOTE)
            at = found + 2

    def _outside(self, line: str, at: int, end: int) -> int:
        """Takes the rest of a cell up to the delimiter; where the next one begins, -1 behind the last."""
        found = line.find(self._delimiter, at, end)
        rest = line[at : end if found < 0 else found]
        # text behind a closing quote, or a quote inside text: taken as it stands, and noted
        if rest and (self._parts or QUOTE in rest):
            self._broken.append(len(self._cells))
        self._parts.append(rest)
        self._end_cell()
        return found + 1 if found >= 0 else -1

    def _end_cell(self) -> None:
        self._cells.append("".join(self._parts))
        self._parts = []
