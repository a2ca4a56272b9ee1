"""Single records of a checked file, read again when they are to be shown."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from spoke_admin.domain.error import AdminError
from spoke_admin.roster.encoding import Encoding, decoded
from spoke_admin.roster.reading import Lines, Record, records
from spoke_admin.roster.scanning import Scanned
from spoke_admin.roster.source import Source, opened
from spoke_admin.roster.text import Text

EVERY = 512  # lines between two places that are remembered
AHEAD = 1 << 17  # bytes that are read to find a record

_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


class RecordLookup(Protocol):
    """The records of a file by the physical line they begin on."""

    def record(self, line: int) -> Record:
        """Raises AdminError where the file is gone or was changed since."""
        ...


@dataclass
class FileLookup:
    """Records of a delimited file. `lines` and `at`: every so many lines, where one begins in the text, in bytes.

    `header` is the record before them.
    """

    source: Source
    encoding: Encoding
    delimiter: str
    header: Record
    places: list[tuple[int, int]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    at: list[int] = field(default_factory=list)
    _last: Record | None = None  # findings of one record are told one after the other
    _ahead: tuple[int, int, list[bytes], bool] = (0, 0, [], False)  # line, bytes, whole lines, whether the file ends

    def add(self, scanned: Scanned) -> None:
        starts = scanned.lines.starts[::EVERY]
        self.lines.extend(range(scanned.first_line, scanned.first_line + len(scanned.lines.starts), EVERY))
        self.at.extend((starts + scanned.at).tolist())

    def record(self, line: int) -> Record:
        if line == self.header.line:
            return self.header
        if self._last is None or self._last.line != line:
            self._last = self._find(line)
        return self._last

    def _find(self, line: int) -> Record:
        place = bisect_right(self.lines, line) - 1
        if place < 0:
            raise _changed(self.source.path)
        first, size = self.lines[place], AHEAD
        while True:
            found, ends = self._lines_from(first, self.at[place], size)
            source = _Counted(found[line - first :])
            text = Lines(iter(source), self.encoding.codec)
            text.number = line - 1
            record = next(records(text, self.delimiter), None)
            if record is not None and (ends or not source.ran_out):
                return record
            if ends:
                raise _changed(self.source.path)
            size *= 8

    def _lines_from(self, first: int, at: int, size: int) -> tuple[list[bytes], bool]:
        known, known_size, lines, ends = self._ahead
        if known == first and known_size >= size:
            return lines, ends
        with opened(self.source.path) as source:
            if (source.size, source.changed_at) != (self.source.size, self.source.changed_at):
                raise _changed(self.source.path)
            data = Text(source, self.encoding, self.places).read(at, size)
        ends = len(data) < size
        lines = _LINE.findall(data)
        if not ends:
            lines.pop()  # it may go on
        self._ahead = first, size, lines, ends
        return lines, ends


@dataclass
class WorkbookLookup:
    """Rows of a workbook, which is read once more, up to the row that is wanted."""

    source: Source
    sheet: str | None
    header: Record
    _rows: dict[int, Record] = field(default_factory=dict)
    _read: bool = False

    def record(self, line: int) -> Record:
        if line == self.header.line:
            return self.header
        if not self._read:
            from spoke_admin.roster.workbook.rows import rows_of  # takes a while to load

            with opened(self.source.path) as source:
                if (source.size, source.changed_at) != (self.source.size, self.source.changed_at):
                    raise _changed(self.source.path)
                self._rows = {row.line: Record(row.line, row.cells) for row in rows_of(source, self.sheet)}
            self._read = True
        if line not in self._rows:
            raise _changed(self.source.path)
        return self._rows[line]


class _Counted:
    """Lines as text. `ran_out`: more were wanted than there are."""

    def __init__(self, lines: list[bytes]) -> None:
        self._lines = lines
        self.ran_out = False

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            yield decoded(line)
        self.ran_out = True


def _changed(path: Path) -> AdminError:
    return AdminError(f"{path} was changed since it was checked.", "Open it again to check it as it is now.")
