"""Rows of a workbook (.xlsx, .xlsm), as texts, in bounded memory.

A sheet is read in fragments, each handed to python-calamine as a small workbook of our own making: what it reads was
unpacked within bounds and looked at before (`zip_directory`, `sheet_xml`), whatever the file pretends to be.

The sheet is the one that was named, hidden or not; otherwise the first visible one that holds anything.
"""

import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from io import BytesIO
from itertools import chain
from math import isfinite
from pathlib import Path

from spoke_admin.domain.error import AdminError
from spoke_admin.roster.source import Source, empty
from spoke_admin.roster.workbook.parts import AS_WORKBOOK, Sheet, Workbook, workbook_of
from spoke_admin.roster.workbook.sheet_xml import MARK, Fragment, fragments, readable, text_count
from spoke_admin.roster.workbook.zip_directory import PIECE, damaged, unpacked

LARGEST_TEXTS = 512 * 1024 * 1024  # bytes of the texts that cells share
MOST_TEXTS = 20_000_000
TEXTS_AT_ONCE = 100_000
LISTED_SHEETS = 20
EXACT = 2**53  # whole numbers below are exact in a spreadsheet

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_DOCUMENT = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
_PARTS = {
    "[Content_Types].xml": "<Types/>",
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="a" Type="{_DOCUMENT}/officeDocument" '
    'Target="xl/workbook.xml"/></Relationships>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="a" Type="{_DOCUMENT}/worksheet"'
    ' Target="worksheets/a.xml"/></Relationships>',
}

_NUMBERS = frozenset((int, float))
_Value = str | float | bool | date | time | timedelta


@dataclass(slots=True)
class WorkbookRow:
    """A row that holds something. `line`: its number as a spreadsheet shows it, from 1.

    `cells` are as many as the header has, more only where something stands beyond it. The header goes to its last cell
    that holds something. `numbers`: places (from 0) of the cells that hold a number, no date, no TRUE or FALSE.
    """

    line: int
    cells: list[str]
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SheetRows:
    """`rows`, the header first, of the sheet `name`. `names`: the sheets that can be chosen, visible ones and this."""

    name: str
    names: list[str]
    rows: Iterator[WorkbookRow]


def rows_of(source: Source, sheet: str | None = None, look: Callable[[], None] = lambda: None) -> Iterator[WorkbookRow]:
    """The rows of the sheet, the header first; `look` is called for each and while loading, and may raise to stop.

    Raises AdminError, at any row: damaged, a bomb, no workbook, no such sheet, nothing in it.
    """
    yield from open_sheet(source, sheet, look).rows


def open_sheet(source: Source, sheet: str | None = None, look: Callable[[], None] = lambda: None) -> SheetRows:
    """The sheet, and its rows to be read. Raises AdminError as `rows_of`."""
    _refuse_container(source)
    workbook = workbook_of(source, look)
    texts = list(_texts(source, workbook, look))
    for candidate in _candidates(source.path, workbook, sheet):
        rows = _rows(source, workbook, candidate, texts, look)
        first = next(rows, None)
        if first is not None:
            names = [it.name for it in workbook.sheets if it.entry and (it.visible or it is candidate)]
            return SheetRows(candidate.name, names, chain((first,), rows))
    raise empty(source.path) if sheet is None else _nothing_in(source.path, workbook, sheet)


def _refuse_container(source: Source) -> None:
    """Refuses the container that old Office documents are in, and new ones locked with a password."""
    source.file.seek(0)
    piece = source.file.read(PIECE)
    if not piece.startswith(_OLE):
        return
    tail = b""
    while piece:
        if _ENCRYPTED in tail + piece:
            raise AdminError(
                f"{source.path} is locked with a password.",
                "Open it in a spreadsheet, take the password off (File, Info, Protect) and save it again.",
            )
        tail = piece[-len(_ENCRYPTED) :]
        piece = source.file.read(PIECE)
    raise AdminError(f"{source.path} is an old Excel workbook or another old Office document.", AS_WORKBOOK)


