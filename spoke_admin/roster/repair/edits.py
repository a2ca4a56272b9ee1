"""Repairs of the rows of a file, piece by piece: the edits of its text, and what is told of them."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise
from operator import itemgetter

import numpy as np

from spoke_admin.roster.head import Head
from spoke_admin.roster.judging import ColumnRule
from spoke_admin.roster.marks import CR, LF, QUOTE, Places
from spoke_admin.roster.repair.cells import (
    STARTS_A_FORMULA,
    Change,
    Edit,
    Repair,
    candidates,
    formulas,
    may_hold_formula,
    raw_cells,
    safe,
    steps,
    written,
)
from spoke_admin.roster.repair.copying import Copying, SourceBytes, VeryBytes
from spoke_admin.roster.repair.pieces import Piece, without_end
from spoke_admin.roster.repair.quote_bound import Sizes, movable_ends, within_bound
from spoke_admin.roster.repair.same_rows import SameRows
from spoke_admin.roster.scanning import Batch, Flags, OddRecord, Scanned, batch_of
from spoke_admin.roster.table import DELIMITERS
from spoke_admin.roster.words import shown

BETWEEN_LOOKS = 256  # cells; a phone takes some 100 µs

_SPAN = itemgetter(0, 1)


@dataclass
class Tally:
    """Counts the changes of each class and tells them, if anyone wants to know."""

    tell: Callable[[Change], None] | None = None
    counts: Counter[Repair] = field(default_factory=Counter)

    def add(self, change: Change, count: int = 1) -> None:
        """`count`: how many changes one entry stands for."""
        self.counts[change.repair] += count
        if self.tell is not None:
            self.tell(change)


@dataclass
class CellRepairs:
    """The chosen repairs, as edits of cells. `rules`: of the columns as they will be named.

    `replaces`: what cannot be decoded will be a sign that stands for it, so that the cell can be repaired further.
    """

    head: Head
    rules: list[ColumnRule]
    repairs: frozenset[Repair]
    safe: bool
    replaces: bool = False
    names: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.names = [shown(name) for name in self.head.header.cells]

    def name(self, column: int) -> str | None:
        return self.names[column] if column < len(self.names) else None

    def changed(self, line: int, column: int, cell: str) -> tuple[str, list[Change]]:
        """What becomes of a cell of a row of the right width."""
        changes, new = [], cell
        for repair, after in steps(cell, self.rules[column], self.repairs):
            changes.append(Change(line, self.names[column], repair, new, after))
            new = after
        return new, changes

    def edit(self, line: int, column: int, cell: str, begin: int, end: int, *, quoted: bool) -> Edit | None:
        """The same for a cell that stands from `begin` to `end`, quotes included."""
        cell = shown(cell) if self.replaces else cell
        new, changes = self.changed(line, column, cell)
        if new == cell:
            return self.apostrophe(cell, begin + quoted)
        return Edit(begin, end, self._written(new, quoted=quoted), tuple(changes))

    def apostrophe(self, cell: str, begin: int) -> Edit | None:
        """For a cell that is not changed, whose text begins at `begin`."""
        return Edit(begin, begin, "'") if self.safe and cell.startswith(STARTS_A_FORMULA) else None

    def header(self, raw: bytes, names: list[str]) -> Iterator[Edit]:
        """The edits of the header, whose bytes are `raw`."""
        line, cells = self.head.header.line, self.head.header.cells
        for column, (begin, end) in enumerate(raw_cells(without_end(raw), self.head.delimiter.encode())):
            old, new = cells[column], names[column]
            quoted = raw[begin : begin + 1] == b'"'
            if old == new:
                edit = self.apostrophe(old, begin + quoted)
                if edit is not None:
                    yield edit
            else:
                must = quoted or any(sign in new for sign in DELIMITERS)  # or the delimiter would be found out wrongly
                yield Edit(begin, end, self._written(new, quoted=must), (renamed(line, old, new),))

    def _written(self, cell: str, *, quoted: bool) -> str:
        text = safe(cell) if self.safe else cell
        return written(text, self.head.delimiter, quoted=quoted, alone=len(self.names) == 1)


def renamed(line: int, old: str, new: str) -> Change:
    """The change of a header."""
    return Change(line, shown(old), Repair.HEADERS, shown(old), shown(new))


class RowRepairs:
    """Takes the text of a file, piece by piece, and writes it repaired."""

    def __init__(
        self, cells: CellRepairs, copy: Copying, very: SourceBytes | None, tally: Tally, look: Callable[[], None]
    ) -> None:
        self._cells = cells
        self._delimiter = cells.head.delimiter.encode()
        self._copy = copy
        self._very = very
        self._tally = tally
        self._look = look
        self._line = 1
        self._to_utf8 = Repair.ENCODING in cells.repairs
        self._same = SameRows() if Repair.DUPLICATE_ROWS in cells.repairs else None
        self._line_ends = LineEnds(tally) if Repair.LINE_ENDS in cells.repairs else None

    def take_lines(self, data: bytes) -> None:
        """Lines before the header."""
        self._add(Piece.of_lines(data, self._line), [])

    def take_header(self, raw: bytes, names: list[str]) -> None:
        """The header, and the names its columns are to have."""
        self._add(Piece.of_header(raw, self._line), list(self._cells.header(raw, names)))

    def take(self, scanned: Scanned) -> None:
        """Rows."""
        piece = Piece.of_scanned(scanned)
        whole = [odd.record for odd in scanned.odd if self._is_whole(odd)]
        odd = batch_of([it.cells for it in whole], [it.line for it in whole]) if whole else None
        batches = [batch for batch in (scanned.batch, odd) if batch is not None]
        self._look()
        sound = [_without(batch, piece.damaged + piece.line) for batch in batches]  # nobody knows what damaged rows say
        gone = self._same.again(sound) if self._same is not None else np.zeros(0, np.int64)
        self._look()
        edits = [self._drop(piece, line) for line in gone.tolist()]
        if scanned.batch is not None:
            edits += self._batch(scanned.batch, piece, piece.data, gone)
        if odd is not None:
            edits += self._batch(odd, piece, odd.marks.buffer.tobytes(), gone)
        if self._cells.safe:
            others = (odd.begin for odd in scanned.odd if not self._is_whole(odd))
            for line in (*scanned.ragged.tolist(), *others):
                edits += self._apostrophes(piece, line)
        self._add(piece, edits)

    def finish(self) -> None:
        """At the file's end."""
        if self._line_ends is not None:
            self._line_ends.tell()

    def _add(self, piece: Piece, edits: list[Edit]) -> None:
        """Writes a piece of the text with its edits, and tells them."""
        very = self._very.of(piece.data) if self._very is not None else None
        if self._very is not None and very is not None and self._to_utf8:
            edits += self._undecodable(piece, self._very, very, {edit.begin for edit in edits if edit.changes})
        edits.sort(key=_SPAN)
        sizes = Sizes(None if self._to_utf8 or very is None else very[1], self._copy.encoded)
        edits = within_bound(piece, edits, sizes)
        self._look()
        for change in (change for edit in edits for change in edit.changes):
            self._tally.add(change)
        self._look()
        plain = [edit[:3] for edit in edits]
        if self._line_ends is not None:
            plain += self._line_ends.edits(piece, movable_ends(piece, sizes), edits)
        self._copy.add(piece.data, very, plain)
        self._line += len(piece.after)

    def _is_whole(self, odd: OddRecord) -> bool:
        return not odd.record.unclosed and odd.record.width == len(self._cells.rules)

    def _drop(self, piece: Piece, line: int) -> Edit:
        begin, end = piece.record(line - piece.line)
        text = without_end(piece.data[begin:end]).decode("utf-8", "surrogateescape")
        return Edit(begin, end, "", (Change(line, None, Repair.DUPLICATE_ROWS, text, ""),))

    def _batch(self, batch: Batch, piece: Piece, text: bytes, gone: Places) -> Iterator[Edit]:
        """Of rows of the right width, which are the piece's or were read from it one by one. `text`: the batch's."""
        places = candidates(batch, self._cells.rules, self._cells.repairs, self._look)
        if self._cells.safe:
            places = np.union1d(places, formulas(batch))
        rows, columns = np.divmod(places, batch.starts.shape[1])
        if len(gone):
            kept = ~np.isin(batch.lines[rows], gone)
            places, rows, columns = places[kept], rows[kept], columns[kept]
        spans = None if text is piece.data else _Spans(piece, self._delimiter)
        starts, ends = batch.starts.reshape(-1)[places].tolist(), batch.ends.reshape(-1)[places].tolist()
        where = zip(batch.lines[rows].tolist(), columns.tolist(), starts, ends, strict=True)
        for number, (line, column, start, end) in enumerate(where):
            if number % BETWEEN_LOOKS == 0:
                self._look()
            cell = text[start:end].decode("utf-8", "surrogateescape")
            begin, stop = _with_quotes(text, start, end) if spans is None else spans.of(line, column)
            quoted = piece.data.startswith(b'"', begin, stop)
            edit = self._cells.edit(line, column, cell, begin, stop, quoted=quoted)
            if edit is not None:
                yield edit

    def _apostrophes(self, piece: Piece, line: int) -> Iterator[Edit]:
        """Of a row that is not repaired, by the line of the piece where it begins."""
        begin, end = piece.record(line)
        record = without_end(piece.data[begin:end])
        if not may_hold_formula(record, self._delimiter):
            return
        for number, (at, stop) in enumerate(raw_cells(record, self._delimiter)):
            if number % BETWEEN_LOOKS == 0:
                self._look()
            raw = piece.data[begin + at : min(begin + at + 3, begin + stop)]
            quoted = raw.startswith(b'"')
            # quotes around nothing, with text behind them
            first = raw[2:] if raw.startswith(b'""') and raw != b'"""' else raw[quoted:]
            edit = self._cells.apostrophe(first.decode("latin-1"), begin + at + quoted)
            if edit is not None:
                yield edit

    def _undecodable(
        self, piece: Piece, source: SourceBytes, very: VeryBytes, replaced: Collection[int]
    ) -> Iterator[Edit]:
        """What UTF-8 has for bytes that cannot be decoded, told once a cell. `replaced`: where cells are rewritten."""
        for line in piece.damaged.tolist():
            begin, end = piece.record(line)
            for column, (at, stop) in enumerate(raw_cells(without_end(piece.data[begin:end]), self._delimiter)):
                raw = piece.data[begin + at : begin + stop]
                first = raw.find(b"\xff")
                if first < 0:
                    continue
                before, after = source.shown(very, begin + at, begin + stop), raw.decode("utf-8", "replace")
                change = Change(piece.line + line, self._cells.name(column), Repair.ENCODING, before, after)
                yield Edit(begin + at, begin + at, "", (change,))
                if begin + at not in replaced:
                    places = (begin + at + place for place in range(first, len(raw)) if raw[place] == 0xFF)
                    yield from (Edit(place, place + 1, "\ufffd") for place in places)


