"""The findings, or the changes of a repair, as a file: CSV that is safe in a spreadsheet, JSON, or a workbook.

Written row by row, whole or not at all. The same findings give the same bytes.
"""

import codecs
import csv
import json
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import fields
from pathlib import Path
from typing import BinaryIO

from spoke_admin.domain.error import AdminError
from spoke_admin.domain.finding import Finding
from spoke_admin.roster.checking import Cancelled, Progress, Result
from spoke_admin.roster.repair.cells import Change, safe
from spoke_admin.roster.words import shown
from spoke_admin.roster.workbook.writing import Cell, TakeRow, workbook_rows

COLUMNS = tuple(field.name for field in fields(Finding))
CHANGE_COLUMNS = tuple(field.name for field in fields(Change))
BETWEEN_LOOKS = 256  # findings: to put one into words may take 0.1 ms

Replacing = Callable[[Path], AbstractContextManager[BinaryIO]]


def save_report(
    result: Result,
    path: Path,
    replacing: Replacing,
    progress: Progress = lambda _done, _total: None,
    cancelled: Cancelled = lambda: False,
) -> None:
    """Saves the findings at `path`: JSON where it ends in .json, a workbook where it ends in .xlsx, else CSV.

    `replacing` gives a stream into a file that takes its place when it is complete; `progress` is told findings. Raises
    AdminError where it must not or cannot be written, or when `cancelled` became true.
    """
    refuse_target(path, result.file)
    with replacing(path) as stream:
        found = _looked_at(result.findings, progress, cancelled)
        if path.suffix.lower() == ".json":
            _write_document(document(result, 0), (dict(zip(COLUMNS, _row(it), strict=True)) for it in found), stream)
        else:
            with table(path, stream, "Findings", COLUMNS) as take:
                for it in found:
                    take(_row(it))
    progress(len(result.findings), len(result.findings))


def _looked_at(findings: Sequence[Finding], progress: Progress, cancelled: Cancelled) -> Iterator[Finding]:
    for number, finding in enumerate(findings):
        if number % BETWEEN_LOOKS == 0:
            progress(number, len(findings))
            if cancelled():
                raise AdminError("The report was stopped.", "Nothing was saved. Save it again.")
        yield finding


def _row(it: Finding) -> tuple[Cell, ...]:
    """In the order of COLUMNS; `document` of a finding takes three times as long."""
    return it.line, it.column, it.code, it.severity, it.value, it.message, it.fix


def document(result: Result, limit: int | None = None) -> dict[str, object]:
    """The result as `--json` prints it, with at most `limit` findings listed."""
    return {
        "file": str(result.file),
        "rows": result.rows,
        "encoding": result.encoding,
        "delimiter": result.delimiter,
        "columns": result.columns,
        "counts": result.counts,
        "by_code": result.by_code,
        "findings": [finding.document() for finding in result.findings[:limit]],
    }


def refuse_target(path: Path, file: Path) -> None:
    """Raises AdminError where what is saved at `path` would replace the file of users, or what is no ordinary file."""
    try:
        if not path.parent.is_dir():
            raise AdminError(f"There is no folder {path.parent}.", "Choose an existing folder.")
        if not path.exists():
            return
        if not path.is_file():
            raise AdminError(f"{path} is not an ordinary file.", "Choose another name.")
        if file.exists() and path.samefile(file):
            raise AdminError(f"{path} would overwrite the file of users.", "Choose another name.")
    except (OSError, ValueError) as fault:
        words = getattr(fault, "strerror", None) or str(fault)
        raise AdminError(f"Nothing can be saved at {path}.", "Choose another name or folder.", words) from None


def refuse_targets(paths: Sequence[Path], file: Path) -> None:
    """The same for several, which must be different files, by more than the case of their names."""
    taken: list[Path] = []
    for path in paths:
        refuse_target(path, file)
        if any(_same(path, other) for other in taken):
            raise AdminError(f"Two files would be saved as {path}.", "Choose a name of its own for each.")
        taken.append(path)


def _same(path: Path, other: Path) -> bool:
    names = [unicodedata.normalize("NFC", str(it.resolve())).casefold() for it in (path, other)]
    return names[0] == names[1] or (path.exists() and other.exists() and path.samefile(other))


@contextmanager
def changes_into(path: Path, stream: BinaryIO) -> Iterator[Callable[[Change], None]]:
    """Takes the changes of a repair, in the form that the suffix of `path` tells, as for findings."""
    if path.suffix.lower() == ".json":
        with _members(stream, '{\n  "changes": ') as take:
            yield lambda it: take({name: getattr(it, name) for name in CHANGE_COLUMNS})
    else:
        with table(path, stream, "Changes", CHANGE_COLUMNS) as take_row:
            yield lambda it: take_row((it.line, it.column, it.repair, it.before, it.after))


@contextmanager
def table(path: Path, stream: BinaryIO, title: str, columns: Sequence[str]) -> Iterator[TakeRow]:
    """Takes the rows below a header: of a workbook where `path` ends in .xlsx, else of a CSV."""
    if path.suffix.lower() == ".xlsx":
        with workbook_rows(stream, title, columns) as take:
            yield take
    else:
        stream.write(codecs.BOM_UTF8)  # by which spreadsheets know UTF-8
        writer = csv.writer(_Encoded(stream))
        writer.writerow(columns)
        yield lambda row: writer.writerow(map(_in_csv, row))


def _in_csv(cell: Cell) -> str:
    return "" if cell is None else safe(str(cell))


class _Encoded:
    """What the csv module writes to."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        return self._stream.write(shown(text).encode("utf-8"))


def _write_document(head: Mapping[str, object], items: Iterable[Mapping[str, object]], stream: BinaryIO) -> None:
    """A JSON document: `head`, whose last member is an empty list, with the items in that."""
    with _members(stream, json.dumps(head, ensure_ascii=False, indent=2).removesuffix("[]\n}")) as take:
        for item in items:
            take(item)


@contextmanager
def _members(stream: BinaryIO, begin: str) -> Iterator[Callable[[Mapping[str, object]], None]]:
    """Takes the items of the list that ends a document, a line each. `begin`: the document up to the list."""
    before = "["

    def take(item: Mapping[str, object]) -> None:
        nonlocal before
        stream.write(shown(f"{before}\n    {json.dumps(item, ensure_ascii=False)}").encode("utf-8"))
        before = ","

    stream.write(shown(begin).encode("utf-8"))
    yield take
    stream.write(b"[]\n}\n" if before == "[" else b"\n  ]\n}\n")
