"""Where in a block of text its marks are: the bytes a scan stops at, and the physical lines they end.

A mark is any byte but letters, digits and the few signs of plain words and addresses, so that the cells between two
marks need no second look. Everything is numpy over whole blocks: it runs without the interpreter's lock.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Places = NDArray[np.int64]

PAD = 64  # bytes behind a buffer's last cell: windows of that width, and what stands beside a mark, may be looked at
PLAIN = (0x27, 0x2B)  # ' and +, which many addresses and phones have
TAB, LF, CR, QUOTE, AT, DELETE = 9, 10, 13, 34, 64, 127


@dataclass(slots=True)
class Marks:
    """`at`: the places of marks in `buffer`, ascending; `kinds`: the bytes there."""

    buffer: Bytes
    at: Places
    kinds: Bytes


@dataclass(slots=True)
class LineEnds:
    """The physical lines of a block. `marks`: the mark that ends each (the CR of a CRLF).

    `starts` and `stops` are the places where their text begins and where it ends, without the line end; `after` where
    the next one begins.
    """

    marks: Places
    starts: Places
    stops: Places
    after: Places


def padded(data: bytes) -> Bytes:
    """The bytes, a line end where the last line has none, and PAD zeros."""
    end = b"" if data.endswith((b"\n", b"\r")) else b"\n"
    return np.frombuffer(b"".join((data, end, bytes(PAD))), np.uint8)


def marks_of(buffer: Bytes, delimiter: int) -> Marks:
    r"""The marks of a padded buffer: what is below '-' or above 'z' but ' and +, : ; < = > ? @ [ \ ], the delimiter."""
    text = buffer[: len(buffer) - PAD]
    found, more, shifted = np.empty(len(text), np.bool_), np.empty(len(text), np.bool_), np.empty(len(text), np.uint8)
    np.less(text, 0x2D, out=found)
    for low, count in ((0x3A, 7), (0x5B, 3), (0x7B, 0x85)):
        np.less(np.subtract(text, np.uint8(low), out=shifted), count, out=more)
        np.logical_or(found, more, out=found)
    for plain in PLAIN:
        np.logical_and(found, np.not_equal(text, plain, out=more), out=found)
    if not is_mark(delimiter):
        np.logical_or(found, np.equal(text, delimiter, out=more), out=found)
    at = np.flatnonzero(found)
    return Marks(buffer, at, buffer[at])


def is_mark(byte: int) -> bool:
    """Whether a byte is a mark whatever the delimiter."""
    return byte not in PLAIN and (byte < 0x2D or 0x3A <= byte <= 0x40 or 0x5B <= byte <= 0x5D or byte > 0x7A)


def lines_of(marks: Marks) -> LineEnds:
    """Line ends are CRLF, LF and CR."""
    buffer, at, kinds = marks.buffer, marks.at, marks.kinds
    lf, cr = np.flatnonzero(kinds == LF), np.flatnonzero(kinds == CR)
    if not len(cr):
        ends, width = lf, 1
    elif len(cr) == len(lf) and bool(np.all(buffer[at[cr] + 1] == LF)):
        ends, width = cr, 2
    else:
        ends = np.sort(np.concatenate((cr, lf[buffer[at[lf] - 1] != CR])))
        width = 0
    stops = at[ends]
    after = stops + width if width else stops + 1 + ((buffer[stops] == CR) & (buffer[stops + 1] == LF))
    starts = np.concatenate((np.zeros(1, np.int64), after[:-1]))
    return LineEnds(ends, starts, stops, after)
