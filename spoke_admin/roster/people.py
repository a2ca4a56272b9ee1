"""The people of a file of users, for a preview of what a service makes of them."""

from itertools import islice
from pathlib import Path

from spoke_admin.domain.person import Person
from spoke_admin.roster.columns import Columns, columns_of
from spoke_admin.roster.encoding import encoding_of
from spoke_admin.roster.reading import Record, lines_of
from spoke_admin.roster.source import empty, opened
from spoke_admin.roster.table import open_table
from spoke_admin.roster.words import shown

MOST_PEOPLE = 1000  # a list to choose one from is not made better by more


def people_of(path: Path, most: int = MOST_PEOPLE) -> list[Person]:
    """The first `most` people, in the file's order; a person's id is the line of the row, as text.

    Rows that `validate` would not import whole (ragged, a quote that is never closed) are left out. Raises AdminError
    when the file cannot be read.
    """
    with opened(path) as source:
        encoding = encoding_of(source)
        table = open_table(lines_of(source, encoding, lambda _done: None))
        if table is None:
            raise empty(path)
        columns = columns_of(table.header.cells)
        whole = (it for it in table.rows if not it.unclosed and len(it.cells) == len(columns.names))
        return [_person(record, columns) for record in islice(whole, most)]


def _person(record: Record, columns: Columns) -> Person:
    attributes = {
        field: shown(cell)
        for fields, cell in zip(columns.fields, record.cells, strict=True)
        for field in fields
        if cell.strip()
    }
    return Person(str(record.line), attributes)
