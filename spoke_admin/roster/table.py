"""The head of a file of users: what stands before the header, the delimiter, the header record."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from spoke_admin.domain.error import AdminError
from spoke_admin.roster.reading import QUOTE, QUOTE_BOUND, Lines, Record, records

DELIMITERS = ",;\t"
MOST_COLUMNS = 20_000  # spreadsheets have 16,384
LONGEST_HEADER = 4 * 1024 * 1024  # characters of its first line

# `sep=;`, which spreadsheets write and read; padded with delimiters when it went through one
_SEPARATOR = re.compile(r'("?)sep=([^\r\n"\ud800-\udfff])\2*\1\2*[\r\n]*', re.IGNORECASE)
_VERSION = re.compile(r'"?version:', re.IGNORECASE)  # the first line of Entra's template
_SOMETHING = re.compile(r'[^,;\s"]')


@dataclass(frozen=True, slots=True)
class Table:
    """`header` is the first record that is not blank; `rows` are the records after it, still to be read."""

    delimiter: str
    header: Record
    rows: Iterator[Record]


def open_table(lines: Lines, name: str = "the file") -> Table | None:
    """Reads up to the header. None when there is none. Raises AdminError for what is too large to be one."""
    delimiter, versioned = "", False
    for line in lines:
        if not delimiter and len(line) < 1000 and (separator := _SEPARATOR.fullmatch(line)):
            delimiter = separator[2]
        elif not versioned and _VERSION.match(line):
            versioned = True
        elif not _holds_nothing(line):
            if len(line) > LONGEST_HEADER:
                raise AdminError(f"The header of {name} has {len(line):,} characters.", "Choose a file with a header.")
            lines.give_back([line])
            break
        else:
            lines.skip_blank()
    delimiter = delimiter or _delimiter(lines)
    rows = records(lines, delimiter)
    header = next(rows, None)
    if header is None:
        return None
    if header.width > MOST_COLUMNS:
        raise AdminError(
            f"The header of {name} has {header.width:,} columns.", f"At most {MOST_COLUMNS:,} can be checked."
        )
    return Table(delimiter, header, rows)


def _holds_nothing(line: str) -> bool:
    """Blanks, delimiters and empty cells in quotes."""
    if _SOMETHING.search(line):
        return False
    return QUOTE * 3 not in line and QUOTE not in line.replace(QUOTE * 2, "")


def _delimiter(lines: Lines) -> str:
    """Whichever of comma, semicolon and tab is most frequent in the header outside quotes; the comma where none is."""
    taken, size, in_quotes = list[str](), 0, False
    counts = dict.fromkeys(DELIMITERS, 0)
    for line in lines:
        taken.append(line)
        size += len(line)
        if len(taken) > 1 and size > QUOTE_BOUND:
            break
        for number, part in enumerate(line.split(QUOTE)):
            if (number % 2 == 1) == in_quotes:
                for delimiter in DELIMITERS:
                    counts[delimiter] += part.count(delimiter)
        in_quotes ^= line.count(QUOTE) % 2 == 1
        if not in_quotes:
            break
    lines.give_back(taken)
    return max(DELIMITERS, key=lambda delimiter: counts[delimiter])
