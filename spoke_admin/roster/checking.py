"""The check of a file of users: every fault with its physical line, column, reason and remedy.

The rules are those of Okta's user template and of the service's profile; phonenumbers and email-validator are the
arbiters.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from spoke_admin.domain.error import AdminError
from spoke_admin.domain.finding import Finding, Severity
from spoke_admin.domain.forecast import email_fault
from spoke_admin.domain.phone import judge_us_phone
from spoke_admin.domain.profile import ServiceProfile
from spoke_admin.roster.columns import REQUIRED, Columns, columns_of
from spoke_admin.roster.encoding import encoding_of
from spoke_admin.roster.reading import Record, lines_of
from spoke_admin.roster.source import empty, opened
from spoke_admin.roster.table import open_table
from spoke_admin.roster.words import finding, shown

PHONES = ("mobilePhone", "primaryPhone")
NAMES = ("firstName", "lastName")
LONGEST_NAME, LONGEST = 50, 100  # characters
VERDICTS_KEPT = 200_000
CONTROL = re.compile(
    "[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]"
)
DAMAGED = re.compile("[\ud800-\udfff]")

Progress = Callable[[int, int], None]  # bytes done, bytes in all
Cancelled = Callable[[], bool]


@dataclass(slots=True)
class Result:
    """What a file of users holds. `findings` in order of line, then column; `columns` as written."""

    file: Path
    encoding: str
    delimiter: str
    columns: list[str]
    rows: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def by_code(self) -> dict[str, int]:
        return dict(sorted(Counter(finding.code for finding in self.findings).items()))

    @property
    def counts(self) -> dict[str, int]:
        found = Counter(finding.severity for finding in self.findings)
        return {severity.value: found[severity] for severity in Severity}


def check_file(
    path: Path,
    profile: ServiceProfile,
    progress: Progress = lambda _done, _total: None,
    cancelled: Cancelled = lambda: False,
) -> Result:
    """Checks the whole file. Raises AdminError when it cannot be read to its end, or when `cancelled` became true."""

    def look() -> None:
        if cancelled():
            raise AdminError("The check was stopped.", "Open the file again to check it.")

    with opened(path) as source:

        def tell(done: int) -> None:
            look()
            progress(done, source.size)

        encoding = encoding_of(source, look)
        table = open_table(lines_of(source, encoding, tell))
        if table is None:
            raise empty(path)
        result = Result(path, encoding.name, table.delimiter, [shown(name) for name in table.header.cells])
        if encoding.assumed:
            result.findings.append(finding(1, None, "encoding_assumed"))
        columns = columns_of(table.header.cells)
        result.findings.extend(header_faults(table.header, columns))
        rules = Rules(columns, profile)
        for record in table.rows:
            look()
            result.rows += 1
            result.findings.extend(rules.faults(record))
        source.refuse_if_changed()
        progress(source.size, source.size)
    return result


def header_faults(header: Record, columns: Columns) -> Iterator[Finding]:
    """What the header alone tells."""
    if header.unclosed:
        yield finding(header.unclosed, None, "quote_unclosed", shown(header.cells[-1]))
        return
    for name in columns.missing():
        yield finding(header.line, name, "missing_column")
    for place, name in enumerate(columns.names):
        as_shown = shown(name)
        if DAMAGED.search(name):
            yield finding(header.line, as_shown, "undecodable", as_shown)
            continue
        if place in header.broken:
            yield finding(header.line, as_shown, "quote_broken", as_shown)
        if place in columns.unknown:
            yield finding(header.line, as_shown, "unknown_column", as_shown, _hidden_in(name))
        if place in columns.duplicate:
            yield finding(header.line, as_shown, "duplicate_column", as_shown)


def _hidden_in(name: str) -> str:
    hidden = CONTROL.search(name)
    return f"It holds a character that cannot be seen (U+{ord(hidden[0]):04X})." if hidden else ""


@dataclass(frozen=True, slots=True)
class _Column:
    """What is asked of the cells of a column. `longest`: characters, None for any number."""

    name: str
    required: bool
    longest: int | None
    email: bool
    login: bool
    phone: bool

    @property
    def free(self) -> bool:
        """Whether any short, plain text will do."""
        return not (self.required or self.email or self.phone)


class Rules:
    """The rules of one file, with what they remember from row to row."""

    def __init__(self, columns: Columns, profile: ServiceProfile) -> None:
        phones = PHONES if profile.phone is not None else ()
        self._columns = [
            _Column(
                name=shown(name),
                required=any(field in REQUIRED for field in fields),
                longest=None if not fields else LONGEST_NAME if any(field in NAMES for field in fields) else LONGEST,
                email="login" in fields or "email" in fields,
                login="login" in fields,
                phone=any(field in phones for field in fields),
            )
            for name, fields in zip(columns.names, columns.fields, strict=True)
        ]
        self._free = [column.free for column in self._columns]
        self._first_lines: dict[str, int] = {}  # of each login

    def faults(self, record: Record) -> Iterator[Finding]:
        """All faults of one row, by column."""
        if record.unclosed:
            yield finding(record.unclosed, None, "quote_unclosed", shown(record.cells[-1]))
        elif len(record.cells) != len(self._columns):
            yield from self._ragged(record)
        else:
            for place, cell in enumerate(record.cells):
                if place in record.broken or not (self._free[place] and _plain(cell)):
                    yield from self._cell(record, place, cell)

    def _ragged(self, record: Record) -> Iterator[Finding]:
        cells, width = len(record.cells), len(self._columns)
        code = "row_too_short" if cells < width else "row_too_long"
        yield finding(record.line, None, code, "", f"{cells} cells instead of {width}")
        for place in record.broken:
            name = self._columns[place].name if place < width else None
            yield finding(record.line, name, "quote_broken", shown(record.cells[place]))

    def _cell(self, record: Record, place: int, cell: str) -> Iterator[Finding]:
        column = self._columns[place]
        if not cell.isascii() and DAMAGED.search(cell):
            yield finding(record.line, column.name, "undecodable", shown(cell))
            return
        if place in record.broken:
            yield finding(record.line, column.name, "quote_broken", cell)
        for code, more in self._broken_rules(column, record.line, cell):
            yield finding(record.line, column.name, code, cell, more)
        if not cell.isprintable() and (hidden := CONTROL.search(cell)):
            yield finding(record.line, column.name, "control_character", cell, f"U+{ord(hidden[0]):04X}")

    def _broken_rules(self, column: _Column, line: int, cell: str) -> Iterator[tuple[str, str]]:
        """Codes, each with what its message adds."""
        blank = not cell.strip()
        if blank and column.required:
            yield "missing_value", ""
            return
        if column.longest is not None and len(cell) > column.longest:
            yield "too_long", f"{len(cell):,} characters; at most {column.longest} are taken"
        if blank:
            return
        if column.email and (fault := _email_fault(cell)):
            yield "email_invalid", fault
        if column.login and (first := self._first_lines.setdefault(folded(cell), line)) != line:
            yield "duplicate_identifier", f"{first:,}"
        if column.phone:
            code, reason = _phone(cell)
            if code:
                yield code, reason


def _plain(cell: str) -> bool:
    """Short and without any character a rule could mind."""
    return len(cell) <= LONGEST_NAME and cell.isascii() and cell.isprintable()


def folded(login: str) -> str:
    """A login without case, outer blanks and diacritics: what must not be there twice."""
    plain = login.strip().casefold()
    if plain.isascii():
        return plain
    return "".join(letter for letter in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(letter))


_email_fault = lru_cache(maxsize=VERDICTS_KEPT)(email_fault)


@lru_cache(maxsize=VERDICTS_KEPT)
def _phone(text: str) -> tuple[str, str]:
    """Code and reason; no code for a number that is taken."""
    verdict = judge_us_phone(text)
    return (verdict.code.value if verdict.code else "", verdict.reason)
