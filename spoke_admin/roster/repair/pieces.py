"""Pieces of a file's text: their physical lines, and which lines make a record."""

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from spoke_admin.roster.encoding import damaged_places
from spoke_admin.roster.marks import CR, LF, Places
from spoke_admin.roster.scanning import Flags, Scanned


@dataclass
class Piece:
    """Whole records. `line`: the number of the first line; `starts`, `after`: where lines begin, and the next ones.

    `begins`: the lines, from 0, where records of several lines begin, ascending; `counts` how many lines they have.
    `unclosed`: those of the records with a quote that is never closed.
    """

    data: bytes
    line: int
    starts: Places
    after: Places
    begins: list[int]
    counts: list[int]
    unclosed: list[int]

    @staticmethod
    def of_lines(data: bytes, line: int) -> "Piece":
        """Each line is a record."""
        text = np.frombuffer(data, np.uint8)
        after = np.flatnonzero((text == LF) | ((text == CR) & (np.append(text[1:], 0) != LF))) + 1
        if len(data) and (not len(after) or after[-1] < len(data)):
            after = np.append(after, len(data))
        return Piece(data, line, np.append(0, after[:-1])[: len(after)], after, [], [], [])

    @staticmethod
    def of_header(data: bytes, line: int) -> "Piece":
        """All lines are one record."""
        piece = Piece.of_lines(data, line)
        piece.begins, piece.counts = [0], [len(piece.after)]
        return piece

    @staticmethod
    def of_scanned(scanned: Scanned) -> "Piece":
        after = np.minimum(scanned.lines.after, len(scanned.data))
        several = sorted((odd.begin, odd.count) for odd in scanned.odd if odd.count > 1)
        begins, counts = [begin for begin, _ in several], [count for _, count in several]
        unclosed = [odd.begin for odd in scanned.odd if odd.record.unclosed]
        return Piece(scanned.data, scanned.first_line, scanned.lines.starts, after, begins, counts, unclosed)

    def record(self, line: int) -> tuple[int, int]:
        """Where the record that begins at a line, from 0, begins and ends; its line end belongs to it."""
        place = bisect_right(self.begins, line) - 1
        last = line
        if place >= 0 and self.begins[place] == line:
            last += self.counts[place] - 1
        return int(self.starts[line]), int(self.after[last])

    def record_ends(self) -> Flags:
        """Which lines end a record: other line ends are inside quotes."""
        ends = np.ones(len(self.after), np.bool_)
        for begin, count in zip(self.begins, self.counts, strict=True):
            ends[begin : begin + count - 1] = False
        return ends

    @cached_property
    def damaged(self) -> Places:
        """The first lines of records with bytes that cannot be decoded."""
        places = damaged_places(self.data)
        lines = np.searchsorted(self.starts, places, side="right") - 1
        if self.begins and len(lines):
            before = np.searchsorted(self.begins, lines, side="right") - 1
            begins, counts = np.array(self.begins), np.array(self.counts)
            inside = (before >= 0) & (lines < begins[before] + counts[before])
            lines = np.where(inside, begins[before], lines)
        return np.unique(lines)


def without_end(record: bytes) -> bytes:
    """A record without its line end."""
    if record.endswith(b"\r\n"):
        return record[:-2]
    return record[:-1] if record.endswith((b"\r", b"\n")) else record
