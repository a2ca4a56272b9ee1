"""A repaired copy of a sheet of users: as CSV in UTF-8, with commas and CRLF, which every importer reads."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

import numpy as np

from spoke_admin.roster.repair.cells import Change, Repair, candidates, safe, written
from spoke_admin.roster.repair.edits import CellRepairs, Tally, renamed
from spoke_admin.roster.repair.same_rows import SameRows
from spoke_admin.roster.scanning import batch_of
from spoke_admin.roster.table import DELIMITERS
from spoke_admin.roster.workbook.rows import WorkbookRow

AT_ONCE = 4096  # rows


def write_sheet(
    rows: Iterable[WorkbookRow],
    names: Sequence[str],
    cells: CellRepairs,
    write: Callable[[bytes], object],
    tally: Tally,
    look: Callable[[], None],
) -> None:
    """`rows` are those behind the header; `names` are what its columns are to be called."""
    header = cells.head.header
    for old, new in zip(header.cells, names, strict=True):
        if old != new:
            tally.add(renamed(header.line, old, new))
    write(_header(names, safely=cells.safe))
    same = SameRows() if Repair.DUPLICATE_ROWS in cells.repairs else None
    rest = iter(rows)
    while some := list(islice(rest, AT_ONCE)):
        kept = [row.cells for row in _repaired(some, cells, same, tally, look)]
        write(_as_csv(kept, safely=cells.safe))


def _repaired(
    rows: list[WorkbookRow], cells: CellRepairs, same: SameRows | None, tally: Tally, look: Callable[[], None]
) -> Iterator[WorkbookRow]:
    """The rows, repaired where they are as wide as the header, without those that were there before."""
    whole = [row for row in rows if len(row.cells) == len(cells.names)]
    if not whole:
        yield from rows
        return
    batch = batch_of([row.cells for row in whole], [row.line for row in whole])
    gone = set(same.again([batch]).tolist()) if same is not None else set[int]()
    found: dict[int, list[int]] = {}
    for row, column in zip(
        *np.divmod(candidates(batch, cells.rules, cells.repairs, look), len(cells.names)), strict=True
    ):
        found.setdefault(whole[row].line, []).append(int(column))
    for row in rows:
        if row.line in gone:
            tally.add(Change(row.line, None, Repair.DUPLICATE_ROWS, _as_csv([row.cells]).decode().rstrip("\r\n"), ""))
            continue
        for column in found.get(row.line, ()):
            row.cells[column], changes = cells.changed(row.line, column, row.cells[column])
            for change in changes:
                tally.add(change)
        yield row


def _header(names: Sequence[str], *, safely: bool) -> bytes:
    """The names in quotes where the delimiter would be found out wrongly without."""
    texts = (
        written(
            safe(name) if safely else name,
            ",",
            quoted=any(sign in name for sign in DELIMITERS),
            alone=len(names) == 1,
        )
        for name in names
    )
    return f"{','.join(texts)}\r\n".encode("utf-8", "replace")


def _as_csv(rows: Iterable[Sequence[str]], *, safely: bool = False) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    for row in rows:
        cells = [safe(cell) for cell in row] if safely else row
        if len(cells) == 1:
            text.write(written(cells[0], ",", quoted=False, alone=True) + "\r\n")
        else:
            writer.writerow(cells)
    return text.getvalue().encode("utf-8", "replace")
