"""The people of a file of users: for a preview of what a service makes of them, and to look them up there."""

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from spoke_admin.domain.error import AdminError
from spoke_admin.domain.person import Person
from spoke_admin.roster.columns import Columns, columns_of
from spoke_admin.roster.encoding import encoding_of
from spoke_admin.roster.head import read_head
from spoke_admin.roster.reading import Record, lines_of
from spoke_admin.roster.scanning import Scanned, Scanner
from spoke_admin.roster.source import Source, empty, holds_workbook, opened
from spoke_admin.roster.table import open_table
from spoke_admin.roster.text import Text
from spoke_admin.roster.words import shown

MOST_PEOPLE = 1000  # a list to choose one from is not made better by more


def people_of(path: Path, most: int = MOST_PEOPLE) -> list[Person]:
    """The first `most` people, in the file's order; a person's id is the line of the row, as text.

    Rows that `validate` would not import whole (ragged, a quote that is never closed) are left out. Raises AdminError
    when the file cannot be read.
    """
    with opened(path) as source:
        header, rows = _workbook(source) if holds_workbook(source) else _text(source)
        columns = columns_of(header.cells)
        whole = (it for it in rows if not it.unclosed and it.width == len(columns.names))
        return [_person(record, columns) for record in islice(whole, most)]


def _text(source: Source) -> tuple[Record, Iterator[Record]]:
    """The header and the rows behind it."""
    table = open_table(lines_of(source, encoding_of(source), lambda _done: None), str(source.path))
    if table is None:
        raise empty(source.path)
    return table.header, table.rows


def _workbook(source: Source, sheet: str | None = None) -> tuple[Record, Iterator[Record]]:
    from spoke_admin.roster.workbook.rows import rows_of  # takes a while to load

    found = (Record(row.line, row.cells) for row in rows_of(source, sheet))
    return next(found), found


def logins_of(
    path: Path, cancelled: Callable[[], bool] = lambda: False, sheet: str | None = None
) -> Iterator[tuple[int, str]]:
    """Line and login of each row that can be imported whole; a login may be blank. Ends early once `cancelled`.

    `sheet`: of a workbook, by default the one that is checked.

    Raises AdminError when the file cannot be read, or has no column for logins.
    """
    with opened(path) as source:
        if holds_workbook(source, sheet):
            yield from _logins_of_workbook(source, sheet, cancelled)
            return
        encoding = encoding_of(source)
        text = Text(source, encoding)
        found = read_head(text.blocks(), encoding, str(path))
        if found is None:
            raise empty(path)
        head, blocks = found
        column = _login_column(path, head.columns)
        scanner = Scanner(head.delimiter, len(head.columns.names), head.first_line, encoding)
        for scanned in scanner.scan(blocks):
            if cancelled():
                return
            yield from sorted(_logins(scanned, column, len(head.columns.names)))


def _logins_of_workbook(source: Source, sheet: str | None, cancelled: Callable[[], bool]) -> Iterator[tuple[int, str]]:
    header, rows = _workbook(source, sheet)
    column = _login_column(source.path, columns_of(header.cells))
    for record in rows:
        if cancelled():
            return
        if record.width == header.width:
            yield record.line, record.cells[column]


def _login_column(path: Path, columns: Columns) -> int:
    for place, fields in enumerate(columns.fields):
        if "login" in fields:
            return place
    raise AdminError(f"{path} has no column for logins.", "Add the column login, or rename the one that is it.")


def _logins(scanned: Scanned, column: int, width: int) -> Iterator[tuple[int, str]]:
    if scanned.batch is not None:
        cells = scanned.batch.cells(column)
        yield from zip(cells.lines.tolist(), map(cells.text, range(len(cells))), strict=True)
    for odd in scanned.odd:
        if not odd.record.unclosed and odd.record.width == width:
            yield odd.record.line, odd.record.cells[column]


def _person(record: Record, columns: Columns) -> Person:
    attributes = {
        field: shown(cell)
        for fields, cell in zip(columns.fields, record.cells, strict=True)
        for field in fields
        if cell.strip()
    }
    return Person(str(record.line), attributes)
