"""A repaired copy of a file of users, streamed: what no chosen repair touches is byte for byte the same.

Nothing is changed in place. One thread reads and finds the cells, the other repairs and writes.
"""

import os
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import numpy as np

from spoke_admin.domain.error import AdminError
from spoke_admin.domain.profile import ServiceProfile
from spoke_admin.roster.columns import columns_of
from spoke_admin.roster.encoding import CHUNK, Encoding, encoding_of, first_look
from spoke_admin.roster.head import Head, read_head
from spoke_admin.roster.judging import rules_of
from spoke_admin.roster.reading import Record
from spoke_admin.roster.repair.cells import Change, Repair, RepairPlan
from spoke_admin.roster.repair.copying import Copying, SourceBytes
from spoke_admin.roster.repair.edits import CellRepairs, RowRepairs, Tally
from spoke_admin.roster.repair.pieces import Piece
from spoke_admin.roster.repair.workbook_copy import write_sheet
from spoke_admin.roster.scanning import Scanned, Scanner
from spoke_admin.roster.source import Source, empty, holds_workbook, opened
from spoke_admin.roster.text import Block, Text
from spoke_admin.roster.words import LONGEST_VALUE
from spoke_admin.roster.workbook.rows import rows_of

Value = TypeVar("Value")

AT_ONCE = 1 << 18  # bytes that are repaired between two looks whether it is to stop
MOST_EXAMPLES = 200  # of each class of repairs
MOST_MARKS = 1000  # of byte order, one behind the other; a file of nothing else would take for ever
AT_ONCE = 1 << 18  # bytes: more would take too long where every cell is to be repaired
BETWEEN_LOOKS = 0.05  # seconds

Progress = Callable[[int, int], None]  # bytes done, bytes in all
Cancelled = Callable[[], bool]
AsOf = tuple[int, int]  # size in bytes and time in nanoseconds


class Writer(Protocol):
    """What bytes are written to."""

    def write(self, data: bytes, /) -> object: ...


def plan_repairs(
    path: Path,
    profile: ServiceProfile,
    headers: Mapping[int, str] = {},
    progress: Progress = lambda _done, _total: None,
    cancelled: Cancelled = lambda: False,
    *,
    repairs: Collection[Repair] = tuple(Repair),
    sheet: str | None = None,
) -> RepairPlan:
    """What `write_repaired` would do with these repairs, by default all of them. Nothing is written.

    Raises AdminError as it does.
    """
    examples: dict[Repair, list[Change]] = {repair: [] for repair in Repair}

    def keep(change: Change) -> None:
        if len(examples[change.repair]) < MOST_EXAMPLES:
            begin = replace(change, before=_begin(change.before), after=_begin(change.after))
            examples[change.repair].append(begin)

    with opened(path) as source:
        as_of = source.size, source.changed_at
    counts = write_repaired(
        path, profile, repairs, _Nowhere(), headers=headers, changes=keep, as_of=as_of, sheet=sheet,
        progress=progress, cancelled=cancelled,
    )  # fmt: skip
    return RepairPlan(counts, examples, as_of)


def write_repaired(  # noqa: PLR0913  # each of them is a choice of its own
    path: Path,
    profile: ServiceProfile,
    repairs: Collection[Repair],
    out: Writer,
    *,
    safe: bool = False,
    headers: Mapping[int, str] = {},
    changes: Callable[[Change], None] | None = None,
    as_of: AsOf | None = None,
    sheet: str | None = None,
    progress: Progress = lambda _done, _total: None,
    cancelled: Cancelled = lambda: False,
) -> Mapping[Repair, int]:
    """Writes a repaired copy of the file to `out` and tells every change; how many there are of each chosen class.

    Of a workbook the copy is a CSV of the `sheet` that `check_file` would check.

    `headers`: new names of columns by their place, used when HEADERS is chosen. `safe`: cells that a spreadsheet takes
    for formulas get an apostrophe, which is no change that is counted or told. `as_of`: size and time the file must
    still have. Raises AdminError: unreadable, changed meanwhile, stopped; and the OSError of `out` or `changes`.
    """

    def look() -> None:
        if cancelled():
            raise AdminError("The repair was stopped.", "Nothing was written. Start it again.")

    guarded = _Guarded(out.write)
    tally = Tally(changes if changes is None else _Guarded(changes))
    try:
        with opened(path) as source:
            _refuse_other_state(source, as_of)
            chosen = frozenset(repairs) - (frozenset() if headers else {Repair.HEADERS})
            job = _Job(source, profile, chosen, safe, headers, look, lambda done: progress(done, source.size))
            if holds_workbook(source, sheet):
                job.workbook(sheet, guarded, tally)
            else:
                job.text(_encoding(source, look), guarded, tally)
            source.refuse_if_changed()
            progress(source.size, source.size)
    except _Refused as refused:
        raise refused.fault from None
    return {repair: tally.counts[repair] for repair in Repair if repair in repairs}