def _candidates(path: Path, workbook: Workbook, name: str | None) -> list[Sheet]:
    if name is None:
        return [sheet for sheet in workbook.sheets if sheet.visible and sheet.entry]
    chosen = next((sheet for sheet in workbook.sheets if sheet.name == name), None)
    if chosen is None:
        raise AdminError(f"{path} has no sheet {name}.", _choices(workbook, name))
    return [chosen] if chosen.entry else []


def _nothing_in(path: Path, workbook: Workbook, name: str) -> AdminError:
    return AdminError(f"The sheet {name} of {path} holds no rows.", _choices(workbook, name))


def _choices(workbook: Workbook, name: str) -> str:
    """Which sheets there are, in a sentence."""
    names = [sheet.name for sheet in workbook.sheets if sheet.entry and sheet.name != name]
    if not names:
        return "Choose another file: it has no other sheet."
    listed = ", ".join(found[:100] for found in names[:LISTED_SHEETS])
    more = len(names) - LISTED_SHEETS
    return f"Choose one of its sheets: {listed}{f' and {more:,} more' if more > 0 else ''}."


# --- rows ------------------------------------------------------------------------------------------------------------


def _rows(
    source: Source, workbook: Workbook, sheet: Sheet, texts: Sequence[str], look: Callable[[], None]
) -> Iterator[WorkbookRow]:
    """The rows that hold something, as wide as the first of them."""
    if sheet.entry is None:
        return
    last = width = 0
    for xml in fragments(source.path, unpacked(source, sheet.entry, look), b"sheetData", b"row"):
        for fragment in readable(source.path, xml, last):
            last = fragment.last
            look()
            _refuse_strange_places(source.path, fragment, texts)
            for line, values in _lines(source.path, workbook, fragment):
                look()
                row = _row(source.path, line, values, texts)
                if any(row.cells):
                    width = width or _used(row.cells)
                    _fit(row.cells, width)
                    yield row


def _refuse_strange_places(path: Path, fragment: Fragment, texts: Sequence[str]) -> None:
    """A place below zero would be counted from the end; without shared texts no mark may stay."""
    mark = MARK.encode()
    if mark + b"-" in fragment.xml or (not texts and mark in fragment.xml):
        raise damaged(path, "A cell refers to a text that is not there.")


def _used(cells: Sequence[str]) -> int:
    """How many cells there are up to the last that holds something."""
    used = len(cells)
    while used and not cells[used - 1]:
        used -= 1
    return used


def _fit(cells: list[str], width: int) -> None:
    """Cuts empty cells off beyond the width, and fills up to it."""
    if len(cells) > width:
        del cells[max(width, _used(cells)) :]
    else:
        cells += [""] * (width - len(cells))


def _row(path: Path, line: int, values: Sequence[_Value], texts: Sequence[str]) -> WorkbookRow:
    cells = [value if type(value) is str else _written(value) for value in values]
    numbers: tuple[int, ...] = ()
    if not _NUMBERS.isdisjoint(map(type, values)):
        numbers = tuple([place for place, value in enumerate(values) if type(value) in _NUMBERS])
    if texts:
        try:  # a shared text begins with MARK; few other texts are not less than it
            cells = [texts[int(cell[1:])] if cell >= MARK and cell[0] == MARK else cell for cell in cells]
        except (ValueError, IndexError):
            raise damaged(path, "A cell refers to a text that is not there.") from None
    return WorkbookRow(line, cells, numbers)


