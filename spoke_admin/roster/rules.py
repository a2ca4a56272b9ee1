"""The rules of `validate` on the cells of many rows at once.

`email-validator` and `phonenumbers` are the arbiters; `emails` and `phones` have what makes them fast. The twin of each
rule for one cell is in `judging`.
"""

from collections.abc import Callable, Iterator

import numpy as np

from spoke_admin.roster.duplicates import Logins
from spoke_admin.roster.emails import Emails
from spoke_admin.roster.findings import Collector
from spoke_admin.roster.judging import ColumnRule
from spoke_admin.roster.marks import CR, DELETE, LF, TAB, Bytes, Marks, Places
from spoke_admin.roster.phones import verdicts as phones
from spoke_admin.roster.scanning import NOWHERE, Batch, Cells, Flags

Look = Callable[[], None]

LONGEST = 1 << 40  # bytes of a cell that may have any length
BLANK_LEADS = (0xC2, 0xE1, 0xE2, 0xE3)  # with what the UTF-8 of every blank beyond ASCII begins


class BulkRules:
    """Judges batches; remembers the domains and logins it saw. `look` is called often and may raise to stop."""

    def __init__(self, rules: list[ColumnRule], into: Collector, logins: Logins, look: Look) -> None:
        self._rules = rules
        self._into = into
        self._look = look
        self._emails = Emails()
        self._logins = logins
        self._longest = np.array([LONGEST if it.longest is None else it.longest for it in rules], np.int64)
        self._judged = np.array([it.required or it.email or it.phone for it in rules], np.bool_)

    def judge(self, batch: Batch, damaged: Places) -> Flags | None:
        """All findings of a batch but those of duplicates. `damaged`: places in its buffer that are no UTF-8.

        Which cells (rows, columns) cannot be decoded; None where there is none.
        """
        spoilt = self._damage(batch, damaged) if len(damaged) else None
        rows, columns = cells_at(batch, controls(batch.marks))
        if spoilt is not None:
            sound = ~spoilt[rows, columns]
            rows, columns = rows[sound], columns[sound]
        self._report_at("control_character", batch, rows, columns)
        long = np.any(batch.ends - batch.starts > self._longest, axis=0)  # in bytes: a cell has no more characters
        for column in np.flatnonzero(self._judged | long).tolist():
            sound_rows = None if spoilt is None else np.flatnonzero(~spoilt[:, column])
            self._column(batch.cells(column, sound_rows), self._rules[column], long=bool(long[column]))
        return spoilt

    def _damage(self, batch: Batch, damaged: Places) -> Flags:
        """Reports the cells that cannot be decoded; which those are."""
        spoilt = np.zeros(batch.starts.shape, np.bool_)
        rows, columns = cells_at(batch, damaged)
        spoilt[rows, columns] = True
        self._report_at("undecodable", batch, rows, columns)
        return spoilt

    def _column(self, cells: Cells, rule: ColumnRule, *, long: bool) -> None:
        if rule.required and len(blank := _blank(cells)):
            self.report("missing_value", cells.only(blank))
            cells = cells.only(np.delete(np.arange(len(cells)), blank))
        if long:
            self._too_long(cells, rule.longest or 0)
        if rule.email:
            ats = cells.lone_at()
            self._report_where("email_invalid", cells, self._emails.invalid(*cells.spans, ats, self._look))
            if rule.login:
                self._logins.add(cells, ats, self._look)
        if rule.phone:
            found = phones.codes(*cells.spans, self._look)
            for number in np.flatnonzero(np.bincount(found)).tolist():
                if number:
                    self._report_where(phones.CODES[number], cells, found == number)

    def _too_long(self, cells: Cells, longest: int) -> None:
        long = cells.only(cells.ends - cells.starts > longest)
        sizes = np.fromiter((len(long.text(place)) for place in self._looking(len(long))), np.int64, len(long))
        self._report_where("too_long", long, sizes > longest)

    def _looking(self, count: int) -> Iterator[int]:
        for place in range(count):
            if place % 256 == 0:
                self._look()
            yield place

    def _report_where(self, code: str, cells: Cells, found: Flags) -> None:
        rows = np.flatnonzero(found)
        if len(rows):
            self.report(code, cells.only(rows))

    def _report_at(self, code: str, batch: Batch, rows: Places, columns: Places) -> None:
        """A finding of each of some cells of any columns."""
        starts, ends = batch.starts[rows, columns], batch.ends[rows, columns]
        self._into.add_cells(code, batch.lines[rows], columns, batch.marks.buffer, starts, ends)

    def report(self, code: str, cells: Cells) -> None:
        """A finding of each of the cells."""
        self._into.add_cells(code, cells.lines, cells.column, cells.buffer, cells.starts, cells.ends)


def _blank(cells: Cells) -> Places:
    """The cells that are empty without their blanks."""
    sizes = cells.ends - cells.starts
    head = cells.buffer[cells.starts]
    likely = head <= 0x20
    for lead in BLANK_LEADS:
        likely |= head == lead
    likely |= sizes == 0
    places = np.flatnonzero(likely)
    return np.array([place for place in places.tolist() if not cells.text(place).strip()], np.int64)


def controls(marks: Marks) -> Places:
    """Where control and invisible characters begin: U+0000-0008, 000B, 000C, 000E-001F, 007F-009F, 200B-200F,
    2028-202E, 2060-2069, FEFF.
    """
    kinds = marks.kinds
    odd = ((kinds < 0x20) & (kinds != LF) & (kinds != CR) & (kinds != TAB)) | (kinds == DELETE)
    found = [marks.at[odd]]
    for lead in (0xC2, 0xE2, 0xEF):
        at = marks.at[kinds == lead]
        if len(at):
            found.append(at[_invisible(lead, marks.buffer[at + 1], marks.buffer[at + 2])])
    return np.sort(np.concatenate(found)) if len(found) > 1 else found[0]


def _invisible(lead: int, second: Bytes, third: Bytes) -> Flags:
    """Whether lead, second and third byte are the UTF-8 of an invisible character."""
    if lead == 0xC2:
        found: Flags = (second >= 0x80) & (second <= 0x9F)
    elif lead == 0xEF:
        found = (second == 0xBB) & (third == 0xBF)
    else:
        found = ((third >= 0x8B) & (third <= 0x8F)) | ((third >= 0xA8) & (third <= 0xAE))
        found = ((second == 0x80) & found) | ((second == 0x81) & (third >= 0xA0) & (third <= 0xA9))
    return found


def cells_at(batch: Batch, places: Places) -> tuple[Places, Places]:
    """Rows and columns of the cells that hold any of some ascending places in the buffer, each cell once."""
    if not len(places):
        return NOWHERE, NOWHERE
    starts, ends = batch.starts.reshape(-1), batch.ends.reshape(-1)
    if len(places) < len(ends):
        cells = np.minimum(np.searchsorted(ends, places, side="right"), len(ends) - 1)
        cells = cells[(starts[cells] <= places) & (places < ends[cells])]
        cells = cells[np.diff(cells, prepend=-1) > 0]
    else:
        cells = np.flatnonzero(np.searchsorted(places, starts) < np.searchsorted(places, ends))
    rows, columns = np.divmod(cells, batch.ends.shape[1])
    return rows, columns
