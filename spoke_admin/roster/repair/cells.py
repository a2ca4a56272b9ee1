"""What repairs make of the cells of a file of users: by class, in a fixed order, every change told."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from spoke_admin.domain.phone import PhoneCode, ten_digits
from spoke_admin.roster.judging import CONTROL, DAMAGED, ColumnRule
from spoke_admin.roster.marks import Bytes, Places
from spoke_admin.roster.phones import verdicts as phones
from spoke_admin.roster.rules import cells_at, controls
from spoke_admin.roster.scanning import Batch, Flags

STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\0")  # what a spreadsheet computes, and blanks before it
_IN_QUOTES = re.compile(rb'"(?:[^"]++|"")*+(?:"|\Z)')  # what is behind them belongs to the cell as well
MENDED = (PhoneCode.EXTENSION.value, PhoneCode.LETTERS.value)


class Repair(StrEnum):
    """A class of repairs, to be chosen or left."""

    TRIM = "trim"
    INVISIBLE = "invisible"
    PHONES = "phones"
    DUPLICATE_ROWS = "duplicate_rows"
    HEADERS = "headers"
    ENCODING = "encoding"
    LINE_ENDS = "line_ends"


@dataclass(frozen=True, slots=True)
class Change:
    """One change. `line`: physical, in the file as it was; `column`: the header as written, None for none."""

    line: int
    column: str | None
    repair: Repair
    before: str
    after: str


class Edit(NamedTuple):
    """What stands instead of a part of a text, in bytes from the text's beginning; and the changes that this makes."""

    begin: int
    end: int
    new: str
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True)
class RepairPlan:
    """What repairs would do. `examples`: the first changes of each class, long texts from their beginning.

    `as_of`: size and time of the file that was read; given to a repair, it refuses any other state of the file.
    """

    counts: Mapping[Repair, int]
    examples: Mapping[Repair, Sequence[Change]]
    as_of: tuple[int, int] | None = None


def steps(cell: str, rule: ColumnRule, repairs: Collection[Repair]) -> Iterator[tuple[Repair, str]]:
    """What each chosen repair makes of a cell in turn, without those that change nothing.

    A cell with bytes that cannot be decoded is left alone: nobody knows what it says.
    """
    if DAMAGED.search(cell):
        return
    if Repair.INVISIBLE in repairs and CONTROL.search(cell):
        cell = CONTROL.sub("", cell)
        yield Repair.INVISIBLE, cell
    if Repair.TRIM in repairs and rule.longest is not None and (bare := cell.strip()) != cell:
        cell = bare
        yield Repair.TRIM, cell
    if Repair.PHONES in repairs and rule.phone and (digits := service_form(cell)):
        yield Repair.PHONES, digits


def service_form(phone: str) -> str:
    """The bare ten digits of a US number that is ignored for its extension or its letters; "" for any other cell."""
    if phones.code_of(phone) not in MENDED:
        return ""
    digits = ten_digits(phone)
    return "" if phones.code_of(digits) else digits


def safe(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(STARTS_A_FORMULA) else cell


def written(cell: str, delimiter: str, *, quoted: bool, alone: bool) -> str:
    """A cell as the file has it: in quotes where it was or must be.

    `alone`: its row has no other cell; a blank one without quotes would be no row.
    """
    if quoted or any(sign in cell for sign in (delimiter, '"', "\r", "\n")) or (alone and not cell.strip()):
        doubled = cell.replace('"', '""')
        return f'"{doubled}"'
    return cell


def raw_cells(record: bytes, delimiter: bytes) -> Iterator[tuple[int, int]]:
    """Where the cells of a record, without its line end, begin and end, with the quotes around them."""
    at = 0
    while True:
        quoted = _IN_QUOTES.match(record, at)
        end = record.find(delimiter, quoted.end() if quoted else at)
        yield at, end if end >= 0 else len(record)
        if end < 0:
            return
        at = end + len(delimiter)


def may_hold_formula(record: bytes, delimiter: bytes) -> bool:
    """Whether any cell of a record may begin as a formula: False is sure."""
    return _begins_formula(delimiter).search(record) is not None


@lru_cache(8)
def _begins_formula(delimiter: bytes) -> re.Pattern[bytes]:
    signs = "".join(STARTS_A_FORMULA).encode()
    bare = re.escape(signs.replace(delimiter, b""))  # the delimiter itself begins a cell in quotes alone
    return re.compile(rb'(?:\A|%b)(?:[%b]|"+[%b])' % (re.escape(delimiter), bare, re.escape(signs)))


def candidates(
    batch: Batch, rules: Sequence[ColumnRule], repairs: Collection[Repair], look: Callable[[], None]
) -> Places:
    """The cells of a batch, counted row by row, that a chosen repair may change: all it does, and few others."""
    width = batch.starts.shape[1]
    found: list[Places] = []
    if Repair.INVISIBLE in repairs:
        rows, columns = cells_at(batch, controls(batch.marks))
        found.append(rows * width + columns)
    if Repair.TRIM in repairs:
        for column, rule in enumerate(rules):
            if rule.longest is not None:
                blank = _outer_blank(batch.marks.buffer, batch.starts[:, column], batch.ends[:, column])
                found.append(blank * width + column)
    if Repair.PHONES in repairs:
        codes = [phones.CODES.index(code) for code in MENDED]
        for column, rule in enumerate(rules):
            if rule.phone:
                cells = batch.cells(column)
                judged = phones.codes(cells.buffer, cells.starts, cells.ends, look)
                found.append(np.flatnonzero(np.isin(judged, codes)) * width + column)
    return np.unique(np.concatenate(found)) if found else np.zeros(0, np.int64)


def formulas(batch: Batch) -> Places:
    """The cells of a batch, counted row by row, that a spreadsheet may take for formulas."""
    starts, ends = batch.starts.reshape(-1), batch.ends.reshape(-1)
    return np.flatnonzero(_BEGINS_FORMULA[batch.marks.buffer[starts]] & (starts < ends))


def _outer_blank(buffer: Bytes, starts: Places, ends: Places) -> Places:
    """Which cells begin or end with what may be a blank of `str.strip`."""
    head, tail = buffer[starts], buffer[ends - 1]
    found: Flags = (_BLANK[head] | _BLANK[tail]) & (starts < ends)
    beyond = np.flatnonzero((tail >= 0x80) & (starts < ends))
    if len(beyond):
        at = ends[beyond]
        found[beyond] |= _ends_blank(buffer[at - 3], buffer[at - 2], buffer[at - 1])
    return np.flatnonzero(found)


def _ends_blank(first: Bytes, second: Bytes, third: Bytes) -> Flags:
    """Whether the last three bytes of cells may end the UTF-8 of a blank beyond ASCII."""
    found: Flags = (second == 0xC2) & ((third == 0x85) | (third == 0xA0))
    found |= ((first == 0xE1) & (second == 0x9A)) | ((first == 0xE3) & (second == 0x80))
    found |= (first == 0xE2) & ((second == 0x80) | (second == 0x81))
    return found


def _table(*bytes_in: int) -> Flags:
    table = np.zeros(256, np.bool_)
    table[list(bytes_in)] = True
    return table


_BLANK = _table(
    *range(0x09, 0x0E), *range(0x1C, 0x21), 0xC2, 0xE1, 0xE2, 0xE3
)  # and what blanks beyond ASCII begin with
_BEGINS_FORMULA = _table(*(ord(sign) for sign in STARTS_A_FORMULA))