class LineEnds:
    """Makes every line end of a record a CRLF. Those of one kind that follow each other are told as one change."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._line, self._kind, self._count = 0, 0, 0

    def edits(self, piece: Piece, movable: Flags, others: list[Edit]) -> list[tuple[int, int, str]]:
        """`movable`: which lines' ends may be changed; `others`: the edits of the piece, rows left out among them."""
        text = np.frombuffer(piece.data, np.uint8)
        lines = np.flatnonzero(movable)
        gone = [edit[:2] for edit in others if edit.changes and edit.changes[0].repair is Repair.DUPLICATE_ROWS]
        if gone:
            begins, stops = np.array(gone).T
            row = np.searchsorted(begins, piece.starts[lines], side="right") - 1
            lines = lines[(row < 0) | (piece.starts[lines] >= stops[row])]
        last = piece.after[lines] - 1
        kinds = text[last]
        kinds = np.where((kinds == LF) & (last > piece.starts[lines]) & (text[last - 1] == CR), 0, kinds)
        ended = (kinds == LF) | (kinds == CR) | (kinds == 0)
        lines, last, kinds = lines[ended], last[ended], kinds[ended]
        turns = np.flatnonzero(np.append(True, kinds[1:] != kinds[:-1])) if len(kinds) else kinds
        for begin, end in pairwise([*turns.tolist(), len(kinds)]):
            self._take(int(kinds[begin]), int(lines[begin]) + piece.line, end - begin)
        return [(place, place + 1, "\r\n") for place in last[kinds != 0].tolist()]

    def _take(self, kind: int, line: int, count: int) -> None:
        if kind != self._kind:
            self.tell()
            self._line, self._kind, self._count = line, kind, 0
        self._count += count

    def tell(self) -> None:
        """What has not been told yet."""
        if self._kind:
            name = "LF" if self._kind == LF else "CR"
            before = name if self._count == 1 else f"{name}, {self._count:,} times"
            self._tally.add(Change(self._line, None, Repair.LINE_ENDS, before, "CRLF"), self._count)
        self._kind = self._count = 0


class _Spans:
    """Where the cells of records that were read one by one stand in a piece, quotes included."""

    def __init__(self, piece: Piece, delimiter: bytes) -> None:
        self._piece, self._delimiter = piece, delimiter
        self._line, self._begin = 0, 0
        self._cells: list[tuple[int, int]] = []

    def of(self, line: int, column: int) -> tuple[int, int]:
        if line != self._line:
            self._line = line
            self._begin, end = self._piece.record(line - self._piece.line)
            self._cells = list(raw_cells(without_end(self._piece.data[self._begin : end]), self._delimiter))
        begin, stop = self._cells[column]
        return self._begin + begin, self._begin + stop


def _with_quotes(text: bytes, start: int, end: int) -> tuple[int, int]:
    quoted = start > 0 and text[start - 1] == QUOTE
    return start - quoted, end + quoted


def _without(batch: Batch, lines: Places) -> Batch:
    kept = ~np.isin(batch.lines, lines)
    if kept.all():
        return batch
    return replace(batch, lines=batch.lines[kept], starts=batch.starts[kept], ends=batch.ends[kept])