@dataclass
class _Job:
    """One repair. `progress` is told bytes; `look` may raise to stop."""

    source: Source
    profile: ServiceProfile
    repairs: frozenset[Repair]
    safe: bool
    headers: Mapping[int, str]
    look: Callable[[], None]
    progress: Callable[[int], None]

    def workbook(self, sheet: str | None, write: Callable[[bytes], object], tally: Tally) -> None:
        rows = rows_of(self.source, sheet, self.look)
        first = next(rows)
        header = Record(first.line, first.cells)
        head = Head(",", header, columns_of(header.cells), first.line + 1, b"")
        names = self._names(head)
        cells = CellRepairs(head, rules_of(columns_of(names), self.profile), self.repairs, self.safe)

        def look() -> None:
            self.look()
            self.progress(self.source.file.tell())

        write_sheet(rows, names, cells, write, tally, look)

    def text(self, found: Encoding, write: Callable[[bytes], object], tally: Tally) -> None:
        to_utf8 = Repair.ENCODING in self.repairs
        encoding = _without_marks(self.source, found) if to_utf8 else found
        text = Text(self.source, encoding)
        read = read_head(text.blocks(AT_ONCE), encoding, str(self.source.path))
        if read is None:
            raise empty(self.source.path)
        head, _ = read
        if to_utf8 and (found.name, found.mark) != ("utf-8", 0):
            mark = " with a mark" if found.mark else ""
            tally.add(Change(1, None, Repair.ENCODING, f"{found.name}{mark}", "utf-8"))
        columns = columns_of(self._names(head))
        with ExitStack() as stack:
            very = None if encoding.name == "utf-8" else self._beside(stack, encoding)
            copy = Copying(write, encoding, to_utf8=to_utf8)
            replaces = to_utf8 and very is not None
            cells = CellRepairs(head, rules_of(columns, self.profile), self.repairs, self.safe, replaces)
            rows = RowRepairs(cells, copy, very, tally, self.look)
            scanner = Scanner(head.delimiter, len(head.header.cells), head.first_line, encoding)
            blocks = self._after_head(text.blocks(AT_ONCE), head, rows)
            for scanned in stack.enter_context(_ahead(scanner.scan(blocks), self.look)):
                self.look()
                rows.take(scanned)
                self.progress(scanned.read)
            rows.finish()

    def _names(self, head: Head) -> list[str]:
        """The header as it will be."""
        names = list(head.header.cells)
        if Repair.HEADERS in self.repairs and not head.header.unclosed:
            for place, name in self.headers.items():
                if not 0 <= place < len(names):
                    raise AdminError(
                        f"{self.source.path} has no column {place + 1}.", "Open the file again, then name its columns."
                    )
                names[place] = name
        return names

    def _beside(self, stack: ExitStack, encoding: Encoding) -> SourceBytes:
        """The file opened again, for its bytes as they are."""
        again = stack.enter_context(opened(self.source.path))
        same = os.path.samestat(os.fstat(again.file.fileno()), os.fstat(self.source.file.fileno()))
        if not same:
            raise _changed(self.source.path)
        return SourceBytes(again.file, encoding)

    def _after_head(self, blocks: Iterator[Block], head: Head, rows: RowRepairs) -> Iterator[Block]:
        """Takes the lines up to the header and the header itself; the blocks behind it."""
        number, header = 0, bytearray()
        for block in blocks:
            self.look()
            begins = np.append(0, Piece.of_lines(block.data, 1).after)
            before, at = (
                int(begins[min(max(line - 1 - number, 0), len(begins) - 1)])
                for line in (head.header.line, head.first_line)
            )
            number += len(begins) - 1
            rows.take_lines(block.data[:before])
            header += block.data[before:at]
            if at < len(block.data):
                rows.take_header(bytes(header), self._names(head))
                return chain([Block(block.data[at:], block.at + at, block.read)], blocks)
        rows.take_header(bytes(header), self._names(head))
        return iter(())


@contextmanager
def _ahead(all_scanned: Iterator[Scanned], look: Callable[[], None]) -> Iterator[Iterator[Scanned]]:
    """The same ones, the next being made in another thread; `look` is called while it is waited for."""
    pool = ThreadPoolExecutor(1, thread_name_prefix="spoke-admin scan")

    def each() -> Iterator[Scanned]:
        following = pool.submit(next, all_scanned, None)
        while True:
            while not wait((following,), BETWEEN_LOOKS).done:
                look()
            scanned = following.result()
            if scanned is None:
                return
            following = pool.submit(next, all_scanned, None)
            yield scanned

    try:
        yield each()
    finally:
        pool.shutdown(cancel_futures=True)


class _Refused(Exception):  # noqa: N818  # carries a fault
    """An OSError of the one who takes what is written: the file that is read has no part in it."""

    def __init__(self, fault: OSError) -> None:
        super().__init__()
        self.fault = fault


class _Guarded(Generic[Value]):
    def __init__(self, call: Callable[[Value], object]) -> None:
        self._call = call

    def __call__(self, value: Value) -> None:
        try:
            self._call(value)
        except OSError as fault:
            raise _Refused(fault) from None


class _Nowhere:
    def write(self, data: bytes, /) -> None:
        pass


def _begin(text: str) -> str:
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"


def _encoding(source: Source, look: Callable[[], None]) -> Encoding:
    """As `encoding_of`, which counts what is wrong and is asked only where anything is."""
    import codecs

    encoding = first_look(source)
    if encoding is not None:
        return encoding
    source.file.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while chunk := source.file.read(CHUNK):
            look()
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return encoding_of(source, look)
    return Encoding("utf-8")


def _without_marks(source: Source, encoding: Encoding) -> Encoding:
    """With a mark as long as all the marks that stand at the beginning: UTF-8 without a mark has none of them."""
    if not encoding.mark:
        return encoding
    source.file.seek(0)
    mark, count = source.file.read(encoding.mark), 1
    while count < MOST_MARKS and source.file.read(encoding.mark) == mark:
        count += 1
    return replace(encoding, mark=count * encoding.mark)


def _refuse_other_state(source: Source, as_of: AsOf | None) -> None:
    if as_of is not None and as_of != (source.size, source.changed_at):
        raise _changed(source.path)


def _changed(path: Path) -> AdminError:
    return AdminError(f"{path} was changed since it was read.", "Check it again, then repair it.")
