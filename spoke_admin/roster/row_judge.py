"""What is found in scanned rows, of whatever form they are."""

from collections.abc import Callable, Iterable

import numpy as np

from spoke_admin.roster.duplicates import Logins
from spoke_admin.roster.encoding import damaged_places
from spoke_admin.roster.findings import Collector
from spoke_admin.roster.judging import ColumnRule
from spoke_admin.roster.marks import Places
from spoke_admin.roster.reading import Record
from spoke_admin.roster.rules import BulkRules
from spoke_admin.roster.scanning import Scanned, batch_of
from spoke_admin.roster.telling import Numbers
from spoke_admin.roster.words import finding, shown

MOST_WAITING = 2048  # odd records


class NotUtf8(Exception):  # noqa: N818  # an answer, not an error
    """The bytes so far tell against UTF-8; only the whole file can decide."""


class RowJudge:
    """Takes scanned rows in any order, and gathers what is found in them. One thread at a time.

    `widths`: the number of cells of each ragged row; `first_lines`: where a login that is there twice stands first.
    """

    def __init__(self, rules: list[ColumnRule], look: Callable[[], None], *, watch_utf8: bool = False) -> None:
        self.found = Collector()
        self.widths, self.first_lines = Numbers(), Numbers()
        self._rules = rules
        self._logins = Logins()
        self._bulk = BulkRules(rules, self.found, self._logins, look)
        self._watch_utf8 = watch_utf8
        self._bad = self._good = 0
        self._waiting: list[Record] = []

    def take(self, scanned: Scanned) -> None:
        """Raises NotUtf8 where it is to be watched."""
        if self._watch_utf8:
            self.count(*scanned.utf8)
        if scanned.batch is not None:
            self._bulk.judge(scanned.batch, scanned.damaged)
        self._ragged(scanned.ragged + scanned.first_line, scanned.widths)
        self._waiting += [odd.record for odd in scanned.odd]
        if len(self._waiting) >= MOST_WAITING:
            self._take_waiting()

    def _take_waiting(self) -> None:
        """Odd records come by ones and twos; many at once are judged as fast as others."""
        waiting, self._waiting = self._waiting, []
        self.take_records(waiting)

    def take_records(self, records: list[Record]) -> None:
        """Records that were read one by one."""
        whole: list[Record] = []
        ragged: list[Record] = []
        for record in records:
            if record.unclosed:
                self.found.tell(finding(record.unclosed, None, "quote_unclosed", shown(record.cells[-1])))
            elif record.width != len(self._rules):
                ragged.append(record)
            else:
                whole.append(record)
        self._ragged(_numbers(it.line for it in ragged), _numbers(it.width for it in ragged))
        for record in ragged:
            if record.broken:
                places = _numbers(record.broken)
                self.found.add("quote_broken", np.full(len(places), record.line), places)
        if whole:
            self._take_whole(whole)

    def _take_whole(self, records: list[Record]) -> None:
        batch = batch_of([record.cells for record in records], [record.line for record in records])
        spoilt = self._bulk.judge(batch, damaged_places(batch.marks.buffer.tobytes()))
        for code, places in (("quote_broken", "broken"), ("number_cell", "numbers")):
            rows_of: dict[int, list[int]] = {}  # by column
            for row, record in enumerate(records):
                for place in getattr(record, places):
                    if spoilt is None or not spoilt[row, place]:
                        rows_of.setdefault(place, []).append(row)
            for column, rows in rows_of.items():
                self._bulk.report(code, batch.cells(column, np.array(rows)))

    def finish(self) -> None:
        """When all rows were taken: finds logins that are there twice."""
        self._take_waiting()
        lines, first_lines = self._logins.twice()
        if len(lines):
            self.found.add("duplicate_identifier", lines, next(it for it, rule in enumerate(self._rules) if rule.login))
            self.first_lines.add(lines, first_lines)
        self.widths.put_in_order()
        self.first_lines.put_in_order()

    def count(self, bad: int, good: int) -> None:
        """Bytes that are no UTF-8, and valid characters beyond ASCII. Raises NotUtf8 if those are fewer."""
        self._bad += bad
        self._good += good
        if self._bad > self._good:
            raise NotUtf8

    def _ragged(self, lines: Places, widths: Places) -> None:
        if len(lines):
            short = widths < len(self._rules)
            self.found.add("row_too_short", lines[short])
            self.found.add("row_too_long", lines[~short])
            self.widths.add(lines, widths)


def _numbers(values: Iterable[int]) -> Places:
    return np.fromiter(values, np.int64)
