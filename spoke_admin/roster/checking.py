"""The check of a file of users: every fault with its physical line, column, reason and remedy.

Two threads share the work: one reads and finds the cells, the other holds them against the rules. Most of either is
numpy's, so that they run side by side, and beside a window.
"""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from spoke_admin.domain.error import AdminError
from spoke_admin.domain.finding import Severity
from spoke_admin.domain.profile import ServiceProfile
from spoke_admin.roster.columns import Columns, columns_of
from spoke_admin.roster.encoding import Encoding, damaged_places, encoding_of, first_look, utf8_counts
from spoke_admin.roster.findings import Findings
from spoke_admin.roster.head import header_faults, read_head
from spoke_admin.roster.judging import rules_of
from spoke_admin.roster.lookup import FileLookup, RecordLookup, WorkbookLookup
from spoke_admin.roster.reading import Record
from spoke_admin.roster.row_judge import NotUtf8, RowJudge
from spoke_admin.roster.scanning import Scanned, Scanner
from spoke_admin.roster.source import Source, empty, holds_workbook, opened
from spoke_admin.roster.telling import Teller
from spoke_admin.roster.text import Text
from spoke_admin.roster.words import SEVERITIES, finding, shown

AT_ONCE = 4096  # rows of a workbook
AHEAD = 2  # blocks that may wait for the rules

Progress = Callable[[int, int], None]  # bytes done, bytes in all
Cancelled = Callable[[], bool]


@dataclass(slots=True)
class Result:
    """What a file of users holds. `findings` in order of line, then column; `columns` as written.

    `lookup` reads a row again by its line; `fields` are what each column holds. `sheet`: of a workbook, with
    the `sheets` that could be chosen instead.
    """

    file: Path
    encoding: str
    delimiter: str
    columns: list[str]
    fields: list[tuple[str, ...]]
    rows: int
    findings: Findings
    lookup: RecordLookup
    sheet: str | None = None
    sheets: tuple[str, ...] = ()
    by_code: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        self.by_code = self.findings.by_code()

    @property
    def counts(self) -> dict[str, int]:
        return {
            severity.value: sum(count for code, count in self.by_code.items() if SEVERITIES[code] is severity)
            for severity in Severity
        }


def check_file(
    path: Path,
    profile: ServiceProfile,
    progress: Progress = lambda _done, _total: None,
    cancelled: Cancelled = lambda: False,
    sheet: str | None = None,
) -> Result:
    """Checks the whole file; of a workbook the `sheet`, by default the first visible one that holds anything.

    Raises AdminError when it cannot be read to its end, or when `cancelled` became true.
    """

    def look() -> None:
        if cancelled():
            raise AdminError("The check was stopped.", "Open the file again to check it.")

    with opened(path) as source:
        check = _Check(source, profile, look, lambda done: progress(done, source.size))
        result = check.workbook(sheet) if holds_workbook(source, sheet) else check.text()
        source.refuse_if_changed()
        progress(source.size, source.size)
    return result


@dataclass
class _Check:
    """One file under check. `look` may raise to stop; `progress` is told bytes."""

    source: Source
    profile: ServiceProfile
    look: Callable[[], None]
    progress: Callable[[int], None]

    def text(self) -> Result:
        """Of a delimited file, whose encoding is found out on the way."""
        encoding = first_look(self.source)
        try:
            return self._text(encoding or Encoding("utf-8"), decided=encoding is not None)
        except NotUtf8:
            return self._text(encoding_of(self.source, self.look), decided=True)

    def _text(self, encoding: Encoding, *, decided: bool) -> Result:
        """Raises NotUtf8 where the encoding was not `decided` and the bytes tell against UTF-8."""
        text = Text(self.source, encoding)
        found = read_head(text.blocks(), encoding, str(self.source.path))
        if found is None:
            raise empty(self.source.path)
        head, blocks = found
        rules = rules_of(head.columns, self.profile)
        judge = RowJudge(rules, self.look, watch_utf8=not decided)
        if not decided:
            judge.count(*utf8_counts(head.data, damaged_places(head.data)))
        if encoding.assumed:
            judge.found.tell(finding(1, None, "encoding_assumed"))
        lookup = FileLookup(self.source, encoding, head.delimiter, head.header, text.places)
        rows = 0
        scanner = Scanner(head.delimiter, len(rules), head.first_line, encoding, look=self.look)
        with _beside(judge.take) as take:
            for scanned in scanner.scan(blocks):
                self.look()
                self.progress(scanned.read)
                lookup.add(scanned)
                rows += scanned.rows
                take(scanned)
        judge.finish()
        return self._result(judge, head.header, head.columns, rows, lookup, encoding.name, head.delimiter)

    def workbook(self, sheet: str | None) -> Result:
        """Of a workbook: its encoding is said to be xlsx, it has no delimiter."""
        from spoke_admin.roster.workbook.rows import open_sheet  # takes a while to load, and most files are none

        opened_sheet = open_sheet(self.source, sheet, self.look)
        found = opened_sheet.rows
        first = next(found)
        header = Record(first.line, first.cells)
        columns = columns_of(header.cells)
        judge = RowJudge(rules_of(columns, self.profile), self.look)
        rows = 0
        while some := [Record(it.line, it.cells, numbers=it.numbers) for it in islice(found, AT_ONCE)]:
            self.progress(self.source.file.tell())
            rows += len(some)
            judge.take_records(some)
        judge.finish()
        lookup = WorkbookLookup(self.source, opened_sheet.name, header)
        result = self._result(judge, header, columns, rows, lookup, "xlsx", "")
        return replace(result, sheet=opened_sheet.name, sheets=tuple(opened_sheet.names))

    def _result(
        self,
        judge: RowJudge,
        header: Record,
        columns: Columns,
        rows: int,
        lookup: RecordLookup,
        encoding: str,
        delimiter: str,
    ) -> Result:
        for fault, column in header_faults(header, columns):
            judge.found.tell(fault, column)
        names = [shown(name) for name in header.cells]
        tell = Teller(names, rules_of(columns, self.profile), judge.widths, judge.first_lines, lookup).tell
        findings = judge.found.findings(tell)
        return Result(self.source.path, encoding, delimiter, names, list(columns.fields), rows, findings, lookup)


@contextmanager
def _beside(work: Callable[[Scanned], None]) -> Iterator[Callable[[Scanned], None]]:
    """Hands values to `work` in another thread, in order. Its errors are raised here."""
    under_way: deque[Future[None]] = deque()

    def take(scanned: Scanned) -> None:
        under_way.append(pool.submit(work, scanned))
        if len(under_way) > AHEAD:
            under_way.popleft().result()

    pool = ThreadPoolExecutor(1, thread_name_prefix="spoke-admin rules")
    try:
        yield take
        while under_way:
            under_way.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
