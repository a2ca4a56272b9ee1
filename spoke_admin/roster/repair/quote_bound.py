"""Repairs and the bound of quotes: within so many bytes one must be closed, and no repair may move a quote over that.

So what is one row stays one row, and a quote that is never closed costs its own row alone, as before.
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import attrgetter

import numpy as np

from spoke_admin.roster.marks import QUOTE, Places
from spoke_admin.roster.reading import QUOTE_BOUND
from spoke_admin.roster.repair.cells import Edit
from spoke_admin.roster.repair.pieces import Piece
from spoke_admin.roster.scanning import Flags

LONGEST_END = 4  # bytes of a CRLF, at most

_BEGIN = attrgetter("begin")


@dataclass(frozen=True, slots=True)
class Sizes:
    """Sizes in the file that is written. `places`: where bytes of the text are there; None where it is UTF-8."""

    places: Places | None
    encoded: Callable[[str], bytes]

    def at(self, places: Places) -> Places:
        return places if self.places is None else self.places[places]

    def of(self, begin: int, end: int) -> int:
        return end - begin if self.places is None else int(self.places[end] - self.places[begin])

    def growth(self, edit: Edit) -> int:
        return len(self.encoded(edit.new)) - self.of(edit.begin, edit.end)


def within_bound(piece: Piece, edits: list[Edit], sizes: Sizes) -> list[Edit]:
    """The edits, which are in their order, without those that change which quotes close."""
    unclosed = set(piece.unclosed)
    for begin in piece.begins:
        if begin not in unclosed:
            edits = _without_growing(piece.record(begin), edits, sizes)
    for begin in piece.unclosed:
        edits = _without_nearing(piece, begin, edits, sizes)
    return edits


def movable_ends(piece: Piece, sizes: Sizes) -> Flags:
    """Which lines end a record that may become longer by its line end."""
    ends = piece.record_ends()
    longer = len(sizes.encoded("\r"))
    for begin, count in zip(piece.begins, piece.counts, strict=True):
        if sizes.of(*piece.record(begin)) + longer > QUOTE_BOUND:
            ends[begin + count - 1] = False
    return ends


def _without_growing(record: tuple[int, int], edits: list[Edit], sizes: Sizes) -> list[Edit]:
    """A record of several lines that would grow over the bound is left as it is."""
    first, last = (bisect_left(edits, place, key=_BEGIN) for place in record)
    growth = sum(map(sizes.growth, edits[first:last]))
    if growth > 0 and sizes.of(*record) + growth > QUOTE_BOUND - LONGEST_END:
        return edits[:first] + edits[last:]
    return edits


def _without_nearing(piece: Piece, begin: int, edits: list[Edit], sizes: Sizes) -> list[Edit]:
    """Behind a quote that is never closed nothing gets shorter, where that brought another quote within the bound."""
    start, end = piece.record(begin)
    first = bisect_left(edits, end, key=_BEGIN)
    behind = edits[first:]
    after = piece.after[begin:]
    before = sizes.at(after) - int(sizes.at(np.array([start]))[0])
    now = before + _growths(behind, after, sizes)
    nearer = (before > QUOTE_BOUND) & (now <= QUOTE_BOUND)
    nearer[:-1] &= _with_quotes(piece, begin)[:-1]  # what comes behind the last line is not known
    if not nearer.any():
        return edits
    reach = int(after[np.flatnonzero(nearer)[-1]])
    return edits[:first] + [edit for edit in behind if edit.begin >= reach or sizes.growth(edit) >= 0]


def _growths(edits: Sequence[Edit], after: Places, sizes: Sizes) -> Places:
    """By how much the edits before each of some places make a text longer."""
    begins = np.fromiter((edit.begin for edit in edits), np.int64, len(edits))
    growths = np.fromiter(map(sizes.growth, edits), np.int64, len(edits))
    return np.append(0, np.cumsum(growths))[np.searchsorted(begins, after)]


def _with_quotes(piece: Piece, begin: int) -> Flags:
    """Which lines from one on hold a quote."""
    quotes = np.flatnonzero(np.frombuffer(piece.data, np.uint8) == QUOTE)
    counts = np.searchsorted(quotes, piece.after[begin:]) - np.searchsorted(quotes, piece.starts[begin:])
    return counts > 0
