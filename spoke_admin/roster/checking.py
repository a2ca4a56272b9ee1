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
from spoke_admin.domain.phone import PhoneVerdict, judge_us_phone
from spoke_admin.domain.profile import ServiceProfile
from spoke_admin.roster.encoding import encoding_of
from spoke_admin.roster.header import REQUIRED, Columns, columns_of, open_table
from spoke_admin.roster.reading import Lines, Record, lines_of
from spoke_admin.roster.words import WORDS

PHONES = ("mobilePhone", "primaryPhone")
NAMES = ("firstName", "lastName")
LONGEST_NAME, LONGEST = 50, 100
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
    """Checks the whole file. Raises AdminError when it cannot be read at all, or when `cancelled` became true."""
    encoding = encoding_of(path)
    lines = Lines(lines_of(path, encoding, lambda done: progress(done, encoding.size)))
    delimiter, header, rows = open_table(lines)
    if header is None:
        raise AdminError(
            f"{path} holds no header.", "The first line names the columns: login,email,firstName,lastName."
        )
    check = _Check(columns_of(header), profile)
    result = Result(path, encoding.name, delimiter, [_shown(name) for name in header.cells])
    if encoding.assumed:
        result.findings.append(_finding(1, None, "encoding_assumed", ""))
    result.findings.extend(check.header())
    for record in rows:
        if cancelled():
            raise AdminError("The check was stopped.", "Open the file again to check it.")
        result.rows += 1
        result.findings.extend(check.row(record))
    result.findings.sort(key=lambda finding: finding.line)  # a quote's line may lie behind its row's
    progress(encoding.size, encoding.size)
    return result


class _Check:
    """The rules, with what they remember from row to row."""

    def __init__(self, columns: Columns, profile: ServiceProfile) -> None:
        self._columns = columns
        self._width = len(columns.names)
        self._fields: list[list[str]] = [[] for _ in columns.names]
        for name, place in columns.places.items():
            self._fields[place].append(name)
        self._phones = profile.phone is not None
        self._login = columns.places.get("login", -1)
        self._seen: dict[str, int] = {}

    def header(self) -> Iterator[Finding]:
        """What the header alone tells."""
        record = self._columns.record
        for name in self._columns.missing():
            yield _finding(record.line, name, "missing_column", "")
        if record.unclosed:
            yield _finding(record.unclosed, None, "quote_unclosed", "")
        for place, name in enumerate(record.cells):
            shown = _shown(name)
            if DAMAGED.search(name):
                yield _finding(record.line, shown, "undecodable", shown)
                continue
            if place in record.broken:
                yield _finding(record.line, shown, "quote_broken", shown)
            if place in self._columns.unknown:
                yield _finding(record.line, shown, "unknown_column", shown)
            if place in self._columns.duplicate:
                yield _finding(record.line, shown, "duplicate_column", shown)

    def row(self, record: Record) -> Iterator[Finding]:
        """All faults of one row, by column."""
        if record.unclosed:
            yield _finding(record.unclosed, None, "quote_unclosed", _shown(record.cells[-1])[:100])
            return
        if len(record.cells) != self._width:
            yield self._ragged(record)
            yield from self._broken(record)
            return
        for place, cell in enumerate(record.cells):
            if place in record.broken:
                yield self._found(record, place, "quote_broken")
            yield from self._cell(record, place, cell)

    def _ragged(self, record: Record) -> Finding:
        cells = len(record.cells)
        code = "row_too_short" if cells < self._width else "row_too_long"
        return _finding(record.line, None, code, "", f"{cells} cells instead of {self._width}")

    def _broken(self, record: Record) -> Iterator[Finding]:
        for place in record.broken:
            yield self._found(record, place, "quote_broken")

    def _found(self, record: Record, place: int, code: str, more: str = "") -> Finding:
        column = _shown(self._columns.names[place]) if place < self._width else None
        return _finding(record.line, column, code, _shown(record.cells[place]), more)

    def _cell(self, record: Record, place: int, cell: str) -> Iterator[Finding]:
        if not cell.isascii() and DAMAGED.search(cell):
            yield self._found(record, place, "undecodable")
            return
        for code, more in self._judged(record.line, place, cell):
            yield self._found(record, place, code, more)
        if not (cell.isascii() and cell.isprintable()) and (hidden := CONTROL.search(cell)):
            yield self._found(record, place, "control_character", f"U+{ord(hidden[0]):04X}")

    def _judged(self, line: int, place: int, cell: str) -> Iterator[tuple[str, str]]:
        fields = self._fields[place]
        if not fields:
            return
        if not cell or not cell.strip():
            if any(name in REQUIRED for name in fields):
                yield "missing_value", ""
                return
            blank = True
        else:
            blank = False
        longest = LONGEST_NAME if any(name in NAMES for name in fields) else LONGEST
        if len(cell) > longest:
            yield "too_long", f"{len(cell):,} characters; at most {longest} are taken"
        if blank:
            return
        if ("login" in fields or "email" in fields) and (fault := _email(cell)):
            yield "email_invalid", fault
        if place == self._login and (first := self._seen_before(cell, line)):
            yield "duplicate_identifier", str(first)
        if self._phones and any(name in PHONES for name in fields):
            verdict = _phone(cell)
            if verdict.code is not None:
                yield verdict.code.value, verdict.reason

    def _seen_before(self, login: str, line: int) -> int:
        """The line of the first row with this login, 0 when this is the first one."""
        first = self._seen.setdefault(folded(login), line)
        return 0 if first == line else first


def folded(login: str) -> str:
    """A login without case, outer blanks and diacritics, as Okta compares them."""
    plain = login.strip().casefold()
    if plain.isascii():
        return plain
    return "".join(
        character for character in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(character)
    )


_email = lru_cache(maxsize=200_000)(email_fault)


@lru_cache(maxsize=200_000)
def _phone(text: str) -> PhoneVerdict:
    return judge_us_phone(text)


def _shown(text: str) -> str:
    """Text that can be printed and written: what could not be decoded as the replacement sign."""
    return text if text.isascii() else DAMAGED.sub("\ufffd", text)


def _finding(line: int, column: str | None, code: str, value: str, more: str = "") -> Finding:
    words = WORDS[code]
    filled = {"column": column or "", "value": value, "more": more}
    message = words.message.format_map(filled).strip()
    return Finding(line, column, code, words.severity, value, message, words.fix.format_map(filled))
