"""The head of a file of users: what stands before the header, the delimiter, the header record."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from spoke_admin.roster.reading import QUOTE, QUOTE_BOUND, Lines, Record, records

DELIMITERS = ",;\t"

# `sep=;`, which spreadsheets write and read; padded with delimiters when it went through one
_SEPARATOR = re.compile(r'("?)sep=([^\r\n"])\2*\1\2*[\r\n]*', re.IGNORECASE)
_VERSION = re.compile(r'"?version:', re.IGNORECASE)  # the first line of Entra's template
_NOTHING = re.compile(r'(?:[,;\s]|""(?!"))*')


@dataclass(frozen=True, slots=True)
class Table:
    """`header` is the first record that is not blank; `rows` are the records after it, still to be read."""

    delimiter: str
    header: Record
    rows: Iterator[Record]


def open_table(lines: Lines) -> Table | None:
    """Reads up to the header. None when there is none."""
    delimiter, versioned = "", False
    for line in lines:
        if not delimiter and (separator := _SEPARATOR.fullmatch(line)):
            delimiter = separator[2]
        elif not versioned and _VERSION.match(line):
            versioned = True
        elif not _NOTHING.fullmatch(line):
            lines.give_back([line])
            break
    delimiter = delimiter or _delimiter(lines)
    rows = records(lines, delimiter)
    header = next(rows, None)
    return None if header is None else Table(delimiter, header, rows)


def _delimiter(lines: Lines) -> str:
    """Whichever of comma, semicolon and tab is most frequent in the header outside quotes; the comma where none is."""
    taken, size, in_quotes = list[str](), 0, False
    counts = dict.fromkeys(DELIMITERS, 0)
    for line in lines:
        taken.append(line)
        size += len(line)
        for number, part in enumerate(line.split(QUOTE)):
            if (number % 2 == 1) == in_quotes:
                for delimiter in DELIMITERS:
                    counts[delimiter] += part.count(delimiter)
        in_quotes ^= line.count(QUOTE) % 2 == 1
        if not in_quotes or size > QUOTE_BOUND:
            break
    lines.give_back(taken)
    return max(DELIMITERS, key=lambda delimiter: counts[delimiter])
