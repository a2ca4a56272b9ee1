"""Rows written as a workbook (.xlsx): every cell a text, one row at a time in memory.

The same rows give the same bytes.
"""

import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, BinaryIO

from spoke_admin.roster.words import shown

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

Cell = str | int | None
TakeRow = Callable[[Sequence[Cell]], None]

MOST_ROWS = 1_048_576  # of a sheet
LONGEST = 32_767 // 2  # characters of a cell, whatever they are: the bound counts UTF-16
MADE = datetime(2000, 1, 1)  # noqa: DTZ001  # for all of them, or no two would be the same
WIDTHS = {"line": 9, "column": 22, "code": 24, "severity": 10, "repair": 16}  # characters; others are wide
WIDE = 48

_NO_XML = re.compile("[\ufffe\uffff]")


@contextmanager
def workbook_rows(stream: BinaryIO, title: str, columns: Sequence[str]) -> Iterator[TakeRow]:
    """Takes rows below a header, in as many sheets as they need. Raises OSError when they cannot be written."""
    from xlsxwriter import Workbook
    from xlsxwriter.exceptions import XlsxFileError

    with tempfile.TemporaryDirectory(prefix="spoke-admin-") as folder, closing(_Until(stream)) as until:
        book = Workbook(until, {"constant_memory": True, "use_zip64": True, "tmpdir": folder})
        book.set_properties({"created": MADE})
        try:
            yield _Sheets(book, title, columns).take
            book.close()
        except XlsxFileError as fault:
            raise fault.args[0] if isinstance(fault.args[0], OSError) else OSError(str(fault)) from None
        finally:
            for sheet in book.worksheets():
                sheet._opt_close()  # noqa: SLF001  # after a failure no one else closes its file


class _Sheets:
    """A sheet, and further ones when it is full."""

    def __init__(self, book: "Workbook", title: str, columns: Sequence[str]) -> None:
        self._book, self._title, self._columns = book, title, columns
        self._bold = book.add_format({"bold": True})
        self._count = 0
        self._begin()

    def take(self, cells: Sequence[Cell]) -> None:
        if self._row == MOST_ROWS:
            self._begin()
        for place, cell in enumerate(cells):
            if cell is not None and cell != "":
                self._sheet.write_string(self._row, place, _text(str(cell)))
        self._row += 1

    def _begin(self) -> None:
        self._count += 1
        name = self._title if self._count == 1 else f"{self._title} {self._count}"
        self._sheet: Worksheet = self._book.add_worksheet(name)
        self._sheet.freeze_panes(1, 0)
        self._sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{MOST_ROWS}"})
        for place, column in enumerate(self._columns):
            self._sheet.set_column(place, place, WIDTHS.get(column, WIDE))
            self._sheet.write_string(0, place, column, self._bold)
        self._row = 1


def _text(cell: str) -> str:
    """A text that the writer takes for a text, and that XML can hold."""
    if not cell.isascii():
        cell = _NO_XML.sub("\ufffd", shown(cell))
    if len(cell) > LONGEST:
        cell = f"{cell[: LONGEST - 1]}…"
    # such a one would be written as the writer's own XML
    return f"{cell} " if cell.startswith("<r>") and cell.endswith("</r>") else cell


class _Until:
    """A stream for a zip. Once closed it takes nothing: a zip that was given up still writes its end at some time."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._at = -1

    def write(self, data: bytes) -> int:
        return self._stream.write(data) if self._at < 0 else len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._stream.seek(offset, whence) if self._at < 0 else self._at

    def tell(self) -> int:
        return self._stream.tell() if self._at < 0 else self._at

    def flush(self) -> None:
        if self._at < 0:
            self._stream.flush()

    def close(self) -> None:
        self._at = 0