def _written(value: _Value) -> str:
    """As a spreadsheet shows it in a cell wide enough: whole numbers without exponent, others in 15 digits."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return _written_number(value)
    if isinstance(value, datetime):
        midnight = value.time() == time()
        return value.date().isoformat() if midnight else value.isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return value.isoformat(timespec="seconds")
    if isinstance(value, timedelta):
        return _written_duration(int(value.total_seconds()))
    return value


def _written_number(value: float) -> str:
    if isinstance(value, int) or (abs(value) < EXACT and value.is_integer()):
        return str(int(value))
    if not isfinite(value):
        return "#NUM!"
    return format(Decimal(f"{value:.15g}"), "f")


def _written_duration(seconds: int) -> str:
    minutes, seconds_left = divmod(abs(seconds), 60)
    return f"{'-' if seconds < 0 else ''}{minutes // 60:02}:{minutes % 60:02}:{seconds_left:02}"


# --- the reader ------------------------------------------------------------------------------------------------------


def _texts(source: Source, workbook: Workbook, look: Callable[[], None]) -> Iterator[str]:
    """The texts that cells share, in their order."""
    if workbook.strings is None:
        return
    if workbook.strings.size > LARGEST_TEXTS:
        raise _too_many_texts(source.path)
    taken = 0
    for xml in fragments(source.path, unpacked(source, workbook.strings, look), b"sst", b"si"):
        table, number = b"<sst>" + xml + b"</sst>", text_count(xml)
        taken += number
        if taken > MOST_TEXTS:
            raise _too_many_texts(source.path)
        for start in range(0, number, TEXTS_AT_ONCE):
            look()
            places = range(start, min(start + TEXTS_AT_ONCE, number))
            row = "".join(f'<c t="s"><v>{place}</v></c>' for place in places).encode()
            (_, left), found = _table(source.path, b"<row>" + row + b"</row>", strings=table)
            cells = [str(value) for value in found[0]] if found else []
            yield from [""] * left
            yield from cells
            yield from [""] * (len(places) - left - len(cells))


def _too_many_texts(path: Path) -> AdminError:
    return AdminError(
        f"{path} holds more texts than can be read.", "Save the sheet of users as CSV (UTF-8), and choose that."
    )


def _lines(path: Path, workbook: Workbook, fragment: Fragment) -> Iterator[tuple[int, list[_Value]]]:
    """Row numbers from 1, and the values of each row from its first column on."""
    (top, left), table = _table(path, fragment.xml, styles=workbook.styles, since_1904=workbook.since_1904)
    empty_cells: list[_Value] = [""] * left
    for line, values in enumerate(table, top + 1):
        yield line, empty_cells + values if left else values


def _table(
    path: Path, rows: bytes, strings: bytes = b"", styles: bytes = b"", *, since_1904: bool = False
) -> tuple[tuple[int, int], list[list[_Value]]]:
    """Row and column (from 0) of the first cell, and all values from there on, read from a small workbook."""
    from python_calamine import CalamineWorkbook

    try:
        workbook = CalamineWorkbook.from_filelike(BytesIO(_small(rows, strings, styles, since_1904=since_1904)))
        sheet = workbook.get_sheet_by_index(0)
        return sheet.start or (0, 0), list[list[_Value]](sheet.to_python())
    except BaseException as fault:
        # a panic of the reader is no Exception, so that no one takes it for one; it ends here, our program goes on
        if isinstance(fault, Exception) or type(fault).__module__ == "pyo3_runtime":
            raise damaged(path, str(fault)[:500]) from None
        raise


def _small(rows: bytes, strings: bytes, styles: bytes, *, since_1904: bool) -> bytes:
    """A workbook of one sheet, not packed."""
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as parts:
        for name, text in _PARTS.items():
            parts.writestr(name, text)
        parts.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns:r="{_DOCUMENT}"><workbookPr date1904="{int(since_1904)}"/>'
            '<sheets><sheet name="a" sheetId="1" r:id="a"/></sheets></workbook>',
        )
        if strings:
            parts.writestr("xl/sharedStrings.xml", strings)
        if styles:
            parts.writestr("xl/styles.xml", styles)
        parts.writestr("xl/worksheets/a.xml", b"<worksheet><sheetData>" + rows + b"</sheetData></worksheet>")
    return file.getvalue()
